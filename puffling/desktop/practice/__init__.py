"""Practising in a replay: orders of play money on past bars, and how well they went."""
