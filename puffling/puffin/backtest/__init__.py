"""Backtests: what a strategy would have done, at what cost, and how far that can be trusted."""
