"""The person's own prices: what was imported from files, kept so that the files may vanish.

They are records, not a cache: nobody can fetch them again. Each series is one file, written whole beside
the old one and put in its place. Symbols are only ever values inside; names of files are made from hashes.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import asdict, replace
from datetime import datetime
from pathlib import Path

import numpy as np

from puffling.frozen import frozen
from puffling.market.own_values import NewestBar, OwnSeries
from puffling.puffin.data.actions import Adjustment
from puffling.puffin.data.bars import COLUMNS, Bars
from puffling.puffin.data.interval import Interval
from puffling.runtime.errors import NotFound, StorageFailed
from puffling.runtime.text import tr

FOLDER = "files"
_LAYOUT = 1
_KEPT = ".npz"
_REMOVED = ".removed"


@frozen(eq=False)
class OwnPrices:
    """An imported series with its bars and what corrects them."""

    about: OwnSeries
    bars: Bars
    adjustment: Adjustment

    @property
    def corrected(self) -> Bars:
        """Give the bars corrected by the file's own adjusted closes, where it has them."""
        return self.adjustment.apply(self.bars)

    @property
    def newest(self) -> NewestBar:
        """Give the last bar and the close before it."""
        bars = self.corrected[-2:]
        return NewestBar(float(bars.close[0]), *(float(column[-1]) for column in bars.columns()))


class OwnShelf:
    """The folder in which imported series stand."""

    def __init__(self, data: Path) -> None:
        self.folder = data / FOLDER

    def all(self) -> tuple[OwnSeries, ...]:
        """Give what is there by symbol and width; a damaged file is left out."""
        return tuple(self.newest())

    def newest(self) -> dict[OwnSeries, NewestBar]:
        """Give the last bar of everything there is, by symbol and width; a damaged file is left out."""
        found = {}
        for path in self._files(_KEPT):
            try:
                about, last = _about(path)
            except StorageFailed:
                continue
            found[about] = last
        order = list(Interval)
        ordered = sorted(found, key=lambda each: (each.symbol, order.index(each.interval)))
        return {about: found[about] for about in ordered}

    def damaged(self) -> tuple[str, ...]:
        """Give the names of files that cannot be read."""
        broken = []
        for path in self._files(_KEPT):
            try:
                _about(path)
            except StorageFailed:
                broken.append(path.name)
        return tuple(broken)

    def read(self, symbol: str, interval: Interval) -> OwnPrices:
        """Give a series."""
        from zipfile import BadZipFile

        path = self._path(symbol, interval)
        about, _ = _about(path)
        try:
            with path.open("rb") as file, np.load(file, allow_pickle=False) as columns:
                kept = Bars(columns["time"], *(columns[name] for name in COLUMNS))
                starts, factors = columns["adjusted_from"], columns["factors"]
        except (OSError, ValueError, KeyError, BadZipFile) as error:
            raise _damaged(path) from error
        return OwnPrices(about, kept, Adjustment(starts, factors, np.ones(len(factors))))

    def write(self, prices: OwnPrices) -> None:
        """Keep a series in the place of an older one of the same symbol and width."""
        path = self._path(prices.about.symbol, prices.about.interval)
        beside = path.with_suffix(".new")
        values = {**asdict(prices.about), "layout": _LAYOUT, "newest": prices.newest}
        about = json.dumps(values, default=str, ensure_ascii=False).encode()
        columns = {name: getattr(prices.bars, name) for name in COLUMNS}
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with beside.open("wb") as file:
                np.savez(
                    file,
                    allow_pickle=False,
                    about=np.frombuffer(about, dtype=np.uint8),
                    time=prices.bars.time,
                    adjusted_from=prices.adjustment.starts_us,
                    factors=prices.adjustment.prices,
                    **columns,
                )
                file.flush()
                os.fsync(file.fileno())
            if path.exists():
                # What is replaced can be brought back, as what is removed can: nobody else has it.
                shutil.copyfile(path, path.with_suffix(_REMOVED))
            else:
                path.with_suffix(_REMOVED).unlink(missing_ok=True)
            beside.replace(path)
        except OSError as error:
            beside.unlink(missing_ok=True)
            raise StorageFailed(
                tr("The prices cannot be kept: {reason}.", reason=error.strerror or error),
                hint=tr("Make room in {folder}, then import again.", folder=self.folder),
            ) from error

    def remove(self, symbol: str) -> tuple[OwnSeries, ...]:
        """Take every series of a symbol away; they can be brought back until others are removed."""
        gone = tuple(each for each in self.all() if each.symbol == symbol)
        if not gone:
            raise NotFound(
                tr("No file was imported as {symbol}.", symbol=symbol),
                hint=tr("List your own prices to see what there is."),
            )
        try:
            for older in self._files(_REMOVED):
                older.unlink()
            for each in gone:
                path = self._path(symbol, each.interval)
                path.replace(path.with_suffix(_REMOVED))
        except OSError as error:
            raise self._stuck(error) from error
        return gone

    def restore(self, symbol: str) -> tuple[OwnSeries, ...]:
        """Bring back what was removed or replaced last; what stood in its place can be brought back then."""
        back = []
        for path in self._files(_REMOVED):
            about, _ = _about(path)
            if about.symbol != symbol:
                continue
            kept, aside = path.with_suffix(_KEPT), path.with_suffix(".aside")
            try:
                if kept.exists():
                    shutil.copyfile(kept, aside)
                path.replace(kept)
                if aside.exists():
                    aside.replace(path)
            except OSError as error:
                raise self._stuck(error) from error
            back.append(about)
        if not back:
            raise NotFound(
                tr("Nothing of {symbol} was kept to bring back.", symbol=symbol),
                hint=tr("Import its file again."),
            )
        return tuple(back)

    def _stuck(self, error: OSError) -> StorageFailed:
        return StorageFailed(
            tr("The kept prices cannot be changed: {reason}.", reason=error.strerror or error),
            hint=tr("Make {folder} writable, then try again.", folder=self.folder),
        )

    def _files(self, ending: str) -> Iterator[Path]:
        return iter(sorted(self.folder.glob(f"*{ending}"))) if self.folder.is_dir() else iter(())

    def _path(self, symbol: str, interval: Interval) -> Path:
        digest = hashlib.blake2b(f"{symbol}\n{interval}".encode(), digest_size=8).hexdigest()
        return self.folder / f"{digest}{_KEPT}"


def _about(path: Path) -> tuple[OwnSeries, NewestBar]:
    from zipfile import BadZipFile

    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as columns:
            values = json.loads(columns["about"].tobytes())
        if values.pop("layout") != _LAYOUT:
            raise ValueError("another layout")
        newest = NewestBar(*values.pop("newest"))
        series = OwnSeries(**values)
        about = replace(
            series,
            interval=Interval(values["interval"]),
            first=datetime.fromisoformat(values["first"]),
            last=datetime.fromisoformat(values["last"]),
            imported_at=datetime.fromisoformat(values["imported_at"]),
            faults=tuple(values["faults"]),
        )
        return about, newest
    except (OSError, ValueError, KeyError, TypeError, BadZipFile) as error:
        raise _damaged(path) from error


def _damaged(path: Path) -> StorageFailed:
    return StorageFailed(
        tr("The file of imported prices {file} is damaged.", file=path.name),
        hint=tr("Import your file again."),
    )
