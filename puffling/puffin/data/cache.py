"""A cache of price frames in one SQLite file, for whoever uses the library by itself."""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

import numpy as np

from puffling.puffin.data.bars import Bars
from puffling.puffin.data.instants import US_PER_DAY, to_us
from puffling.puffin.data.interval import Interval
from puffling.puffin.data.provider import Day
from puffling.puffin.errors import InvalidValue

if TYPE_CHECKING:
    import pandas as pd

_TABLE = """
CREATE TABLE IF NOT EXISTS bars (
    symbol TEXT NOT NULL,
    interval TEXT NOT NULL,
    time_us INTEGER NOT NULL,
    open REAL, high REAL, low REAL, close REAL, volume REAL,
    PRIMARY KEY (symbol, interval, time_us)
) WITHOUT ROWID
"""


class DataCache:
    """Keeps OHLCV frames by symbol and interval; usable from several threads."""

    def __init__(self, db_path: str | Path | None = None) -> None:
        path = Path(db_path) if db_path is not None else _usual_place()
        if str(path) != ":memory:":
            path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = threading.Lock()
        self._connection = sqlite3.connect(path, check_same_thread=False)
        with self._lock, self._connection:
            self._connection.execute(_TABLE)

    def get(self, symbol: str, start: Day, end: Day, interval: str = "1d") -> pd.DataFrame | None:
        """Give the kept rows from start to end, both included; None when there are none."""
        asked = (symbol, str(Interval.parse(interval)), _first_us(start), _end_us(end))
        with self._lock:
            rows = self._connection.execute(
                "SELECT time_us, open, high, low, close, volume FROM bars"
                " WHERE symbol = ? AND interval = ? AND time_us >= ? AND time_us < ? ORDER BY time_us",
                asked,
            ).fetchall()
        if not rows:
            return None
        time, *columns = zip(*rows, strict=True)
        opening, high, low, close, volume = (np.array(column, dtype=np.float64) for column in columns)
        return Bars(np.array(time, dtype=np.int64), opening, high, low, close, volume).to_frame()

    def put(self, symbol: str, data: pd.DataFrame, interval: str = "1d") -> None:
        """Keep the rows of a frame; a time that is kept already takes the new prices."""
        import pandas as pd

        if isinstance(data.index, pd.MultiIndex):
            data = data[data.index.get_level_values(1) == symbol].droplevel(1)
        bars = Bars.from_frame(data[~data.index.duplicated(keep="last")].sort_index())
        width = str(Interval.parse(interval))
        columns = (column.tolist() for column in bars.columns())
        rows = (
            (symbol, width, time_us, *prices)
            for time_us, *prices in zip(bars.time.tolist(), *columns, strict=True)
        )
        with self._lock, self._connection:
            self._connection.executemany("INSERT OR REPLACE INTO bars VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)

    def clear(self, symbol: str | None = None) -> None:
        """Forget one symbol, or everything."""
        with self._lock, self._connection:
            if symbol is None:
                self._connection.execute("DELETE FROM bars")
            else:
                self._connection.execute("DELETE FROM bars WHERE symbol = ?", (symbol,))

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __del__(self) -> None:
        # Half built when its file could not be opened.
        if "_connection" in vars(self):
            self._connection.close()


def _usual_place() -> Path:
    from platformdirs import PlatformDirs

    return Path(PlatformDirs("puffin", appauthor=False).user_cache_dir) / "prices.db"


def _first_us(day: Day) -> int:
    return _instant_us(day)[0]


def _end_us(day: Day) -> int:
    instant_us, is_whole_day = _instant_us(day)
    return instant_us + (US_PER_DAY if is_whole_day else 1)


def _instant_us(day: Day) -> tuple[int, bool]:
    import pandas as pd

    try:
        moment = pd.Timestamp(day)
    except ValueError:
        raise InvalidValue(f"Not a day: {day!r}; write it as 2012-12-31", field="start") from None
    moment = moment.tz_localize("UTC") if moment.tz is None else moment.tz_convert("UTC")
    return to_us(moment.to_pydatetime()), moment == moment.normalize()
