"""The state of trading, as every face shows it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class TradingState(StrEnum):
    """Whether orders may leave: all, only those that shrink a position, or none."""

    ACTIVE = "ACTIVE"
    REDUCING = "REDUCING"
    HALTED = "HALTED"


class Mode(StrEnum):
    """What is at stake: a made-up market, play money in a real one, or real money."""

    DEMO = "DEMO"
    PAPER = "PAPER"
    LIVE = "LIVE"


@dataclass(frozen=True, slots=True)
class SafetyState:
    """Whether trading may go on, in which mode, and why not when it may not."""

    trading: TradingState
    mode: Mode
    reason: str = ""
    by: str = ""
    since: datetime | None = None


class LineState(StrEnum):
    """How the line to a broker is: orders leave only over one that is ready."""

    STARTING = "starting"
    READY = "ready"
    # No answer, or news that stopped coming: what happened meanwhile is not known.
    LOST = "lost"
    MUTE = "mute"
    # What the broker says and what is written here do not fit together.
    DIVERGED = "diverged"
