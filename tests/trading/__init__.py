"""The road to the broker."""
