"""Alpaca as a feed: histories and newest prices by asking, live prices through streams that heal."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from datetime import date
from typing import TypeVar

import numpy as np

from puffling.market.alpaca_live import AlpacaLive
from puffling.market.calendar import ALWAYS, EXCHANGE, calendar
from puffling.market.feeds import FeedParts, PriceSink, SourceAway, Standing
from puffling.market.values import (
    AssetClass,
    Basis,
    BidAsk,
    Book,
    Instrument,
    Price,
    Quality,
    SessionState,
    Tick,
)
from puffling.puffin.data.actions import Adjustment, CorporateAction
from puffling.puffin.data.alpaca_provider import DATA_FEEDS, FIRST_DAY, AlpacaProvider, actions_of
from puffling.puffin.data.alpaca_rows import Asset, DayBar, Snapshot
from puffling.puffin.data.bars import Span
from puffling.puffin.data.instants import US_PER_DAY, day_to_us, to_us, us_to_day
from puffling.puffin.data.interval import Interval
from puffling.puffin.data.ordering import in_order
from puffling.puffin.data.raw import RawBars
from puffling.puffin.errors import AccessRefused, InvalidValue, SourceFailed
from puffling.runtime.errors import NotFound, Unavailable
from puffling.runtime.text import tr

R = TypeVar("R")

_log = logging.getLogger(__name__)

# The whole list is megabytes in one piece; by exchange it is read without holding anybody up.
_LISTS = (
    {"asset_class": "us_equity", "exchange": "NASDAQ"},
    {"asset_class": "us_equity", "exchange": "NYSE"},
    {"asset_class": "us_equity", "exchange": "ARCA"},
    {"asset_class": "us_equity", "exchange": "BATS"},
    {"asset_class": "us_equity", "exchange": "AMEX"},
    {"asset_class": "crypto"},
)
_BUSY_SECONDS = 60.0
_AWAY_SECONDS = 15.0
_QUALITY = {
    "iex": Quality.ONE_EXCHANGE,
    "delayed_sip": Quality.DELAYED,
    "sip": Quality.REALTIME,
}


class AlpacaFeed:
    """Shares as far as the person's plan goes, and crypto pairs; keys may come and change while it runs."""

    source = "alpaca"
    # An hour of a session begins half past; Alpaca's begins on the clock's hour, so hours are made of halves.
    intervals = frozenset({Interval.M1, Interval.M5, Interval.M15, Interval.M30, Interval.D1})
    basis = Basis.TRADED
    is_remote = True
    streams = True
    has_book = False

    def __init__(self, parts: FeedParts) -> None:
        self._clock = parts.clock
        self._port = parts.port
        self._key = parts.key
        self._address = parts.settings.alpaca_address or None
        self._data_feed = DATA_FEEDS[parts.settings.alpaca_data]
        self._lane = parts.port.lane("alpaca", threads=3)
        self._guard = threading.Lock()
        self._provider: AlpacaProvider | None = None
        self._keys_doubted = True
        self._listed: dict[int, tuple[date, list[Asset]]] = {}
        self._known: dict[str, Instrument] = {}
        self._prices: dict[str, Price] = {}
        self._newest_quotes: dict[str, BidAsk] = {}
        self._actions: dict[str, tuple[date, tuple[CorporateAction, ...]]] = {}
        self._splits: dict[tuple[date, str], float] = {}
        self._live = AlpacaLive(self, self._clock, self._port)

    @property
    def quality(self) -> Quality:
        """How far its prices may be trusted."""
        return _QUALITY[self._data_feed]

    @property
    def label(self) -> str:
        """What a person reads beside its prices."""
        return {
            "iex": tr("Alpaca, IEX only"),
            "delayed_sip": tr("Alpaca, delayed 15 minutes"),
            "sip": tr("Alpaca, real time"),
        }[self._data_feed]

    def standing_of(self, symbol: str) -> Standing:
        """Give how the prices of this symbol stand: crypto is told in full whatever the plan for shares."""
        if _is_crypto(symbol):
            return Standing(tr("Alpaca crypto"), Quality.REALTIME)
        return Standing(self.label, self.quality)

    @property
    def most_streamed(self) -> int:
        """How many shares the plan streams at once, the one that shows the line's pulse left out."""
        return 29 if self._data_feed == "iex" else 10_000

    def instruments(self) -> tuple[Instrument, ...]:
        """Give the symbols that were asked about; the whole list is Alpaca's."""
        return tuple(self._known.values())

    async def find(self, text: str, limit: int) -> tuple[Instrument, ...]:
        """Search in Alpaca's list by symbol or name."""
        wanted = text.strip().casefold()
        if not wanted:
            return ()
        return await self._lane_call(self._found, wanted, limit)

    async def learn(self, symbol: str) -> Instrument | None:
        """Ask about a symbol; None when Alpaca has no such thing."""
        if symbol not in self._known:
            asset = await self.ask(lambda provider: provider.asset(symbol))
            if asset is None:
                return None
            self._known[symbol] = _instrument(asset)
        return self._known[symbol]

    def price(self, symbol: str) -> Price:
        """Give the price as it was when Alpaca was asked last."""
        price = self._prices.get(symbol)
        if price is None:
            raise Unavailable(
                tr("Alpaca has not told a price of {symbol} yet.", symbol=symbol),
                hint=tr("It comes within seconds when there is a network."),
            )
        return price

    async def refresh(self, symbols: Sequence[str]) -> None:
        """Ask for the newest prices of these."""
        snapshots = await self.ask(lambda provider: provider.snapshots(symbols))
        await self._learn_splits([symbol for symbol in snapshots if "/" not in symbol])
        for symbol, snapshot in snapshots.items():
            self._prices[symbol] = self._price(symbol, snapshot)
            if snapshot.quote is not None:
                quote = snapshot.quote
                self._newest_quotes[symbol] = BidAsk(
                    symbol, quote.bid, quote.ask, quote.bid_size, quote.ask_size, quote.time_us
                )

    async def bars(self, symbol: str, interval: Interval, span: Span) -> RawBars:
        """Give the bars of a span in prices as they were traded, of regular hours only."""
        found = await self.long_bars(symbol, interval, span)
        return found if _is_crypto(symbol) or not interval.is_intraday else _in_session(found)

    async def tail(self, symbol: str, interval: Interval, since_us: int) -> RawBars:
        """Give the bars from a time to now, the last one as far as it has come."""
        now_us = to_us(self._clock.now())
        return await self.bars(symbol, interval, Span(min(since_us, now_us), now_us + 1))

    async def long_bars(self, symbol: str, interval: Interval, span: Span) -> RawBars:
        """Give the bars of a span as Alpaca has them, those before and after the sessions among them."""
        return await self.ask(
            lambda provider: provider.columns([symbol], interval, span.start_us, span.end_us)[symbol]
        )

    async def long_tail(self, symbol: str, interval: Interval, since_us: int) -> RawBars:
        """Give the same from a time to now, the last one as far as it has come."""
        now_us = to_us(self._clock.now())
        return await self.long_bars(symbol, interval, Span(min(since_us, now_us), now_us + 1))

    async def adjustment(self, symbol: str) -> Adjustment:
        """Give what makes old prices comparable with those of now."""
        return Adjustment.of(await self.actions(symbol), us_to_day(self._day_us()))

    async def actions(self, symbol: str) -> tuple[CorporateAction, ...]:
        """Give the splits and dividends until now; asked for once a day."""
        if _is_crypto(symbol):
            return ()
        day = us_to_day(self._day_us())
        kept = self._actions.get(symbol)
        if kept is None or kept[0] != day:

            def ask(provider: AlpacaProvider) -> tuple[CorporateAction, ...]:
                announced = provider.announced([symbol], FIRST_DAY, day).get(symbol, ())
                if not announced:
                    return ()
                first_us, end_us = day_to_us(FIRST_DAY), day_to_us(day)
                days = provider.columns([symbol], Interval.D1, first_us, end_us)[symbol]
                prices = (days.open, days.high, days.low, days.close, days.volume)
                return actions_of(announced, in_order(days.time, prices).bars)

            kept = self._actions[symbol] = day, await self.ask(ask)
        return kept[1]

    async def quote(self, symbol: str) -> BidAsk | None:
        """Give the newest bid and ask; None while there are none."""
        await self.refresh((symbol,))
        return self._newest_quotes.get(symbol)

    async def tape(self, symbol: str, limit: int) -> tuple[Tick, ...]:
        """Give the newest trades, the oldest of them first."""
        trades = await self.ask(lambda provider: provider.newest_trades(symbol, limit))
        return tuple(Tick(symbol, price, size, time_us) for price, size, time_us in trades)

    async def book(self, symbol: str) -> Book | None:
        """Give none: Alpaca tells the best bid and ask of shares, and no more."""
        return None

    def watch(self, symbols: frozenset[str]) -> None:
        """Stream exactly these symbols from now on."""
        self._live.watch(symbols)

    def watch_quotes(self, symbols: frozenset[str]) -> None:
        """Stream the bids and asks of exactly these symbols from now on."""
        self._live.watch_quotes(symbols)

    def watch_books(self, symbols: frozenset[str]) -> None:
        """Do nothing: there are no books."""

    async def run(self, sink: PriceSink) -> None:
        """Stream what is watched until cancelled; asleep while nothing is."""
        await self._live.run(sink)

    async def close(self) -> None:
        """End questions and connections."""
        # Ends what is under way, so that the lane is empty at once.
        if self._provider is not None:
            self._provider.close()
        await self._lane.close()

    async def ask(self, question: Callable[[AlpacaProvider], R]) -> R:
        """Ask Alpaca something in a thread, and say in our words why there is no answer."""
        return await self._lane_call(lambda: question(self.provider()))

    def provider(self) -> AlpacaProvider:
        """Give the provider with the keys of now; call it in a thread, because a keychain may block."""
        with self._guard:
            if self._provider is None or self._keys_doubted:
                api_key, secret_key = (self._key(f"ALPACA_{name}_KEY") or "" for name in ("API", "SECRET"))
                known = self._provider
                if known is None or (known.keys.api_key, known.keys.secret_key) != (api_key, secret_key):
                    self._provider = AlpacaProvider(
                        api_key, secret_key, self._address, data_feed=self._data_feed, now=self._clock.now
                    )
                self._keys_doubted = False
            assert self._provider is not None
            return self._provider

    def doubt_keys(self) -> None:
        """Look the keys up anew before the next question: those of now were refused."""
        self._keys_doubted = True

    async def _lane_call(self, act: Callable[..., R], *about: object) -> R:
        try:
            return await self._lane.run(act, *about)
        except AccessRefused as refusal:
            self.doubt_keys()
            raise SourceAway(
                tr("{reason}.", reason=str(refusal)),
                hint=tr("Put your Alpaca keys into Preferences, Keys, and test them there."),
                retry_seconds=_AWAY_SECONDS,
            ) from None
        except SourceFailed as failure:
            hint = tr("Puffling asks again by itself.") if failure.busy else tr("Check the network.")
            patience = _BUSY_SECONDS if failure.busy else _AWAY_SECONDS
            raise SourceAway(
                tr("{reason}.", reason=str(failure)), hint=hint, retry_seconds=patience
            ) from None
        except InvalidValue as refusal:
            raise NotFound(tr("{reason}.", reason=str(refusal))) from None

    def _found(self, wanted: str, limit: int) -> tuple[Instrument, ...]:
        """Search in the list, which is fetched once a day; runs in a thread."""
        now = self._clock.now()
        ranked = []
        for place, query in enumerate(_LISTS):
            kept = self._listed.get(place)
            # What is fetched is kept piece by piece: who searched may have lost patience meanwhile.
            if kept is None or kept[0] != now.date():
                kept = self._listed[place] = now.date(), self.provider().assets(**query)
            for asset in kept[1]:
                symbol, name = asset.symbol.casefold(), asset.name.casefold()
                if wanted in symbol or wanted in name:
                    rank = 0 if symbol == wanted else 1 if symbol.startswith(wanted) else 2
                    ranked.append((rank, not name.startswith(wanted), asset.symbol, asset))
        ranked.sort(key=lambda each: each[:3])
        return tuple(_instrument(asset) for *_, asset in ranked[:limit])

    async def _learn_splits(self, symbols: Sequence[str]) -> None:
        """Know of a split on its day: the close of the day before is still told in the old shares."""
        day = us_to_day(self._day_us())
        unknown = [symbol for symbol in symbols if (day, symbol) not in self._splits]
        if not unknown:
            return
        try:
            announced = await self.ask(lambda provider: provider.announced(unknown, day, day))
        except (Unavailable, NotFound) as failure:
            # The price is worth more than its difference to the day before.
            _log.info("Alpaca told nothing of splits: %s", failure)
            return
        for symbol in unknown:
            ratio = np.prod([each.split_ratio for each in announced.get(symbol, ())])
            self._splits[day, symbol] = float(ratio)

    def _price(self, symbol: str, snapshot: Snapshot) -> Price:
        is_crypto, standing = _is_crypto(symbol), self.standing_of(symbol)
        day_us = self._day_us()
        day, before, price = snapshot.day, snapshot.day_before, snapshot.price
        if day is not None and not is_crypto and day.time_us - day.time_us % US_PER_DAY < day_us:
            # The new day has no regular trade yet: what stands as the day is the day before.
            day, before = None, day
        ratio = self._splits.get((us_to_day(day_us), symbol), 1.0)
        shown = day or DayBar(snapshot.time_us, price, price, price, price, 0.0)
        return Price(
            symbol=symbol,
            price=price,
            time_us=snapshot.time_us,
            session=calendar(ALWAYS if is_crypto else EXCHANGE).state(self._clock.now()),
            previous_close=before.close / ratio if before is not None else shown.open,
            day_open=shown.open,
            day_high=max(shown.high, price),
            day_low=min(shown.low, price),
            day_volume=shown.volume,
            source=self.source,
            label=standing.label,
            quality=standing.quality,
        )

    def _day_us(self) -> int:
        """Give the day whose prices are current: the next one from its early trading on."""
        now_us = to_us(self._clock.now())
        exchange = calendar(EXCHANGE)
        place = exchange.sessions.index_at(now_us)
        if exchange.state_at(now_us) is SessionState.PRE:
            place += 1
        return int(exchange.sessions.days_us[max(place, 0)])


def _is_crypto(symbol: str) -> bool:
    return "/" in symbol


def _in_session(columns: RawBars) -> RawBars:
    """Leave the early and late hours out: Alpaca's bars hold them, regular bars do not."""
    sessions = calendar(EXCHANGE).sessions
    place = np.searchsorted(sessions.opens_us, columns.time, side="right") - 1
    inside = (place >= 0) & (columns.time < sessions.closes_us[np.maximum(place, 0)])
    if inside.all():
        return columns
    prices = (columns.open, columns.high, columns.low, columns.close, columns.volume)
    return RawBars(columns.time[inside], *(column[inside] for column in prices))


def _instrument(asset: Asset) -> Instrument:
    fund = "ETF" in asset.name.upper().split()
    kind = AssetClass.CRYPTO if asset.is_crypto else AssetClass.ETF if fund else AssetClass.EQUITY
    return Instrument(
        asset.symbol,
        asset.name,
        kind,
        tr("Alpaca crypto") if asset.is_crypto else asset.exchange,
        calendar=ALWAYS if asset.is_crypto else EXCHANGE,
    )
