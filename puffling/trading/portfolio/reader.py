"""Reads an account for whoever shows it: the books, with prices and names from the market."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np

from puffling.market.market import Market
from puffling.market.values import Instrument, Price
from puffling.puffin.data.interval import Interval
from puffling.runtime.clock import Clock, microseconds
from puffling.runtime.errors import NotFound, PufflingError
from puffling.settings.live import LiveSettings
from puffling.trading.accounts.shelf import AccountShelf
from puffling.trading.books import Books
from puffling.trading.portfolio.values import EquityCurve, Gains, OpenLot, Portfolio, Position, YearlyGains

if TYPE_CHECKING:
    from puffling.trading.portfolio.reading import Record, Standing

# A close before the first mark of an account is looked for this far back: over any row of holidays.
_BEFORE = timedelta(days=10)

_log = logging.getLogger(__name__)


class PortfolioReader:
    """Puts accounts together as they are now; without a name, the first account."""

    def __init__(
        self, books: Books, shelf: AccountShelf, market: Market, clock: Clock, live: LiveSettings
    ) -> None:
        self._books = books
        self._shelf = shelf
        self._market = market
        self._clock = clock
        self._live = live

    async def portfolio(self, account: str = "", *, patient: bool = True) -> Portfolio:
        """Give what an account is worth and what is held in it.

        Who is not patient gets what is known of an account whose broker was not asked yet.
        """
        from puffling.trading.portfolio.reading import portfolio_of

        standing, record, positions = await self._read(account, patient=patient)
        return portfolio_of(standing, record, positions, self._clock.now())

    async def standing(self, account: str = "", *, patient: bool = True) -> Standing:
        """Give what is known of the money of an account, once there was time to ask for it."""
        with suppress(NotFound):
            standing = await self._books.standing(account)
            if standing.connected or (standing.account and not patient):
                return standing
        await self._shelf.opened()
        return await self._books.standing(account)

    async def gains(self, account: str = "") -> Gains:
        """Give what an account earned, from all sides."""
        from puffling.trading.portfolio.reading import gains_of

        standing, record, positions = await self._read(account)
        return gains_of(standing, record, positions, self._clock.now())

    async def lots(self, symbol: str | None, account: str = "") -> tuple[OpenLot, ...]:
        """Give the open lots of a symbol, or of all."""
        from puffling.trading.portfolio.reading import lots_of

        _, record, positions = await self._read(account)
        prices = {each.symbol: each.price for each in positions if each.price is not None}
        return lots_of(record, symbol, prices)

    async def yearly(self, year: int, account: str = "") -> YearlyGains:
        """Give the realised gains of a year."""
        from puffling.trading.portfolio.reading import yearly_of

        standing = await self.standing(account)
        return yearly_of(await self._books.record(standing.account), year)

    async def curve(self, account: str = "", benchmark: str = "") -> EquityCurve:
        """Give what an account was worth over time, beside a benchmark."""
        from puffling.trading.portfolio.reading import curve_of, portfolio_of

        standing, record, positions = await self._read(account)
        now = self._clock.now()
        symbol = benchmark or self._live.now.portfolio.benchmark
        equity = portfolio_of(standing, record, positions, now).equity if standing.connected else None
        begin = record.curve[0].at if record.curve else now
        return curve_of(record, now, equity, symbol, *await self._closes(symbol, begin, now))

    async def _read(
        self, account: str, *, patient: bool = True
    ) -> tuple[Standing, Record, tuple[Position, ...]]:
        from puffling.trading.portfolio.reading import positions_of

        standing = await self.standing(account, patient=patient)
        record = await self._books.record(standing.account)
        prices, instruments = await self._look(record.symbols)
        return standing, record, positions_of(record, prices, instruments)

    async def _look(self, symbols: Iterable[str]) -> tuple[dict[str, Price], dict[str, Instrument]]:
        prices: dict[str, Price] = {}
        instruments: dict[str, Instrument] = {}
        for symbol in symbols:
            try:
                instruments[symbol] = await self._market.learn(symbol)
                prices[symbol] = await self._market.latest(symbol)
            except PufflingError as quiet:
                # What is held stays in sight although nobody has a price of it.
                _log.info("%s is held and has no price: %s", symbol, quiet)
        return prices, instruments

    async def _closes(self, symbol: str, begin: datetime, end: datetime) -> tuple[list[int], list[float]]:
        """Give when the benchmark closed from shortly before the begin on, and at what price."""
        try:
            history = await self._market.bars(
                symbol, Interval.D1, microseconds(begin - _BEFORE), microseconds(end) + 1
            )
        except PufflingError as quiet:
            _log.info("There is no benchmark %s: %s", symbol, quiet)
            return [], []
        bars, sessions = history.clean, self._market.sessions_of(symbol)
        if not len(bars) or not len(sessions):
            return [], []
        places = np.clip(np.searchsorted(sessions.days_us, bars.time), 0, len(sessions) - 1)
        return sessions.closes_us[places].tolist(), bars.close.tolist()
