"""Looks into a person's file of prices and imports it; both run in a process of their own."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np

from puffling.market.calendar import ALWAYS, EXCHANGE, UNKNOWN, calendar
from puffling.market.own_prices import OwnPrices, OwnShelf
from puffling.market.own_values import Choices, FilePreview, FoundSeries, OwnSeries
from puffling.market.parameters import is_symbol
from puffling.puffin.data.bars import Bars
from puffling.puffin.data.file_layout import ColumnsMissing, FileLayout, guess_layout
from puffling.puffin.data.files import FileContents, PriceSeries, described, read_prices
from puffling.puffin.data.instants import US_PER_DAY, from_us
from puffling.puffin.data.interval import Interval
from puffling.puffin.data.quality import inspect_bars
from puffling.puffin.errors import InvalidValue, NotOffered, PuffinError
from puffling.runtime.compute import checkpoint
from puffling.runtime.errors import InvalidInput, PufflingError, Unavailable
from puffling.runtime.text import tr

# A look is quick whatever the size; the import reads everything.
LOOK_ROWS = 200_000
SHOWN_ROWS = 12
_LONGEST_SYMBOL = 20
_SATURDAY = 5
_OFTEN = 0.2


def look_into(path: str, choices: Choices, now_us: int) -> FilePreview:
    """Read the beginning of a file the way an import would."""
    file = Path(path)
    try:
        layout, contents = _read(file, choices, most_rows=LOOK_ROWS)
    except _Undecided as undecided:
        return _undecided(file, undecided)
    first = contents.series[0]
    return FilePreview(
        file=file.name,
        columns=layout.used(),
        names=layout.names,
        time_format=layout.time_format,
        zone=layout.zone,
        adjusted_by_file=bool(len(first.adjustment.starts_us)),
        series=tuple(
            FoundSeries(
                symbol,
                each.interval,
                len(each.bars),
                from_us(int(each.bars.time[0])),
                from_us(int(each.bars.time[-1])),
            )
            for symbol, each in _named(contents, choices, file)
        ),
        rows=_rows(first),
        rows_read=contents.rows,
        whole=contents.is_whole,
        faults=_faults(contents, now_us),
    )


def import_file(path: str, choices: Choices, data: str, now_us: int) -> tuple[OwnSeries, ...]:
    """Read a whole file and keep its series among the person's own prices."""
    file = Path(path)
    _, contents = _read(file, choices, most_rows=None)
    shelf, faults = OwnShelf(Path(data)), _faults(contents, now_us)
    kept = []
    for symbol, series in _named(contents, choices, file):
        checkpoint(0.97, 1, tr("Keeping {symbol}", symbol=symbol))
        about = OwnSeries(
            symbol=symbol,
            interval=series.interval,
            name=choices.name or f"{symbol} ({file.name})",
            bars=len(series.bars),
            first=from_us(int(series.bars.time[0])),
            last=from_us(int(series.bars.time[-1])),
            file=file.name,
            imported_at=from_us(now_us),
            calendar=_calendar_of(series),
            decimals=_decimals(series.bars),
            faults=faults,
        )
        shelf.write(OwnPrices(about, series.bars, series.adjustment))
        kept.append(about)
    return tuple(kept)


def symbol_from(file_name: str) -> str:
    """Make a symbol of the name of a file: "aapl_1d.csv" gives AAPL."""
    stem = Path(file_name).stem.upper()
    stem = re.sub(r"[ _-]*(\d+ ?(M|MIN|H|D|W)|DAILY|INTRADAY|MINUTE|HOURLY)$", "", stem) or stem
    plain = re.sub(r"[^A-Z0-9.^=-]+", "-", stem).strip("-.^=")
    return re.sub(r"\.{2,}", ".", plain)[:_LONGEST_SYMBOL].rstrip("-.") or "MYDATA"


class _Undecided(InvalidInput):
    """A table of which not every column is known."""

    def __init__(self, error: ColumnsMissing) -> None:
        super().__init__(tr("{reason}.", reason=str(error)), field="columns", hint=_hint())
        self.names = error.names
        self.roles = error.roles


def _undecided(file: Path, undecided: _Undecided) -> FilePreview:
    return FilePreview(
        file=file.name,
        columns=undecided.roles,
        names=undecided.names,
        time_format="",
        zone="UTC",
        adjusted_by_file=False,
        series=(),
        rows=(),
        rows_read=0,
        whole=False,
        faults=(undecided.message,),
    )


def _zone(name: str) -> str:
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    try:
        return ZoneInfo(name).key
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise InvalidInput(
            tr("There is no time zone called {name}.", name=name),
            field="zone",
            hint=tr("Write it as in America/New_York, Europe/Berlin or UTC."),
        ) from None


def _read(file: Path, choices: Choices, *, most_rows: int | None) -> tuple[FileLayout, FileContents]:
    if not file.is_absolute():
        raise InvalidInput(
            tr("{file} is not a whole path.", file=file),
            field="path",
            hint=tr("Give the path from the root of the disk on."),
        )
    try:
        checkpoint(0, 1, tr("Looking into {file}", file=file.name))
        layout = guess_layout(file, choices.columns)
        if choices.zone:
            layout = replace(layout, zone=_zone(choices.zone))
        total_share = 0.95

        def progress(done: float, total: float) -> None:
            checkpoint(total_share * done / total, 1, tr("Reading {file}", file=file.name))

        contents = read_prices(
            file, layout, interval=choices.interval, most_rows=most_rows, progress=progress
        )
        _refuse_wide(file, contents)
    except ColumnsMissing as error:
        raise _Undecided(error) from None
    except InvalidValue as error:
        hint = _hint() if error.field == "columns" else tr("The help says what can be read.")
        raise InvalidInput(tr("{reason}.", reason=str(error)), field=error.field, hint=hint) from None
    except NotOffered as error:
        raise Unavailable(tr("{reason}.", reason=str(error)), hint=tr("Or save the file as CSV.")) from None
    except PuffinError as error:
        raise PufflingError(tr("{reason}.", reason=str(error))) from None
    except OSError as error:
        raise InvalidInput(
            tr("{file} cannot be read: {reason}.", file=file.name, reason=error.strerror or error),
            field="path",
            hint=tr("Look whether it is there and may be read."),
        ) from None
    return layout, contents


def _hint() -> str:
    return tr("Wanted are columns for time, open, high, low and close; the help shows examples.")


def _refuse_wide(file: Path, contents: FileContents) -> None:
    for series in contents.series:
        if series.interval in {Interval.W1, Interval.MO1}:
            raise InvalidValue(
                f"{file.name} has bars of {series.interval}: weeks and months are made from days here, "
                "so import days",
                field="interval",
            )


def _named(contents: FileContents, choices: Choices, file: Path) -> list[tuple[str, PriceSeries]]:
    """Give every series a symbol of its own: names that differ in a file may look alike as symbols."""
    named: dict[str, PriceSeries] = {}
    for series in contents.series:
        symbol = wanted = _symbol_of(series, choices, file)
        number = 1
        while symbol in named:
            number += 1
            symbol = f"{wanted[:15]}-{number}"
        named[symbol] = series
    return list(named.items())


def _symbol_of(series: PriceSeries, choices: Choices, file: Path) -> str:
    if not series.symbol:
        return choices.symbol or symbol_from(file.name)
    return series.symbol if is_symbol(series.symbol) else symbol_from(f"{series.symbol}.csv")


def _rows(series: PriceSeries) -> tuple[tuple[str, ...], ...]:
    bars, decimals = series.bars[:SHOWN_ROWS], _decimals(series.bars)
    form = "%Y-%m-%d %H:%M" if series.interval.is_intraday else "%Y-%m-%d"
    return tuple(
        (
            from_us(int(time)).strftime(form),
            *(f"{price:,.{decimals}f}" for price in prices),
            f"{volume:,.10g}",
        )
        for time, *prices, volume in zip(bars.time, *bars.columns(), strict=True)
    )


def _faults(contents: FileContents, now_us: int) -> tuple[str, ...]:
    said = [tr("Left out: {fault}", fault=described(fault)) for fault in contents.faults]
    for series in contents.series:
        for flag in inspect_bars(series.bars, now_us=now_us).flags:
            symbol = f"{series.symbol}: " if series.symbol else ""
            said.append(tr("Kept and marked: {symbol}{fault}", symbol=symbol, fault=flag.message))
    return tuple(said[:50])


def _calendar_of(series: PriceSeries) -> str:
    """Tell from its bars when a series trades: as an American exchange does, always, or nobody knows when."""
    sessions = calendar(EXCHANGE).sessions
    time = series.bars.time
    if series.interval.is_intraday:
        places = np.searchsorted(sessions.opens_us, time, side="right") - 1
        inside = (places >= 0) & (time < sessions.closes_us[np.maximum(places, 0)])
        is_american = bool(inside.all())
    else:
        is_american = bool(np.isin(time, sessions.days_us).all())
    # 1970-01-01 was a Thursday. Two days of seven are the weekend of whoever never closes.
    at_weekends = float(np.mean((time // US_PER_DAY + 3) % 7 >= _SATURDAY)) if len(time) else 0.0
    if is_american:
        return EXCHANGE
    return ALWAYS if at_weekends > _OFTEN else UNKNOWN


def _decimals(bars: Bars) -> int:
    sample = bars.close[-1_000:]
    for decimals in range(2, 8):
        if bool(np.allclose(sample, np.round(sample, decimals), rtol=0.0, atol=1e-9)):
            return decimals
    return 8 if float(np.median(sample)) < 1.0 else 4
