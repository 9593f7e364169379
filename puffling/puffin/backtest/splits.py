"""Prices as they were traded, across splits and dividends: when each happens, and what compares with what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from puffling.puffin.backtest.panel import Floats, Panel
from puffling.puffin.data.actions import CorporateAction
from puffling.puffin.data.bars import Bars
from puffling.puffin.data.instants import day_to_us

Actions = Mapping[str, Sequence[CorporateAction]]

_PRICES = ("open", "high", "low", "close")


def by_bar(panel: Panel, actions: Actions) -> dict[int, list[tuple[int, CorporateAction]]]:
    """Give what happens before each open: at the symbol's first bar of an action's day, or after it.

    What happened before the first bar is in its prices already.
    """
    found: dict[int, list[tuple[int, CorporateAction]]] = {}
    for symbol, happened in actions.items():
        place = panel.symbols.index(symbol)
        there = np.flatnonzero(panel.present[:, place])
        for action in happened:
            nearest = int(np.searchsorted(panel.time[there], day_to_us(action.day)))
            if 0 < nearest < len(there):
                found.setdefault(int(there[nearest]), []).append((place, action))
    return found


def comparable(panel: Panel, actions: Actions | None) -> Panel:
    """Give prices and volumes in shares as they were on the first bar, so that no split looks like a move.

    At every bar that takes nothing but the splits until then, so nothing of what comes is in it.
    """
    shares = _shares(panel, actions or {})
    if shares is None:
        return panel
    prices = {name: getattr(panel, name) * shares for name in _PRICES}
    return replace(panel, **prices, volume=panel.volume / shares)


class Past:
    """The bars a strategy may look back on from each bar of a walk, all in shares as they are at that bar."""

    def __init__(self, panel: Panel, actions: Actions | None = None, *, since: int = 0) -> None:
        self._panel = panel
        self._since = since
        self._shares = _shares(panel, actions or {})
        self._series: dict[int, Bars] = {}
        self._in_shares: dict[int, float] = {}

    def until(self, bar: int, place: int) -> Bars:
        """Give the bars of a symbol up to a bar of the walk, that one included."""
        at = self._since + bar
        shares = 1.0 if self._shares is None else float(self._shares[at, place])
        series = self._series.get(place)
        if series is None or self._in_shares[place] != shares:
            series = self._series[place] = self._in(shares, place)
            self._in_shares[place] = shares
        if len(series) == len(self._panel):
            return series[: at + 1]
        return series[: int(np.searchsorted(series.time, self._panel.time[at], side="right"))]

    def _in(self, shares: float, place: int) -> Bars:
        bars = self._panel.bars(self._panel.symbols[place])
        if self._shares is None:
            return bars
        factor = self._shares[self._panel.present[:, place], place] / shares
        if bool((factor == 1.0).all()):
            return bars
        prices = {name: getattr(bars, name) * factor for name in _PRICES}
        return replace(bars, **prices, volume=bars.volume / factor)


def _shares(panel: Panel, actions: Actions) -> Floats | None:
    """Give how many shares at each bar one share of the first bar is; None where there is no split."""
    shares: Floats | None = None
    for bar, happened in by_bar(panel, actions).items():
        for place, action in happened:
            if action.split_ratio != 1.0:
                shares = np.ones(panel.close.shape) if shares is None else shares
                shares[bar:, place] *= action.split_ratio
    return shares
