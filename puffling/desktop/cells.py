"""How one cell of a table is painted: text, a flash behind it, a sparkline, a bar of progress."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QObject, QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPen, QPixmap, QPolygonF
from PySide6.QtWidgets import QStyledItemDelegate, QStyleOptionViewItem

from puffling.desktop.columns import Cell, Kind
from puffling.desktop.rows import Index, Rows
from puffling.desktop.theme import Theme, Tone

CELL_PADDING = 8
RIGHT = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
LEFT = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
_ELIDE = Qt.TextElideMode.ElideRight
_SPARKLINES_KEPT = 512


class Cells(QStyledItemDelegate):
    """Paints the cells of one table; everything it needs per cell is prepared per theme."""

    def __init__(self, rows: Rows[Any], theme: Theme, parent: QObject) -> None:
        super().__init__(parent)
        self._rows = rows
        self._sparklines: dict[tuple[int, int, int, Tone], tuple[object, QPixmap]] = {}
        self._flashes: dict[tuple[int, int, bool, float], QPixmap] = {}
        self.wear(theme)

    def wear(self, theme: Theme) -> None:
        """Paint with this theme from now on."""
        self._theme = theme
        self._sparklines.clear()
        self._flashes.clear()
        self._tones = {tone: theme.colours.tone(tone) for tone in Tone}
        self._fonts: dict[Kind, QFont] = {}
        for kind in Kind:
            self._fonts[kind] = (
                theme.mono() if kind is Kind.CODE else theme.font(semibold=kind is Kind.STRONG)
            )
        self._metrics = {kind: QFontMetrics(font) for kind, font in self._fonts.items()}

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        """Give the room a cell would like."""
        column = self._rows.columns[index.column()]
        text = self._rows.cell(index.row(), index.column()).text
        width = (
            column.start_width if column.kind.drawn else self._metrics[column.kind].horizontalAdvance(text)
        )
        return QSize(width + 2 * CELL_PADDING, self._theme.row_height)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Paint one cell."""
        place, number = index.row(), index.column()
        rect: QRect = option.rect
        column = self._rows.columns[number]
        cell = self._rows.cell(place, number)
        flash = self._rows.flash(place, number)
        if flash is not None:
            self._paint_flash(painter, rect, *flash)
        if column.kind in (Kind.SPARKLINE, Kind.BARS):
            self._paint_picture(painter, rect, column.kind, cell)
        elif column.kind is Kind.PROGRESS:
            self._paint_progress(painter, rect, cell)
        else:
            self._paint_text(painter, rect, column.kind, cell)

    def _paint_text(self, painter: QPainter, rect: QRect, kind: Kind, cell: Cell) -> None:
        text = cell.text
        rect = rect.adjusted(CELL_PADDING, 0, -CELL_PADDING, 0)
        painter.setFont(self._fonts[kind])
        painter.setPen(self._tones[cell.tone])
        metrics = self._metrics[kind]
        if metrics.horizontalAdvance(text) > rect.width():
            # A number that lost its first digits would read as another number.
            text = metrics.elidedText(text.rstrip(), _ELIDE, rect.width())
        painter.drawText(rect, RIGHT if kind.numeric else LEFT, text)

    def _paint_flash(self, painter: QPainter, rect: QRect, left: float, rose: bool) -> None:
        ratio = painter.device().devicePixelRatioF()
        name = (rect.width(), rect.height(), rose, ratio)
        kept = self._flashes.get(name)
        if kept is None:
            kept = self._flashes[name] = self._draw_flash(rect.size(), rose, ratio)
        # Full for the first half, then fading out: long enough to be caught by an eye that was elsewhere.
        painter.setOpacity(min(left * 2, 1.0))
        painter.drawPixmap(rect.topLeft(), kept)
        painter.setOpacity(1.0)

    def _draw_flash(self, size: QSize, rose: bool, ratio: float) -> QPixmap:
        picture = _blank(size, ratio)
        painter = QPainter(picture)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._theme.colours.flash_up if rose else self._theme.colours.flash_down)
        painter.drawRoundedRect(QRectF(1, 2, size.width() - 2, size.height() - 4), 4, 4)
        painter.end()
        return picture

    def _paint_progress(self, painter: QPainter, rect: QRect, cell: Cell) -> None:
        if not isinstance(cell.value, (int, float)):
            return
        bar = QRectF(rect.left() + CELL_PADDING, rect.center().y() - 2, rect.width() - 2 * CELL_PADDING, 5)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._theme.colours.line)
        painter.drawRoundedRect(bar, 2.5, 2.5)
        bar.setWidth(bar.width() * min(max(float(cell.value), 0.0), 1.0))
        painter.setBrush(self._tones[Tone.ACCENT if cell.tone is Tone.TEXT else cell.tone])
        painter.drawRoundedRect(bar, 2.5, 2.5)
        painter.restore()

    def _paint_picture(self, painter: QPainter, rect: QRect, kind: Kind, cell: Cell) -> None:
        values: Any = cell.value
        if values is None:
            return
        inside = rect.adjusted(CELL_PADDING, 4, -CELL_PADDING, -4)
        ratio = painter.device().devicePixelRatioF()
        name = (id(values), inside.width(), inside.height(), cell.tone)
        kept = self._sparklines.get(name)
        if kept is None or kept[0] is not values or kept[1].devicePixelRatio() != ratio:
            if len(self._sparklines) >= _SPARKLINES_KEPT:
                self._sparklines.clear()
            # Stroking a line costs a hundred times what showing its picture does.
            draw = self._draw_bars if kind is Kind.BARS else self._draw_sparkline
            picture = draw(values, inside.size(), cell.tone, ratio)
            kept = self._sparklines[name] = (values, picture)
        painter.drawPixmap(inside.topLeft(), kept[1])

    def _draw_sparkline(self, values: Any, size: QSize, tone: Tone, ratio: float) -> QPixmap:
        picture = _blank(size, ratio)
        line = sparkline(values, size.width() - 2, size.height() - 2)
        if not line.isEmpty():
            colour = self._tones[tone]
            if tone is Tone.TEXT:
                colour = self._tones[Tone.UP if line.last().y() <= line.first().y() else Tone.DOWN]
            painter = QPainter(picture)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.translate(1, 1)
            painter.setPen(_pen(colour))
            painter.drawPolyline(line)
            painter.end()
        return picture

    def _draw_bars(self, values: Any, size: QSize, tone: Tone, ratio: float) -> QPixmap:
        picture = _blank(size, ratio)
        painter = QPainter(picture)
        painter.setPen(Qt.PenStyle.NoPen)
        for box, rises in bars(values, size.width(), size.height()):
            shade = Tone.MUTED if tone is Tone.TEXT else tone
            painter.setBrush(self._tones[shade if rises else Tone.DOWN])
            painter.drawRect(box)
        painter.end()
        return picture


def bars(values: Sequence[float | None], width: int, height: int) -> list[tuple[QRectF, bool]]:
    """Give a bar for each value in a box, standing on zero or hanging from it; none for a missing one."""
    known = [value for value in values if value is not None and math.isfinite(value)]
    if not known or not any(known):
        return []
    low, high = min(*known, 0.0), max(*known, 0.0)
    scale = height / (high - low)
    step = min(width / len(values), 12.0)
    thick = max(math.floor(step) - 1.0, 1.0)
    left = width - step * len(values)
    return [
        (
            # At least a pixel: a small value is not a missing one.
            QRectF(
                left + place * step, (high - max(value, 0.0)) * scale, thick, max(abs(value) * scale, 1.0)
            ),
            value >= 0,
        )
        for place, value in enumerate(values)
        if value is not None and math.isfinite(value)
    ]


def sparkline(values: Sequence[float], width: int, height: int) -> QPolygonF:
    """Give the line of a sequence of values in a box, no finer than its pixels."""
    step = max(len(values) // max(width, 1), 1)
    # Counted from the end: the newest value is the one that must not be missing.
    kept = [float(value) for value in values[::-step] if math.isfinite(value)][::-1]
    if len(kept) < 2:
        return QPolygonF()
    low, high = min(kept), max(kept)
    span = high - low or 1.0
    middle = height / 2 if high == low else 0.0
    across = width / (len(kept) - 1)
    return QPolygonF(
        [
            QPointF(place * across, middle or height * (high - value) / span)
            for place, value in enumerate(kept)
        ]
    )


def _blank(size: QSize, ratio: float) -> QPixmap:
    picture = QPixmap(size * ratio)
    picture.setDevicePixelRatio(ratio)
    picture.fill(Qt.GlobalColor.transparent)
    return picture


def _pen(colour: QColor) -> QPen:
    pen = QPen(colour, 1.3)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    return pen
