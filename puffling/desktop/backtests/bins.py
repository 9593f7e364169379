"""How many trades gained how much, as bars; and ranges of what might have been, with what was."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetricsF, QHelpEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from puffling.desktop import numbers
from puffling.desktop.theme import Size, look, mix
from puffling.frozen import frozen
from puffling.puffin.backtest.report import Bin
from puffling.runtime.text import tr

_FOOT = 20.0
_TOP = 18.0
_SIDE = 8.0
_RANGE_HEIGHT = 46


class Histogram(QWidget):
    """Bars beside each other, losses in one colour and gains in the other, with the line at nothing."""

    def __init__(self) -> None:
        super().__init__()
        self._bins: tuple[Bin, ...] = ()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(160, 90)
        self.setAccessibleName(tr("Distribution of the trades"))
        look().changed.connect(self.update)

    def show_bins(self, bins: Sequence[Bin]) -> None:
        """Show these."""
        self._bins = tuple(bins)
        most = max(bins, key=lambda each: each.count, default=None)
        self.setAccessibleDescription(_said(most) if most is not None else tr("No trades"))
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(320, 150)

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            found = self._bin_at(QPointF(event.pos()))
            QToolTip.showText(event.globalPos(), _said(found) if found is not None else "", self)
            return True
        return super().event(event)

    def paintEvent(self, _event: QPaintEvent) -> None:
        theme = look().theme
        shades = theme.colours
        painter = QPainter(self)
        painter.setFont(theme.font(Size.CAPTION))
        painter.setPen(shades.muted)
        if not self._bins:
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, tr("No trades, no distribution"))
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        inside = self._inside()
        most = max(each.count for each in self._bins)
        for each in self._bins:
            left, right = self._x(each.low), self._x(each.high)
            tall = inside.height() * each.count / most
            if each.count:
                tall = max(tall, 1.5)
            ink = shades.up if (each.low + each.high) / 2 >= 0 else shades.down
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(mix(shades.panel, ink, 0.8))
            box = QRectF(left + 0.75, inside.bottom() - tall, max(right - left - 1.5, 1.0), tall)
            painter.drawRoundedRect(box, min(2.0, box.width() / 2), min(2.0, tall / 2))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.setPen(QPen(shades.line, 0))
        painter.drawLine(inside.bottomLeft(), inside.bottomRight())
        low, high = self._bins[0].low, self._bins[-1].high
        if low < 0.0 < high:
            painter.setPen(QPen(shades.muted, 0, Qt.PenStyle.DashLine))
            painter.drawLine(QPointF(self._x(0.0), _TOP - 6), QPointF(self._x(0.0), inside.bottom()))
        self._paint_words(painter, low, high, most)

    def _paint_words(self, painter: QPainter, low: float, high: float, most: int) -> None:
        painter.setPen(look().theme.colours.muted)
        metrics = QFontMetricsF(painter.font())
        foot = self.height() - _FOOT
        taken: list[tuple[float, float]] = []
        for value in (low, high, 0.0, low / 2, high / 2):
            text = numbers.percent(value, 1, signed=value != 0)
            wide = metrics.horizontalAdvance(text)
            left = min(max(self._x(value) - wide / 2, 2.0), self.width() - wide - 2)
            if low <= value <= high and all(
                left > end + 8 or left + wide < begin - 8 for begin, end in taken
            ):
                painter.drawText(QRectF(left, foot, wide + 1, _FOOT), Qt.AlignmentFlag.AlignCenter, text)
                taken.append((left, left + wide))
        painter.drawText(
            QRectF(_SIDE, 0, self.width() - 2 * _SIDE, _TOP),
            Qt.AlignmentFlag.AlignRight,
            tr("{count} at most", count=f"{most:,}"),
        )

    def _inside(self) -> QRectF:
        return QRectF(_SIDE, _TOP, self.width() - 2 * _SIDE, max(self.height() - _TOP - _FOOT, 4.0))

    def _x(self, value: float) -> float:
        inside = self._inside()
        low, high = self._bins[0].low, self._bins[-1].high
        return inside.left() + (value - low) / ((high - low) or 1.0) * inside.width()

    def _bin_at(self, at: QPointF) -> Bin | None:
        return next((each for each in self._bins if self._x(each.low) <= at.x() < self._x(each.high)), None)


@frozen
class Reach:
    """What a figure might have been, from the worst twentieth to the best, and what it was."""

    title: str
    low: float
    high: float
    actual: float | None
    write: Callable[[float | None], str]


class Reaches(QWidget):
    """A bar for each figure from low to high, with a mark at what it was."""

    def __init__(self) -> None:
        super().__init__()
        self._reaches: tuple[Reach, ...] = ()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(tr("What might have been"))
        look().changed.connect(self.update)

    def show_reaches(self, reaches: Sequence[Reach]) -> None:
        """Show these."""
        self._reaches = tuple(reaches)
        self.setAccessibleDescription(
            "; ".join(f"{each.title}: {each.write(each.low)} – {each.write(each.high)}" for each in reaches)
        )
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(240, len(self._reaches) * _RANGE_HEIGHT)

    def paintEvent(self, _event: QPaintEvent) -> None:
        theme = look().theme
        shades = theme.colours
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for row, each in enumerate(self._reaches):
            top = row * _RANGE_HEIGHT
            room = QRectF(_SIDE, top + 20, self.width() - 2 * _SIDE, 8)
            ends = [each.low, each.high, 0.0] + ([each.actual] if each.actual is not None else [])
            low, high = min(ends), max(ends)
            scale = room.width() / ((high - low) or 1.0)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(shades.raised)
            painter.drawRoundedRect(room, 4, 4)
            bar = QRectF(
                room.left() + (each.low - low) * scale, room.top(), (each.high - each.low) * scale, 8
            )
            painter.setBrush(mix(shades.panel, shades.accent, 0.55))
            painter.drawRoundedRect(bar, 4, 4)
            painter.setFont(theme.font(Size.CAPTION))
            painter.setPen(shades.muted)
            words = QRectF(_SIDE, top, room.width(), 18)
            painter.drawText(words, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, each.title)
            painter.setPen(shades.text)
            said = tr("{low} to {high}", low=each.write(each.low), high=each.write(each.high))
            painter.drawText(words, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, said)
            if each.actual is not None:
                x = room.left() + (each.actual - low) * scale
                painter.setPen(QPen(shades.panel, 2))
                painter.setBrush(shades.text)
                painter.drawEllipse(QPointF(x, room.center().y()), 5, 5)
                painter.setPen(shades.muted)
                below = QRectF(min(max(x - 60, _SIDE), room.right() - 120), room.bottom() + 2, 120, 14)
                side = (
                    Qt.AlignmentFlag.AlignLeft
                    if below.left() <= _SIDE
                    else Qt.AlignmentFlag.AlignRight
                    if below.right() >= room.right()
                    else Qt.AlignmentFlag.AlignHCenter
                )
                painter.drawText(below, side, tr("it was {value}", value=each.write(each.actual)))


def _said(found: Bin) -> str:
    low, high = numbers.percent(found.low), numbers.percent(found.high)
    return tr("{count} trades from {low} to {high}", count=f"{found.count:,}", low=low, high=high)
