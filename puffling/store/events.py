"""News about stored things, published once the change is committed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from puffling.runtime.actor import UserId
from puffling.store.values import AuditEntry, Json


@dataclass(frozen=True, slots=True)
class WatchlistsChanged:
    """A watchlist was made, changed, moved or deleted."""

    user: UserId


@dataclass(frozen=True, slots=True)
class SettingChanged:
    """A setting was stored, or removed, which has no value."""

    user: UserId
    key: str
    value: Json = None
    removed: bool = False


@dataclass(frozen=True, slots=True)
class LayoutChanged:
    """The look of a workspace was kept or forgotten."""

    user: UserId
    workspace: str


@dataclass(frozen=True, slots=True)
class AuditAppended:
    """A line was added to the audit trail."""

    user: UserId
    entry: AuditEntry


@dataclass(frozen=True, slots=True)
class AccessTokensChanged:
    """An access token was granted or withdrawn."""

    user: UserId


@dataclass(frozen=True, slots=True)
class ResultsChanged:
    """The result of a backtest was kept, noted, removed or brought back."""

    user: UserId
    id: str


@dataclass(frozen=True, slots=True)
class StrategiesChanged:
    """A configured strategy was made, changed or removed."""

    user: UserId


@dataclass(frozen=True, slots=True)
class DrawingsChanged:
    """The drawings on the chart of a symbol changed."""

    user: UserId
    symbol: str


@dataclass(frozen=True, slots=True)
class ScheduledJobsChanged:
    """A scheduled job was made, changed, run or removed."""

    user: UserId


@dataclass(frozen=True, slots=True)
class TradesChanged:
    """A trade was added to the history, noted, put right, or told what it earned."""

    user: UserId
    account: str
    symbol: str


@dataclass(frozen=True, slots=True)
class CashFlowsChanged:
    """Money came or went without a trade, or such a flow was removed."""

    user: UserId
    account: str


@dataclass(frozen=True, slots=True)
class WorthMarked:
    """What an account is worth was written down."""

    user: UserId
    account: str


@dataclass(frozen=True, slots=True)
class DatabaseRestored:
    """All records were replaced by those of a backup."""

    backup: str


@dataclass(frozen=True, slots=True)
class BarCacheRebuilt:
    """The cache of bars was damaged, moved aside and begun anew."""

    moved_to: Path
    reason: str
