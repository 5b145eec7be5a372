"""Read-only answers: what is planned, what happened, whether all is well, and what differs."""
