"""What the chart panel has of a practice: its row, its keys, and what was left in a workspace."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QVBoxLayout

from puffling.desktop.charting.pane import ChartPane
from puffling.desktop.practice.desk import PracticeDesk
from puffling.desktop.practice.part import Practising
from puffling.desktop.session import Session

if TYPE_CHECKING:
    from puffling.desktop.practice.bar import PracticeBar


class PracticeRoom:
    """Shows the practice that is on, and takes up the one that was left here."""

    def __init__(
        self, session: Session, column: QVBoxLayout, panes: Callable[[], Sequence[ChartPane]]
    ) -> None:
        self._session = session
        self._column = column
        self._panes = panes
        self._left = ""
        self.desk = session.shared(PracticeDesk)
        self.bar: PracticeBar | None = None

    def show(self, *, replaying: bool) -> bool:
        """Show how the practice stands, and tell whether there is one; without a replay it ends."""
        desk = self.desk
        if desk.book is not None and not replaying:
            desk.end()
        if desk.book is not None and self.bar is None:
            # Imported here: few practise, and a start must not wait for it.
            from puffling.desktop.practice.bar import PracticeBar

            self.bar = PracticeBar(desk)
            self._column.addWidget(self.bar)
        if self.bar is not None:
            self.bar.show_state()
        return desk.book is not None

    def take_key(self, event: QKeyEvent) -> bool:
        """Act on a key of the practice; tell whether it was one."""
        return self.bar is not None and self.bar.take_key(event)

    def arrangement(self) -> str:
        """Give which practice goes on in this workspace."""
        return self.desk.id or self._left

    def arrange(self, left: object, *, replaying: bool) -> None:
        """Go on with the practice that was left in a workspace."""
        self._left = left if isinstance(left, str) and replaying else ""
        self.take_up()

    def take_up(self) -> None:
        """Go on with what was left, once there is a core."""
        if self._left and self._session.connected:
            left, self._left = self._left, ""
            self.desk.resume(left, self._lead)

    def _lead(self) -> None:
        for pane in self._panes():
            part = pane.part(Practising.id)
            assert isinstance(part, Practising)
            part.follow()
