"""Stored research as frozen values: configurations of strategies, results of backtests, attempts."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from puffling.frozen import frozen


@frozen
class StrategyConfig:
    """A strategy with its parameters under a name of the person's own; the version grows with each change."""

    id: str
    name: str
    strategy: str
    parameters: dict[str, Any]
    symbols: tuple[str, ...]
    interval: str
    enabled: bool
    version: int
    created_at: datetime
    updated_at: datetime
    # How far it acts by itself while it is enabled.
    mode: str = "manual"


@frozen
class ResultHead:
    """What a list of results shows of each."""

    id: str
    name: str
    strategy_id: str | None
    request: dict[str, Any]
    metrics: dict[str, Any]
    grade: str
    notes: str
    tags: tuple[str, ...]
    data_digest: str
    created_at: datetime


@frozen
class StoredResult:
    """A result of a backtest with its report."""

    head: ResultHead
    report: dict[str, Any]


# The grade of what a person decided, bar by bar, in the table of results.
PRACTICE = "practice"
# And of a strategy that lived through a past range as it would live now.
REHEARSAL = "rehearsal"


@frozen
class StoredPractice:
    """A practice on past bars: on what, what it came to, when, and its curve and fills."""

    id: str
    request: dict[str, Any]
    score: dict[str, Any]
    practised_at: datetime
    report: dict[str, Any]


@frozen
class StoredRehearsal:
    """A rehearsal of a strategy: of which, how it was asked, what it came to, its curves and orders."""

    id: str
    name: str
    strategy_id: str | None
    request: dict[str, Any]
    summary: dict[str, Any]
    made_at: datetime
    report: dict[str, Any]


@frozen
class Attempt:
    """A strategy with its parameters that was tried on some data, by whom, and how good it looked per bar."""

    data_key: str
    digest: str
    strategy: str
    parameters: dict[str, Any]
    made_by: str
    sharpe: float
    bars: int


@frozen
class Attempts:
    """How many different attempts were made on the same data, and how their Sharpe ratios spread."""

    count: int
    variance: float
    mean: float = 0.0


class SearchState(StrEnum):
    """How far a search for better parameters is; one that nobody works on any more was interrupted."""

    RUNNING = "running"
    DONE = "done"
    CANCELLED = "cancelled"
    FAILED = "failed"
    INTERRUPTED = "interrupted"


@frozen
class SearchHead:
    """What a list shows of a search: what varied, by which measure, and the best with its judgement."""

    id: str
    name: str
    strategy_id: str | None
    strategy: str
    method: str
    objective: str
    space: dict[str, Any]
    request: dict[str, Any]
    seed: int
    state: SearchState
    best: dict[str, Any] | None
    judged: dict[str, Any] | None
    trials: int
    created_at: datetime
    finished_at: datetime | None


@frozen
class StoredTrial:
    """One set of parameters that a search tried; what failed has its reason among the metrics."""

    number: int
    parameters: dict[str, Any]
    metrics: dict[str, Any]
    failed: bool = False


@frozen
class StoredSearch:
    """A search with all it tried."""

    head: SearchHead
    trials: tuple[StoredTrial, ...]
