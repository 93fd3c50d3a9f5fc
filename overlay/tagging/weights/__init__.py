"""Where weights are, how they are fetched, checked and read."""
