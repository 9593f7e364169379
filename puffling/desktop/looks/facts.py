"""What is known of the bars besides their prices: dividends, splits and faults, marked at the foot."""

from __future__ import annotations

from collections.abc import Callable, Container
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from puffling.desktop import numbers
from puffling.desktop.charting.part import Seat
from puffling.desktop.charts.marks import Marks, Place, Shape, Style
from puffling.desktop.theme import Tone
from puffling.market.values import History
from puffling.puffin.data.instants import day_to_us
from puffling.puffin.data.quality import Fault
from puffling.runtime.errors import PufflingError
from puffling.runtime.text import tr

if TYPE_CHECKING:
    from puffling.desktop.charts.chart import ChartView
    from puffling.puffin.data.actions import CorporateAction

# A price nobody paid, where one knows: such a bar is drawn, but prices are not fitted to it.
_NO_PRICES = (Fault.NOT_A_NUMBER, Fault.NOT_POSITIVE, Fault.OUTSIDE_RANGE, Fault.SPIKE)
_MOST_IN_A_ROW = 3


class Facts:
    """The marks of one chart that come with its bars."""

    def __init__(self, seat: Seat, chart: ChartView, unmarked: Callable[[], Container[str]]) -> None:
        self._seat = seat
        self._chart = chart
        self._unmarked = unmarked
        self._symbol = ""
        self._actions: tuple[CorporateAction, ...] = ()

    def show(self, history: History) -> None:
        """Mark what is known of these bars."""
        self._chart.set_outliers(outliers(history))
        self._put("faults", fault_marks(history))
        symbol = history.key.symbol
        if symbol == self._symbol:
            self._put("actions", self._action_marks(history))
            return
        self._symbol, self._actions = symbol, ()
        self._chart.marks.remove("actions")
        self._seat.session.dispatch.run(
            lambda: self._seat.session.core.data.actions(symbol),
            name="fetch splits and dividends",
            newest=f"actions.{id(self)}",
            then=partial(self._take, history),
            failed=self._go_without,
            owner=self._chart,
        )

    def renew(self, history: History) -> None:
        """Mark what is wanted now."""
        self._put("faults", fault_marks(history))
        self._put("actions", self._action_marks(history))

    def _take(self, history: History, actions: tuple[CorporateAction, ...]) -> None:
        self._actions = actions
        self._put("actions", self._action_marks(history))

    def _go_without(self, _error: PufflingError) -> None:
        """A source that has prices need not know of dividends; that is no fault to speak of."""

    def _action_marks(self, history: History) -> Marks:
        present_us = self._seat.present_us()
        known = [each for each in self._actions if present_us is None or day_to_us(each.day) <= present_us]
        return action_marks(history, known)

    def _put(self, key: str, marks: Marks) -> None:
        if len(marks) and key not in self._unmarked():
            self._chart.marks.put(key, marks)
        else:
            self._chart.marks.remove(key)
        self._chart.refresh()


def fault_marks(history: History) -> Marks:
    """Mark every flag at its first bar."""
    style = Style(tr("Faulty bars"), Shape.BADGE, Tone.WARN, Place.FOOT, "!")
    flags = history.flags
    return Marks(
        (style,), [flag.time_us for flag in flags], [0] * len(flags), [flag.message for flag in flags]
    )


def outliers(history: History) -> list[int]:
    """Give the places of bars with prices nobody paid."""
    times = history.bars.time
    places: list[int] = []
    for flag in history.flags:
        if flag.fault in _NO_PRICES and flag.count <= _MOST_IN_A_ROW:
            begin, end = np.searchsorted(times, (flag.time_us, flag.until_us + 1)).tolist()
            places += range(begin, min(end, begin + _MOST_IN_A_ROW))
    return places


def action_marks(history: History, actions: list[CorporateAction]) -> Marks:
    """Mark dividends and splits at the first bar of their day."""
    styles = (
        Style(tr("Dividends"), Shape.BADGE, Tone.ACCENT, Place.FOOT, "D", everyday=True),
        Style(tr("Splits"), Shape.BADGE, Tone.UP, Place.FOOT, "S"),
    )
    bars = history.bars
    moments: list[int] = []
    chosen: list[int] = []
    texts: list[str] = []
    for action in actions if len(bars) else ():
        begun = day_to_us(action.day)
        if history.key.interval.is_intraday:
            place = int(np.searchsorted(bars.time, begun))
            begun = int(bars.time[place]) if place < len(bars) else begun
        if begun < int(bars.time[0]) or day_to_us(action.day) > int(bars.time[-1]):
            continue
        day = f"{action.day:%Y-%m-%d}"
        if action.dividend > 0:
            paid = numbers.full(round(action.dividend, 6))
            moments.append(begun)
            chosen.append(0)
            texts.append(
                tr("Dividend of {amount} {currency}, {day}", amount=paid, currency=history.currency, day=day)
            )
        if action.split_ratio not in (0.0, 1.0):
            moments.append(begun)
            chosen.append(1)
            texts.append(tr("Split {ratio}, {day}", ratio=numbers.split(action.split_ratio), day=day))
    return Marks(styles, moments, chosen, texts)
