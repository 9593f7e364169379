"""A bar of time: which stretches are kept here, and where the bars that are shown lie in them."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from puffling.desktop.theme import Size, look
from puffling.puffin.data.bars import Span
from puffling.puffin.data.instants import from_us
from puffling.runtime.text import tr

_BAR = 10
_GAP = 4


class Timeline(QWidget):
    """Draws stretches of time from the first to the last instant there is."""

    def __init__(self) -> None:
        super().__init__()
        self._kept: tuple[Span, ...] = ()
        self._shown: Span | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        look().changed.connect(self.update)

    def show_spans(self, kept: Sequence[Span], shown: Span | None) -> None:
        """Show these stretches as kept, and this one as what is looked at."""
        self._kept, self._shown = tuple(kept), shown
        lines = [tr("{first} to {last}", first=_day(each.start_us), last=_day(each.end_us)) for each in kept]
        self.setToolTip("\n".join(lines[:20]))
        self.setAccessibleName(tr("Kept here"))
        self.setAccessibleDescription(", ".join(lines[:20]))
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(200, _BAR + 2 * _GAP + 18)

    def paintEvent(self, _event: QPaintEvent) -> None:
        theme = look().theme
        shades = theme.colours
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        room = QRectF(0, _GAP, self.width(), _BAR)
        painter.setBrush(shades.raised)
        painter.drawRoundedRect(room, 3, 3)
        every = [*self._kept, *([self._shown] if self._shown is not None else [])]
        if not every:
            return
        first, last = min(each.start_us for each in every), max(each.end_us for each in every)
        scale = room.width() / max(last - first, 1)
        painter.setBrush(shades.muted)
        for span in self._kept:
            # At least two pixels: what is kept must be seen.
            width = max((span.end_us - span.start_us) * scale, 2.0)
            painter.drawRoundedRect(QRectF((span.start_us - first) * scale, _GAP, width, _BAR), 3, 3)
        if self._shown is not None:
            left = (self._shown.start_us - first) * scale
            width = max((self._shown.end_us - self._shown.start_us) * scale, 2.0)
            painter.setBrush(shades.accent)
            painter.drawRoundedRect(QRectF(left, _GAP + _BAR - 3, width, 3), 1.5, 1.5)
        painter.setFont(theme.font(Size.CAPTION))
        painter.setPen(shades.muted)
        below = QRectF(0, _BAR + 2 * _GAP, self.width(), 16)
        painter.drawText(below, Qt.AlignmentFlag.AlignLeft, _day(first))
        painter.drawText(below, Qt.AlignmentFlag.AlignRight, _day(last))


def _day(instant_us: int) -> str:
    return f"{from_us(instant_us):%Y-%m-%d}"
