"""The list of indicators: grouped by what they tell, found by a few letters, added with Enter."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import (
    QEvent,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QRect,
    QRectF,
    QSize,
    Qt,
)
from PySide6.QtGui import QKeyEvent, QPainter, QStandardItem, QStandardItemModel
from PySide6.QtWidgets import (
    QLineEdit,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from puffling.desktop.card import label
from puffling.desktop.matching import best
from puffling.desktop.popover import Popover
from puffling.desktop.theme import Size, Tone, look
from puffling.puffin.factors.declaration import Category
from puffling.puffin.factors.indicator import Indicator
from puffling.runtime.text import tr

GROUPS = {
    Category.OVERLAP: "Averages, bands and stops",
    Category.MOMENTUM: "Momentum",
    Category.VOLATILITY: "Volatility",
    Category.VOLUME: "Volume",
}
_WIDTH = 560
_HEIGHT = 380
_ROW = 30
_KIND = Qt.ItemDataRole.UserRole


class IndicatorPicker(Popover):
    """Offers indicators; what is chosen is handed on and the list goes."""

    def __init__(
        self, anchor: QWidget, kinds: Sequence[type[Indicator]], choose: Callable[[str], None]
    ) -> None:
        super().__init__(anchor, min(_WIDTH, anchor.window().width() - 40))
        self.setAccessibleName(tr("Indicators"))
        self._kinds = tuple(kinds)
        self._choose = choose
        self.field = QLineEdit()
        self.field.setPlaceholderText(tr("Find an indicator"))
        self.field.setAccessibleName(tr("Find an indicator"))
        self.field.textChanged.connect(self._show)
        self.field.installEventFilter(self)
        self._model = QStandardItemModel(0, 1, self)
        self.list = QListView()
        self.list.setModel(self._model)
        self.list.setItemDelegate(_Rows(self.list))
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setMouseTracking(True)
        self.list.setAccessibleName(tr("Indicators"))
        self.list.setStyleSheet("QListView { background: transparent; }")
        self.list.setFixedHeight(min(_HEIGHT, max(anchor.window().height() - 160, 120)))
        self.list.clicked.connect(lambda _: self._run())
        self._nothing = label(tr("Nothing matches. Try fewer letters."), tone=Tone.MUTED)
        self.column.addWidget(self.field)
        self.column.addWidget(self.list)
        self.column.addWidget(self._nothing)
        self._show("")

    @property
    def offered(self) -> list[str]:
        """Give the ids that are offered now, in order."""
        rows = (self._model.item(row).data(_KIND) for row in range(self._model.rowCount()))
        return [kind.id for kind in rows if kind is not None]

    def open(self) -> None:
        """Come up over the chart, ready for letters."""
        self.open_at(self.field)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.field and isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            steps = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1, Qt.Key.Key_PageDown: 8, Qt.Key.Key_PageUp: -8}
            step = steps.get(Qt.Key(event.key()))
            if step is not None:
                self._step(step)
                return True
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self._run()
                return True
        return super().eventFilter(watched, event)

    def _show(self, text: str) -> None:
        wanted = text.strip()
        self._model.clear()
        if wanted:
            found = best(wanted, self._kinds, lambda kind: f"{kind.short} {tr(kind.title)}", len(self._kinds))
            for kind in found:
                self._model.appendRow(_item(kind))
        else:
            for category, title in GROUPS.items():
                head = QStandardItem(tr(title))
                head.setFlags(Qt.ItemFlag.NoItemFlags)
                self._model.appendRow(head)
                for kind in self._kinds:
                    if kind.category is category:
                        self._model.appendRow(_item(kind))
        self._nothing.setVisible(not self._model.rowCount())
        self.list.setCurrentIndex(QModelIndex())
        self._step(1)

    def _step(self, step: int) -> None:
        rows = [row for row in range(self._model.rowCount()) if self._model.item(row).data(_KIND) is not None]
        if not rows:
            return
        at = self.list.currentIndex().row()
        place = rows.index(at) + step if at in rows else 0
        place = place % len(rows) if abs(step) == 1 else min(max(place, 0), len(rows) - 1)
        if place == 0:
            self.list.scrollToTop()
        self.list.setCurrentIndex(self._model.index(rows[place], 0))

    def _run(self) -> None:
        kind = self.list.currentIndex().data(_KIND)
        if kind is not None:
            self.leave(give_back=True)
            self._choose(kind.id)


class _Rows(QStyledItemDelegate):
    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        return QSize(100, _ROW if index.data(_KIND) is not None else 26)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        theme = look().theme
        kind: type[Indicator] | None = index.data(_KIND)
        rect: QRect = option.rect
        middle = Qt.AlignmentFlag.AlignVCenter
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if kind is None:
            painter.setFont(theme.font(Size.CAPTION, semibold=True))
            painter.setPen(theme.colours.muted)
            painter.drawText(rect.adjusted(10, 6, -10, 0), middle, str(index.data()))
            painter.restore()
            return
        if option.state & QStyle.StateFlag.State_Selected:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.colours.hover)
            painter.drawRoundedRect(QRectF(rect).adjusted(0, 1, 0, -1), 6, 6)
        painter.setFont(theme.font(semibold=True))
        painter.setPen(theme.colours.text)
        painter.drawText(QRect(rect.left() + 10, rect.top(), 74, rect.height()), middle, kind.short)
        painter.setFont(theme.font())
        metrics = painter.fontMetrics()
        room = rect.adjusted(88, 0, -10, 0)
        title = metrics.elidedText(tr(kind.title), Qt.TextElideMode.ElideRight, room.width())
        painter.drawText(room, middle, title)
        beside = room.adjusted(metrics.horizontalAdvance(title) + 10, 0, 0, 0)
        if beside.width() > 60:
            painter.setPen(theme.colours.muted)
            said = metrics.elidedText(tr(kind.help), Qt.TextElideMode.ElideRight, beside.width())
            painter.drawText(beside, middle, said)
        painter.restore()


def _item(kind: type[Indicator]) -> QStandardItem:
    item = QStandardItem(f"{kind.short} {tr(kind.title)}")
    item.setData(kind, _KIND)
    item.setToolTip(tr(kind.help))
    item.setAccessibleText(f"{tr(kind.title)}. {tr(kind.help)}")
    item.setEditable(False)
    return item
