"""Keeping an eye on what is traded: profit and loss, the log of trades, health, and the benchmark."""
