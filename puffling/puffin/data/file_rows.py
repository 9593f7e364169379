"""Reads a file of prices in pieces: columns of numbers, and a count of every row that could not be used."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from puffling.frozen import frozen
from puffling.puffin.data.file_layout import DAY, EPOCHS, ISO, MIXED, PARQUET, FileLayout
from puffling.puffin.data.instants import FIRST_US, LAST_US, US_PER_DAY
from puffling.puffin.errors import InvalidValue

if TYPE_CHECKING:
    import pandas as pd

PIECE_ROWS = 200_000
MOST_ROWS = 30_000_000
MOST_SYMBOLS = 1_000
_PRICES = ("open", "high", "low", "close")
_NOT_A_TIME = np.iinfo(np.int64).min
_TOO_MANY = "too many cells"
_SURPLUS = "\0surplus"
_UNITS = {"K": 1e3, "M": 1e6, "B": 1e9}

Progress = Callable[[float, float], None]


@frozen
class RowFault:
    """One kind of fault: how many rows have it, and where the first is and what stands there."""

    kind: str
    count: int
    row: int
    column: str = ""
    text: str = ""


@frozen(eq=False)
class Piece:
    """Some rows of a file: usable ones only, with the line each stands in."""

    time: NDArray[np.int64]
    prices: dict[str, NDArray[np.float64]]
    symbols: NDArray[np.object_] | None
    lines: NDArray[np.int64]


@dataclass(slots=True)
class Faults:
    """Counts what could not be used while a file is read."""

    found: dict[str, RowFault] = field(default_factory=dict)

    def add(self, kind: str, count: int, row: int, column: str = "", text: str = "") -> None:
        """Count rows; the first place stays."""
        if not count:
            return
        known = self.found.get(kind)
        if known is None:
            self.found[kind] = RowFault(kind, count, row, column, text[:40])
        else:
            self.found[kind] = RowFault(kind, known.count + count, known.row, known.column, known.text)


def read_pieces(
    path: Path, layout: FileLayout, faults: Faults, *, most_rows: int | None, progress: Progress
) -> Iterator[Piece]:
    """Give the usable rows of a file piece by piece."""
    skipped: list[int] = []
    if layout.kind == PARQUET:
        from puffling.puffin.data.parquet import parquet_frames

        frames = parquet_frames(path, layout, most_rows=most_rows, progress=progress)
        first_line = 1
    else:
        frames = _csv_frames(path, layout, skipped, most_rows=most_rows, progress=progress)
        first_line = layout.skip_rows + (2 if layout.has_header else 1)
    rows = 0
    for frame in frames:
        lines = np.arange(rows, rows + len(frame), dtype=np.int64) + first_line
        rows += len(frame)
        for place in skipped:
            lines[lines >= place] += 1
        if rows > MOST_ROWS:
            raise too_long(path)
        yield _piece(frame, layout, lines, faults)
    if skipped:
        faults.add(_TOO_MANY, len(skipped), min(skipped))


def too_long(path: Path) -> InvalidValue:
    """Give the refusal of a file with more rows than anything here is made for."""
    return InvalidValue(f"{path.name} has more than {MOST_ROWS:,} rows: split it", field="path")


def _csv_frames(
    path: Path, layout: FileLayout, skipped: list[int], *, most_rows: int | None, progress: Progress
) -> Iterator[pd.DataFrame]:
    import pandas as pd

    used = layout.used()
    # A point between thousands would be taken for a decimal one: such numbers are read as text first.
    plain = layout.thousands != "."
    as_text = (
        list(used) if not plain else [role for role in ("time", "time_of_day", "symbol") if role in used]
    )
    total = max(path.stat().st_size, 1)
    with path.open("rb") as file:
        try:
            reader = pd.read_csv(
                file,
                sep=layout.separator,
                decimal=layout.decimal if plain else ".",
                thousands=(layout.thousands or None) if plain else None,
                encoding=layout.encoding,
                encoding_errors="replace",
                header=None,
                # A column that no row should have: whoever has it would otherwise lose a cell in silence.
                names=[*layout.names, _SURPLUS],
                skiprows=layout.skip_rows + layout.has_header,
                index_col=False,
                dtype={_SURPLUS: "str", **{used[role]: "str" for role in as_text}},
                skipinitialspace=True,
                skip_blank_lines=False,
                on_bad_lines="warn",
                compression=None,
                chunksize=min(PIECE_ROWS, most_rows or PIECE_ROWS),
                nrows=most_rows,
                low_memory=False,
            )
            while (frame := _next(reader, skipped)) is not None:
                progress(float(min(file.tell(), total)), float(total))
                yield frame
        except pd.errors.ParserError as error:
            place = re.search(r"row (\d+)", str(error))
            where = f" from row {int(place.group(1)) + 1:,} on" if place else ""
            raise InvalidValue(
                f"{path.name} cannot be read{where}: a quote does not end", field="path"
            ) from None


def _next(reader: Iterator[pd.DataFrame], skipped: list[int]) -> pd.DataFrame | None:
    """Give the next rows, and note the lines that had so many cells that the reader left them out."""
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        frame = next(reader, None)
    skipped += [int(line) for each in said for line in re.findall(r"Skipping line (\d+)", str(each.message))]
    return frame


def _piece(frame: pd.DataFrame, layout: FileLayout, lines: NDArray[np.int64], faults: Faults) -> Piece:
    empty = frame.isna().all(axis=1).to_numpy()
    if empty.any():
        # Blank lines at the end of a file or between years are nobody's fault.
        frame, lines = frame[~empty], lines[~empty]
    times = frame[layout.time]
    if layout.time_of_day:
        times = times.str.cat(frame[layout.time_of_day], sep=" ")
    time = read_times(times, layout)
    unusable = np.zeros(len(frame), dtype=bool)
    if _SURPLUS in frame.columns:
        unusable = frame[_SURPLUS].notna().to_numpy()
        _count(faults, _TOO_MANY, unusable, lines, frame, _SURPLUS)
    timeless = (time == _NOT_A_TIME) & ~unusable
    _count(faults, "time cannot be read", timeless, lines, frame, layout.time)
    unusable = unusable | timeless
    columns: dict[str, NDArray[np.float64]] = {}
    for role in (*_PRICES, "volume", "adjusted_close"):
        name = getattr(layout, role)
        if not name:
            continue
        numbers, garbage = _numbers(frame[name], layout)
        columns[role] = numbers
        if role in _PRICES:
            garbage = garbage | np.isnan(numbers)
            _count(faults, f"{role} is not a number", garbage & ~unusable, lines, frame, name)
            unusable = unusable | garbage
        elif garbage.any():
            _count(faults, f"{role} is not a number", garbage & ~unusable, lines, frame, name)
    columns.setdefault("volume", np.zeros(len(time)))
    columns["volume"] = np.nan_to_num(columns["volume"], nan=0.0)
    symbols = None
    if layout.symbol:
        names = frame[layout.symbol]
        nameless = names.isna().to_numpy()
        _count(faults, "symbol is missing", nameless & ~unusable, lines, frame, layout.symbol)
        unusable = unusable | nameless
        symbols = names.to_numpy(dtype=object)[~unusable]
    usable = ~unusable
    return Piece(
        time[usable], {role: column[usable] for role, column in columns.items()}, symbols, lines[usable]
    )


def read_times(times: pd.Series[Any], layout: FileLayout) -> NDArray[np.int64]:
    """Give instants in microseconds; what cannot be read is the smallest number there is."""
    import pandas as pd

    if pd.api.types.is_datetime64_any_dtype(times.dtype) or not len(times):
        return _instants(pd.DatetimeIndex(times), layout.zone)
    form = layout.time_format
    if form.startswith("epoch:"):
        numbers = pd.to_numeric(times, errors="coerce").to_numpy(dtype=np.float64)
        factor = EPOCHS[form.removeprefix("epoch:")] or 1e-3
        scaled = numbers * factor
        good = np.isfinite(scaled) & (scaled > FIRST_US) & (scaled < LAST_US)
        return np.where(good, np.where(good, scaled, 0.0), float(_NOT_A_TIME)).astype(np.int64)
    text = times.astype("str").str.strip()
    if form == DAY:
        text, form = text.str[:10], ISO
    if form == ISO and text.str.contains(r"^\d{4}[/.]", na=False).iloc[:100].any():
        text = text.str.replace(r"^(\d{4})[/.](\d{1,2})[/.](\d{1,2})", r"\1-\2-\3", regex=True)
    chosen = {ISO: "ISO8601", MIXED: "mixed"}.get(form, form)
    offsets = chosen in {"ISO8601", "mixed"} and bool(
        text.iloc[:100].str.contains(r"(?:Z|[+-]\d{2}:?\d{2})$", na=False).any()
    )
    read = pd.to_datetime(text, format=chosen, errors="coerce", utc=offsets)
    return _instants(pd.DatetimeIndex(read), layout.zone)


def local_days(time: NDArray[np.int64], zone: str) -> NDArray[np.int64]:
    """Give the day each instant lies in where its exchange is, as that day's UTC midnight."""
    import pandas as pd

    local = pd.DatetimeIndex(time.view("datetime64[us]")).tz_localize("UTC").tz_convert(zone)
    naive = local.tz_localize(None).as_unit("us").asi8.astype(np.int64)
    days: NDArray[np.int64] = naive - naive % US_PER_DAY
    return days


def _instants(index: pd.DatetimeIndex, zone: str) -> NDArray[np.int64]:
    import pandas as pd

    if index.tz is None:
        index = index.tz_localize(
            zone, ambiguous=np.ones(len(index), dtype=bool), nonexistent="shift_forward"
        )
    utc = index.tz_convert("UTC").as_unit("us")
    instants: NDArray[np.int64] = utc.asi8.astype(np.int64)
    instants[pd.isna(utc) | (instants < FIRST_US) | (instants > LAST_US)] = _NOT_A_TIME
    return instants


def _numbers(column: pd.Series[Any], layout: FileLayout) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Give the numbers of a column, and where something stands that is none."""
    import pandas as pd

    if pd.api.types.is_numeric_dtype(column.dtype):
        return column.to_numpy(dtype=np.float64), np.zeros(len(column), dtype=bool)
    there = column.notna() & (column.astype("str").str.strip() != "")
    text = column.astype("str").str.replace(r"[\s$€£']", "", regex=True)
    if layout.thousands:
        text = text.str.replace(layout.thousands, "", regex=False)
    if layout.decimal != ".":
        text = text.str.replace(layout.decimal, ".", regex=False)
    unit = text.str[-1:].str.upper().map(_UNITS).fillna(1.0).to_numpy(dtype=np.float64)
    plain = text.where(pd.Series(unit == 1.0, index=text.index), text.str[:-1])
    numbers: NDArray[np.float64] = pd.to_numeric(plain, errors="coerce").to_numpy(dtype=np.float64) * unit
    dash = text.isin({"-", "--", "n/a", "null"}).to_numpy()
    garbage = there.to_numpy() & ~dash & ~np.isfinite(numbers)
    return numbers, garbage


def _count(
    faults: Faults,
    kind: str,
    where: NDArray[np.bool_],
    lines: NDArray[np.int64],
    frame: pd.DataFrame,
    column: str,
) -> None:
    if not where.any():
        return
    first = int(np.argmax(where))
    value = frame[column].iloc[first]
    text = "" if value != value else str(value)
    faults.add(kind, int(where.sum()), int(lines[first]), "" if column == _SURPLUS else column, text)
