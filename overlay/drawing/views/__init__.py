"""Ways to show tags, one file a view; ``base`` says what a view is and how to add one."""
