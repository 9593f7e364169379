"""A person's own files of prices: CSV as people have it, and Parquet."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from puffling.frozen import frozen
from puffling.puffin.data.actions import Adjustment
from puffling.puffin.data.bars import Bars
from puffling.puffin.data.file_layout import FileLayout, guess_layout
from puffling.puffin.data.file_rows import MOST_SYMBOLS, Faults, Piece, RowFault, local_days, read_pieces
from puffling.puffin.data.instants import US_PER_DAY
from puffling.puffin.data.interval import Interval
from puffling.puffin.data.ordering import in_order
from puffling.puffin.data.provider import DataProvider, Day, asked_span
from puffling.puffin.data.resample import resample
from puffling.puffin.errors import InvalidValue, NotOffered, UnknownSymbol

if TYPE_CHECKING:
    import pandas as pd

_COLUMNS = ("open", "high", "low", "close", "volume")
# A day or two between daily bars are weekends, and a month has no one length.
_DAYS = {Interval.D1: (0.5, 5.0), Interval.W1: (5.0, 10.0), Interval.MO1: (25.0, 35.0)}


@frozen(eq=False)
class PriceSeries:
    """One symbol's bars from a file; `adjustment` is there when the file states adjusted closes."""

    symbol: str
    interval: Interval
    bars: Bars
    adjustment: Adjustment


@frozen(eq=False)
class FileContents:
    """All series of a file, and every row that could not be used."""

    series: tuple[PriceSeries, ...]
    faults: tuple[RowFault, ...]
    rows: int
    is_whole: bool


def read_prices(
    path: Path,
    layout: FileLayout | None = None,
    *,
    interval: Interval | None = None,
    most_rows: int | None = None,
    progress: Callable[[float, float], None] = lambda done, total: None,
) -> FileContents:
    """Read a file of prices; nothing is repaired, and what cannot be used is counted."""
    layout = layout or guess_layout(path)
    faults = Faults()
    gathered: dict[str, list[Piece]] = {}
    rows = 0
    for piece in read_pieces(path, layout, faults, most_rows=most_rows, progress=progress):
        rows += len(piece.time)
        for symbol, part in _by_symbol(piece):
            gathered.setdefault(symbol, []).append(part)
        if len(gathered) > MOST_SYMBOLS:
            raise InvalidValue(f"{path.name} names more than {MOST_SYMBOLS:,} symbols", field="symbol")
    if not gathered:
        worst = max(faults.found.values(), key=lambda fault: fault.count, default=None)
        reason = f": {described(worst)}" if worst is not None else ""
        raise InvalidValue(f"{path.name} has no row that can be used{reason}", field="path")
    series = tuple(
        _series(symbol, gathered.pop(symbol), layout.zone, interval, faults) for symbol in sorted(gathered)
    )
    is_whole = most_rows is None or rows + sum(fault.count for fault in faults.found.values()) < most_rows
    return FileContents(series, tuple(faults.found.values()), rows, is_whole)


def described(fault: RowFault) -> str:
    """Say in plain words what is wrong in which row and column."""
    where = f"row {fault.row:,}"
    if fault.column:
        where += f", column {fault.column}"
    if fault.text:
        where += f": {fault.text!r}"
    rows = "1 row" if fault.count == 1 else f"{fault.count:,} rows"
    return f"{fault.kind} ({rows}, first {where})"


def find_interval(time: NDArray[np.int64]) -> Interval:
    """Find how far apart most bars are."""
    if len(time) < 2:
        return Interval.D1
    steps, counts = np.unique(np.diff(time), return_counts=True)
    usual = int(steps[np.argmax(counts)])
    for width in Interval:
        if width.is_intraday and usual == width.us:
            return width
    days = float(np.median(np.diff(time))) / US_PER_DAY
    for width, (least, most) in _DAYS.items():
        if least <= days < most:
            return width
    minutes = usual / 60_000_000
    offered = ", ".join(Interval)
    raise InvalidValue(
        f"Its bars are {minutes:g} minutes apart; Puffling knows {offered}. Say which one they are",
        field="interval",
    )


class FilesProvider(DataProvider):
    """Answers from files of prices; a file without a symbol column is known by its name."""

    def __init__(self, paths: str | Path | Sequence[str | Path]) -> None:
        given = [paths] if isinstance(paths, str | Path) else list(paths)
        self._paths = [Path(path) for path in given]
        self._read: dict[str, PriceSeries] | None = None

    def get_supported_assets(self) -> list[str]:
        """Give the symbols in the files."""
        return sorted(self._series)

    def fetch_historical(
        self, symbols: str | Sequence[str], start: Day, end: Day | None = None, interval: str = "1d"
    ) -> pd.DataFrame:
        """Give adjusted OHLCV rows from start to end, both included, indexed by Date or by (Date, Symbol)."""
        import pandas as pd

        width = Interval.parse(interval)
        span = asked_span(start, end)
        asked = [symbols] if isinstance(symbols, str) else list(symbols)
        frames = {
            symbol: self._bars(symbol, width).between(span.start_us, span.end_us).to_frame()
            for symbol in asked
        }
        if len(frames) == 1:
            return next(iter(frames.values()))
        together = pd.concat(frames, names=["Symbol", "Date"])
        return together.swaplevel().sort_index()

    @property
    def _series(self) -> dict[str, PriceSeries]:
        if self._read is None:
            self._read = {
                each.symbol or path.stem.upper(): each
                for path in self._paths
                for each in read_prices(path).series
            }
        return self._read

    def _bars(self, symbol: str, width: Interval) -> Bars:
        series = self._series.get(symbol)
        if series is None:
            raise UnknownSymbol(symbol, near=tuple(self._series)[:3])
        bars = series.adjustment.apply(series.bars)
        if width is series.interval:
            return bars
        if series.interval is Interval.D1 and not width.is_intraday:
            return resample(bars, Interval.D1, width)
        raise NotOffered(f"{symbol} has bars of {series.interval} only")


def _by_symbol(piece: Piece) -> list[tuple[str, Piece]]:
    if piece.symbols is None:
        return [("", piece)] if len(piece.time) else []
    import pandas as pd

    codes, names = pd.factorize(piece.symbols)
    parts = []
    for code, name in enumerate(names):
        rows = np.flatnonzero(codes == code)
        columns = {role: column[rows] for role, column in piece.prices.items()}
        parts.append(
            (str(name).strip().upper(), replace(piece, time=piece.time[rows], prices=columns,
                                               symbols=None, lines=piece.lines[rows]))
        )  # fmt: skip
    return parts


def _series(
    symbol: str, pieces: list[Piece], zone: str, interval: Interval | None, faults: Faults
) -> PriceSeries:
    time = np.concatenate([piece.time for piece in pieces])
    width = interval or find_interval(np.unique(time))
    if not width.is_intraday:
        time = _whole_days(time, zone)
    lines = np.concatenate([piece.lines for piece in pieces])
    columns = [np.concatenate([piece.prices[name] for piece in pieces]) for name in _COLUMNS]
    # A file with its newest row first is in order too, only the other way round.
    if len(time) > 1 and bool((np.diff(time) <= 0).all()):
        time, lines = time[::-1], lines[::-1]
        columns = [column[::-1] for column in columns]
        pieces = [
            replace(piece, prices={role: column[::-1] for role, column in piece.prices.items()})
            for piece in reversed(pieces)
        ]
    ordered = in_order(time, columns)
    if ordered.duplicates:
        faults.add("time is there twice", ordered.duplicates, int(lines[ordered.first_duplicate]))
    if ordered.backwards:
        faults.add("time runs backwards", ordered.backwards, int(lines[ordered.first_backwards]))
    adjustment = Adjustment.none()
    if "adjusted_close" in pieces[0].prices:
        adjusted = np.concatenate([piece.prices["adjusted_close"] for piece in pieces])[ordered.rows]
        adjustment = _adjustment(ordered.bars, adjusted)
    return PriceSeries(symbol, width, ordered.bars, adjustment)


def _whole_days(time: NDArray[np.int64], zone: str) -> NDArray[np.int64]:
    """Name days by their date: where the file is from, or as it stands when that is midnight already."""
    if bool((time % US_PER_DAY == 0).all()):
        return time
    return local_days(time, zone)


def _adjustment(bars: Bars, adjusted: NDArray[np.float64]) -> Adjustment:
    factors = adjusted / bars.close
    good = np.isfinite(factors) & (factors > 0.0)
    if not good.any() or bool(np.allclose(factors[good], 1.0, atol=1e-9)):
        return Adjustment.none()
    # A day without an adjusted close takes the factor of the day before it.
    last_good = np.maximum.accumulate(np.where(good, np.arange(len(factors)), -1))
    filled = factors[np.where(last_good < 0, int(np.argmax(good)), last_good)]
    return Adjustment(bars.time, filled, np.ones(len(filled)))
