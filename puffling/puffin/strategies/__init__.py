"""Strategies: what to hold, decided on the close of every bar from that bar and those before it."""
