"""Reading what Alpaca writes, tolerantly: numbers as text, fields nobody knows, rows without sense."""

from __future__ import annotations

import logging
import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

import numpy as np

from puffling.frozen import frozen
from puffling.puffin.data.instants import to_us
from puffling.puffin.data.raw import RawBars

NOTHING = math.nan
_FIELDS = ("o", "h", "l", "c", "v")

_log = logging.getLogger(__name__)


@frozen
class DayBar:
    """One day of a snapshot."""

    time_us: int
    open: float
    high: float
    low: float
    close: float
    volume: float


@frozen
class Quoted:
    """The best bid and ask of a moment; 0 on a side on which nobody stands."""

    bid: float
    ask: float
    bid_size: float
    ask_size: float
    time_us: int


@frozen
class Snapshot:
    """The newest that is known of a symbol, each part None when it is not there or makes no sense."""

    price: float
    time_us: int
    day: DayBar | None
    day_before: DayBar | None
    quote: Quoted | None


@frozen
class Asset:
    """Something Alpaca lists."""

    symbol: str
    name: str
    exchange: str
    is_crypto: bool
    tradable: bool


@frozen
class Announced:
    """A split, a dividend or both of one day, as they were announced."""

    day: date
    split_ratio: float = 1.0
    dividend: float = 0.0


def number(value: object) -> float:
    """Give a number, however it is written; NaN when it is none."""
    if isinstance(value, bool):
        return NOTHING
    if isinstance(value, int | float | str):
        try:
            return float(value)
        except (ValueError, OverflowError):
            return NOTHING
    return NOTHING


def instant(value: object) -> int | None:
    """Give a time as microseconds since 1970; None when it is none."""
    if isinstance(value, str):
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            return None
        return to_us(moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC))
    nanoseconds = getattr(value, "to_unix_nano", None)
    if callable(nanoseconds):
        return int(nanoseconds()) // 1000
    return None


def columns_of(rows: Sequence[Any], symbol: str) -> RawBars:
    """Give rows of bars as columns, untouched; only a row that has no readable time is left out."""
    try:
        return _clean_columns(rows)
    except (KeyError, TypeError, ValueError, OverflowError):
        pass
    read = []
    for row in rows:
        time_us = instant(row.get("t")) if isinstance(row, Mapping) else None
        if time_us is not None:
            read.append((time_us, *(number(row.get(name)) for name in _FIELDS)))
    if len(read) < len(rows):
        _log.warning("%d bars of %s without a readable time were left out", len(rows) - len(read), symbol)
    return RawBars.of_rows(read)


def join_columns(parts: Iterable[RawBars]) -> RawBars:
    """Give columns one after the other, in the order in which they came."""
    kept = [part for part in parts if len(part)]
    if len(kept) == 1:
        return kept[0]
    if not kept:
        return RawBars.of_rows(())
    names = ("time", "open", "high", "low", "close", "volume")
    return RawBars(*(np.concatenate([getattr(part, name) for part in kept]) for name in names))


def snapshot_of(row: object) -> Snapshot | None:
    """Read a snapshot; None when not even a price can be found in it."""
    if not isinstance(row, Mapping):
        return None
    day, day_before = _day_bar(row.get("dailyBar")), _day_bar(row.get("prevDailyBar"))
    trade = row.get("latestTrade")
    price, time_us = NOTHING, None
    if isinstance(trade, Mapping):
        price, time_us = number(trade.get("p")), instant(trade.get("t"))
    if not is_price(price) or time_us is None:
        minute = _day_bar(row.get("minuteBar")) or day
        if minute is None:
            return None
        price, time_us = minute.close, minute.time_us
    return Snapshot(price, time_us, day, day_before, quote_of(row.get("latestQuote")))


def quote_of(row: object) -> Quoted | None:
    """Read a quote; None when it makes no sense."""
    if not isinstance(row, Mapping):
        return None
    time_us = instant(row.get("t"))
    bid, ask, bid_size, ask_size = (number(row.get(name)) for name in ("bp", "ap", "bs", "as"))
    if time_us is None or not all(map(math.isfinite, (bid, ask, bid_size, ask_size))):
        return None
    return Quoted(bid, ask, bid_size, ask_size, time_us)


def asset_of(row: object) -> Asset | None:
    """Read a line of the list of assets; None when it has no symbol."""
    if not isinstance(row, Mapping) or not isinstance(row.get("symbol"), str):
        return None
    return Asset(
        row["symbol"],
        str(row.get("name") or row["symbol"]),
        str(row.get("exchange") or ""),
        row.get("class") == "crypto",
        bool(row.get("tradable", True)),
    )


def announced_in(answer: Mapping[str, Any]) -> dict[str, list[Announced]]:
    """Read the splits and dividends of a page of corporate actions, by symbol."""
    kinds = answer.get("corporate_actions")
    found: dict[str, list[Announced]] = {}
    for kind, rows in kinds.items() if isinstance(kinds, Mapping) else ():
        for row in rows if isinstance(rows, list) else ():
            one = _announced(kind, row) if isinstance(row, Mapping) else None
            if one is not None:
                found.setdefault(str(row.get("symbol")), []).append(one)
    return found


def is_price(value: float) -> bool:
    """Tell whether a number can be a price at all."""
    return math.isfinite(value) and value > 0.0


def _announced(kind: str, row: Mapping[str, Any]) -> Announced | None:
    try:
        day = date.fromisoformat(str(row.get("ex_date")))
    except ValueError:
        return None
    if kind in {"forward_splits", "reverse_splits"}:
        ratio = number(row.get("new_rate")) / (number(row.get("old_rate")) or NOTHING)
        return Announced(day, split_ratio=ratio) if is_price(ratio) else None
    rate = number(row.get("rate"))
    if not is_price(rate):
        return None
    if kind == "stock_dividends":
        return Announced(day, split_ratio=1.0 + rate)
    return Announced(day, dividend=rate) if kind == "cash_dividends" else None


def _clean_columns(rows: Sequence[Any]) -> RawBars:
    """Read rows that are as they should be, column by column: ten times as fast as one by one."""
    stamps = [row["t"] for row in rows]
    if not all(stamp[-1] == "Z" for stamp in stamps):
        raise ValueError
    # NumPy warns of the Z, and knows only times without a zone anyhow.
    time = np.array([stamp[:-1] for stamp in stamps], dtype="datetime64[us]").astype(np.int64)
    columns = [[row[name] for row in rows] for name in _FIELDS]
    return RawBars(time, *(np.array(column, dtype=np.float64) for column in columns))


def _day_bar(row: object) -> DayBar | None:
    if not isinstance(row, Mapping):
        return None
    time_us = instant(row.get("t"))
    opening, high, low, close, volume = (number(row.get(name)) for name in _FIELDS)
    if time_us is None or not all(map(is_price, (opening, high, low, close))):
        return None
    return DayBar(time_us, opening, high, low, close, volume if math.isfinite(volume) else 0.0)
