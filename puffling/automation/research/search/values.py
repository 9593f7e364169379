"""What faces show of searches for better parameters: lines, a search, its trials, and a plan."""

from __future__ import annotations

from dataclasses import field
from datetime import date, datetime
from typing import Any

from puffling.frozen import frozen
from puffling.puffin.backtest.report import Finding, Number
from puffling.puffin.factors.declaration import Setting

# The measures by which a search may choose; more is better in each of them.
OBJECTIVES = {
    "sharpe_ratio": "Sharpe ratio",
    "sortino_ratio": "Sortino ratio",
    "annualized_return": "Return a year",
    "calmar_ratio": "Calmar ratio",
    "max_drawdown": "Deepest drawdown",
    "profit_factor": "Profit factor",
    "total_return": "Total return",
    "win_rate": "Win rate",
}
SHARES = frozenset({"annualized_return", "max_drawdown", "total_return", "win_rate"})


@frozen
class Wish:
    """What is to vary, in words such as short_window=5..50:5, and how sets are chosen, judged and counted."""

    vary: tuple[str, ...]
    method: str
    most: int
    objective: str
    holdout: float
    stretches: int
    seed: int


@frozen
class Varied:
    """A parameter that varies in a search, and the values it takes."""

    name: str
    title: str
    values: tuple[Setting, ...]


@frozen
class TrialLine:
    """One set a search tried; `seen` is the part of history it was chosen on, `unseen` the rest.

    `trouble` says why there is nothing to tell.
    """

    number: int
    parameters: dict[str, Setting]
    score: Number
    unseen_score: Number
    seen: dict[str, Number] = field(default_factory=dict)
    unseen: dict[str, Number] = field(default_factory=dict)
    whole: dict[str, Number] = field(default_factory=dict)
    trouble: str = ""


@frozen
class WalkedStretch:
    """One stretch of the walk forward: what was best in it, and what became of that in the next."""

    parameters: dict[str, Setting]
    score: Number
    unseen_score: Number
    unseen_return: Number


@frozen
class SearchLine:
    """One search in the list of searches; without a grade nobody has judged its best set yet."""

    id: str
    name: str
    state: str
    grade: str
    strategy: str
    symbols: tuple[str, ...]
    interval: str
    start: date
    end: date
    objective: str
    varied: tuple[str, ...]
    tried: int
    planned: int
    best: dict[str, Setting]
    score: Number
    unseen_score: Number
    created_at: datetime


@frozen
class SearchDetail:
    """One search: its best set with all there is to be said against it, and the next best."""

    summary: SearchLine
    best: TrialLine | None
    findings: tuple[Finding, ...]
    figures: dict[str, Number]
    stretches: tuple[WalkedStretch, ...]
    leaders: tuple[TrialLine, ...]
    varied: tuple[Varied, ...]
    method: str
    seed: int
    holdout: float
    left_out: int
    data_label: str
    quality: str
    warnings: tuple[str, ...]
    request: dict[str, Any]


@frozen
class SearchPlan:
    """What a search would try: the parameters, how many sets they make, and about how long that takes."""

    varied: tuple[Varied, ...]
    combinations: int
    trials: int
    seconds: float
    text: str
