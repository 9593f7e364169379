"""What the person has: lots, gains, worth and returns, worked out from trades, flows of money and marks."""
