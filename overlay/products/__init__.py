"""What is made of a source and its track, one file a product."""
