"""Searches for better parameters: drawn up, tried lot by lot elsewhere, kept as they come, judged."""
