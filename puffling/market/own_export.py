"""Writes a history into a file of the person's, with where it comes from; runs in a process of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from puffling.market.tables import provenance, text_of
from puffling.market.values import History
from puffling.puffin.data.bars import COLUMNS
from puffling.runtime.compute import checkpoint
from puffling.runtime.errors import InvalidInput, Unavailable
from puffling.runtime.text import tr
from puffling.runtime.whole_files import written_whole

PARQUET = frozenset({".parquet", ".pq"})
FORMATS = frozenset({".csv", *PARQUET})


def write_prices(history: History, path: str) -> int:
    """Write the bars as CSV or Parquet, as the name ends; an old file stays until that is done."""
    file = Path(path)
    if not file.is_absolute():
        raise InvalidInput(
            tr("{file} is not a whole path.", file=file),
            field="path",
            hint=tr("Give the path from the root of the disk on."),
        )
    kind = file.suffix.lower()
    if kind not in FORMATS:
        raise InvalidInput(
            tr("{file} is neither CSV nor Parquet.", file=file.name),
            field="path",
            hint=tr("Let the name end in .csv or .parquet."),
        )
    with written_whole(file) as unfinished:
        if kind in PARQUET:
            _write_parquet(history, unfinished)
        else:
            _write_text(text_of(history, len(history.bars)), unfinished, len(history.bars))
    return len(history.bars)


def _write_text(pieces: Iterator[tuple[int, str]], file: Path, rows: int) -> None:
    # No translation of line ends: the pieces bring their own.
    with file.open("w", encoding="utf-8", newline="") as stream:
        for done, piece in pieces:
            checkpoint(done, max(rows, 1), tr("Writing"))
            stream.write(piece)


def _write_parquet(history: History, file: Path) -> None:
    try:
        import duckdb
    except ImportError:
        raise Unavailable(
            tr("Parquet needs duckdb."), hint=tr("Install Puffling with the extra data, or save as CSV.")
        ) from None
    bars = history.bars
    rows = {
        "time": bars.time.view("datetime64[us]"),
        **{name: np.asarray(getattr(bars, name)) for name in COLUMNS},
        "kept_away": np.asarray(history.kept_away),
    }
    origin = " ".join(line.removeprefix("# ") for line in provenance(history))
    with duckdb.connect(":memory:") as database:
        database.register("bars", rows)
        # What is not a number is missing in a table, and stands as such.
        known = ", ".join(f"CASE WHEN isfinite({name}) THEN {name} END AS {name}" for name in COLUMNS)
        database.execute(
            f"COPY (SELECT time AT TIME ZONE 'UTC' AS time, {known}, kept_away FROM bars)"
            f" TO {_text(str(file))} (FORMAT parquet, KV_METADATA {{puffling: {_text(origin)}}})"
        )


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
