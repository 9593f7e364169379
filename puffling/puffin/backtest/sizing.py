"""How large positions are: rules that make shares of the equity from what a strategy says.

What a rule looks at is known at the close on which a signal changes, and what it says then stays until the
signal changes again: no order is made because a rule thought anew.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from puffling.puffin.backtest.costs import Terms
from puffling.puffin.backtest.orders import Sizing
from puffling.puffin.backtest.panel import Floats, Panel
from puffling.puffin.backtest.targets import Targets
from puffling.puffin.errors import InvalidValue

# Volatility is that of a quarter; fewer bars of experience tell Kelly nothing.
_WINDOW = 63
_LEAST_EXPERIENCE = 60
# The rules that need to look at nothing.
BY_TERMS = frozenset({Sizing.EQUITY, Sizing.FIXED})


def terms_for(sizing: Sizing, terms: Terms) -> Terms:
    """Give the terms under which positions are as large as a rule says."""
    if sizing in BY_TERMS:
        return replace(terms, fixed=sizing is Sizing.FIXED)
    # The rule has put the size into the targets.
    return replace(terms, size=1.0)


def sized(
    targets: Targets,
    panel: Panel,
    terms: Terms,
    sizing: Sizing,
    *,
    stop_loss: float = 0.0,
    bars_a_year: float = 252.0,
) -> Targets:
    """Give targets by which a plain test, under `terms_for` this rule, makes positions of this size.

    With `risk` a position that runs into its `stop_loss` costs `size` of the equity (fixed fractional); with
    `volatility` it moves by `size` in a year, as far as its last quarter tells; with `kelly` it is `size`
    of Kelly's share, the mean of what the signals brought so far over its variance.
    """
    if sizing in BY_TERMS:
        return targets
    weights = targets.weights
    if sizing is Sizing.RISK:
        if not stop_loss:
            raise InvalidValue("Sizes by risk need a stop loss to know the risk", field="leaving.stop_loss")
        scale = np.full(weights.shape, terms.size / stop_loss)
    elif sizing is Sizing.VOLATILITY:
        scale = calm(panel, terms.size, bars_a_year)
    else:
        scale = np.repeat(kelly(panel, weights, terms.size)[:, None], weights.shape[1], axis=1)
    changed = np.ones(weights.shape, dtype=bool)
    changed[1:] = weights[1:] != weights[:-1]
    if targets.rebalance is not None:
        changed |= targets.rebalance[:, None]
    rows = np.maximum.accumulate(np.where(changed, np.arange(len(weights))[:, None], 0), axis=0)
    made = weights * np.take_along_axis(scale, rows, axis=0)
    gross = np.abs(made).sum(axis=1, keepdims=True)
    made = made * np.minimum(terms.leverage / np.maximum(gross, terms.leverage), 1.0)
    return Targets(made, targets.rebalance)


def calm(panel: Panel, wanted: float, bars_a_year: float) -> Floats:
    """Give how much of each symbol moves as much as wanted; nothing where too little is known."""
    scale = np.zeros(panel.close.shape)
    if len(panel) <= _WINDOW:
        return scale
    marks = panel.marks
    moves = np.diff(np.log(np.where(marks > 0.0, marks, np.nan)), axis=0)
    wild = np.lib.stride_tricks.sliding_window_view(moves, _WINDOW, axis=0).std(axis=-1, ddof=1)
    yearly = wild * np.sqrt(bars_a_year)
    # What did not move at all may be as large as the leverage allows.
    scale[_WINDOW:] = np.where(np.isnan(yearly), 0.0, wanted / np.maximum(np.nan_to_num(yearly), 1e-6))
    return scale


def kelly(panel: Panel, weights: Floats, part: float) -> Floats:
    """Give Kelly's share at every close, from what signals brought until then; 0 before there is enough."""
    opens = np.where(panel.present, panel.open, panel.marks)
    brought = np.zeros(len(panel))
    before = opens[1:-1]
    moves = np.divide(opens[2:], before, out=np.ones_like(before), where=before > 0.0) - 1.0
    # What was decided two closes ago was bought at the open after it and is worth this at the newest open.
    brought[2:] = (weights[:-2] * moves).sum(axis=1)
    held = np.zeros(len(panel), dtype=bool)
    held[2:] = (weights[:-2] != 0.0).any(axis=1)
    count = np.maximum(np.cumsum(held), 1)
    mean = np.cumsum(brought) / count
    variance = np.maximum(np.cumsum(np.square(brought)) / count - np.square(mean), 0.0)
    share = np.divide(mean, variance, out=np.zeros_like(mean), where=variance > 0.0)
    return np.where(count >= _LEAST_EXPERIENCE, part * np.maximum(share, 0.0), 0.0)
