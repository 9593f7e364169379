"""What a new person finds: a first watchlist, once; a deleted one stays deleted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from puffling.runtime.text import tr

if TYPE_CHECKING:
    from puffling.store.database import Unit

FIRST_SYMBOLS = ("SPY", "QQQ", "AGG", "GLD", "AAPL", "MSFT", "NVDA", "AMZN", "BTC/USD", "ETH/USD")


def give_first_content(unit: Unit) -> None:
    """Make the first watchlist where there never was one."""
    # Whoever deleted a list left a line in the trail, so that a kill during the first start loses nothing.
    if not unit.watchlists.all() and not unit.audit.newest(1):
        unit.watchlists.create(tr("Core"), FIRST_SYMBOLS)
