"""A panel's place in the window: a card whose title line also switches between the panels behind it."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtWidgets import (
    QDockWidget,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QVBoxLayout,
)

from puffling.desktop.card import Surface, tool_button
from puffling.desktop.cells import CELL_PADDING
from puffling.desktop.menus import passing_menu
from puffling.desktop.panel import Panel
from puffling.desktop.squeezing import Squeezed
from puffling.desktop.theme import PADDING, set_role
from puffling.runtime.text import tr


class PanelDock(QDockWidget):
    """Holds one panel, docked, tabbed or floating, and wakes it exactly while it can be seen."""

    moved = Signal()

    def __init__(self, panel: Panel, reset: Callable[[], None]) -> None:
        super().__init__(tr(panel.kind.title))
        self.panel = panel
        self.setObjectName(panel.kind.id)
        self.setAllowedAreas(Qt.DockWidgetArea.AllDockWidgetAreas)
        self._reset = reset
        self._in_front = False
        self.line = TitleLine(self)
        self.setTitleBarWidget(self.line)
        body = Surface(top=False)
        inside = QVBoxLayout(body)
        # Tables and charts bring the rest of the padding along, so that their words stand under the title.
        edge = PADDING - CELL_PADDING
        inside.setContentsMargins(edge, 0, edge, edge)
        inside.addWidget(panel)
        self.setWidget(body)
        self.visibilityChanged.connect(self._seen_changed)
        self.topLevelChanged.connect(lambda _floating: self.moved.emit())
        self.dockLocationChanged.connect(lambda _area: self.moved.emit())

    def show_menu(self) -> None:
        """Open what can be done with the panel as a whole."""
        menu = passing_menu(self)
        floating = self.isFloating()
        menu.addAction(tr("Dock") if floating else tr("Float"), lambda: self.setFloating(not floating))
        menu.addAction(tr("Close panel"), self.close)
        menu.addSeparator()
        menu.addAction(tr("Reset layout"), self._reset)
        menu.popup(self.line.more.mapToGlobal(self.line.more.rect().bottomLeft()))

    def look_again(self) -> None:
        """Wake or rest the panel: what is minimised is not seen, whatever Qt calls it."""
        self.panel.set_seen(self._in_front and not self.window().isMinimized())

    def _seen_changed(self, seen: bool) -> None:
        self._in_front = seen
        self.look_again()
        self.moved.emit()


class TitleLine(Surface):
    """Title of the panel, its own controls, and the panels that stand behind it."""

    def __init__(self, dock: PanelDock) -> None:
        super().__init__(bottom=False)
        self._dock = dock
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(PADDING, 6, PADDING - 4, 4)
        self._row.setSpacing(6)
        self.title = QLabel(tr(dock.panel.kind.title))
        set_role(self.title, kind="title")
        self._row.addWidget(self.title)
        self.title.setVisible(dock.panel.titled)
        for piece in dock.panel.header():
            self._row.addWidget(piece, 1 if piece.property("grows") else 0)
        if not any(piece.property("grows") for piece in dock.panel.header()):
            self._row.addStretch(1)
        self._siblings = Squeezed(tr("Panels behind this one"))
        self._siblings.one.setText(tr("Panels"))
        self._row.addWidget(self._siblings)
        self.more = tool_button("more", tr("Panel menu"))
        self.more.clicked.connect(dock.show_menu)
        self._row.addWidget(self.more)

    def show_siblings(self, docks: list[PanelDock]) -> None:
        """Offer the panels that stand behind this one."""
        shown = [button.objectName() for button in self._siblings.shown]
        if shown == [f"tab.{dock.objectName()}" for dock in docks]:
            return
        self._siblings.let_go()
        for dock in docks:
            button = QPushButton(dock.windowTitle())
            button.setObjectName(f"tab.{dock.objectName()}")
            set_role(button, kind="quiet")
            button.clicked.connect(dock.raise_)
            self._siblings.hold(button)
        self._siblings.setVisible(bool(docks))

    def event(self, event: QEvent) -> bool:
        """Let the dock see presses, so that the line is also the handle to drag it by."""
        handled = super().event(event)
        if event.type() in {
            QEvent.Type.MouseButtonPress,
            QEvent.Type.MouseMove,
            QEvent.Type.MouseButtonRelease,
        }:
            event.ignore()
            return False
        return handled
