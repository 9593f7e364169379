"""Parquet through duckdb, which comes with the extra `data`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from puffling.puffin.data.file_layout import (
    ISO,
    PARQUET,
    FileLayout,
    guess_roles,
    guess_time_format,
    guess_zone,
    settle_roles,
)
from puffling.puffin.data.file_rows import MOST_ROWS, too_long
from puffling.puffin.errors import InvalidValue, NotOffered

if TYPE_CHECKING:
    import pandas as pd

_MOMENTS = ("TIMESTAMP", "DATE")
_NUMBERS = ("DOUBLE", "FLOAT", "DECIMAL", "INT", "HUGEINT")


def parquet_layout(path: Path, given: Mapping[str, str]) -> FileLayout:
    """Find out which columns of a Parquet file hold prices."""
    with _opened(path) as database:
        described = database.execute("DESCRIBE SELECT * FROM read_parquet(?)", [_literal(path)]).fetchall()
        kinds = {str(row[0]): str(row[1]).upper() for row in described}
        names = tuple(kinds)
        roles = guess_roles(names)
        if "time" not in roles:
            # A table that was written with its index holds it last, under a name of the library's own.
            moment = next((name for name in names if kinds[name].startswith(_MOMENTS)), None)
            if moment is not None:
                roles["time"] = moment
        roles = settle_roles(path.name, names, roles, given)
        form, zone = ISO, "UTC"
        if not kinds[roles["time"]].startswith(_MOMENTS):
            sample = database.execute(
                f"SELECT CAST({_quoted(roles['time'])} AS VARCHAR) FROM read_parquet(?) LIMIT 2000",
                [_literal(path)],
            ).fetchall()
            times = [str(row[0]) for row in sample if row[0] is not None]
            form, zone = guess_time_format(times), guess_zone(times)
        return replace(FileLayout.of(PARQUET, roles), names=names, time_format=form, zone=zone)


def parquet_frames(
    path: Path, layout: FileLayout, *, most_rows: int | None, progress: Callable[[float, float], None]
) -> Iterator[pd.DataFrame]:
    """Give the rows of the file in pieces, only the columns that are used."""
    with _opened(path) as database:
        [(total,)] = database.execute("SELECT count(*) FROM read_parquet(?)", [_literal(path)]).fetchall()
        if most_rows is None and total > MOST_ROWS:
            # A small file may claim any number of rows: they are not unpacked first.
            raise too_long(path)
        wanted = ", ".join(_quoted(name) for name in dict.fromkeys(layout.used().values()))
        limit = f" LIMIT {int(most_rows)}" if most_rows is not None else ""
        cursor = database.execute(f"SELECT {wanted} FROM read_parquet(?){limit}", [_literal(path)])
        done = 0
        while True:
            frame = cursor.fetch_df_chunk(50)
            if frame.empty:
                return
            done += len(frame)
            progress(float(done), float(max(total, 1)))
            yield frame


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    try:
        import duckdb
    except ImportError:
        raise NotOffered("Parquet needs duckdb: install Puffling with the extra named data") from None
    # It reads this file and fetches nothing from anywhere.
    options: dict[str, str | bool | int | float | list[str]] = {
        "autoinstall_known_extensions": "false",
        "autoload_known_extensions": "false",
    }
    database = duckdb.connect(":memory:", config=options)
    try:
        database.execute("SET TimeZone = 'UTC'")
        yield database
    except duckdb.Error as error:
        first = str(error).splitlines()[0]
        raise InvalidValue(f"{path.name} cannot be read as Parquet: {first}", field="path") from None
    finally:
        database.close()


def _literal(path: Path) -> str:
    # In a pattern for many files these marks would mean something else than themselves.
    return "".join(f"[{mark}]" if mark in "*?[" else mark for mark in str(path))


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
