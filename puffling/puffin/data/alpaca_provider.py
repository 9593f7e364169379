"""Alpaca's market data through alpaca-py: prices as they were traded, and what happened to them.

The free plan tells the trades of one exchange, IEX; "sip" is all of them and "delayed_sip" the same a
quarter of an hour late. Pairs with a slash, such as BTC/USD, are crypto and need no plan.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from puffling.puffin.data.actions import Adjustment, CorporateAction
from puffling.puffin.data.alpaca_pages import END_OF_TIME_US, Ask, Stretch, each_page, fetch_bars
from puffling.puffin.data.alpaca_rest import AlpacaAddresses, AlpacaKeys, AlpacaRest, NotThere
from puffling.puffin.data.alpaca_rows import (
    Announced,
    Asset,
    Snapshot,
    announced_in,
    asset_of,
    instant,
    is_price,
    number,
    snapshot_of,
)
from puffling.puffin.data.alpaca_stream import AlpacaStream, StreamListener
from puffling.puffin.data.alpaca_streams import AlpacaStreams
from puffling.puffin.data.bars import Bars
from puffling.puffin.data.instants import US_PER_DAY, US_PER_MINUTE, day_to_us, to_us, us_to_day
from puffling.puffin.data.interval import Interval
from puffling.puffin.data.ordering import in_order
from puffling.puffin.data.provider import DataProvider, Day, day_of
from puffling.puffin.data.raw import RawBars
from puffling.puffin.data.realtime import Bar, OrderBookUpdate, Quote, Trade
from puffling.puffin.data.resample import resample
from puffling.puffin.errors import AccessRefused, InvalidValue, NotOffered

if TYPE_CHECKING:
    import pandas as pd

DataFeed = Literal["iex", "delayed_sip", "sip"]
# As people call them.
DATA_FEEDS: dict[str, DataFeed] = {"one exchange": "iex", "delayed": "delayed_sip", "complete": "sip"}

# Alpaca's stock history begins in 2016, its crypto history in 2021.
FIRST_DAY = date(2016, 1, 1)
_END_OF_TIME = us_to_day(END_OF_TIME_US)
_MOST_SYMBOLS = 100
_DELAY_US = 16 * US_PER_MINUTE
_ACTIONS = "forward_split,reverse_split,stock_dividend,cash_dividend"
_WIDTHS = {
    Interval.M1: "1Min",
    Interval.M5: "5Min",
    Interval.M15: "15Min",
    Interval.M30: "30Min",
    Interval.H1: "1Hour",
    Interval.D1: "1Day",
}


class AlpacaProvider(DataProvider):
    """Answers from Alpaca; without keys those in ALPACA_API_KEY and ALPACA_SECRET_KEY are used.

    `base_url` names a stand-in that serves everything at one place. `now` keeps delayed data away from
    what only paying plans may see. `pause` waits some seconds before a question is asked again and tells
    whether to give up.
    """

    def __init__(
        self,
        api_key: str | None = None,
        secret_key: str | None = None,
        base_url: str | None = None,
        *,
        data_feed: DataFeed = "iex",
        now: Callable[[], datetime] | None = None,
        pause: Callable[[float], bool] | None = None,
    ) -> None:
        keys = AlpacaKeys(
            api_key or os.environ.get("ALPACA_API_KEY", ""),
            secret_key or os.environ.get("ALPACA_SECRET_KEY", ""),
        )
        missing = [
            name
            for name, key in (("ALPACA_API_KEY", keys.api_key), ("ALPACA_SECRET_KEY", keys.secret_key))
            if not key
        ]
        if missing:
            raise AccessRefused(f"Alpaca wants a key: {' and '.join(missing)} is not set")
        self.keys = keys
        self.addresses = AlpacaAddresses.of(base_url, keys.api_key)
        self.data_feed = data_feed
        self._now = now
        self._rest = AlpacaRest(keys, self.addresses, pause=pause)
        self._streams: AlpacaStreams | None = None
        self._making = threading.Lock()

    def fetch_historical(
        self, symbols: str | Sequence[str], start: Day, end: Day | None = None, interval: str = "1d"
    ) -> pd.DataFrame:
        """Give adjusted OHLCV rows from start to end, both included, indexed by Date or by (Date, Symbol)."""
        import pandas as pd

        width = Interval.parse(interval)
        asked = [symbols] if isinstance(symbols, str) else list(symbols)
        if not asked:
            raise InvalidValue("No symbol was asked for", field="symbols")
        first = day_of(start, "start")
        last = day_of(end, "end") if end is not None else _END_OF_TIME
        frames = {symbol: bars.to_frame() for symbol, bars in self.bars(asked, first, last, width).items()}
        if len(frames) == 1:
            return next(iter(frames.values()))
        return pd.concat(frames, names=["Symbol", "Date"]).swaplevel().sort_index()

    def bars(
        self, symbols: Sequence[str], first: date, last: date, interval: Interval = Interval.D1
    ) -> dict[str, Bars]:
        """Give adjusted bars of the days from first to last, both included, without the detour of a frame."""
        source = interval if interval in _WIDTHS else Interval.D1
        raw = self.columns(symbols, source, day_to_us(first), day_to_us(last) + US_PER_DAY)
        announced = self.announced([_written(each) for each in raw if "/" not in each], first, last)
        adjusted = {}
        for symbol, columns in raw.items():
            prices = (columns.open, columns.high, columns.low, columns.close, columns.volume)
            bars = in_order(columns.time, prices).bars
            if len(bars):
                actions = actions_of(announced.get(_written(symbol), ()), bars)
                bars = Adjustment.of(actions, us_to_day(int(bars.time[-1]))).apply(bars)
            adjusted[symbol] = resample(bars, source, interval) if source is not interval else bars
        return adjusted

    def columns(
        self, symbols: Sequence[str], interval: Interval, start_us: int, end_us: int
    ) -> dict[str, RawBars]:
        """Give bars of [start, end) as they were traded and as they came, under the names asked for.

        Intraday bars of shares are told from four in the morning to eight in the evening in New York.
        """
        if interval not in _WIDTHS:
            raise NotOffered("Weeks and months are made of days: ask for those")
        days = not interval.is_intraday
        if days:
            # Alpaca's day stands some hours after the midnight at which ours does: whole days are asked for.
            start_us, end_us = (-(-each // US_PER_DAY) * US_PER_DAY for each in (start_us, end_us))
        if self.data_feed == "delayed_sip" and self._now is not None:
            end_us = min(end_us, to_us(self._now()) - _DELAY_US)
        stretch = Stretch(max(start_us, day_to_us(FIRST_DAY)), end_us - 1, days)
        if stretch.end_us < stretch.start_us:
            return {symbol: RawBars.of_rows(()) for symbol in symbols}
        found: dict[str, RawBars] = {}
        for written, is_crypto in _grouped(symbols):
            query: dict[str, object] = {"timeframe": _WIDTHS[interval]}
            if not is_crypto:
                # Delayed is what is live now; what is past is asked for like everything that is past.
                feed = "sip" if self.data_feed == "delayed_sip" else self.data_feed
                query |= {"adjustment": "raw", "feed": feed}
            came = fetch_bars(self._door("bars", is_crypto), query, list(written.values()), stretch)
            found |= {symbol: came[name] for symbol, name in written.items()}
        return {symbol: found[symbol] for symbol in dict.fromkeys(symbols)}

    def announced(self, symbols: Sequence[str], first: date, last: date) -> dict[str, tuple[Announced, ...]]:
        """Give the splits and dividends of some shares from one day to another, both included, by symbol."""
        found: dict[str, list[Announced]] = {}
        for start in range(0, len(symbols), _MOST_SYMBOLS):
            query = {
                "symbols": ",".join(symbols[start : start + _MOST_SYMBOLS]),
                "types": _ACTIONS,
                "start": max(first, FIRST_DAY).isoformat(),
                "end": last.isoformat(),
                "limit": 1000,
            }
            for page in each_page(partial(self._rest.data, "/corporate-actions", version="v1"), query):
                for symbol, each in announced_in(page).items():
                    found.setdefault(symbol, []).extend(each)
        # An announcement that was corrected or told twice counts once.
        return {
            symbol: tuple(sorted(dict.fromkeys(each), key=lambda one: one.day))
            for symbol, each in found.items()
        }

    def snapshots(self, symbols: Sequence[str]) -> dict[str, Snapshot]:
        """Give the newest price of each symbol with its day; one that has none is left out."""
        found: dict[str, Snapshot] = {}
        for written, is_crypto in _grouped(symbols):
            query: dict[str, object] = {"symbols": ",".join(written.values())}
            if not is_crypto:
                query["feed"] = self.data_feed
            answer = self._door("snapshots", is_crypto)(query)
            rows = answer.get("snapshots", answer)
            for symbol, name in written.items():
                snapshot = snapshot_of(rows.get(name)) if isinstance(rows, Mapping) else None
                if snapshot is not None:
                    found[symbol] = snapshot
        return found

    def newest_trades(self, symbol: str, limit: int) -> list[tuple[float, float, int]]:
        """Give price, size and time of the newest trades, the oldest of them first."""
        [(written, is_crypto)] = _grouped([symbol])
        query: dict[str, object] = {"symbols": written[symbol], "limit": limit, "sort": "desc"}
        if not is_crypto:
            query["feed"] = self.data_feed if self.data_feed != "delayed_sip" else "iex"
        page = self._door("trades", is_crypto)(query).get("trades") or {}
        trades = []
        for row in page.get(written[symbol], ()):
            price, size, time_us = number(row.get("p")), number(row.get("s")), instant(row.get("t"))
            if is_price(price) and size >= 0.0 and time_us is not None:
                trades.append((price, size, time_us))
        return trades[::-1]

    def assets(self, **wanted: str) -> list[Asset]:
        """Give what is listed and active; `exchange` and `asset_class` narrow it."""
        rows = self._rest.trading("/assets", {"status": "active", **wanted})
        return [asset for row in (rows if isinstance(rows, list) else ()) if (asset := asset_of(row))]

    def asset(self, symbol: str) -> Asset | None:
        """Give what is known of one symbol; None when it is not listed."""
        try:
            return asset_of(self._rest.trading(f"/assets/{_written(symbol).replace('/', '%2F')}", {}))
        except (NotThere, InvalidValue):
            return None

    def get_supported_assets(self) -> list[str]:
        """Give the symbols that can be asked for."""
        return sorted(asset.symbol for asset in self.assets() if asset.tradable)

    def check_access(self) -> None:
        """Ask the cheapest question that needs a key, and raise what is wrong with the answer."""
        self._rest.data("/stocks/bars/latest", {"symbols": "SPY", "feed": self.data_feed})

    def stream_realtime(self, symbols: Sequence[str], callback: Callable[[Bar], None]) -> None:
        """Call back with every finished minute until the streams are stopped; returns then."""
        self._live().listen("bars", _listed(symbols), callback)

    def stream_trades(self, symbols: Sequence[str], callback: Callable[[Trade], None]) -> None:
        """Call back with every trade until the streams are stopped; returns then."""
        self._live().listen("trades", _listed(symbols), callback)

    def stream_quotes(self, symbols: Sequence[str], callback: Callable[[Quote], None]) -> None:
        """Call back with every quote until the streams are stopped; returns then."""
        self._live().listen("quotes", _listed(symbols), callback)

    def stream_orderbook(self, symbols: Sequence[str], callback: Callable[[OrderBookUpdate], None]) -> None:
        """Call back with every change of the order book until the streams are stopped; crypto only."""
        asked = _listed(symbols)
        if not all("/" in symbol for symbol in asked):
            raise NotOffered("Alpaca tells order books of crypto pairs only")
        self._live().listen("orderbooks", asked, callback)

    def stream(
        self, listener: StreamListener, *, crypto: bool = False, expects: Callable[[], bool]
    ) -> AlpacaStream:
        """Give a stream of our own kind, not running yet; Alpaca allows one at a time for a key."""
        path = "/v1beta3/crypto/us" if crypto else f"/v2/{self.data_feed}"
        return AlpacaStream(self.keys, self.addresses.stream + path, listener, crypto=crypto, expects=expects)

    def stop_streams(self) -> None:
        """End every stream; whoever waits in one comes back."""
        with self._making:
            streams, self._streams = self._streams, None
        if streams is not None:
            streams.stop()

    def close(self) -> None:
        """End streams and connections."""
        self.stop_streams()
        self._rest.close()

    def _live(self) -> AlpacaStreams:
        with self._making:
            if self._streams is None:
                self._streams = AlpacaStreams(self.keys, self.addresses.stream, self.data_feed)
            return self._streams

    def _door(self, what: str, is_crypto: bool) -> Ask:
        def ask(query: Mapping[str, object]) -> dict[str, Any]:
            if is_crypto:
                return self._rest.data(f"/crypto/us/{what}", query, version="v1beta3")
            return self._rest.data(f"/stocks/{what}", query)

        return ask


def actions_of(announced: Sequence[Announced], bars: Bars) -> tuple[CorporateAction, ...]:
    """Work out what each split and dividend did to the price; the bars are as traded."""
    made = []
    for day in sorted({each.day for each in announced}):
        together = [each for each in announced if each.day == day]
        ratio = float(np.prod([each.split_ratio for each in together]))
        paid = sum(each.dividend for each in together)
        before = int(np.searchsorted(bars.time, day_to_us(day))) - 1
        close = float(bars.close[before]) / ratio if before >= 0 else 0.0
        # A dividend as large as the price, or a close that is none, is a fault of the source.
        kept = 1.0 - paid / close if is_price(close) and paid < close else 1.0
        made.append(CorporateAction(day, ratio, paid, kept / ratio))
    return tuple(made)


def _grouped(symbols: Sequence[str]) -> list[tuple[dict[str, str], bool]]:
    """Give the symbols as Alpaca writes them, in groups it takes at once, and which of them are crypto."""
    groups = []
    for is_crypto in (False, True):
        kind = {each: _written(each) for each in symbols if ("/" in each) is is_crypto}
        names = list(kind)
        groups += [
            ({each: kind[each] for each in names[start : start + _MOST_SYMBOLS]}, is_crypto)
            for start in range(0, len(names), _MOST_SYMBOLS)
        ]
    return groups


def _written(symbol: str) -> str:
    return symbol.strip().upper()


def _listed(symbols: str | Sequence[str]) -> list[str]:
    return [_written(each) for each in ([symbols] if isinstance(symbols, str) else symbols)]
