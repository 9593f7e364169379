"""What acts when nobody clicks, and what that works with: upkeep, strategies, research on them."""
