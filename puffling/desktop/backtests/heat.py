"""The returns of months as a map: a row for each year, the newest first, every number written out."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QHelpEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QScrollArea, QSizePolicy, QToolTip, QWidget

from puffling.desktop import numbers
from puffling.desktop.theme import Size, Theme, look, mix
from puffling.puffin.backtest.report import Number, YearRow
from puffling.runtime.text import tr

ROW_HEIGHT = 28
_HEADER = 24
_YEAR_WIDTH = 46.0
_LEAST_CELL = 36.0
_MOST_CELL = 74.0
# A month of that much has the full colour.
_FULL = 0.10
# No deeper: a number on it must still be read.
_DEEPEST = 0.46


class HeatMap(QScrollArea):
    """Shows years; scrolls when there are more than fit."""

    def __init__(self) -> None:
        super().__init__()
        self.map = _Map()
        self.setWidget(self.map)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)
        self.setAccessibleName(tr("Returns of the months"))

    def show_years(self, years: Sequence[YearRow]) -> None:
        """Show these years, the newest first."""
        self.map.show_years(years)


class _Map(QWidget):
    def __init__(self) -> None:
        super().__init__()
        self._years: tuple[YearRow, ...] = ()
        self._known = False
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        look().changed.connect(self.update)

    def show_years(self, years: Sequence[YearRow]) -> None:
        self._years = tuple(sorted(years, key=lambda each: -each.year))
        self._known = any(each.benchmark is not None for each in years)
        self.setMinimumSize(self.minimumSizeHint())
        best = max(self._years, key=lambda each: each.total, default=None)
        if best is not None:
            self.setAccessibleDescription(
                tr("Best year {year}: {total}", year=best.year, total=numbers.percent(best.total))
            )
        self.updateGeometry()
        self.update()

    def minimumSizeHint(self) -> QSize:
        wide = _YEAR_WIDTH + 13 * (_LEAST_CELL - 2)
        return QSize(round(wide), _HEADER + len(self._years) * ROW_HEIGHT + 4)

    def sizeHint(self) -> QSize:
        return self.minimumSizeHint()

    def cell_at(self, at: QPointF) -> tuple[YearRow, int] | None:
        """Give the year and the column at a place: months from 0, then the year, then the benchmark."""
        row = int((at.y() - _HEADER) // ROW_HEIGHT)
        column = int((at.x() - _YEAR_WIDTH) // self._cell())
        if at.y() < _HEADER or not (0 <= row < len(self._years) and 0 <= column < self._columns()):
            return None
        return self._years[row], column

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            found = self.cell_at(QPointF(event.pos()))
            said = "" if found is None else self._said(*found)
            QToolTip.showText(event.globalPos(), said, self)
            return True
        return super().event(event)

    def paintEvent(self, _event: QPaintEvent) -> None:
        theme = look().theme
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        cell = self._cell()
        painter.setFont(theme.font(Size.CAPTION))
        painter.setPen(theme.colours.muted)
        titles = [*(numbers.month(number) for number in range(1, 13)), tr("Year")]
        titles += [tr("Market")] if self._compared else []
        for column, title in enumerate(titles):
            box = QRectF(self._left(column, cell), 0, cell, _HEADER)
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, title)
        for row, year in enumerate(self._years):
            top = _HEADER + row * ROW_HEIGHT
            painter.setFont(theme.font(Size.BASE, semibold=True))
            painter.setPen(theme.colours.text)
            box = QRectF(8, top, _YEAR_WIDTH - 8, ROW_HEIGHT)
            painter.drawText(box, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, str(year.year))
            values = [*year.months, year.total, *([year.benchmark] if self._compared else [])]
            for column, value in enumerate(values):
                box = QRectF(self._left(column, cell) + 1, top + 1, cell - 2, ROW_HEIGHT - 2)
                self._paint_cell(painter, theme, box, value, column)

    def _paint_cell(self, painter: QPainter, theme: Theme, box: QRectF, value: Number, column: int) -> None:
        shades = theme.colours
        painter.setPen(Qt.PenStyle.NoPen)
        if value is None:
            painter.setBrush(mix(shades.panel, shades.raised, 0.6))
            painter.drawRoundedRect(box, 4, 4)
            return
        painter.setBrush(shade(theme, value / (3 if column >= 12 else 1)) if column < 13 else shades.raised)
        painter.drawRoundedRect(box, 4, 4)
        painter.setPen(shades.text)
        painter.setFont(theme.font(Size.CAPTION if box.width() < 46 else Size.BASE, semibold=column == 12))
        text = numbers.fixed(value * 100, 1 if abs(value) < 9.995 else 0, signed=True)
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)

    @property
    def _compared(self) -> bool:
        """Whether the benchmark has a column: where room is scarce, the months need it more."""
        return self._known and self.width() >= _YEAR_WIDTH + 14 * _LEAST_CELL + 8

    def _columns(self) -> int:
        return 14 if self._compared else 13

    def _cell(self) -> float:
        return min(max((self.width() - _YEAR_WIDTH - 8) / self._columns(), _LEAST_CELL - 2), _MOST_CELL)

    def _left(self, column: int, cell: float) -> float:
        return _YEAR_WIDTH + column * cell

    @staticmethod
    def _said(year: YearRow, column: int) -> str:
        if column < 12:
            value = year.months[column]
            return f"{numbers.month(column + 1)} {year.year}: {numbers.percent(value)}"
        if column == 12:
            return f"{year.year}: {numbers.percent(year.total)}"
        return tr("{year}, benchmark: {value}", year=year.year, value=numbers.percent(year.benchmark))


def shade(theme: Theme, value: float) -> QColor:
    """Give the ground of a return: the deeper, the more it was; a root lets small ones differ too."""
    strength = min(abs(value) / _FULL, 1.0) ** 0.6 * _DEEPEST
    return mix(theme.colours.raised, theme.colours.up if value >= 0 else theme.colours.down, strength)
