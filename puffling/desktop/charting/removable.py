"""Marks that a panel puts on all charts, with a button that takes them off again."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar, Protocol

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton, QWidget

from puffling.desktop.charting.part import Part, Seat
from puffling.desktop.icons import set_icon
from puffling.desktop.theme import set_role
from puffling.market.values import History

if TYPE_CHECKING:
    from puffling.desktop.charts.marks import Marks


class Chosen(Protocol):
    """What panels and charts share: whoever listens hears of every change."""

    def on_change(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Call the listener after every change; the answer unsubscribes."""
        ...


class RemovableMarks(Part):
    """Shows one set of marks while there are any; they are gone from every chart with one click."""

    in_templates = False
    # What the marks are called on the chart.
    key: ClassVar[str] = ""

    def __init__(self, seat: Seat, chosen: Chosen) -> None:
        super().__init__(seat)
        self._chosen = chosen
        self._history: History | None = None
        self._deaf: Callable[[], None] | None = None
        self.count = 0
        self.button = QPushButton()
        self.button.setObjectName(f"chart.{self.key}")
        set_role(self.button, kind="quiet", narrow=True)
        set_icon(self.button, "close")
        self.button.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
        self.button.clicked.connect(self.remove)
        self.button.hide()

    def buttons(self) -> list[QWidget]:
        return [self.button]

    def show(self, history: History) -> None:
        self._history = history
        if self._deaf is None:
            self._deaf = self._chosen.on_change(self._changed)
        self.apply(history)

    def sleep(self) -> None:
        if self._deaf is not None:
            self._deaf()
            self._deaf = None

    @abstractmethod
    def apply(self, history: History) -> None:
        """Show what is chosen on these bars, or nothing."""

    @abstractmethod
    def remove(self) -> None:
        """Take the marks off every chart."""

    def put(self, marks: Marks) -> None:
        """Show these marks in the place of those before."""
        self.count = len(marks)
        chart = self.seat.chart()
        chart.marks.put(self.key, marks)
        chart.refresh()

    def clear(self) -> None:
        """Show nothing."""
        self.button.hide()
        self.take_off()

    def take_off(self) -> None:
        """Show no marks."""
        if self.count:
            self.count = 0
            chart = self.seat.chart()
            chart.marks.remove(self.key)
            chart.refresh()

    def say(self, words: str) -> None:
        """Say on the button what the marks are."""
        self.button.setToolTip(words)
        self.button.setAccessibleName(words)

    def _changed(self) -> None:
        if self._history is not None:
            self.apply(self._history)
