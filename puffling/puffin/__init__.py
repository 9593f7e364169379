"""Puffin, the trading library: it knows markets and mathematics and nothing of the application around it."""
