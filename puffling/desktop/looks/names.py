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
# What is known of bars besides their prices.
MARKS = {"actions": "Dividends and splits", "faults": "Faulty bars"}
FIRST_KIND = "candles"
FIRST_SCALE = "linear"
