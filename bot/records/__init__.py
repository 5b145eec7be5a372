"""What happened: publications, attempts and events, in SQLite or PostgreSQL."""
