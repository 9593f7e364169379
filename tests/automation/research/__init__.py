"""Tests of what backtests and searches share."""
