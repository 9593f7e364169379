"""How one chart looks, and taking it elsewhere: a part of the pane, with a button, a menu and acts."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QWidget

from puffling.desktop.actions import Action
from puffling.desktop.card import tool_button
from puffling.desktop.charting.part import Part, Seat
from puffling.desktop.looks.names import FIRST_KIND, FIRST_SCALE, KINDS, MARKS, SCALES, SPANS
from puffling.market.values import History
from puffling.puffin.data.instants import US_PER_DAY
from puffling.runtime.errors import PufflingError
from puffling.runtime.text import tr

if TYPE_CHECKING:
    from puffling.desktop.charts.chart import ChartView
    from puffling.desktop.looks.comparisons import Comparisons
    from puffling.desktop.looks.facts import Facts

MOST_COMPARED = 6


class Looks(Part):
    """Keeps the choice from one start to the next, and hands it on once there is a chart."""

    id = "looks"

    def __init__(self, seat: Seat) -> None:
        super().__init__(seat)
        self.kind = FIRST_KIND
        self.scale = FIRST_SCALE
        self.hours = True
        self.long_hours = False
        self.unmarked: frozenset[str] = frozenset()
        self.compared: tuple[str, ...] = ()
        self.history: History | None = None
        self.comparisons: Comparisons | None = None
        self.facts: Facts | None = None
        self._chart: ChartView | None = None
        self.button = tool_button("chart", tr("Chart menu"))
        self.button.setObjectName("chart.menu")
        self.button.clicked.connect(self.open_menu)

    def buttons(self) -> list[QWidget]:
        return [self.button]

    def acts(self) -> Iterator[Action]:
        group, place = tr("Chart"), "View/Chart look"
        for kind, title in KINDS.items():
            yield Action(
                f"window.chart-{kind}",
                tr("Draw prices as: {kind}", kind=tr(title)),
                partial(self.draw_as, kind),
                group,
                menu=place,
            )
        for scale, title in SCALES.items():
            yield Action(
                f"window.chart-scale-{scale}",
                tr("Price scale: {scale}", scale=tr(title)),
                partial(self.measure_in, scale),
                group,
                menu=place,
            )
        for title, days in SPANS.items():
            yield Action(
                f"window.chart-span-{days}",
                tr("Time range: {span}", span=tr(title)),
                partial(self.look_back, days),
                group,
                tr("The stretch of time that ends with the newest bar."),
                f"{place}/Time range",
            )
        for name, title, summary, act in (
            (
                "hours",
                tr("Shade hours outside the session"),
                tr("Show which bars are before the open or after the close."),
                self.toggle_hours,
            ),
            (
                "long-hours",
                tr("Show early and late hours"),
                tr("Bars from before the open and after the close, where the feed has them."),
                self.toggle_long_hours,
            ),
            (
                "compare",
                tr("Compare with another symbol"),
                tr("In percent of the first bar you see."),
                self.ask_symbol,
            ),
            ("alone", tr("Remove all comparisons"), "", self.compare_none),
            ("reset", tr("Reset the view"), tr("The newest bars, prices fitted to them."), self.reset),
            ("menu", tr("Open the menu of the chart"), "", self.open_menu),
        ):
            yield Action(f"window.chart-{name}", title, act, group, summary, place)
        for name, title in MARKS.items():
            yield Action(
                f"window.chart-mark-{name}",
                tr("Mark on the chart: {what}", what=tr(title)),
                partial(self.mark, name),
                group,
                menu=place,
            )
        for way, title in (
            ("png", tr("Save the chart as a picture (PNG)")),
            ("svg", tr("Save the chart as a drawing (SVG)")),
            ("csv-seen", tr("Save the bars in view as a table (CSV)")),
            ("csv-all", tr("Save all bars as a table (CSV)")),
            ("copy", tr("Copy the chart as a picture")),
        ):
            yield Action(
                f"window.chart-{way}", title, partial(self.export, way), group, menu="File/Export chart"
            )

    def keep(self) -> dict[str, object]:
        return {
            "kind": self.kind,
            "scale": self.scale,
            "hours": self.hours,
            "long_hours": self.long_hours,
            "unmarked": sorted(self.unmarked),
            "compared": list(self.compared),
        }

    def restore(self, kept: object) -> None:
        found = kept if isinstance(kept, dict) else {}
        kind, scale, symbols = found.get("kind"), found.get("scale"), found.get("compared")
        self.kind = kind if kind in KINDS else FIRST_KIND
        self.scale = scale if scale in SCALES else FIRST_SCALE
        self.hours = found.get("hours") is not False
        self.long_hours = found.get("long_hours") is True
        self.seat.show_long_hours(self.long_hours)
        unmarked = found.get("unmarked")
        self.unmarked = frozenset(MARKS) & set(map(str, unmarked if isinstance(unmarked, list) else ()))
        self.compared = (
            tuple(dict.fromkeys(str(symbol) for symbol in symbols))[:MOST_COMPARED]
            if isinstance(symbols, list)
            else ()
        )
        self._apply()
        self._renew_marks()

    def show(self, history: History) -> None:
        self.history = history
        if self._chart is None:
            # Imported here: with the chart's library it is loaded after the first paint.
            from puffling.desktop.looks.comparisons import Comparisons
            from puffling.desktop.looks.facts import Facts

            self._chart = self.seat.chart()
            self._chart.menu_asked.connect(self._open_menu_at)
            self.facts = Facts(self.seat, self._chart, lambda: self.unmarked)
            self.comparisons = Comparisons(self.seat, self._chart, self.compare_less)
        if self.facts is not None:
            self.facts.show(history)
        self._apply()

    def sleep(self) -> None:
        if self.comparisons is not None:
            self.comparisons.sleep()

    def draw_as(self, kind: str) -> None:
        """Draw prices in this way."""
        self.kind = kind
        self._apply()

    def measure_in(self, scale: str) -> None:
        """Measure prices on this scale."""
        self.scale = scale
        self._apply()

    def toggle_hours(self) -> None:
        """Shade hours outside the session, or leave them as they are."""
        self.hours = not self.hours
        self._apply()

    def toggle_long_hours(self) -> None:
        """Show bars from before the open and after the close, or leave them out; say where there are none."""
        self.long_hours = not self.long_hours
        self.seat.show_long_hours(self.long_hours)
        history = self.history
        if not self.long_hours or history is None:
            return
        key = history.key
        if not self.seat.session.core.data.has_long_hours(key.symbol, key.interval):
            self.seat.session.notices.tell(
                tr("There are no early and late hours of {symbol} here.", symbol=key.symbol),
                hint=tr("Alpaca has them for American shares, in bars of less than a day."),
            )

    def mark(self, name: str) -> None:
        """Mark this kind of facts at the foot of the chart, or leave it out."""
        self.unmarked ^= {name}
        self._renew_marks()

    def look_back(self, days: int) -> None:
        """Show as many days as these until the newest bar, or all there is."""
        if self._chart is not None and self.history is not None and len(self.history.bars):
            times = self.history.bars.time
            begin = int(np.searchsorted(times, int(times[-1]) - days * US_PER_DAY, side="right"))
            self._chart.show_last(len(times) - begin if days else len(times))

    def reset(self) -> None:
        """Show the newest bars again, with prices that fit them."""
        if self._chart is not None:
            self._chart.reset()

    def compare_with(self, symbol: str) -> None:
        """Show another symbol on the same chart."""
        if len(self.compared) >= MOST_COMPARED and symbol not in self.compared:
            self.seat.session.notices.tell(
                tr("A chart compares {count} symbols at the most.", count=MOST_COMPARED),
                hint=tr("Remove one of them first."),
            )
            return
        self.compared = tuple(dict.fromkeys((*self.compared, symbol)))
        self._apply()

    def compare_less(self, symbol: str) -> None:
        """Take a compared symbol off the chart; a notice offers it back."""
        self._compare(
            tuple(each for each in self.compared if each != symbol),
            tr("{label} was removed.", label=symbol),
        )
        if self._chart is not None:
            self._chart.setFocus()

    def compare_none(self) -> None:
        """Take every compared symbol off the chart; a notice offers them back."""
        count = len(self.compared)
        if count:
            self._compare((), tr("{count} comparisons were removed.", count=count))

    def _compare(self, symbols: tuple[str, ...], said: str) -> None:
        before, self.compared = self.compared, symbols
        self._apply()
        self.seat.session.notices.tell(said, action=tr("Undo"), act=partial(self._put_back, before))

    def _put_back(self, symbols: tuple[str, ...]) -> None:
        self.compared = tuple(dict.fromkeys((*symbols, *self.compared)))[:MOST_COMPARED]
        self._apply()

    def ask_symbol(self) -> None:
        """Offer a field for a symbol to compare with."""
        if self._chart is not None and self.seat.session.connected:
            from puffling.desktop.looks.menu import SymbolQuestion

            anchor = self.button if self.button.isVisible() else self._chart
            SymbolQuestion(anchor, self.seat.session, self.compare_with).open()

    def export(self, way: str) -> None:
        """Take the chart elsewhere."""
        if self._chart is not None and self.history is not None and len(self.history.bars):
            # Imported here: few charts are ever taken elsewhere.
            from puffling.desktop.looks.exports import Exports

            Exports(self.seat.session, self._chart).export(way, self.history)

    def open_menu(self) -> None:
        """Open the menu by its button, or over the chart where that is out of sight."""
        anchor: QWidget | None = self.button if self.button.isVisible() else self._chart
        if anchor is not None:
            self._open_menu_at(anchor.mapToGlobal(QPoint(0, self.button.height())), math.nan)

    def _open_menu_at(self, at: QPoint, price: float) -> None:
        from puffling.desktop.looks.menu import chart_menu

        if self._chart is not None:
            chart_menu(self, self._chart, price).popup(at)

    def _apply(self) -> None:
        """Bring the chart in line with what was chosen."""
        chart, history = self._chart, self.history
        connected = self.seat.session.connected
        if chart is None or history is None or self.comparisons is None or not connected:
            return
        from puffling.desktop.charts.kinds import Kind
        from puffling.desktop.charts.scale import Scale

        if chart.kind is not Kind(self.kind):
            chart.set_kind(Kind(self.kind))
        if chart.scale is not Scale(self.scale):
            chart.set_scale(Scale(self.scale))
        self._show_hours(chart, history)
        others = tuple(symbol for symbol in self.compared if symbol != history.key.symbol)
        if len(history.bars):
            self.comparisons.show(history, others)
        chart.refresh()

    def _renew_marks(self) -> None:
        if self.facts is not None and self.history is not None:
            self.facts.renew(self.history)

    def _show_hours(self, chart: ChartView, history: History) -> None:
        bars, data = history.bars, self.seat.session.core.data
        sessions = None
        if self.hours and history.key.interval.is_intraday and len(bars):
            with suppress(PufflingError):
                sessions = data.sessions(history.key.symbol)
        if sessions is None:
            chart.backdrop.show_spans((), (), ())
            return
        first = max(sessions.index_at(int(bars.time[0])), 0)
        last = min(max(sessions.index_at(int(bars.time[-1])), first) + 1, len(sessions) - 1)
        closes, opens = sessions.closes_us[first:last], sessions.opens_us[first + 1 : last + 1]
        # The days part in the middle of the night, so that what trades before the open goes with its day.
        chart.backdrop.show_spans(closes, opens, closes + (np.subtract(opens, closes)) // 2)
