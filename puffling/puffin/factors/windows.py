"""Moving windows over whole columns, each in the logarithm of its width.

A window of sixteen is two windows of eight, which are four of four: every value is put together from few
parts and from nothing outside its window. So nothing drifts, a flat price stays exactly flat, and what a
window gives never depends on what came before it or comes after.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Column = NDArray[np.float64]
Kernel = Callable[[Column, int], Column]

# All working columns of a stretch this long stay in the second-level cache.
_STRETCH = 8_192


def over_windows(kernel: Kernel, values: Column, width: int) -> Column:
    """Give the kernel of each full window of `width` values; len(values) - width + 1 of them."""
    count = len(values) - width + 1
    if count <= 0:
        return np.empty(0)
    stretch = max(_STRETCH, 4 * width)
    if count <= stretch:
        return kernel(values, width)
    given = np.empty(count)
    for start in range(0, count, stretch):
        end = min(start + stretch, count)
        given[start:end] = kernel(values[start : end + width - 1], width)
    return given


def sums(values: Column, width: int) -> Column:
    """Give the sum of each window."""
    count = len(values) - width + 1
    doubled, span, taken = values, 1, 0
    total = np.zeros(count)
    while True:
        if width & span:
            total += doubled[taken : taken + count]
            taken += span
        if 2 * span > width:
            return total
        doubled = doubled[:-span] + doubled[span:]
        span *= 2


def means(values: Column, width: int) -> Column:
    """Give the mean of each window."""
    return sums(values, width) / width


def highs(values: Column, width: int) -> Column:
    """Give the highest value of each window."""
    return _extremes(np.maximum, values, width)


def lows(values: Column, width: int) -> Column:
    """Give the lowest value of each window."""
    return _extremes(np.minimum, values, width)


def weighted_means(values: Column, width: int) -> Column:
    """Give the mean of each window with weights rising from 1 for the oldest to `width` for the newest."""
    count = len(values) - width + 1
    plain, weighted, span, taken = values, values, 1, 0
    total = np.zeros(count)
    while True:
        if width & span:
            # The part comes after `taken` older values, each of its weights is that much heavier.
            total += weighted[taken : taken + count] + taken * plain[taken : taken + count]
            taken += span
        if 2 * span > width:
            return total / (width * (width + 1) / 2)
        weighted = weighted[:-span] + weighted[span:] + span * plain[span:]
        plain = plain[:-span] + plain[span:]
        span *= 2


def deviations(values: Column, width: int) -> Column:
    """Give the standard deviation (of a population) of each window."""
    count = len(values) - width + 1
    mean, squares, span, taken = values, np.zeros(len(values)), 1, 0
    all_mean, all_squares = np.zeros(count), np.zeros(count)
    while True:
        if width & span:
            part = slice(taken, taken + count)
            share = span / (taken + span)
            apart = mean[part] - all_mean
            all_squares += squares[part] + apart * apart * (taken * share)
            all_mean += apart * share
            taken += span
        if 2 * span > width:
            return np.sqrt(all_squares / width)
        apart = mean[span:] - mean[:-span]
        squares = squares[:-span] + squares[span:] + apart * apart * (span / 2)
        mean = mean[:-span] + apart * 0.5
        span *= 2


def mean_deviations(values: Column, width: int) -> Column:
    """Give the mean distance from the mean of each window."""
    mean = means(values, width)
    count = len(mean)
    total = np.zeros(count)
    apart = np.empty(count)
    for lag in range(width):
        np.subtract(values[lag : lag + count], mean, out=apart)
        np.abs(apart, out=apart)
        total += apart
    return total / width


def _extremes(choose: np.ufunc, values: Column, width: int) -> Column:
    span = 1
    while 2 * span <= width:
        values = choose(values[:-span], values[span:])
        span *= 2
    # Two windows that overlap cover what is no power of two; an extreme may be counted twice.
    rest = width - span
    extremes: Column = choose(values[: len(values) - rest], values[rest:]) if rest else values
    return extremes
