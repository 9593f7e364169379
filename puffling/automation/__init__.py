"""What acts when nobody clicks, and what that works with: upkeep of the data, strategies, research on them."""
