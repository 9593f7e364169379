"""Yahoo Finance as a feed: delayed prices for nothing, asked for in turn and never often."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from typing import TypeVar, TypeVarTuple

import numpy as np

from puffling.market.calendar import ALWAYS, EXCHANGE, UNKNOWN, calendar
from puffling.market.feeds import FeedParts, PriceSink, SourceAway
from puffling.market.values import AssetClass, Basis, Instrument, Price, Quality
from puffling.puffin.data.actions import Adjustment, CorporateAction
from puffling.puffin.data.bars import Bars, Span
from puffling.puffin.data.instants import from_us, to_us, us_to_day
from puffling.puffin.data.interval import Interval
from puffling.puffin.data.yfinance_provider import (
    ONE_QUESTION_DAYS,
    REACH_DAYS,
    LastPrice,
    Listing,
    YahooHistory,
    YFinanceProvider,
    as_traded,
    to_yahoo,
)
from puffling.puffin.errors import NotOffered, SourceFailed, UnknownSymbol
from puffling.runtime.errors import NotFound, Unavailable
from puffling.runtime.text import tr

R = TypeVar("R")
Ts = TypeVarTuple("Ts")

# A watched symbol is asked about this often at the most, and two questions are this far apart.
ROUND_SECONDS = 15.0
APART_SECONDS = 1.0
# Whoever asks too often is shut out for longer.
BUSY_SECONDS = 120.0
AWAY_SECONDS = 30.0
FIRST_WAIT_SECONDS = 5.0
LONGEST_WAIT_SECONDS = 300.0
# A whole history is asked for again after this time: yesterday's split may have changed it.
KEEP = timedelta(hours=6)
_MOST_KEPT = 32
_CLASSES = {"CRYPTOCURRENCY": AssetClass.CRYPTO, "ETF": AssetClass.ETF, "MUTUALFUND": AssetClass.ETF}
_AT_OTHER_HOURS = frozenset({"CURRENCY", "FUTURE"})


class YahooFeed:
    """Histories and prices from Yahoo, which is slow, strict and sometimes away: each call says so."""

    source = "yahoo"
    quality = Quality.DELAYED
    intervals = frozenset({Interval.M1, Interval.M5, Interval.M15, Interval.M30, Interval.H1, Interval.D1})
    basis = Basis.TRADED
    is_remote = True
    # It is asked, it does not tell: silence is no fault of its own.
    streams = False

    def __init__(self, parts: FeedParts, *, provider: YFinanceProvider | None = None) -> None:
        self._clock = parts.clock
        # The library is not made for two threads, so its questions queue up in one.
        self._lane = parts.port.lane("yahoo")
        self._provider = provider or YFinanceProvider(cache_folder=parts.data / "yahoo")
        self._known: dict[str, Instrument] = {}
        self._prices: dict[str, Price] = {}
        self._histories: dict[str, tuple[datetime, YahooHistory]] = {}
        self._fetching: dict[str, asyncio.Lock] = {}
        self._watched: frozenset[str] = frozenset()
        self._watching = asyncio.Event()

    @property
    def label(self) -> str:
        """What a person reads beside its prices."""
        return tr("Yahoo, delayed 15 minutes")

    def instruments(self) -> tuple[Instrument, ...]:
        """Give the symbols that were asked about; Yahoo lists its own nowhere."""
        return tuple(self._known.values())

    async def find(self, text: str, limit: int) -> tuple[Instrument, ...]:
        """Search by symbol or name."""
        wanted = text.strip()
        if not wanted:
            return ()
        found = await self._ask(self._provider.search, wanted, min(limit, 50))
        return tuple(_instrument(listing) for listing in found)

    async def learn(self, symbol: str) -> Instrument | None:
        """Ask about a symbol; None when Yahoo has no such thing."""
        if symbol not in self._known:
            try:
                await self._fetch_price(symbol)
            except NotFound:
                return None
        return self._known[symbol]

    def price(self, symbol: str) -> Price:
        """Give the price as it was when Yahoo was asked last."""
        price = self._prices.get(symbol)
        if price is None:
            raise Unavailable(
                tr("Yahoo has not told a price of {symbol} yet.", symbol=symbol),
                hint=tr("It comes within seconds when there is a network."),
            )
        return price

    async def refresh(self, symbols: Sequence[str]) -> None:
        """Ask for the newest prices of these."""
        for symbol in symbols:
            await self._fetch_price(symbol)

    async def bars(self, symbol: str, interval: Interval, span: Span) -> Bars:
        """Give the bars of a span in prices as they were traded; Yahoo has minutes of the last days only."""
        if not interval.is_intraday:
            history = await self._history(symbol)
            return history.bars.between(span.start_us, span.end_us)
        return await self._intraday(symbol, interval, span)

    async def tail(self, symbol: str, interval: Interval, since_us: int) -> Bars:
        """Give the bars from a time to now."""
        now_us = to_us(self._clock.now())
        if interval.is_intraday:
            return await self._intraday(symbol, interval, Span(min(since_us, now_us), now_us))
        today = from_us(since_us).date() - timedelta(days=7)
        fresh = await self._ask(self._provider.history, symbol, interval, today, None)
        return fresh.bars.between(since_us, np.iinfo(np.int64).max)

    async def adjustment(self, symbol: str) -> Adjustment:
        """Give what makes old prices comparable with those of now."""
        return Adjustment.of(await self.actions(symbol), self._clock.now().date())

    async def actions(self, symbol: str) -> tuple[CorporateAction, ...]:
        """Give the splits and dividends until now."""
        today = self._clock.now().date()
        return tuple(action for action in (await self._history(symbol)).actions if action.day <= today)

    def watch(self, symbols: frozenset[str]) -> None:
        """Ask about exactly these symbols, in turn, from now on."""
        self._watched = symbols
        if symbols:
            self._watching.set()
        else:
            self._watching.clear()

    async def run(self, sink: PriceSink) -> None:
        """Tell the price of every watched symbol in turn until cancelled; asleep while none is."""
        failures = 0
        while True:
            if not self._watched:
                await self._watching.wait()
            watched = sorted(self._watched)
            for symbol in watched:
                if symbol not in self._watched:
                    continue
                try:
                    price = await self._fetch_price(symbol)
                except NotFound:
                    # Gone from Yahoo's lists: the others are none the worse for it.
                    continue
                except Unavailable as failure:
                    failures += 1
                    wait = min(FIRST_WAIT_SECONDS * 2 ** (failures - 1), LONGEST_WAIT_SECONDS)
                    sink.reconnecting(self.source, failures, wait, failure.message)
                    await self._clock.sleep(wait)
                    continue
                failures = 0
                sink.connection(self.source, True)
                sink.snapshots((price,))
                await self._clock.sleep(APART_SECONDS)
            await self._clock.sleep(max(APART_SECONDS, ROUND_SECONDS - APART_SECONDS * len(watched)))

    async def close(self) -> None:
        """Wait for the question that is under way and end the thread."""
        await self._lane.close()

    async def _fetch_price(self, symbol: str) -> Price:
        listing, last = await self._ask(self._provider.last_price, symbol)
        instrument = self._known[symbol] = _instrument(listing)
        price = self._prices[symbol] = self._price(instrument, last)
        return price

    async def _history(self, symbol: str) -> YahooHistory:
        """Give the whole daily history, which one question answers, splits and dividends included."""
        # Two panels that ask for the same symbol ask Yahoo once.
        async with self._fetching.setdefault(symbol, asyncio.Lock()):
            now = self._clock.now()
            kept = self._histories.pop(symbol, None)
            if kept is None or not self._is_current(symbol, kept[0], now):
                kept = now, await self._ask(self._provider.history, symbol, Interval.D1, None, None)
            self._histories[symbol] = kept
            if len(self._histories) > _MOST_KEPT:
                del self._histories[next(iter(self._histories))]
            return kept[1]

    def _is_current(self, symbol: str, asked_at: datetime, now: datetime) -> bool:
        """Tell whether a history still says all there is: a day that closed since then is not in it."""
        known = self._known.get(symbol)
        closed_at = calendar(known.calendar if known is not None else ALWAYS).last_close(now)
        return closed_at <= asked_at <= now < asked_at + KEEP

    async def _intraday(self, symbol: str, interval: Interval, span: Span) -> Bars:
        today = self._clock.now().date()
        first_day = today - timedelta(days=REACH_DAYS[interval])
        first, last = us_to_day(span.start_us), us_to_day(max(span.start_us, span.end_us - 1))
        if last < first_day:
            raise Unavailable(
                tr(
                    "Yahoo keeps bars of {interval} for {days} days only.",
                    interval=interval,
                    days=REACH_DAYS[interval] + 1,
                ),
                hint=tr("Choose a wider interval or a later day."),
            )
        history = await self._history(symbol)
        parts = []
        for start, end in _questions(max(first, first_day), last + timedelta(days=1), interval):
            fresh = await self._ask(self._provider.history, symbol, interval, start, end)
            parts.append(fresh.bars)
        bars = Bars.join(parts).between(span.start_us, span.end_us)
        return as_traded(bars, history.actions)

    async def _ask(self, question: Callable[[*Ts], R], *about: *Ts) -> R:
        try:
            return await self._lane.run(question, *about)
        except UnknownSymbol as unknown:
            raise NotFound(
                tr("Yahoo does not know {symbol}.", symbol=unknown.symbol),
                hint=tr("Type a part of its name to find it."),
            ) from None
        except SourceFailed as failure:
            hint = tr("Puffling asks again by itself.") if failure.busy else tr("Check the network.")
            patience = BUSY_SECONDS if failure.busy else AWAY_SECONDS
            raise SourceAway(
                tr("{reason}.", reason=str(failure)), hint=hint, retry_seconds=patience
            ) from None
        except NotOffered as refusal:
            raise Unavailable(str(refusal), hint=tr("Choose a wider interval or a later day.")) from None

    def _price(self, instrument: Instrument, last: LastPrice) -> Price:
        return Price(
            symbol=instrument.symbol,
            price=last.price,
            time_us=last.time_us,
            session=calendar(instrument.calendar).state(self._clock.now()),
            previous_close=last.previous_close,
            day_open=last.day_open,
            day_high=last.day_high,
            day_low=last.day_low,
            day_volume=last.day_volume,
            source=self.source,
            label=self.label,
            quality=self.quality,
        )


def _questions(first: date, end: date, interval: Interval) -> list[tuple[date, date]]:
    """Cut a stretch of days into pieces that Yahoo answers at once."""
    step = timedelta(days=ONE_QUESTION_DAYS.get(interval, REACH_DAYS[interval] + 1))
    pieces = []
    while first < end:
        pieces.append((first, min(first + step, end)))
        first += step
    return pieces


def _instrument(listing: Listing) -> Instrument:
    # Yahoo names the exchange of a share outside America behind a point; its holidays are not known here.
    abroad = "." in to_yahoo(listing.symbol)
    elsewhere = abroad or listing.kind in _AT_OTHER_HOURS or listing.symbol.endswith(("=X", "=F"))
    hours = UNKNOWN if elsewhere else EXCHANGE
    return Instrument(
        listing.symbol,
        listing.name,
        _CLASSES.get(listing.kind, AssetClass.EQUITY),
        listing.exchange,
        listing.currency or "USD",
        listing.decimals,
        ALWAYS if listing.kind == "CRYPTOCURRENCY" else hours,
    )
