"""The switch between widths of bars."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QButtonGroup, QPushButton

from puffling.desktop.charting.words import short_interval
from puffling.desktop.squeezing import Squeezed
from puffling.desktop.theme import set_role
from puffling.puffin.data.interval import Interval
from puffling.runtime.text import tr


class IntervalSwitch(Squeezed):
    """Shows which width is chosen, and tells which one is wanted."""

    chosen = Signal(object)

    def __init__(self, first: Interval) -> None:
        super().__init__(tr("Width of the bars"))
        group = QButtonGroup(self)
        self.buttons: dict[Interval, QPushButton] = {}
        for interval in Interval:
            button = QPushButton(short_interval(interval))
            set_role(button, kind="quiet")
            button.setStyleSheet("QPushButton { padding: 2px 7px; } QPushButton:focus { padding: 1px 6px; }")
            button.setCheckable(True)
            button.setAccessibleName(tr("Interval {interval}", interval=interval.value))
            button.clicked.connect(partial(self._clicked, interval))
            group.addButton(button)
            self.hold(button)
            self.buttons[interval] = button
        self.show_chosen(first)

    def show_chosen(self, interval: Interval) -> None:
        """Show that this width is chosen."""
        self.buttons[interval].setChecked(True)
        self.one.setText(short_interval(interval))
        self.one.setAccessibleName(tr("Interval {interval}", interval=interval.value))

    def _clicked(self, interval: Interval, _checked: bool = False) -> None:
        self.chosen.emit(interval)
