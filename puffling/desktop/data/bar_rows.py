"""The bars of a history as rows, each written when it is looked at: a million cost no more than ten."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, tzinfo
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt

from puffling.desktop import numbers
from puffling.desktop.theme import Tone
from puffling.market.values import History, Price
from puffling.puffin.data.bars import Bars
from puffling.puffin.data.instants import from_us
from puffling.puffin.data.interval import Interval
from puffling.puffin.data.quality import Fault, Flag
from puffling.runtime.text import tr

Index = QModelIndex | QPersistentModelIndex
TITLES = ("Time", "Open", "High", "Low", "Close", "Change", "Volume")
TIME, CHANGE, VOLUME = 0, 5, 6
_DISPLAY = Qt.ItemDataRole.DisplayRole
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_BESIDE = frozenset({Fault.GAP, Fault.STALE})
_PARTING = frozenset({Fault.BREAK, Fault.GAP})
_MOST_SAID = 4
# A change that reads 0.00% has no colour.
_SEEN = 0.00005


class Shown(NamedTuple):
    """What is said of a bar beside its numbers: the sign it wears, and why."""

    icon: str
    tone: Tone


SOUND = Shown("", Tone.TEXT)
AWAY = Shown("warn", Tone.WARN)
NOTED = Shown("info", Tone.MUTED)


class BarRows(QAbstractTableModel):
    """Gives the rows of one history, the newest or the oldest first."""

    def __init__(self) -> None:
        super().__init__()
        self._bars = Bars.empty()
        self._away: NDArray[np.bool_] = np.zeros(0, np.bool_)
        self._noted: NDArray[np.bool_] = np.zeros(0, np.bool_)
        self._flags: tuple[Flag, ...] = ()
        self._last: tuple[float, ...] | None = None
        self._decimals = 2
        self._zone: tzinfo = UTC
        self._whole_days = True
        self.newest_first = True
        self.short_times = False

    @property
    def bars(self) -> Bars:
        """Give the bars that are shown."""
        return self._bars

    def show(self, history: History, *, decimals: int, zone: tzinfo) -> None:
        """Show these bars."""
        self.beginResetModel()
        self._bars = history.bars
        self._away = history.kept_away
        self._flags = history.flags
        self._noted = _noted(history.bars, history.flags)
        self._last = None
        self._decimals = decimals
        self._zone = zone
        self._whole_days = not history.key.interval.is_intraday
        self.endResetModel()

    def turn(self) -> None:
        """Show the other end first."""
        self.beginResetModel()
        self.newest_first = not self.newest_first
        self.endResetModel()

    def take(self, price: Price, interval: Interval) -> None:
        """Take the newest price into the last bar."""
        if not len(self._bars):
            return
        place = len(self._bars) - 1
        opened, high, low, _, volume = self._values(place)
        if interval is Interval.D1:
            volume = max(volume, price.day_volume)
        self._last = (opened, max(high, price.price), min(low, price.price), price.price, volume)
        row = self.row_of(place)
        self.dataChanged.emit(self.index(row, 0), self.index(row, len(TITLES) - 1))

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        """Give how many bars there are."""
        return 0 if parent.isValid() else len(self._bars)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        """Give how many columns there are."""
        return 0 if parent.isValid() else len(TITLES)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = _DISPLAY) -> Any:
        """Give the title of a column."""
        if orientation is Qt.Orientation.Horizontal and role == _DISPLAY:
            return tr(TITLES[section])
        return None

    def data(self, index: Index, role: int = _DISPLAY) -> Any:
        """Give what a cell says, also to a screen reader."""
        place, column = self.place_of(index.row()), index.column()
        if role == _DISPLAY:
            return self.text(place, column)
        if role == Qt.ItemDataRole.ToolTipRole:
            return self._tip(place, column) or None
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _LEFT if column == TIME else _RIGHT
        if role == Qt.ItemDataRole.AccessibleDescriptionRole and column == TIME:
            return self.faults_of(place) or None
        return None

    def place_of(self, row: int) -> int:
        """Give which bar a row shows, counted from the oldest."""
        return len(self._bars) - 1 - row if self.newest_first else row

    def row_of(self, place: int) -> int:
        """Give the row that shows a bar."""
        return len(self._bars) - 1 - place if self.newest_first else place

    def row_at(self, moment_us: int) -> int | None:
        """Give the row of the bar a moment lies in, or of the first one after it; None without bars."""
        count = len(self._bars)
        if not count:
            return None
        place = int(np.searchsorted(self._bars.time, moment_us, side="left"))
        return self.row_of(min(place, count - 1))

    def shown(self, place: int) -> Shown:
        """Give the sign a bar wears."""
        if bool(self._away[place]):
            return AWAY
        return NOTED if bool(self._noted[place]) else SOUND

    def text(self, place: int, column: int) -> str:
        """Give one cell as people read it."""
        if column == TIME:
            return self.time(place, short=self.short_times)
        if column == CHANGE:
            return numbers.percent(self._change(place))
        if column == VOLUME:
            return numbers.short(self._values(place)[4])
        return numbers.fixed(self._values(place)[column - 1], self._decimals)

    def time(self, place: int, *, short: bool = False) -> str:
        """Give when a bar began, in the zone of its exchange; in short without the year."""
        moment = from_us(int(self._bars.time[place]))
        if self._whole_days:
            return f"{moment:%Y-%m-%d}"
        return f"{moment.astimezone(self._zone):{'%m-%d %H:%M' if short else '%Y-%m-%d %H:%M'}}"

    def tone(self, place: int, column: int) -> Tone:
        """Give the tone of one cell."""
        if bool(self._away[place]):
            return Tone.WARN
        if column in (TIME, VOLUME):
            return Tone.MUTED
        if column == CHANGE:
            change = self._change(place)
            if not abs(change) >= _SEEN:
                return Tone.MUTED
            return Tone.UP if change > 0 else Tone.DOWN
        return Tone.TEXT

    def faults_of(self, place: int) -> str:
        """Say what is wrong with a bar, and who does not see it; nothing of a sound one."""
        time_us = int(self._bars.time[place])
        own = [
            flag.message
            for flag in self._flags
            if flag.fault not in _BESIDE and flag.time_us <= time_us <= flag.until_us
        ]
        if not bool(self._away[place]):
            return "\n".join(own[:_MOST_SAID])
        if not own:
            own = [
                flag.message
                for flag in self._flags
                if flag.fault in _PARTING and time_us < max(flag.time_us, flag.until_us)
            ][-1:]
        if not own:
            own = [tr("A bar this one is made of is faulty.")]
        return "\n".join([*own[:_MOST_SAID], tr("Indicators and signals do not see it.")])

    def lines(self, rows: Sequence[int]) -> Iterator[str]:
        """Give rows as a spreadsheet takes them, with every digit."""
        for row in rows:
            place = self.place_of(row)
            change = self._change(place)
            cells = [self.time(place), *(_exact(value) for value in self._values(place)[:4])]
            cells += [_exact(round(change, 6)), _exact(self._values(place)[4])]
            yield "\t".join(cells)

    def _values(self, place: int) -> tuple[float, ...]:
        if self._last is not None and place == len(self._bars) - 1:
            return self._last
        return tuple(float(column[place]) for column in self._bars.columns())

    def _change(self, place: int) -> float:
        faulty = place > 0 and bool(self._away[place - 1] & self._noted[place - 1])
        before = float(self._bars.close[place - 1]) if place and not faulty else 0.0
        return self._values(place)[3] / before - 1.0 if before > 0.0 else float("nan")

    def _tip(self, place: int, column: int) -> str:
        return "\n".join(each for each in (self._whole(place, column), self.faults_of(place)) if each)

    def _whole(self, place: int, column: int) -> str:
        """Give a cell with all that was left out of it."""
        if column == TIME:
            if self._whole_days:
                return ""
            moment = f"{from_us(int(self._bars.time[place])):%Y-%m-%d %H:%M}"
            return tr("{here} ({moment} UTC)", here=self.time(place), moment=moment)
        if column == CHANGE:
            return numbers.percent(self._change(place))
        return numbers.full(self._values(place)[column - 1 if column < CHANGE else 4])


def _noted(bars: Bars, flags: Sequence[Flag]) -> NDArray[np.bool_]:
    noted = np.zeros(len(bars), np.bool_)
    for flag in flags:
        if flag.fault not in _BESIDE:
            first, last = np.searchsorted(bars.time, (flag.time_us, flag.until_us + 1)).tolist()
            noted[first:last] = True
    return noted


def _exact(value: float) -> str:
    return repr(value) if np.isfinite(value) else ""
