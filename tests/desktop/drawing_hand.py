"""A person's hand before one chart of the real window: its clicks, drags and keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from puffling.desktop.charts.canvas import Canvas
from puffling.desktop.dispatch import PERSON
from puffling.desktop.drawings.board import DrawingBoard
from puffling.desktop.drawings.part import Drawings
from puffling.runtime.actor import calling_as
from puffling.store.values import Drawing, DrawingKind
from tests.desktop.conftest import until
from tests.desktop.test_chart_panel import panel_of

if TYPE_CHECKING:
    from puffling.desktop.window import Window

SHIFT = Qt.KeyboardModifier.ShiftModifier
CONTROL = Qt.KeyboardModifier.ControlModifier


class Hand:
    """The mouse and the keys of a person before one chart of the real window."""

    def __init__(self, window: Window, pane: int = 0) -> None:
        self.window = window
        panel = panel_of(window)
        self.pane = panel.panes[pane]
        board = board_of(window, pane)
        assert board is not None
        self.board: DrawingBoard = board
        self.chart = self.pane.chart
        (canvas,) = self.chart.findChildren(Canvas)
        self._viewport: QWidget = canvas.viewport()

    def at(self, across: float, down: float) -> QPoint:
        """A place on the plot, as shares of it."""
        viewport = self.chart.scene.viewport
        assert viewport is not None
        return QPoint(round(viewport.width * across), round(viewport.height * down))

    def spot(self, drawing: Drawing, point: int = 0) -> QPoint:
        """Where a point of a drawing is seen."""
        ground = self.board.ground()
        assert ground is not None
        time_us, price = drawing.points[point]
        x, y = ground.viewport.x(ground.timeline.place(time_us)), ground.viewport.y(price)
        return QPoint(round(x), round(y))

    def click(self, at: QPoint, keys: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        self._mouse(QEvent.Type.MouseMove, at, keys, down=False)
        self._mouse(QEvent.Type.MouseButtonPress, at, keys)
        self._mouse(QEvent.Type.MouseButtonRelease, at, keys, down=False)

    def drag(
        self, start: QPoint, end: QPoint, keys: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier
    ) -> None:
        self._mouse(QEvent.Type.MouseButtonPress, start, keys)
        for step in range(1, 5):
            self._mouse(QEvent.Type.MouseMove, start + (end - start) * step / 4, keys)
        self._mouse(QEvent.Type.MouseButtonRelease, end, keys, down=False)

    def move(self, at: QPoint, keys: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        self._mouse(QEvent.Type.MouseMove, at, keys, down=False)

    def key(self, key: Qt.Key, keys: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        QTest.keyClick(self.chart, key, keys)

    def _mouse(self, kind: QEvent.Type, at: QPoint, keys: Qt.KeyboardModifier, *, down: bool = True) -> None:
        left, none = Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton
        button = none if kind is QEvent.Type.MouseMove else left
        held = left if down else none
        to_window = QPointF(self._viewport.mapToGlobal(at))
        event = QMouseEvent(kind, QPointF(at), to_window, button, held, keys)
        QApplication.sendEvent(self._viewport, event)

    @property
    def in_hand(self) -> str:
        """The tool that is chosen."""
        return self.board.tools.tool.id if self.board.tools.tool is not None else ""

    def measures(self) -> bool:
        """Whether a measure is shown."""
        return self.board.layer.measured is not None

    @property
    def shown(self) -> tuple[Drawing, ...]:
        """What the book of this chart says."""
        assert self.board.book is not None
        return self.board.book.drawings

    async def saved(self) -> tuple[Drawing, ...]:
        """What is drawn, once all of it is kept."""
        book = self.board.book
        assert book is not None
        await until(lambda: not book.unsaved)
        with calling_as(PERSON):
            kept = await self.window.session.core.drawings.all(book.symbol)
        assert kept == book.drawings
        return kept


async def hand_on(window: Window, symbol: str = "SPY", pane: int = 0) -> Hand:
    """A hand before a chart that shows all there is."""
    window.session.selection.choose(symbol)
    panel = panel_of(window)
    await until(lambda: panel.content().get("symbol") == symbol and panel.chart.bar_count > 4000)
    await until(lambda: board_of(window, pane) is not None)
    return Hand(window, pane)


def board_of(window: Window, pane: int) -> DrawingBoard | None:
    """The drawings of a pane, once their tools are loaded."""
    part = panel_of(window).panes[pane].part("drawings")
    assert isinstance(part, Drawings)
    return part.board


def draw(hand: Hand, kind: str = "line") -> Drawing:
    """One drawing of a kind, by clicks."""
    hand.board.choose(kind)
    for across, down in ((0.2, 0.3), (0.6, 0.6), (0.3, 0.7))[: DrawingKind(kind).points]:
        hand.click(hand.at(across, down))
    return hand.shown[-1]
