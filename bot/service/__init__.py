"""The alarm clock and its jobs, and what a person does to a publication."""
