"""Strategies as faces show them: kinds to choose from, configured ones, a person's own files, signals."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from puffling.frozen import frozen
from puffling.puffin.factors.declaration import Parameter, Setting
from puffling.store.research import StrategyConfig


class Origin(StrEnum):
    """Where a strategy comes from."""

    HOUSE = "built-in"
    OWN = "own"
    PACKAGE = "package"


@frozen
class StrategyKind:
    """One strategy with what can be chosen.

    `several` tells that it weighs symbols against each other, `trades` that it sends its own orders.
    """

    name: str
    title: str
    help: str
    parameters: tuple[Parameter, ...]
    origin: Origin = Origin.HOUSE
    several: bool = False
    trades: bool = False


@frozen
class SavedStrategy(StrategyConfig):
    """A strategy as the person configured it; `trouble` says why it cannot run now.

    `several` tells that it weighs its symbols against each other.
    """

    trouble: str = ""
    several: bool = False


@frozen
class OwnStrategyFile:
    """One file of the person's own: what it is, whether it is trusted as it is, and what is wrong where."""

    name: str
    strategy: str
    path: str
    size: int
    digest: str
    trusted: bool
    trouble: str = ""
    line: int = 0


@frozen
class OwnStrategyText(OwnStrategyFile):
    """One file of the person's own with what stands in it."""

    text: str = ""


@frozen
class SignalTable:
    """What a strategy decides on the close of every bar: -1 short to 1 long, and how sure it is, 0 to 1."""

    symbol: str
    interval: str
    strategy: str
    parameters: dict[str, Setting]
    source: str
    data_label: str
    warnings: tuple[str, ...]
    time: tuple[datetime, ...]
    signal: tuple[float, ...]
    confidence: tuple[float, ...]
