"""Strategies that send their own orders, bar by bar, instead of saying what to hold."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from puffling.puffin.data.bars import Bars
from puffling.puffin.strategies.base import Signals, Strategy

if TYPE_CHECKING:
    from puffling.puffin.backtest.view import View


class TradingStrategy(Strategy):
    """Base of strategies with orders of their own: limits, stops, trailing stops and brackets.

    What it remembers it keeps as attributes, and each test is run with another copy of it. An object with
    nothing but `on_bar` will do as well; this base brings declared parameters.
    """

    def on_bar(self, view: View) -> None:
        """Look at what is known at a close and say what to do from the next open on."""
        raise NotImplementedError

    def decide(self, bars: Bars) -> Signals:
        """Give which way it stood at every close, had this been its only symbol."""
        return stood(copy.deepcopy(self), {"ASSET": bars}, "ASSET")


def stood(trader: object, series: Mapping[str, Bars], symbol: str) -> Signals:
    """Give which way a strategy stood in a symbol at every close of it: 1 long, -1 short, 0 out."""
    from puffling.puffin.backtest.engine import Backtester
    from puffling.puffin.backtest.panel import Panel
    from puffling.puffin.backtest.targets import trader_of

    found = trader_of(trader)
    assert found is not None
    panel = Panel.of(series)
    place = panel.symbols.index(symbol)
    held = Backtester().trade(found, panel).held
    assert held is not None
    side = np.sign(held[panel.present[:, place], place])
    return Signals(side, np.abs(side))
