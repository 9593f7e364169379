"""What acts by itself."""
