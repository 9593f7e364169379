"""Paper accounts at work: the market's prices go to the paper broker, and what it does is kept.

The broker does the thinking (see `puffin.broker.paper` for why nothing is lost or counted twice); here is the
hand that feeds it. Prices come as the market tells them, conflated, and in simulated time from whoever lives
through it. The book is kept in one transaction with the money and the splits it caused; only then the broker
tells its news to the desk, which takes them in like those of any other broker.

A price counts when it belongs to the session that runs: what stood before a session opened, or the last price
of a history, fills nothing. At the start of each day splits and dividends come first, prices after them, so
that no stop takes a split for a fall.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Mapping
from concurrent.futures import CancelledError
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, TypeVar

from puffling.market.calendar import EXCHANGE, Calendar, calendar
from puffling.market.events import PricesMoved, QuotesMoved
from puffling.market.market import Market
from puffling.market.values import AssetClass, Instrument, Price, Quality
from puffling.puffin.backtest.fills import Candle
from puffling.puffin.broker.base import (
    Asset,
    BrokerUpdate,
    InsufficientFundsError,
    InvalidOrderError,
    UnclearError,
    UpdateKind,
)
from puffling.puffin.broker.paper import PaperBroker
from puffling.puffin.broker.paper_terms import Hours, PaperTerms, hours_of
from puffling.puffin.data.instants import from_us
from puffling.runtime.actor import UserId
from puffling.runtime.bus import Bus
from puffling.runtime.clock import Clock
from puffling.runtime.errors import InvalidInput, NotFound, PufflingError
from puffling.runtime.tasks import TaskScope
from puffling.runtime.text import tr
from puffling.store.database import Store
from puffling.store.events import DatabaseRestored
from puffling.store.orders import Account
from puffling.trading.days import day_of, midnight
from puffling.trading.paper_books import keep_book, open_book
from puffling.trading.values import Mode

R = TypeVar("R")

_log = logging.getLogger(__name__)

_PATIENCE_SECONDS = 15.0
_AGAIN_SECONDS = 5.0
_KEEP_WHOLE = timedelta(seconds=30)
# What moves more than this overnight, while nobody can say whether it was split, fills nothing.
_LIKE_A_SPLIT = 0.15
_COIN_STEP, _SHARE_STEP = Decimal("0.000000001"), Decimal("0.000001")


class PaperAccount:
    """One paper account: its broker, fed and kept."""

    def __init__(
        self,
        account: Account,
        *,
        store: Store,
        user: UserId,
        market: Market,
        clock: Clock,
        bus: Bus,
        scope: TaskScope,
        terms: PaperTerms,
    ) -> None:
        self.account = account
        self._store = store
        self._user = user
        self._market = market
        self._clock = clock
        self._bus = bus
        self._scope = scope
        self._terms = terms
        self._loop = asyncio.get_running_loop()
        self._stirred = asyncio.Event()
        self._moved = asyncio.Event()
        self._watched: frozenset[str] = frozenset()
        self._ends: list[Callable[[], None]] = []
        self._unwatch: list[Callable[[], None]] = []
        self._tasks: list[asyncio.Task[None]] = []
        self._fresh: set[str] = set()
        self._volumes: dict[str, float] = {}
        # Symbols of which splits and dividends of today are known, and those of which nobody could tell.
        self._acted: set[str] = set()
        self._untold: set[str] = set()
        self._today: date | None = None
        self._wholly_kept = clock.now()
        self.broker = self._new()

    async def open(self, cash: Decimal) -> None:
        """Take up the book that was kept, or begin one with so much cash, and go to work."""
        await self._load(cash)
        listen = self._bus.on
        self._ends = [
            listen(PricesMoved, self._prices_moved),
            listen(QuotesMoved, self._quotes_moved),
            listen(DatabaseRestored, self._restored),
        ]
        spawn, name = self._scope.spawn, self.account.id
        self._tasks = [
            spawn(self._tend(), name=f"paper.{name}"),
            spawn(self._keep_up(), name=f"paper.keep.{name}"),
        ]

    async def close(self) -> None:
        """Stop, and keep the whole book."""
        for end in (*self._ends, *self._unwatch):
            end()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        try:
            await self.keep(whole=True)
        except PufflingError as error:
            _log.warning("The book of %s was not kept at the end: %s", self.account.id, error)

    def trade_under(self, terms: PaperTerms) -> None:
        """Pay and borrow under other conditions from now on."""
        self._terms = self.broker.terms = terms

    async def pay_in(self, amount: Decimal) -> None:
        """Pay money in, or with an amount below 0 take it out."""
        try:
            self.broker.on_cash(amount)
        except InsufficientFundsError as error:
            raise InvalidInput(tr("There is not so much cash in the account."), field="amount") from error
        await self.keep()

    async def take_bars(self, candles: Mapping[str, Candle], at: datetime, until: datetime) -> None:
        """Let a simulated market pass bar by bar; what it did is kept before this comes back."""
        await self._follow_actions()
        self.broker.on_bars(candles, at, until=until)
        await self.keep()

    async def _load(self, cash: Decimal) -> None:
        book = await self._store.read(self._user, open_book, self.account.id)
        if book is not None:
            self.broker.restore(book)
        else:
            self.broker.on_cash(cash)
        # Before anybody can ask, so that what is told first is kept.
        await self.keep(whole=True)
        self.broker.listen(self._heard)

    def _new(self) -> PaperBroker:
        return PaperBroker(
            0,
            now=self._clock.now,
            name=self.account.id,
            terms=self._terms,
            price=self._price,
            hours=self._hours,
            asset=self._asset,
            keep=self._keep_from_thread,
        )

    def _restored(self, event: DatabaseRestored) -> None:
        async def reload() -> None:
            book = await self._store.read(self._user, open_book, self.account.id)
            if book is not None:
                self.broker.restore(book)
                self._stirred.set()

        self._scope.spawn(reload(), name="paper.reload")

    def _heard(self, update: BrokerUpdate) -> None:
        if update.kind is UpdateKind.ORDER:
            symbol = update.order.symbol if update.order is not None else ""
            try:
                self._loop.call_soon_threadsafe(self._look_at, symbol, update.event == "new")
            except RuntimeError:
                _log.info("The news of %s came after the end", self.account.id)

    def _look_at(self, symbol: str, is_new: bool) -> None:
        if is_new:
            self._fresh.add(symbol)
        self._stirred.set()

    async def _tend(self) -> None:
        while True:
            self._stirred.clear()
            now = self._clock.now()
            self._watch(self.broker.symbols)
            await self._follow_actions()
            if self.broker.on_time(now):
                self._moved.set()
            await self._offer()
            if now - self._wholly_kept >= _KEEP_WHOLE and self.broker.trails:
                self._wholly_kept = now
                self.broker.unkept(whole=True)
                self._moved.set()
            await self._pause(self._next_look(now))

    def _next_look(self, now: datetime) -> datetime:
        tomorrow = day_of(now) + timedelta(days=1)
        moments = [at for at in (midnight(tomorrow).astimezone(UTC), self.broker.wakes_at) if at is not None]
        if self._untold or self.broker.trails:
            moments.append(now + _KEEP_WHOLE)
        return max(min(moments), now + timedelta(milliseconds=1))

    async def _pause(self, until: datetime) -> None:
        waits = {
            self._scope.spawn(self._clock.sleep_until(until), name="paper.pause"),
            self._scope.spawn(_set(self._stirred), name="paper.stirred"),
        }
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()

    async def _keep_up(self) -> None:
        while True:
            await self._moved.wait()
            self._moved.clear()
            try:
                await self.keep()
            except PufflingError as error:
                # Nothing was told yet; it is kept as soon as it can be.
                _log.warning("The book of %s cannot be kept: %s", self.account.id, error)
                await self._clock.sleep(_AGAIN_SECONDS)
                self._moved.set()

    async def keep(self, *, whole: bool = False) -> None:
        """Keep what the market did, and let it be told."""
        book = self.broker.unkept(whole=whole)
        if book is not None:
            await self._store.run(self._user, keep_book, self.account, book)
            self.broker.kept(book["version"])

    def _watch(self, symbols: frozenset[str]) -> None:
        if symbols == self._watched:
            return
        ends = self._unwatch
        self._fresh |= symbols - self._watched
        self._watched = symbols
        self._unwatch = [self._market.watch(symbols), self._market.quotes.watch_quotes(symbols)]
        for end in ends:
            end()
        for gone in self._volumes.keys() - symbols:
            del self._volumes[gone]
            # What is asked and bid is not heard any more.
            self.broker.on_quote(gone, 0.0, 0.0, self._clock.now())

    async def _follow_actions(self) -> None:
        today = day_of(self._clock.now())
        if today != self._today:
            self._today = today
            self._acted.clear()
            self.broker.on_actions("", (), today)
        for symbol in sorted(self.broker.symbols - self._acted):
            try:
                actions = await self._market.actions(symbol)
            except PufflingError as error:
                _log.info("Splits of %s are not known: %s", symbol, error)
                self._untold.add(symbol)
                continue
            self._untold.discard(symbol)
            self._acted.add(symbol)
            if self.broker.on_actions(symbol, actions, today):
                self._moved.set()

    async def _offer(self) -> None:
        """Show orders that came just now the price that stands; the next may be long in coming."""
        fresh, self._fresh = self._fresh, set()
        for symbol in sorted(fresh & self._watched):
            try:
                price = await self._market.latest(symbol)
                quote = await self._market.quotes.quote(symbol)
            except PufflingError as error:
                _log.info("No price of %s yet: %s", symbol, error)
                continue
            if quote is not None and self._counts(price):
                self.broker.on_quote(symbol, quote.bid, quote.ask, self._clock.now())
            self._take({symbol: price})

    def _prices_moved(self, event: PricesMoved) -> None:
        prices = event.prices
        self._take({symbol: prices[symbol] for symbol in self._watched if symbol in prices})

    def _quotes_moved(self, event: QuotesMoved) -> None:
        now = self._clock.now()
        quotes = [event.quotes[symbol] for symbol in self._watched & self._acted if symbol in event.quotes]
        for quote in quotes:
            if self.broker.on_quote(quote.symbol, quote.bid, quote.ask, now):
                self._moved.set()

    def _take(self, prices: Mapping[str, Price]) -> None:
        told = {}
        for symbol, price in prices.items():
            if self._counts(price):
                before = self._volumes.get(symbol, price.day_volume)
                self._volumes[symbol] = price.day_volume
                told[symbol] = (price.price, max(price.day_volume - before, 0.0))
        if told and self.broker.on_prices(told, self._clock.now()):
            self._moved.set()

    def _counts(self, price: Price) -> bool:
        """Tell whether a price belongs to the session that runs, and to the shares that are held."""
        now = self._clock.now()
        if day_of(now) != self._today:
            self._stirred.set()
            return False
        session = self._hours(price.symbol, now)
        began = session.opens if now >= session.opens else session.early
        if from_us(price.time_us) < began:
            return False
        if price.symbol in self._acted:
            return True
        known = self.broker.mark(price.symbol)
        return price.symbol in self._untold and (
            known is None or abs(price.price / known - 1.0) < _LIKE_A_SPLIT
        )

    def _hours(self, symbol: str, at: datetime) -> Hours:
        known = self._calendar(symbol)
        return hours_of(known.sessions, at, known.pre_minutes, known.post_minutes)

    def _calendar(self, symbol: str) -> Calendar:
        try:
            return calendar(self._market.instrument(symbol).calendar if symbol else EXCHANGE)
        except NotFound:
            return calendar(EXCHANGE)

    def _price(self, symbol: str) -> Decimal | None:
        """Give the newest price, from the broker's thread."""
        try:
            return Decimal(repr(self._on_loop(self._market.latest(symbol)).price))
        except PufflingError:
            return None

    def _asset(self, symbol: str) -> Asset:
        """Say what may be traded, from the broker's thread."""
        try:
            instrument, price = self._on_loop(self._known(symbol))
        except PufflingError as error:
            raise InvalidOrderError(error.message, code="unknown_symbol") from error
        if price is not None and price.quality is Quality.DEMO and self.account.mode != Mode.DEMO:
            raise InvalidOrderError(
                tr("The prices of {symbol} are made up: they trade on the demo account only.", symbol=symbol),
                code="made_up",
            )
        is_coin = instrument.asset_class is AssetClass.CRYPTO
        return Asset(
            symbol,
            asset_type=instrument.asset_class.value,
            shortable=not is_coin,
            fractionable=True,
            marginable=not is_coin,
            price_step=Decimal(1).scaleb(-instrument.price_decimals) if is_coin else None,
            quantity_step=_COIN_STEP if is_coin else _SHARE_STEP,
        )

    async def _known(self, symbol: str) -> tuple[Instrument, Price | None]:
        instrument = await self._market.learn(symbol)
        try:
            return instrument, await self._market.latest(symbol)
        except PufflingError:
            return instrument, None

    def _keep_from_thread(self, book: dict[str, Any]) -> None:
        """Keep a book, from the broker's thread; it comes back when the book is safe."""
        try:
            self._on_loop(self._store.run(self._user, keep_book, self.account, book))
        except PufflingError as error:
            raise UnclearError(tr("The book could not be kept: {reason}", reason=error.message)) from error

    def _on_loop(self, work: Coroutine[Any, Any, R]) -> R:
        """Wait for the loop, from the broker's thread."""
        try:
            asked = asyncio.run_coroutine_threadsafe(work, self._loop)
        except RuntimeError as error:
            work.close()
            raise UnclearError("Puffling is closing") from error
        try:
            return asked.result(_PATIENCE_SECONDS)
        except (TimeoutError, CancelledError) as error:
            asked.cancel()
            raise UnclearError("Puffling did not come round to it in time") from error


async def _set(event: asyncio.Event) -> None:
    await event.wait()
