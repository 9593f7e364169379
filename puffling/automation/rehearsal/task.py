"""One rehearsal as a call that travels to another process; what lives it is loaded there."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from puffling.automation.rehearsal.values import RehearsedOrder
from puffling.frozen import frozen
from puffling.puffin.backtest.costs import CommissionModel, SlippageModel
from puffling.puffin.backtest.orders import Steps
from puffling.puffin.data.bars import Bars
from puffling.puffin.strategies.asking import Settled
from puffling.puffin.strategies.recipe import Recipe


@frozen
class RehearsalTask:
    """Everything a rehearsal needs; bars before the start are there to warm up."""

    recipe: Recipe
    settled: Settled
    symbols: tuple[str, ...]
    interval: str
    hours: str
    series: Mapping[str, Bars]
    source: str
    start: datetime
    end: datetime
    capital: float
    account: float
    size: float
    sizing: str
    lot: float
    slippage: SlippageModel
    commission: CommissionModel
    leverage: float
    short: bool
    limits: Mapping[str, Any]
    agrees: bool
    steps: Steps


@frozen
class Lived:
    """What a rehearsal came to."""

    time: tuple[datetime, ...]
    equity: tuple[float, ...]
    tested_equity: tuple[float, ...]
    made: tuple[RehearsedOrder, ...]
    asked: int
    undecided: int
    differences: tuple[str, ...]


def run_rehearsal(task: RehearsalTask) -> Lived:
    """Live through the range."""
    from puffling.automation.rehearsal.living import rehearse

    return rehearse(task)
