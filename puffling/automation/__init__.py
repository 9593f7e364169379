"""What acts when nobody clicks. So far: the nightly upkeep of the data."""
