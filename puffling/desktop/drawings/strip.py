"""The slim strip of tools at the left edge of a chart."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QPoint, QRectF, Qt, Signal
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QToolButton, QWidget

from puffling.desktop.actions import shortcut_text
from puffling.desktop.card import tool_button
from puffling.desktop.drawings.kinds import TOOLS
from puffling.desktop.icons import set_icon
from puffling.desktop.menus import Menu
from puffling.desktop.theme import look
from puffling.runtime.text import tr

_WIDTH = 34
_FOLDED_WIDTH = 12
_STEP = 28
_EDGE = 4
POINTER = ""


class ToolButton(QToolButton):
    """A tool to choose; a double click keeps it in the hand."""

    taken = Signal(bool)

    def __init__(self, icon: str, name: str) -> None:
        super().__init__()
        set_icon(self, icon)
        self.setToolTip(name)
        self.setAccessibleName(name)
        self.setCheckable(True)
        self.setAutoRaise(True)
        self.setFixedSize(26, 26)
        self.stays = False
        self.clicked.connect(lambda _checked: self.taken.emit(False))

    def show_state(self, *, chosen: bool, stays: bool) -> None:
        """Show whether the tool is in the hand, and whether it stays there."""
        self.setChecked(chosen)
        self.stays = chosen and stays
        self.update()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.taken.emit(True)
        event.accept()

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self.stays:
            painter = QPainter(self)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(look().theme.colours.accent)
            painter.drawEllipse(QRectF(self.width() - 8, self.height() - 8, 5, 5))


class ToolStrip(QWidget):
    """Tools above, what concerns all drawings below; what finds no room is in a menu."""

    tool_wanted = Signal(str, bool)
    magnet_wanted = Signal()
    hiding_wanted = Signal()
    clearing_wanted = Signal()
    fold_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("chart.tools")
        self.setAccessibleName(tr("Drawing tools"))
        self.setCursor(Qt.CursorShape.ArrowCursor)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Ignored)
        self.folded = False
        self.buttons: dict[str, ToolButton] = {
            POINTER: ToolButton("draw-pointer", _named(tr("Select"), "Escape"))
        }
        for tool in TOOLS:
            name = _named(tr(tool.title), tool.keys)
            self.buttons[tool.id] = ToolButton(tool.icon, f"{name}\n{tr(tool.help)}")
        for id, button in self.buttons.items():
            button.taken.connect(partial(self.tool_wanted.emit, id))
        self.more = tool_button("more", tr("More tools"))
        self.more.clicked.connect(self._open_menu)
        self.magnet = tool_button(
            "magnet", tr("Magnet: points snap to open, high, low or close"), checkable=True
        )
        self.magnet.clicked.connect(self.magnet_wanted)
        self.hiding = tool_button("eye", tr("Hide all drawings"), checkable=True)
        self.hiding.clicked.connect(self.hiding_wanted)
        self.clearing = tool_button("delete", tr("Remove all drawings"))
        self.clearing.clicked.connect(self.clearing_wanted)
        self.fold = tool_button("left", tr("Fold the tools away"))
        self.fold.clicked.connect(self.fold_wanted)
        self._foot = (self.magnet, self.hiding, self.clearing, self.fold)
        for each in (*self.buttons.values(), self.more, *self._foot):
            # Every tool has keys; the way with Tab to the chart stays short.
            each.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            each.setParent(self)
        look().changed.connect(self.update)
        self.show_folded(folded=False)

    def show_folded(self, *, folded: bool) -> None:
        """Take the room of all tools, or only of the one that unfolds them."""
        self.folded = folded
        self.setFixedWidth(_FOLDED_WIDTH if folded else _WIDTH)
        set_icon(self.fold, "right" if folded else "left")
        name = tr("Show the drawing tools") if folded else tr("Fold the tools away")
        self.fold.setToolTip(name)
        self.fold.setAccessibleName(name)
        self._place()

    def show_chosen(self, tool: str, *, stays: bool) -> None:
        """Mark the tool in the hand."""
        for id, button in self.buttons.items():
            button.show_state(chosen=id == tool, stays=stays)

    def show_state(self, *, magnet: bool, hidden: bool) -> None:
        """Mark what is switched on."""
        self.magnet.setChecked(magnet)
        self.hiding.setChecked(hidden)
        set_icon(self.hiding, "eye-off" if hidden else "eye")
        name = tr("Show all drawings") if hidden else tr("Hide all drawings")
        self.hiding.setToolTip(name)
        self.hiding.setAccessibleName(name)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        colours = look().theme.colours
        painter.fillRect(self.rect(), colours.panel)
        painter.fillRect(self.width() - 1, 0, 1, self.height(), colours.line)

    def _place(self) -> None:
        """Put as many buttons as there is room for, the tools from above and the rest from below."""
        left = (_WIDTH - 1 - 26) // 2
        tools: list[QToolButton] = list(self.buttons.values())
        if self.folded:
            for button in (*tools, self.more, *self._foot):
                button.setVisible(button is self.fold)
            self.fold.setFixedSize(_FOLDED_WIDTH - 1, 26)
            self.fold.move(0, max(self.height() // 2 - 13, 0))
            return
        self.fold.setFixedSize(26, 26)
        room = max((self.height() - 2 * _EDGE) // _STEP, 1)
        foot = self._foot if room >= len(self._foot) + 4 else (self.fold,) if room > 1 else ()
        place = room - len(foot)
        shown = tools if len(tools) <= place else tools[: max(place - 1, 0)]
        for button in (*tools, *self._foot):
            button.setVisible(button in shown or button in foot)
        self.more.setVisible(len(shown) < len(tools))
        for number, button in enumerate([*shown, self.more]):
            button.move(left, _EDGE + number * _STEP)
        for number, button in enumerate(reversed(foot)):
            button.move(left, self.height() - _EDGE - 26 - number * _STEP)

    def _open_menu(self) -> None:
        menu = Menu(self)
        menu.aboutToHide.connect(menu.deleteLater)
        for tool in TOOLS:
            if self.buttons[tool.id].isHidden():
                chosen = menu.addAction(tr(tool.title), partial(self.tool_wanted.emit, tool.id, False))
                set_icon(chosen, tool.icon)
        if self.magnet.isHidden():
            menu.addSeparator()
            for button, wanted in (
                (self.magnet, self.magnet_wanted),
                (self.hiding, self.hiding_wanted),
                (self.clearing, self.clearing_wanted),
            ):
                act = menu.addAction(button.accessibleName(), wanted.emit)
                act.setCheckable(button.isCheckable())
                act.setChecked(button.isChecked())
        menu.popup(self.more.mapToGlobal(QPoint(self.more.width() + 6, 0)))


def _named(title: str, keys: str) -> str:
    return tr("{title} ({keys})", title=title, keys=shortcut_text(keys))
