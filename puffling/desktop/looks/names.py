"""What people call the kinds and scales of a chart; known before the chart itself is loaded."""

from __future__ import annotations

KINDS = {
    "candles": "Candles",
    "hollow": "Hollow candles",
    "heikin-ashi": "Heikin-Ashi",
    "bars": "Bars",
    "line": "Line",
    "area": "Area",
    "baseline": "Baseline",
}
SCALES = {"linear": "Linear", "log": "Logarithmic", "percent": "Percent"}
# Stretches of time that end with the newest bar, in days; 0 is all there is.
SPANS = {
    "One month": 31,
    "Three months": 92,
    "Six months": 183,
    "One year": 365,
    "Five years": 1826,
    "Everything": 0,
}
# What is known of bars besides their prices.
MARKS = {"actions": "Dividends and splits", "faults": "Faulty bars"}
FIRST_KIND = "candles"
FIRST_SCALE = "linear"
