"""Score tracks to text files, one file a format."""
