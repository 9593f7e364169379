"""Arithmetic shared by indicators, element by element."""

from __future__ import annotations

import numpy as np

from puffling.puffin.factors.windows import Column

# An average of movements that has faded this far says nothing more: the numbers below lose their digits.
FADED = 1e-250
# Two prices closer than this part of their sum are the same one but for rounding; so TA-Lib draws the line.
_ROUNDING = 1e-14


def divide(above: Column, below: Column, *, least: float | Column = 0.0, otherwise: float = 0.0) -> Column:
    """Divide, giving `otherwise` where the divisor's size is `least` or less; NaN stays NaN."""
    given = np.where(np.isnan(above) | np.isnan(below), np.nan, otherwise)
    np.divide(above, below, out=given, where=np.abs(below) > least)
    return given


def rounding(first: Column, second: Column) -> Column:
    """Give the distance up to which two prices are one and the same."""
    return _ROUNDING * (np.abs(first) + np.abs(second))


def true_range(high: Column, low: Column, close_before: Column) -> Column:
    """Give the widest of high to low and of either to the close before; NaN on the first bar."""
    reach = np.maximum(np.abs(high - close_before), np.abs(low - close_before))
    return np.maximum(high - low, reach)


def where_known(known: Column, values: Column) -> Column:
    """Give the values where the other column has one too."""
    return np.where(np.isnan(known), np.nan, values)
