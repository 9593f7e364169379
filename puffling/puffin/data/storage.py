"""A folder of price files, one for each symbol: Parquet through duckdb, or CSV."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from puffling.puffin.data.bars import Bars
from puffling.puffin.errors import InvalidValue, NotOffered, UnknownSymbol

if TYPE_CHECKING:
    import pandas as pd

FORMATS = ("parquet", "csv")


class MarketDataStore:
    """Keeps OHLCV frames as files that other programs read too, each with a note of where it comes from."""

    def __init__(self, storage_path: str | Path, format: str = "parquet") -> None:  # noqa: A002  the name Puffin has
        self._folder = Path(storage_path)
        self._format = _known(format)
        self._folder.mkdir(parents=True, exist_ok=True)

    def save_ohlcv(
        self,
        symbol: str,
        data: pd.DataFrame,
        source: str = "unknown",
        frequency: str = "1d",
        append: bool = False,
    ) -> None:
        """Keep a frame in the place of what was there, or together with it."""
        if append and self._note(symbol).exists():
            self.append_ohlcv(symbol, data, source, frequency)
            return
        self._save(symbol, _bars(data), source, frequency, self._format)

    def load_ohlcv(self, symbol: str, format: str | None = None) -> pd.DataFrame:  # noqa: A002  likewise
        """Give the frame of a symbol; a format means its file of that format."""
        about = self._about(symbol)
        wanted = _known(format) if format is not None else str(about["format"])
        file = self._file(symbol, wanted)
        if not file.exists():
            raise UnknownSymbol(symbol)
        return _read(file, wanted).to_frame()

    def list_symbols(self) -> list[str]:
        """Give the symbols that are kept, in order."""
        return sorted(str(about["symbol"]) for about in self._notes())

    def delete_symbol(self, symbol: str) -> bool:
        """Remove a symbol's files; tell whether there were any."""
        there = self._note(symbol).exists()
        for file in (self._note(symbol), *(self._file(symbol, each) for each in FORMATS)):
            file.unlink(missing_ok=True)
        return there

    def get_metadata(self, symbol: str | None = None) -> dict[str, Any]:
        """Give source, frequency, format, rows and first and last date of a symbol, or of all by symbol."""
        if symbol is not None:
            return self._about(symbol)
        return {str(about["symbol"]): about for about in self._notes()}

    def append_ohlcv(
        self, symbol: str, data: pd.DataFrame, source: str = "unknown", frequency: str = "1d"
    ) -> None:
        """Add rows to a symbol; a time that is kept already takes the new prices."""
        if not self._note(symbol).exists():
            self._save(symbol, _bars(data), source, frequency, self._format)
            return
        about = self._about(symbol)
        if about["frequency"] != frequency:
            raise InvalidValue(
                f"{symbol} is kept as bars of {about['frequency']}, not of {frequency}", field="frequency"
            )
        kept_format = str(about["format"])
        bars = Bars.join([_read(self._file(symbol, kept_format), kept_format), _bars(data)])
        known_source = str(about["source"]) if source == "unknown" else source
        self._save(symbol, bars, known_source, frequency, kept_format)

    def migrate_format(self, symbol: str, target_format: str) -> None:
        """Keep a symbol in another format from now on."""
        about, target = self._about(symbol), _known(target_format)
        if about["format"] == target:
            return
        before = str(about["format"])
        bars = _read(self._file(symbol, before), before)
        self._save(symbol, bars, str(about["source"]), str(about["frequency"]), target)

    def _save(self, symbol: str, bars: Bars, source: str, frequency: str, kind: str) -> None:
        file = self._file(symbol, kind)
        beside = file.with_name(f"{file.name}.new")
        _write(beside, bars, kind)
        beside.replace(file)
        dates = bars.to_frame().index
        about = {
            "symbol": symbol,
            "source": source,
            "frequency": frequency,
            "format": kind,
            "rows": len(bars),
            "start_date": dates[0].isoformat() if len(bars) else None,
            "end_date": dates[-1].isoformat() if len(bars) else None,
        }
        note = self._note(symbol)
        fresh = note.with_name(f"{note.name}.new")
        fresh.write_text(json.dumps(about, indent=2), encoding="utf-8")
        fresh.replace(note)
        for other in FORMATS:
            if other != kind:
                self._file(symbol, other).unlink(missing_ok=True)

    def _about(self, symbol: str) -> dict[str, Any]:
        note = self._note(symbol)
        if not note.exists():
            raise UnknownSymbol(symbol)
        about: dict[str, Any] = json.loads(note.read_text(encoding="utf-8"))
        return about

    def _notes(self) -> list[dict[str, Any]]:
        return [json.loads(note.read_text(encoding="utf-8")) for note in sorted(self._folder.glob("*.json"))]

    def _note(self, symbol: str) -> Path:
        return self._folder / f"{_name(symbol)}.json"

    def _file(self, symbol: str, kind: str) -> Path:
        return self._folder / f"{_name(symbol)}.{kind}"


def _known(kind: str) -> str:
    if kind not in FORMATS:
        raise InvalidValue(f"Unknown format {kind!r}; use one of {', '.join(FORMATS)}", field="format")
    return kind


def _name(symbol: str) -> str:
    # A symbol is somebody's text: nothing in it may lead out of the folder or hide the file.
    if not symbol or len(symbol) > 100:
        raise InvalidValue("A symbol has 1 to 100 characters", field="symbol")
    return quote(symbol, safe="").replace(".", "%2E")


def _bars(data: pd.DataFrame) -> Bars:
    return Bars.from_frame(data[~data.index.duplicated(keep="last")].sort_index())


def _write(file: Path, bars: Bars, kind: str) -> None:
    frame = bars.to_frame()
    if kind == "csv":
        frame.to_csv(file)
        return
    with _database() as database:
        # Under the name the frame has here, because its index becomes a column like the others.
        rows = frame.reset_index()
        database.from_df(rows).write_parquet(str(file))


def _read(file: Path, kind: str) -> Bars:
    import pandas as pd

    if kind == "csv":
        frame = pd.read_csv(file, index_col="Date", parse_dates=["Date"])
        return Bars.from_frame(frame)
    with _database() as database:
        return Bars.from_frame(database.read_parquet(str(file)).df().set_index("Date").sort_index())


def _database() -> Any:
    try:
        import duckdb
    except ImportError:
        raise NotOffered("Parquet needs duckdb: install Puffling with the extra data, or use csv") from None
    return duckdb.connect()
