"""Portfolios: what is held lot by lot, what it earned, at which rate, and how it is spread."""
