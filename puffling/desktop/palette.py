"""The command palette: every action and every symbol, by a few letters and without the mouse."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import (
    QAbstractListModel,
    QEvent,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QRect,
    QRectF,
    QSize,
    Qt,
)
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QLabel,
    QLineEdit,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from puffling.desktop.actions import Action, shortcut_text
from puffling.desktop.keyboard import KeyboardPlace
from puffling.desktop.matching import mark, ranked
from puffling.desktop.session import Session
from puffling.desktop.shadows import SHADOW, paint_floating
from puffling.desktop.theme import Size, look, set_role
from puffling.frozen import frozen
from puffling.market.values import Instrument
from puffling.runtime.text import tr

WIDTH = 600
ROW = 34
ROWS_SHOWN = 12
KEPT_RECENT = 20
_MOST = 60
_ITEM = Qt.ItemDataRole.UserRole
_SYMBOL = "symbol:"


@frozen
class Entry:
    """One line of the palette."""

    id: str
    title: str
    group: str
    keys: str
    run: Callable[[], None]
    summary: str = ""
    menu: str = ""


class _Entries(QAbstractListModel):
    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.entries: list[Entry] = []

    def show(self, entries: list[Entry]) -> None:
        self.beginResetModel()
        self.entries = entries
        self.endResetModel()

    def rowCount(self, parent: QModelIndex | QPersistentModelIndex = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self.entries)

    def data(
        self, index: QModelIndex | QPersistentModelIndex, role: int = Qt.ItemDataRole.DisplayRole
    ) -> object:
        entry = self.entries[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return entry.title
        if role == Qt.ItemDataRole.ToolTipRole:
            return entry.summary
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return ", ".join(part for part in (entry.title, entry.group, entry.keys) if part)
        return entry if role == _ITEM else None


class _Lines(QStyledItemDelegate):
    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        return QSize(WIDTH, ROW)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        theme = look().theme
        entry: Entry = index.data(_ITEM)
        rect: QRect = option.rect
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if option.state & QStyle.StateFlag.State_Selected:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.colours.hover)
            painter.drawRoundedRect(QRectF(rect).adjusted(0, 1, 0, -1), 6, 6)
        inside = rect.adjusted(12, 0, -12, 0)
        middle = Qt.AlignmentFlag.AlignVCenter
        painter.setFont(theme.font(Size.CAPTION))
        painter.setPen(theme.colours.muted)
        right = entry.keys or entry.group
        painter.drawText(inside, Qt.AlignmentFlag.AlignRight | middle, right)
        room = inside.adjusted(0, 0, -painter.fontMetrics().horizontalAdvance(right) - 12, 0)
        painter.setFont(theme.font())
        painter.setPen(theme.colours.text)
        metrics = painter.fontMetrics()
        title = metrics.elidedText(entry.title, Qt.TextElideMode.ElideRight, room.width())
        painter.drawText(room, Qt.AlignmentFlag.AlignLeft | middle, title)
        beside = room.adjusted(metrics.horizontalAdvance(title) + 10, 0, 0, 0)
        if entry.summary and beside.width() > 60:
            painter.setPen(theme.colours.muted)
            summary = metrics.elidedText(entry.summary, Qt.TextElideMode.ElideRight, beside.width())
            painter.drawText(beside, Qt.AlignmentFlag.AlignLeft | middle, summary)
        painter.restore()


class Palette(QWidget):
    """Opens under the command field, takes letters, runs what is chosen, and remembers it."""

    def __init__(self, window: QWidget, session: Session, recent: list[str]) -> None:
        super().__init__(window)
        self.setObjectName("palette")
        self._session = session
        self._recent = recent
        self._symbols: list[Entry] = []
        self._before = KeyboardPlace()
        self.field = QLineEdit()
        self.field.setPlaceholderText(tr("Type a command or a symbol"))
        self.field.setAccessibleName(tr("Command or symbol"))
        self.field.textChanged.connect(self._changed)
        self.field.installEventFilter(self)
        self._model = _Entries(self)
        self.list = QListView()
        self.list.setModel(self._model)
        self.list.setItemDelegate(_Lines(self.list))
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setUniformItemSizes(True)
        self.list.setMouseTracking(True)
        self.list.setAccessibleName(tr("Commands"))
        self.list.setStyleSheet("QListView { background: transparent; }")
        self.list.clicked.connect(lambda _: self._run_chosen())
        self._nothing = QLabel(tr("Nothing matches. Try fewer letters."))
        set_role(self._nothing, tone="muted")
        self._nothing.setContentsMargins(12, 8, 12, 10)
        column = QVBoxLayout(self)
        column.setContentsMargins(SHADOW + 8, 8, SHADOW + 8, SHADOW + 8)
        column.setSpacing(6)
        column.addWidget(self.field)
        column.addWidget(self.list)
        column.addWidget(self._nothing)
        self.hide()

    @property
    def entries(self) -> list[Entry]:
        """Give what is offered now, the best first."""
        return self._model.entries

    def open_palette(self) -> None:
        """Come up empty, with what was used last on top."""
        if self.isVisible():
            self.close_palette()
            return
        self._before.note()
        self._symbols = []
        self.field.clear()
        self._show()
        self.show()
        self.raise_()
        self.field.setFocus()

    def close_palette(self) -> None:
        """Go away and give the keyboard back."""
        self.hide()
        self._before.go_back()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent) and self._key(event):
            return True
        if event.type() == QEvent.Type.FocusOut and self.isVisible():
            self.hide()
        return super().eventFilter(watched, event)

    def paintEvent(self, _event: QPaintEvent) -> None:
        card = QRectF(self.rect()).adjusted(SHADOW, 0, -SHADOW, -SHADOW)
        paint_floating(QPainter(self), card, look().theme)

    def _key(self, event: QKeyEvent) -> bool:
        steps = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1, Qt.Key.Key_PageDown: 8, Qt.Key.Key_PageUp: -8}
        if event.key() in steps and self.entries:
            wanted = self.list.currentIndex().row() + steps[Qt.Key(event.key())]
            last = len(self.entries) - 1
            single = abs(steps[Qt.Key(event.key())]) == 1
            place = wanted % len(self.entries) if single else min(max(wanted, 0), last)
            self.list.setCurrentIndex(self._model.index(place))
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._run_chosen()
        elif event.key() == Qt.Key.Key_Escape:
            self.close_palette()
        else:
            return False
        return True

    def _changed(self, text: str) -> None:
        self._symbols = []
        self._show()
        wanted = text.strip()
        if not wanted or not self._session.connected:
            return
        core = self._session.core
        self._session.dispatch.run(
            lambda: core.data.symbols(wanted, 8),
            name="find symbols",
            newest="palette",
            then=self._take_symbols,
            failed=lambda _: None,
        )

    def _take_symbols(self, found: tuple[Instrument, ...]) -> None:
        self._symbols = [
            Entry(
                f"{_SYMBOL}{each.symbol}",
                each.symbol,
                tr("Symbol"),
                "",
                partial(self._open_symbol, each.symbol),
                each.name,
            )
            for each in found
        ]
        self._show()

    def _open_symbol(self, symbol: str) -> None:
        self._session.selection.choose(symbol)
        self._session.show_panel("chart")

    def _show(self) -> None:
        wanted = self.field.text().strip()
        actions = [_entry_of(action) for action in self._session.actions if action.id != "window.palette"]
        if not wanted:
            rank = {id: place for place, id in enumerate(self._recent)}
            shown = sorted(actions, key=lambda entry: rank.get(entry.id, len(rank)))
        else:
            shown = ranked([*actions, *self._symbols], partial(_mark, wanted), _MOST)
        self._model.show(shown)
        self.list.setCurrentIndex(self._model.index(0))
        self.list.setVisible(bool(shown))
        self._nothing.setVisible(not shown)
        self._fit(len(shown))

    def _fit(self, rows: int) -> None:
        window = self.window()
        self.list.setFixedHeight(min(max(rows, 1), ROWS_SHOWN) * ROW + 2)
        width = min(WIDTH, window.width() - 40) + 2 * SHADOW
        self.resize(width, self.sizeHint().height())
        self.setFixedHeight(self.sizeHint().height())
        self.move((window.width() - width) // 2, 6)

    def _run_chosen(self) -> None:
        index = self.list.currentIndex()
        if not index.isValid():
            return
        entry: Entry = index.data(_ITEM)
        if entry.id in self._recent:
            self._recent.remove(entry.id)
        self._recent.insert(0, entry.id)
        del self._recent[KEPT_RECENT:]
        self.close_palette()
        entry.run()


def _entry_of(action: Action) -> Entry:
    return Entry(
        action.id,
        action.title,
        action.group,
        shortcut_text(action.shortcut) if action.shortcut else "",
        action.run,
        action.summary,
        action.menu or "",
    )


def _mark(wanted: str, entry: Entry) -> float | None:
    if entry.id.startswith(_SYMBOL):
        # The source found it for what was typed, whatever it is called.
        return mark(wanted, (entry.title, entry.summary)) or 0.0
    return mark(wanted, (entry.title, f"{entry.title} {entry.group}"), f"{entry.menu} {entry.summary}")
