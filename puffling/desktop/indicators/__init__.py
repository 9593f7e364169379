"""Indicators on a chart: which ones are shown, how they keep up with the market, and how they are chosen."""
