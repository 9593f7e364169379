"""The slim strip of tools at the left edge of a chart."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QPoint, QRectF, Qt, Signal
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QToolButton, QWidget

from puffling.desktop import icons
from puffling.desktop.actions import shortcut_text
from puffling.desktop.drawings.kinds import TOOLS
from puffling.desktop.menus import passing_menu
from puffling.desktop.theme import look
from puffling.runtime.text import tr

_WIDTH = 34
_FOLDED_WIDTH = 12
_STEP = 28
_BUTTON = 26
_EDGE = 4
POINTER = ""


class ToolButton(QToolButton):
    """A small button of the strip; a double click on a tool keeps it in the hand.

    It draws its icon itself, in the one tone and size it needs: all there are would take long for so many.
    """

    taken = Signal(bool)

    def __init__(self, icon: str, name: str, *, checkable: bool = True) -> None:
        super().__init__()
        self.icon_name = icon
        self.say(name)
        self.setCheckable(checkable)
        self.setAutoRaise(True)
        self.setFixedSize(_BUTTON, _BUTTON)
        # Every tool has keys; the way with Tab to the chart stays short.
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.stays = False
        self.clicked.connect(lambda _checked: self.taken.emit(False))

    def say(self, name: str) -> None:
        """Tell the pointer and a screen reader what it does."""
        self.setToolTip(name)
        self.setAccessibleName(name.partition("\n")[0])

    def show_icon(self, icon: str) -> None:
        """Wear another icon."""
        self.icon_name = icon
        self.update()

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
        colours = look().theme.colours
        shade = colours.accent if self.isChecked() else colours.text if self.underMouse() else colours.muted
        painter = QPainter(self)
        drawing = icons.pixmap(self.icon_name, shade, icons.SMALL, self.devicePixelRatioF())
        painter.drawPixmap((self.width() - icons.SMALL) // 2, (self.height() - icons.SMALL) // 2, drawing)
        if self.stays:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colours.accent)
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
        self.more = ToolButton("more", tr("More tools"), checkable=False)
        self.more.clicked.connect(self._open_menu)
        self.magnet = ToolButton("magnet", tr("Magnet: points snap to open, high, low or close"))
        self.magnet.clicked.connect(self.magnet_wanted)
        self.hiding = ToolButton("eye", tr("Hide all drawings"))
        self.hiding.clicked.connect(self.hiding_wanted)
        self.clearing = ToolButton("delete", tr("Remove all drawings"), checkable=False)
        self.clearing.clicked.connect(self.clearing_wanted)
        self.fold = ToolButton("left", tr("Fold the tools away"), checkable=False)
        self.fold.clicked.connect(self.fold_wanted)
        self._foot = (self.magnet, self.hiding, self.clearing, self.fold)
        for each in (*self.buttons.values(), self.more, *self._foot):
            each.setParent(self)
        look().changed.connect(self.update)
        self.show_folded(folded=False)

    def show_folded(self, *, folded: bool) -> None:
        """Take the room of all tools, or only of the one that unfolds them."""
        self.folded = folded
        self.setFixedWidth(_FOLDED_WIDTH if folded else _WIDTH)
        self.fold.show_icon("right" if folded else "left")
        self.fold.say(tr("Show the drawing tools") if folded else tr("Fold the tools away"))
        self._place()

    def show_chosen(self, tool: str, *, stays: bool) -> None:
        """Mark the tool in the hand."""
        for id, button in self.buttons.items():
            button.show_state(chosen=id == tool, stays=stays)

    def show_state(self, *, magnet: bool, hidden: bool) -> None:
        """Mark what is switched on."""
        self.magnet.setChecked(magnet)
        self.hiding.setChecked(hidden)
        self.hiding.show_icon("eye-off" if hidden else "eye")
        self.hiding.say(tr("Show all drawings") if hidden else tr("Hide all drawings"))

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
        left = (_WIDTH - 1 - _BUTTON) // 2
        tools = list(self.buttons.values())
        if self.folded:
            for button in (*tools, self.more, *self._foot):
                button.setVisible(button is self.fold)
            self.fold.setFixedSize(_FOLDED_WIDTH - 1, _BUTTON)
            self.fold.move(0, max((self.height() - _BUTTON) // 2, 0))
            return
        self.fold.setFixedSize(_BUTTON, _BUTTON)
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
            button.move(left, self.height() - _EDGE - _BUTTON - number * _STEP)

    def _open_menu(self) -> None:
        menu = passing_menu(self)
        for tool in TOOLS:
            if self.buttons[tool.id].isHidden():
                chosen = menu.addAction(tr(tool.title), partial(self.tool_wanted.emit, tool.id, False))
                icons.set_icon(chosen, tool.icon)
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
