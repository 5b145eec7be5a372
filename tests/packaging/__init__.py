"""What is handed out: the archives, an installation from them, a container's layout."""
