"""A panel's place in the window: a card whose title line also switches between the panels behind it."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QDockWidget,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from puffling.desktop.card import Surface, spacer, tool_button
from puffling.desktop.cells import CELL_PADDING
from puffling.desktop.fair_row import FairRow
from puffling.desktop.menus import passing_menu
from puffling.desktop.panel import Panel, PanelKind
from puffling.desktop.session import Session
from puffling.desktop.snapshot import Kept
from puffling.desktop.squeezing import Squeezed
from puffling.desktop.theme import PADDING, set_role
from puffling.runtime.text import tr

# What is left free for a panel that was never made here; those beside each other then stand still when it is.
_USUAL_ROOM = (300, 222)
# No panel needs more than this, whatever a file says.
_MOST_ROOM = 600


class PanelDock(QDockWidget):
    """Holds one panel, docked, tabbed or floating, and wakes it exactly while it can be seen.

    The panel is made when it is first seen or asked for. Until then its dock keeps what was kept of it.
    """

    moved = Signal()
    resized = Signal()
    panel_made = Signal()

    def __init__(self, kind: PanelKind, session: Session, kept: Kept, reset: Callable[[], None]) -> None:
        super().__init__(tr(kind.title))
        self.kind = kind
        self._session = session
        self._choices: Kept = kept.get("choices", {})
        self._content: Kept = kept.get("content", {})
        self._arrangement: Kept = {}
        self._room: Kept = kept.get("room", {})
        self._panel: Panel | None = None
        self.setObjectName(kind.id)
        self.setAllowedAreas(Qt.DockWidgetArea.AllDockWidgetAreas)
        self._reset = reset
        self._in_front = False
        self.line = TitleLine(self)
        self.setTitleBarWidget(self.line)
        body = Surface(top=False)
        self._inside = QVBoxLayout(body)
        # Tables and charts bring the rest of the padding along, so that their words stand under the title.
        edge = PADDING - CELL_PADDING
        self._inside.setContentsMargins(edge, 0, edge, edge)
        self.setWidget(body)
        # Room is shared out before the panel is made; it must not move when it is.
        self.setMinimumSize(
            _side(self._room, "width", _USUAL_ROOM[0]), _side(self._room, "height", _USUAL_ROOM[1])
        )
        self.visibilityChanged.connect(self._seen_changed)
        self.topLevelChanged.connect(lambda _floating: self.moved.emit())
        self.dockLocationChanged.connect(lambda _area: self.moved.emit())

    @property
    def made(self) -> bool:
        """Tell whether the panel was needed already."""
        return self._panel is not None

    @property
    def panel(self) -> Panel:
        """Give the panel, made when it is first asked for."""
        return self.make()

    def make(self) -> Panel:
        """Make the panel unless it is there, the way it was left."""
        if self._panel is not None:
            return self._panel
        self._panel = made = self.kind.make(self._session)
        made.restore(self._choices, self._content)
        made.arrange(self._arrangement)
        self.line.take_in(made)
        self._inside.addWidget(made)
        _show_now(made)
        self.setMinimumSize(0, 0)
        self.panel_made.emit()
        self.look_again()
        return made

    def keep(self) -> Kept:
        """Give what the next start needs of the panel; of one that nobody needed, what was kept before."""
        if self._panel is None:
            return {"choices": self._choices, "content": self._content, "room": self._room}
        least = self.minimumSizeHint()
        return {
            "choices": self._panel.choices(),
            "content": self._panel.content(),
            "room": {"width": least.width(), "height": least.height()},
        }

    def arrangement(self) -> Kept:
        """Give what belongs to the open workspace alone."""
        return self._arrangement if self._panel is None else self._panel.arrangement()

    def arrange(self, kept: Kept) -> None:
        """Be as this workspace was left, now or when the panel is made."""
        self._arrangement = kept
        if self._panel is not None:
            self._panel.arrange(kept)

    def settle(self) -> None:
        """Let the panel wake or rest as the core comes and goes."""
        if self._panel is not None:
            self._panel.settle()

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
        seen = self._in_front and not self.window().isMinimized()
        if seen or self._panel is not None:
            self.panel.set_seen(seen)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.resized.emit()

    def _seen_changed(self, seen: bool) -> None:
        self._in_front = seen
        self.look_again()
        self.moved.emit()


class TitleLine(Surface):
    """Title of the panel, its own controls, and the panels behind it; empty until the panel is made."""

    def __init__(self, dock: PanelDock) -> None:
        super().__init__(bottom=False)
        self._dock = dock
        self._behind: list[PanelDock] = []
        self._siblings: Squeezed | None = None
        self._row = FairRow(self)
        self._row.setContentsMargins(PADDING, 6, PADDING - 4, 4)

    def take_in(self, panel: Panel) -> None:
        """Stand the panel's own controls between its title and the panels behind it."""
        self.title = QLabel(tr(self._dock.kind.title))
        set_role(self.title, kind="title")
        self._row.addWidget(self.title)
        self.title.setVisible(panel.titled)
        pieces = panel.header()
        if not any(piece.property("grows") for piece in pieces):
            pieces.append(spacer())
        for piece in pieces:
            self._row.addWidget(piece)
        self._siblings = Squeezed(tr("Panels behind this one"))
        self._siblings.one.setText(tr("Panels"))
        self._row.addWidget(self._siblings)
        self.more = tool_button("more", tr("Panel menu"))
        self.more.clicked.connect(self._dock.show_menu)
        self._row.addWidget(self.more)
        for piece in (*pieces, self._siblings, self.more):
            _show_now(piece)
        self.show_siblings(self._behind)

    def show_siblings(self, docks: list[PanelDock]) -> None:
        """Offer the panels that stand behind this one."""
        self._behind = docks
        if self._siblings is None:
            return
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


def _side(room: Kept, name: str, usual: int) -> int:
    found = room.get(name)
    return min(max(found, 0), _MOST_ROOM) if isinstance(found, int) else usual


def _show_now(widget: QWidget) -> None:
    # Left to its layout it would come a turn of the loop later, and miss the first paint.
    if not widget.isHidden() or not widget.testAttribute(Qt.WidgetAttribute.WA_WState_ExplicitShowHide):
        widget.show()
