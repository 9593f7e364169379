"""Company reports from Yahoo Finance, as a second source: it has few periods and no filing days."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from puffling.runtime.text import tr

if TYPE_CHECKING:
    from puffling.puffin.data.statements import Company


class YahooReports:
    """Asks Yahoo through its library; a number is known from the moment it was fetched, not before."""

    dated = False

    def __init__(self, folder: Path, *, session: Any = None) -> None:
        self._folder = folder
        self._session = session

    @property
    def label(self) -> str:
        """What a person reads beside its numbers."""
        return tr("Yahoo Finance")

    def missing(self) -> str:
        """Need nothing."""
        return ""

    def company(self, symbol: str, now: datetime) -> Company:
        """Fetch the statements."""
        from puffling.puffin.data.yahoo_statements import YahooStatements

        return YahooStatements(session=self._session, cache_folder=self._folder).company(symbol, now)
