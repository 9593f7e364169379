"""The slim line of a pane that stands among others: symbol, width of the bars, price, where it comes from."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QColor, QFontMetricsF, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from puffling.desktop.charting.words import Words, short_interval
from puffling.desktop.theme import Size, look
from puffling.puffin.data.interval import Interval

HEIGHT = 24
_LEFT = 8
_GAP = 8


class Caption(QWidget):
    """Says what a pane shows, as much as there is room for, the most telling first."""

    enlarged = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setFixedHeight(HEIGHT)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self._words = Words()
        look().changed.connect(self.update)

    def say(self, words: Words) -> None:
        """Show these words."""
        if words != self._words:
            self._words = words
            self.setAccessibleName(f"{words.symbol} {words.interval} {words.last} {words.change}")
            self.setToolTip(" · ".join(word for word in (words.name, words.source, words.warnings) if word))
            self.update()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.enlarged.emit()
        event.accept()

    def paintEvent(self, _event: QPaintEvent) -> None:
        theme, words = look().theme, self._words
        shades = theme.colours
        painter = QPainter(self)
        strong, plain = theme.font(Size.BASE, semibold=True), theme.font()
        source_ink = shades.warn if words.source_tone == "warn" else shades.muted
        source_width = QFontMetricsF(plain).horizontalAdvance(words.source)
        tones = {"up": shades.up, "down": shades.down}
        pieces: list[tuple[str, bool, QColor]] = [
            (words.symbol, True, shades.text),
            (_interval(words.interval), False, shades.muted),
            (words.last, True, shades.text),
            (words.change, False, tones.get(words.tone, shades.muted)),
        ]
        x, room = float(_LEFT), float(self.width() - _LEFT)
        widths = [
            QFontMetricsF(strong if bold else plain).horizontalAdvance(text) for text, bold, _ in pieces
        ]
        # Where prices come from is said on every price: it goes before the change does.
        with_source = widths[0] + widths[1] + widths[2] + source_width + 4 * _GAP + _LEFT <= room
        if with_source:
            room -= source_width + _GAP
            box = QRectF(room + _GAP - 2, 0, source_width + 4, HEIGHT)
            painter.setFont(plain)
            painter.setPen(source_ink)
            painter.drawText(box, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, words.source)
        for (text, bold, ink), width in zip(pieces, widths, strict=True):
            if not text:
                continue
            if x + width > room:
                break
            # Without room for its name the source still colours the price.
            doubtful = text is words.last and not with_source and words.source_tone == "warn"
            painter.setFont(strong if bold else plain)
            painter.setPen(source_ink if doubtful else ink)
            painter.drawText(QRectF(x, 0, width + 2, HEIGHT), Qt.AlignmentFlag.AlignVCenter, text)
            x += width + _GAP


def _interval(value: str) -> str:
    return next((short_interval(each) for each in Interval if each.value == value), value)
