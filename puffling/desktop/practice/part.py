"""Practice on a chart: waiting orders as lines one can move, the position's price, fills as marks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING

from puffling.desktop.actions import Action
from puffling.desktop.charting.part import Part, Seat
from puffling.desktop.practice.desk import PracticeDesk
from puffling.market.values import History
from puffling.puffin.orders import Side
from puffling.runtime.text import tr

if TYPE_CHECKING:
    from puffling.desktop.charts.price_lines import PriceLine

_KEY = "practice"


class Practising(Part):
    """Leads the practice along with the replay, and shows it on the charts of its symbol."""

    id = "practice"
    in_templates = False

    def __init__(self, seat: Seat) -> None:
        super().__init__(seat)
        self.desk = seat.session.shared(PracticeDesk)
        self._history: History | None = None
        self._deaf: Callable[[], None] | None = None
        self.lines: list[PriceLine] = []
        self.marked = 0

    def acts(self) -> Iterator[Action]:
        group, menu, desk = tr("Practice"), "View/Practice", self.desk
        for name, title, act, summary in (
            ("practise", tr("Begin or end practice"), self.switch,
             tr("Orders of play money on the bars of the replay, and a score.")),
            ("practice-buy", tr("Practice: buy"), partial(desk.order, Side.BUY),
             tr("At the next open, as much as is filled in (B).")),
            ("practice-sell", tr("Practice: sell"), partial(desk.order, Side.SELL),
             tr("At the next open, as much as is filled in (S).")),
            ("practice-close", tr("Practice: close"), desk.close,
             tr("Nothing waits any more, and what is held is closed at the next open (C).")),
        ):  # fmt: skip
            yield Action(f"window.{name}", title, act, group, summary, menu)

    def show(self, history: History) -> None:
        self._history = history
        if self._deaf is None:
            self._deaf = self.desk.on_change(self._draw)
        self.follow()
        self._draw()

    def follow(self) -> None:
        """Lead the practice to the present of the replay, where this chart shows its symbol."""
        present_us, book, history = self.seat.present_us(), self.desk.book, self._history
        if book is None or present_us is None or history is None or history.key.symbol != book.symbol:
            return
        known = self.seat.finest()
        if known is not None:
            self.desk.follow(known, present_us)

    def sleep(self) -> None:
        if self._deaf is not None:
            self._deaf()
            self._deaf = None

    def switch(self) -> None:
        """Begin to practise on what this chart shows, or end it."""
        present_us, known = self.seat.present_us(), self.seat.finest()
        if self.desk.book is not None:
            self.desk.end()
        elif present_us is None:
            self.seat.session.notices.tell(
                tr("One practises in a replay."), hint=tr("Begin one, and choose the bar to begin at.")
            )
        elif known is not None and self._history is not None:
            self.desk.begin(known, self._history.key.interval, present_us)

    def _draw(self) -> None:
        if any(line.held for line in self.lines):
            # One that is being moved stays in the hand that moves it.
            return
        book, history = self.desk.book, self._history
        here = book is not None and history is not None and history.key.symbol == book.symbol
        if not here and not self.lines and not self.marked:
            return
        chart = self.seat.chart()
        for line in self.lines:
            chart.lines.remove(line)
        self.lines.clear()
        if here and book is not None and history is not None and self.seat.present_us() is not None:
            from puffling.desktop.orders.lines import fill_marks
            from puffling.desktop.practice.lines import average_line, order_line

            for order in book.orders:
                made = order_line(order)
                if made is not None:
                    made.released = partial(self.desk.move, order.order_id)
                    made.removed = partial(self.desk.cancel, order.order_id)
                    self.lines.append(made)
            if book.position is not None:
                self.lines.append(average_line(book.position))
            for line in self.lines:
                chart.lines.add(line)
            marks = fill_marks(book.fills, history.bars.time)
            self.marked = len(marks)
            chart.marks.put(_KEY, marks)
        elif self.marked:
            self.marked = 0
            chart.marks.remove(_KEY)
        chart.refresh()
