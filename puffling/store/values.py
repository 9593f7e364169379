"""Stored things as frozen values, light to import and the same for every face."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeAlias

from puffling.frozen import frozen

Json: TypeAlias = bool | int | float | str | list[Any] | dict[str, Any] | None


@frozen
class Watchlist:
    """One list of symbols, in the person's own order, at its place among the lists."""

    id: str
    name: str
    symbols: tuple[str, ...]
    position: int


@frozen
class Setting:
    """One stored setting; the version grows with every change."""

    key: str
    value: Json
    version: int
    updated_at: datetime


@frozen
class Layout:
    """How one workspace looked when it was last left."""

    workspace: str
    state: dict[str, Any]
    geometry: str
    updated_at: datetime


@frozen
class ChartTemplate:
    """One look of a chart under a name; the default is what new charts begin with."""

    name: str
    content: dict[str, Any]
    default: bool = False


@frozen
class AuditEntry:
    """One line of the audit trail, chained to the line before it."""

    number: int
    at: datetime
    actor: str
    capability: str
    outcome: str
    summary: str
    details: dict[str, Any]
    prev_hash: str
    hash: str


@frozen
class AuditCheck:
    """Whether the audit trail is whole, and otherwise which line it breaks at and why."""

    entries: int
    broken_at: int | None = None
    reason: str = ""

    @property
    def intact(self) -> bool:
        """Tell whether every line is as it was written and none is missing."""
        return self.broken_at is None


@frozen
class AccessToken:
    """A token that opens a door for a program; its secret is never stored, only a digest."""

    id: str
    name: str
    scopes: tuple[str, ...]
    created_at: datetime
    last_used_at: datetime | None


class DrawingKind(StrEnum):
    """What can be drawn on a chart."""

    LINE = "line"
    RAY = "ray"
    EXTENDED = "extended"
    ARROW = "arrow"
    HORIZONTAL = "horizontal"
    VERTICAL = "vertical"
    RECTANGLE = "rectangle"
    CHANNEL = "channel"
    FIBONACCI = "fibonacci"
    NOTE = "note"

    @property
    def points(self) -> int:
        """Give how many points hold it."""
        if self in (DrawingKind.HORIZONTAL, DrawingKind.VERTICAL, DrawingKind.NOTE):
            return 1
        return 3 if self is DrawingKind.CHANNEL else 2


class DrawingColour(StrEnum):
    """The colours of drawings by name: every theme has its own shade of each."""

    BLUE = "blue"
    AMBER = "amber"
    VIOLET = "violet"
    ORANGE = "orange"
    TEAL = "teal"
    PINK = "pink"
    UP = "up"
    DOWN = "down"
    GREY = "grey"


class DrawingDash(StrEnum):
    """How the lines of a drawing are broken."""

    SOLID = "solid"
    DASHED = "dashed"
    DOTTED = "dotted"


@frozen
class Drawing:
    """A line, level or note that a person drew on the chart of a symbol; points are times and prices."""

    id: str
    symbol: str
    kind: str
    points: tuple[tuple[int, float], ...]
    style: dict[str, Any]
    position: int


@frozen
class Alert:
    """A condition a person wants to hear about, with what it remembers of the prices it has seen."""

    id: str
    name: str
    kind: str
    condition: dict[str, Any]
    memory: dict[str, Any]
    enabled: bool
    cooldown_seconds: int
    last_raised_at: datetime | None
    created_at: datetime


@frozen
class AlertNote:
    """One time an alert was raised; it stays when its condition is removed."""

    id: str
    alert: str
    raised_at: datetime
    message: str
    symbol: str
    severity: str
    details: dict[str, Any]
    read_at: datetime | None = None


@frozen
class ScheduledJob:
    """Work that is due by itself: what, when, and how the last run ended.

    `counted_from` is the last slot that was served, or the making of the job: the next slot follows it.
    """

    id: str
    name: str
    job_type: str
    schedule: str
    time_zone: str
    config: dict[str, Any]
    enabled: bool
    last_run_at: datetime | None = None
    last_outcome: str = ""
    failures: int = 0
    counted_from: datetime | None = None


@frozen
class Backup:
    """A copy of the database that can be restored."""

    name: str
    path: Path
    made_at: datetime
    size_bytes: int


@frozen
class OpenReport:
    """What was met when the database was opened.

    `damage` says what was wrong with the records and `recovered_from` where the damaged file was moved;
    both stay set on every start until a backup is restored or the person decides to begin anew.
    `altered` says that the file is not the one that was closed last. In both cases trading has to stay
    halted until a person has looked.
    """

    schema: str
    created: bool = False
    migrated_from: str | None = None
    damage: str = ""
    recovered_from: Path | None = None
    altered: bool = False
    backups: tuple[Backup, ...] = ()

    @property
    def trustworthy(self) -> bool:
        """Tell whether the records may be traded on without a person looking first."""
        return not self.damage and not self.altered


@frozen
class SeriesSummary:
    """One series of cached bars: what it is, how many bars, and from when to when."""

    source: str
    symbol: str
    interval: str
    adjusted: bool
    bars: int
    first_us: int | None
    last_us: int | None
    size_bytes: int
