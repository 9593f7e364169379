"""Histories as plain values and as files for other programs, always with where they come from."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Iterator
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from puffling.frozen import frozen
from puffling.market.values import History
from puffling.runtime.clock import moment_of
from puffling.runtime.text import tr

MOST_FLAGS = 1_000
_ROWS_AT_ONCE = 1_000


@frozen
class FlaggedBar:
    """What is wrong with a bar, or with `count` neighbours; the bars of a gap are those that are missing."""

    fault: str
    time: datetime
    until: datetime
    count: int
    message: str


@frozen
class Table:
    """A history as plain values, with where it comes from; `left_out` counts older bars of the range.

    The oldest part came from the source at `fetched_at`, the newest at `refreshed_at`. `kept_away` says of
    each bar whether it is faulty and therefore kept away from indicators and strategies, `flags` why.
    """

    symbol: str
    interval: str
    source: str
    label: str
    quality: str
    adjusted: bool
    basis: str
    currency: str
    fetched_at: datetime
    refreshed_at: datetime
    warnings: tuple[str, ...]
    flags: tuple[FlaggedBar, ...]
    left_out: int
    time: tuple[datetime, ...]
    open: tuple[float | None, ...]
    high: tuple[float | None, ...]
    low: tuple[float | None, ...]
    close: tuple[float | None, ...]
    volume: tuple[float | None, ...]
    kept_away: tuple[bool, ...]


@frozen
class ExportedPrices:
    """A history as comma-separated text, and the name a file of it may have."""

    file_name: str
    rows: int
    text: str


def table_of(history: History, limit: int) -> Table:
    """Give the newest bars of a history as plain values."""
    bars = history.bars[-limit:]
    return Table(
        symbol=history.key.symbol,
        interval=str(history.key.interval),
        source=history.source,
        label=history.label,
        quality=str(history.quality),
        adjusted=history.adjusted,
        basis=str(history.basis),
        currency=history.currency,
        fetched_at=history.fetched_at,
        refreshed_at=history.refreshed_at,
        warnings=history.warnings,
        flags=_flagged(history),
        left_out=len(history.bars) - len(bars),
        time=tuple(moment_of(int(us)) for us in bars.time),
        open=_numbers(bars.open),
        high=_numbers(bars.high),
        low=_numbers(bars.low),
        close=_numbers(bars.close),
        volume=_numbers(bars.volume),
        kept_away=tuple(history.kept_away[-limit:].tolist()),
    )


async def exported(history: History, limit: int) -> ExportedPrices:
    """Give the newest bars of a history as text, written in pieces between which others get their turn."""
    pieces = []
    for _, piece in text_of(history, limit):
        pieces.append(piece)
        await asyncio.sleep(0)
    name = "".join(sign if sign.isalnum() else "-" for sign in history.key.symbol)
    file_name = f"{name}-{history.key.interval}-{history.source}.csv"
    return ExportedPrices(file_name, min(len(history.bars), limit), "".join(pieces))


def text_of(history: History, limit: int) -> Iterator[tuple[int, str]]:
    """Give the newest bars as comma-separated text: how many rows are done, and the next piece."""
    yield 0, "".join(_cell(line) + "\r\n" for line in provenance(history))
    done = 0
    for piece in _rows(history, limit):
        yield done, piece
        done += _ROWS_AT_ONCE


def provenance(history: History) -> Iterator[str]:
    """Give in words where a history comes from, a line for each fact."""
    key = history.key
    yield tr(
        "# {symbol}, bars of {interval}, {basis}, in {currency}",
        symbol=key.symbol,
        interval=key.interval,
        basis=history.basis,
        currency=history.currency,
    )
    yield tr(
        "# {label}: source {source}, quality {quality}",
        label=history.label,
        source=key.source,
        quality=history.quality,
    )
    yield tr(
        "# fetched from {first} to {last}",
        first=history.fetched_at.isoformat(),
        last=history.refreshed_at.isoformat(),
    )
    for warning in history.warnings:
        yield f"# {warning}"


def _rows(history: History, limit: int) -> Iterator[str]:
    yield "time,open,high,low,close,volume,kept_away\r\n"
    bars, kept_away = history.bars[-limit:], history.kept_away[-limit:]
    intraday = history.key.interval.is_intraday
    for begin in range(0, len(bars), _ROWS_AT_ONCE):
        part = slice(begin, begin + _ROWS_AT_ONCE)
        moments = bars.time[part].view("datetime64[us]")
        times = np.datetime_as_string(moments, unit="s" if intraday else "D")
        ending = "Z" if intraday else ""
        columns = [[_number(value) for value in column[part].tolist()] for column in bars.columns()]
        away = ["1" if each else "0" for each in kept_away[part].tolist()]
        rows = zip((f"{time}{ending}" for time in times.tolist()), *columns, away, strict=True)
        yield "".join(",".join(row) + "\r\n" for row in rows)


def _number(value: float) -> str:
    return repr(value) if math.isfinite(value) else ""


def _cell(line: str) -> str:
    # Whatever a source calls itself stays one cell that begins with a hash, and no program runs it.
    plain = "".join(sign if sign.isprintable() else " " for sign in line)
    return '"' + plain.replace('"', '""') + '"'


def _numbers(column: NDArray[np.float64]) -> tuple[float | None, ...]:
    if bool(np.isfinite(column).all()):
        return tuple(column.tolist())
    # JSON has no word for what is not a number.
    return tuple(value if math.isfinite(value) else None for value in column.tolist())


def _flagged(history: History) -> tuple[FlaggedBar, ...]:
    return tuple(
        FlaggedBar(
            fault=str(flag.fault),
            time=moment_of(flag.time_us),
            until=moment_of(flag.until_us),
            count=flag.count,
            message=flag.message,
        )
        for flag in history.flags[:MOST_FLAGS]
    )
