"""Pieces side by side that share what room there is."""

from __future__ import annotations

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtWidgets import QLayout, QLayoutItem, QWidget

_GAP = 6


class FairRow(QLayout):
    """Where not all can have what they want, those have it that want the least; what grows takes the rest.

    A widget with the property `grows` takes what is left. One with the property `whole` has either all it
    wants or the least it needs, for it shows something else then; the others make use of what is between.
    """

    def __init__(self, owner: QWidget) -> None:
        super().__init__(owner)
        self._items: list[QLayoutItem] = []
        # Asked for again and again while a window is arranged.
        self._hint: QSize | None = None
        self._least: QSize | None = None
        self.setSpacing(_GAP)

    def addItem(self, item: QLayoutItem) -> None:  # noqa: N802
        self._items.append(item)

    def count(self) -> int:
        return len(self._items)

    def itemAt(self, place: int) -> QLayoutItem | None:  # noqa: N802
        return self._items[place] if 0 <= place < len(self._items) else None

    def takeAt(self, place: int) -> QLayoutItem | None:  # noqa: N802
        return self._items.pop(place) if 0 <= place < len(self._items) else None

    def expandingDirections(self) -> Qt.Orientation:  # noqa: N802
        return Qt.Orientation.Horizontal

    def invalidate(self) -> None:
        self._hint = self._least = None
        super().invalidate()

    def sizeHint(self) -> QSize:
        if self._hint is None:
            self._hint = self._sum([item.sizeHint() for item in self._shown()])
        return self._hint

    def minimumSize(self) -> QSize:  # noqa: N802
        if self._least is None:
            self._least = self._sum([item.minimumSize() for item in self._shown()])
        return self._least

    def setGeometry(self, rect: QRect) -> None:  # noqa: N802
        super().setGeometry(rect)
        inside = rect.marginsRemoved(self.contentsMargins())
        left = inside.left()
        for item, width in self._shares(inside.width()):
            item.setGeometry(QRect(left, inside.top(), width, inside.height()))
            left += width + self.spacing()

    def _shown(self) -> list[QLayoutItem]:
        return [item for item in self._items if not item.isEmpty()]

    def _sum(self, sizes: list[QSize]) -> QSize:
        margins = self.contentsMargins()
        width = sum(size.width() for size in sizes) + self.spacing() * max(len(sizes) - 1, 0)
        height = max((size.height() for size in sizes), default=0)
        return QSize(width + margins.left() + margins.right(), height + margins.top() + margins.bottom())

    def _shares(self, width: int) -> list[tuple[QLayoutItem, int]]:
        items = self._shown()
        widths = [item.minimumSize().width() for item in items]
        more = [
            min(item.sizeHint().width(), item.maximumSize().width()) - least
            for item, least in zip(items, widths, strict=True)
        ]
        room = width - sum(widths) - self.spacing() * max(len(items) - 1, 0)
        short = []
        for place in sorted(range(len(items)), key=more.__getitem__):
            if more[place] <= room:
                widths[place] += more[place]
                room -= more[place]
            else:
                short.append(place)
        for place in short:
            widget = items[place].widget()
            if room > 0 and widget is not None and not widget.property("whole"):
                widths[place] += room
                room = 0
        for place, item in enumerate(items):
            widget = item.widget()
            if room > 0 and widget is not None and widget.property("grows"):
                given = min(room, item.maximumSize().width() - widths[place])
                widths[place] += given
                room -= given
        return list(zip(items, widths, strict=True))
