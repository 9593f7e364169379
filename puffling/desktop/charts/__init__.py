"""Charts: items that know drawing and nothing of trading. NumPy arrays go in."""
