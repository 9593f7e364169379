"""The file behind the cache of bars, as its own thread sees it."""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from puffling.puffin.data.bars import COLUMNS, Bars, SeriesKey, Span, merge_spans
from puffling.puffin.data.kept import Fetch, Kept, Note, cut_fetches
from puffling.puffin.data.quality import Fault, Mark
from puffling.runtime.errors import StorageFailed
from puffling.store.faults import explain_sqlite, is_damage, unwritable
from puffling.store.values import SeriesSummary

# 64 KiB a column: larger blobs get fresh pages from the operating system every time, which costs more
# than reading them (1,000,000 bars in 24 ms against 120 ms with eight times as much).
CHUNK_BARS = 8_192
_LAYOUT = 3
_OLDER = frozenset({1, 2})
_TABLES = """
CREATE TABLE series (
    id INTEGER PRIMARY KEY,
    source TEXT NOT NULL,
    symbol TEXT NOT NULL,
    interval TEXT NOT NULL,
    adjusted INTEGER NOT NULL,
    UNIQUE (source, symbol, interval, adjusted)
);
CREATE TABLE chunks (
    series_id INTEGER NOT NULL REFERENCES series (id) ON DELETE CASCADE,
    first_us INTEGER NOT NULL,
    last_us INTEGER NOT NULL,
    bars INTEGER NOT NULL,
    checksum INTEGER NOT NULL,
    time BLOB NOT NULL,
    open BLOB NOT NULL,
    high BLOB NOT NULL,
    low BLOB NOT NULL,
    close BLOB NOT NULL,
    volume BLOB NOT NULL,
    PRIMARY KEY (series_id, first_us)
);
CREATE TABLE spans (
    series_id INTEGER NOT NULL REFERENCES series (id) ON DELETE CASCADE,
    start_us INTEGER NOT NULL,
    end_us INTEGER NOT NULL,
    fetched_us INTEGER NOT NULL,
    newest_us INTEGER NOT NULL,
    PRIMARY KEY (series_id, start_us)
) WITHOUT ROWID;
CREATE TABLE marks (
    series_id INTEGER NOT NULL REFERENCES series (id) ON DELETE CASCADE,
    time_us INTEGER NOT NULL,
    fault TEXT NOT NULL,
    PRIMARY KEY (series_id, time_us)
) WITHOUT ROWID;
CREATE TABLE notes (
    source TEXT NOT NULL,
    kind TEXT NOT NULL,
    symbol TEXT NOT NULL,
    noted_us INTEGER NOT NULL,
    text TEXT NOT NULL,
    PRIMARY KEY (source, kind, symbol)
) WITHOUT ROWID;
"""
_EMPTIED = """
BEGIN IMMEDIATE;
DROP TABLE IF EXISTS notes; DROP TABLE IF EXISTS marks;
DROP TABLE spans; DROP TABLE chunks; DROP TABLE series;
COMMIT;
"""
_NAMES = ("time", *COLUMNS)
_KINDS = ("<i8", *("<f8" for _ in COLUMNS))
_BLOBS = ", ".join(_NAMES)


class Damaged(Exception):
    """The file cannot be trusted any more."""


class BarFile:
    """Chunks of at most 8,192 bars, each with a checksum; small ones grow together as bars are added."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._open: sqlite3.Connection | None = None

    def open(self) -> None:
        """Open the file and make its tables when it is new or of another layout."""
        if self._open is not None:
            return
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise unwritable(self._path.parent, error) from error
        with self._explained():
            self._open = connection = sqlite3.connect(self._path, isolation_level=None, timeout=5)
            # The columns are blobs of up to 64 KiB, which large pages make faster to read.
            connection.execute("PRAGMA page_size=16384")
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=NORMAL")
            connection.execute("PRAGMA foreign_keys=ON")
            layout = connection.execute("PRAGMA user_version").fetchone()[0]
            made = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]
            if layout != _LAYOUT:
                if layout in _OLDER:
                    # Whatever it held can be fetched again.
                    connection.executescript(_EMPTIED)
                elif made:
                    raise Damaged(f"it has the layout {layout}, not {_LAYOUT}")
                connection.executescript(f"BEGIN IMMEDIATE; {_TABLES} PRAGMA user_version={_LAYOUT}; COMMIT;")

    def close(self) -> None:
        """Close the file."""
        if self._open is not None:
            self._open.close()
            self._open = None

    def move_aside(self, now: datetime) -> Path:
        """Put the damaged file out of the way under a dated name, in the place of an older one."""
        self.close()
        folder = self._path.parent / "damaged"
        target = folder / f"{self._path.stem}-{now:%Y%m%dT%H%M%S}.db"
        try:
            folder.mkdir(mode=0o700, exist_ok=True)
            # One is enough to look into: it is a cache, and it can be large.
            for older in folder.glob(f"{self._path.stem}-*.db"):
                older.unlink()
            self._path.replace(target)
            for ending in ("-wal", "-shm"):
                self._path.with_name(self._path.name + ending).unlink(missing_ok=True)
        except OSError as error:
            raise unwritable(folder, error) from error
        return target

    def load(self, key: SeriesKey, start_us: int, end_us: int) -> Kept:
        """Give the bars whose time lies in [start, end), and what is known of them."""
        with self._explained():
            series_id = self._find(key)
            if series_id is None or start_us >= end_us:
                return Kept(Bars.empty())
            connection, asked = self._connection(), (series_id, start_us, end_us)
            # A bar of the future lies beyond whatever is asked for until its time has come.
            marks = connection.execute(
                "SELECT time_us, fault FROM marks WHERE series_id = ? AND time_us >= ?"
                " AND (time_us < ? OR fault = 'future') ORDER BY time_us",
                asked,
            )
            oldest, newest = connection.execute(
                "SELECT min(fetched_us), max(newest_us) FROM spans"
                " WHERE series_id = ? AND end_us > ? AND start_us < ?",
                asked,
            ).fetchone()
            return Kept(
                self._read(series_id, start_us, end_us - 1).between(start_us, end_us),
                tuple(Mark(time_us, Fault(fault)) for time_us, fault in marks),
                oldest,
                newest,
            )

    def save(
        self, key: SeriesKey, bars: Bars, span: Span, fetched_us: int = 0, marks: Sequence[Mark] = ()
    ) -> None:
        """Put the bars in the place of whatever the span held, and remember when they came."""
        with self._explained(), self._writing() as connection:
            series_id = self._find(key)
            if series_id is None:
                series_id = connection.execute(
                    "INSERT INTO series (source, symbol, interval, adjusted) VALUES (?, ?, ?, ?)", _parts(key)
                ).lastrowid
                assert series_id is not None
            self._merge(series_id, bars, span)
            fetches = cut_fetches([*self._fetches(series_id)], Fetch(span, fetched_us, fetched_us))
            connection.execute("DELETE FROM spans WHERE series_id = ?", (series_id,))
            connection.executemany(
                "INSERT INTO spans VALUES (?, ?, ?, ?, ?)",
                [
                    (series_id, each.span.start_us, each.span.end_us, each.fetched_us, each.newest_us)
                    for each in fetches
                ],
            )
            connection.execute(
                "DELETE FROM marks"
                " WHERE series_id = ? AND (fault = 'future' OR time_us >= ? AND time_us < ?)",
                (series_id, span.start_us, span.end_us),
            )
            connection.executemany(
                "INSERT OR REPLACE INTO marks VALUES (?, ?, ?)",
                [(series_id, mark.time_us, str(mark.fault)) for mark in marks],
            )

    def coverage(self, key: SeriesKey) -> tuple[Span, ...]:
        """Give the covered spans."""
        with self._explained():
            series_id = self._find(key)
            return () if series_id is None else merge_spans(each.span for each in self._fetches(series_id))

    def series(self) -> tuple[SeriesSummary, ...]:
        """Give what is kept."""
        with self._explained():
            rows = self._connection().execute(
                "SELECT source, symbol, interval, adjusted, coalesce(sum(bars), 0), min(first_us),"
                " max(last_us) FROM series LEFT JOIN chunks ON series_id = id GROUP BY id ORDER BY 1, 2, 3, 4"
            )
            bar_bytes = 8 * len(_NAMES)
            return tuple(
                SeriesSummary(source, symbol, interval, bool(adjusted), count, first, last, count * bar_bytes)
                for source, symbol, interval, adjusted, count, first, last in rows
            )

    def forget(self, key: SeriesKey) -> None:
        """Drop a series."""
        with self._explained(), self._writing() as connection:
            connection.execute(
                "DELETE FROM series WHERE source = ? AND symbol = ? AND interval = ? AND adjusted = ?",
                _parts(key),
            )

    def note(self, source: str, kind: str, symbol: str, text: str, noted_us: int) -> None:
        """Keep a text about a symbol in the place of the older one."""
        with self._explained(), self._writing() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO notes VALUES (?, ?, ?, ?, ?)", (source, kind, symbol, noted_us, text)
            )

    def notes(self, source: str, kind: str) -> dict[str, Note]:
        """Give the texts of one kind that are kept of a source, by symbol."""
        with self._explained():
            rows = self._connection().execute(
                "SELECT symbol, noted_us, text FROM notes WHERE source = ? AND kind = ?", (source, kind)
            )
            return {symbol: Note(text, noted_us) for symbol, noted_us, text in rows}

    def _merge(self, series_id: int, bars: Bars, span: Span) -> None:
        connection = self._connection()
        held = self._read(series_id, span.start_us, max(span.end_us - 1, span.start_us))
        gone = len(held.between(span.start_us, span.end_us))
        if not len(bars) and not gone:
            return
        first, last = (int(bars.time[0]), int(bars.time[-1])) if len(bars) else (span.start_us, span.start_us)
        if gone:
            first, last = min(first, span.start_us), max(last, span.end_us - 1)
        touched = connection.execute(
            "SELECT first_us, last_us, bars FROM chunks"
            " WHERE series_id = ? AND last_us >= ? AND first_us <= ?",
            (series_id, first, last),
        ).fetchall()
        first = min(first, *(row[0] for row in touched)) if touched else first
        total = len(bars) + sum(row[2] for row in touched)
        # Bars come one by one as well as by the million. A neighbour that is not much larger than what is
        # added is rewritten with it, so chunks stay few and a bar is rewritten a few times only.
        while before := connection.execute(
            "SELECT first_us, bars FROM chunks"
            " WHERE series_id = ? AND last_us < ? ORDER BY first_us DESC LIMIT 1",
            (series_id, first),
        ).fetchone():
            if before[1] > 2 * total or before[1] + total > CHUNK_BARS:
                break
            first, total = before[0], total + before[1]
        last = max(last, *(row[1] for row in touched)) if touched else last
        kept = self._read(series_id, first, last)
        outside = (kept.time < span.start_us) | (kept.time >= span.end_us)
        merged = Bars.join([kept if bool(outside.all()) else kept.where(outside), bars])
        connection.execute(
            "DELETE FROM chunks WHERE series_id = ? AND first_us >= ? AND last_us <= ?",
            (series_id, first, last),
        )
        marks = ", ".join("?" * (5 + len(_NAMES)))
        for at in range(0, len(merged), CHUNK_BARS):
            part = merged[at : at + CHUNK_BARS]
            blobs = [
                np.ascontiguousarray(getattr(part, name), kind).tobytes()
                for name, kind in zip(_NAMES, _KINDS, strict=True)
            ]
            connection.execute(
                f"INSERT INTO chunks VALUES ({marks})",
                (series_id, int(part.time[0]), int(part.time[-1]), len(part), _checksum(blobs), *blobs),
            )

    def _read(self, series_id: int, first_us: int, last_us: int) -> Bars:
        """Give all bars of the chunks that touch the stretch, both ends included."""
        connection = self._connection()
        where = "FROM chunks WHERE series_id = ? AND last_us >= ? AND first_us <= ?"
        asked = (series_id, first_us, last_us)
        total = connection.execute(f"SELECT coalesce(sum(bars), 0) {where}", asked).fetchone()[0]
        columns: list[NDArray[np.generic]] = [np.empty(total, kind) for kind in _KINDS]
        at = 0
        for count, checksum, *blobs in connection.execute(
            f"SELECT bars, checksum, {_BLOBS} {where} ORDER BY first_us", asked
        ):
            if _checksum(blobs) != checksum or any(len(blob) != 8 * count for blob in blobs):
                raise Damaged("the checksum of a chunk is wrong")
            for column, blob in zip(columns, blobs, strict=True):
                column[at : at + count] = np.frombuffer(blob, column.dtype)
            at += count
        time, *prices = columns
        return Bars(
            time.astype(np.int64, copy=False), *(price.astype(np.float64, copy=False) for price in prices)
        )

    def _find(self, key: SeriesKey) -> int | None:
        row = (
            self._connection()
            .execute(
                "SELECT id FROM series WHERE source = ? AND symbol = ? AND interval = ? AND adjusted = ?",
                _parts(key),
            )
            .fetchone()
        )
        return None if row is None else int(row[0])

    def _fetches(self, series_id: int) -> tuple[Fetch, ...]:
        rows = self._connection().execute(
            "SELECT start_us, end_us, fetched_us, newest_us FROM spans WHERE series_id = ? ORDER BY start_us",
            (series_id,),
        )
        return tuple(Fetch(Span(start, end), fetched, newest) for start, end, fetched, newest in rows)

    def _connection(self) -> sqlite3.Connection:
        if self._open is None:
            self.open()
        if self._open is None:
            raise RuntimeError("the cache of bars is closed")
        return self._open

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        connection = self._connection()
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield connection
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, UnicodeDecodeError) as error:
            if is_damage(error):
                raise Damaged(str(error)) from error
            explained: StorageFailed | None = explain_sqlite(error, self._path)
            raise explained or error from error


def _parts(key: SeriesKey) -> tuple[str, str, str, bool]:
    return key.source, key.symbol, str(key.interval), key.adjusted


def _checksum(blobs: list[bytes]) -> int:
    total = 0
    for blob in blobs:
        total = zlib.crc32(blob, total)
    return total
