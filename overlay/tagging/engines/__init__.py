"""What runs a network: NumPy, Paddle."""
