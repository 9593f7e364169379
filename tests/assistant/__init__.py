"""What speaks for the person."""
