"""What an author writes: Markdown files with front matter, and the folder that is the queue."""
