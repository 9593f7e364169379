"""News about stored things, published once the change is committed."""

from __future__ import annotations

from pathlib import Path

from puffling.frozen import frozen
from puffling.runtime.actor import UserId
from puffling.store.values import AlertNote, AuditEntry, Json


@frozen
class WatchlistsChanged:
    """A watchlist was made, changed, moved or deleted."""

    user: UserId


@frozen
class SettingChanged:
    """A setting was stored, or removed, which has no value."""

    user: UserId
    key: str
    value: Json = None
    removed: bool = False


@frozen
class LayoutChanged:
    """The look of a workspace was kept or forgotten."""

    user: UserId
    workspace: str


@frozen
class AuditAppended:
    """A line was added to the audit trail."""

    user: UserId
    entry: AuditEntry


@frozen
class AccessTokensChanged:
    """An access token was granted or withdrawn."""

    user: UserId


@frozen
class ResultsChanged:
    """The result of a backtest was kept, noted, removed or brought back."""

    user: UserId
    id: str


@frozen
class SearchesChanged:
    """A search for better parameters was begun, tried more, ended, was removed or brought back."""

    user: UserId
    id: str


@frozen
class PracticesChanged:
    """A practice on past bars was kept, went on, was removed or brought back."""

    user: UserId


@frozen
class RehearsalsChanged:
    """A rehearsal was kept or removed."""

    user: UserId


@frozen
class StrategiesChanged:
    """A configured strategy was made, changed or removed."""

    user: UserId


@frozen
class StrategyDecided:
    """A strategy that runs by itself decided on a bar, or what it decided came a step further."""

    user: UserId
    strategy: str


@frozen
class DrawingsChanged:
    """The drawings on the chart of a symbol changed."""

    user: UserId
    symbol: str


@frozen
class ScheduledJobsChanged:
    """A scheduled job was made, changed, run or removed."""

    user: UserId


@frozen
class AlertsChanged:
    """An alert was made, changed, raised, removed or brought back, or its history was read."""

    user: UserId


@frozen
class AlertRaised:
    """What a person wanted to hear about happened; it is written down already."""

    user: UserId
    note: AlertNote


@frozen
class TradesChanged:
    """A trade was added to the history, noted, put right, or told what it earned."""

    user: UserId
    account: str
    symbol: str


@frozen
class CashFlowsChanged:
    """Money came or went without a trade, or such a flow was removed."""

    user: UserId
    account: str


@frozen
class WorthMarked:
    """What an account is worth was written down."""

    user: UserId
    account: str


@frozen
class AccountsChanged:
    """An account was added, renamed, let go, or taken up again."""

    user: UserId


@frozen
class DatabaseRestored:
    """All records were replaced by those of a backup."""

    backup: str


@frozen
class BarCacheRebuilt:
    """The cache of bars was damaged, moved aside and begun anew."""

    moved_to: Path
    reason: str
