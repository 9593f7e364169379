"""The figures one looks at first, as tiles; pointing at one says what it means."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QGridLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from puffling.desktop.backtests.figures import BY_ID, HEADLINES, Figure
from puffling.desktop.card import label
from puffling.desktop.numbers import NOTHING
from puffling.desktop.theme import Tone, set_role
from puffling.puffin.backtest.report import Number
from puffling.runtime.text import tr

LEAST_WIDTH = 92
_HEADLINES = tuple(BY_ID[name] for name in HEADLINES)


class Tiles(QWidget):
    """Figures in one row, or in as many as there is room for."""

    def __init__(self, figures: Sequence[Figure] = _HEADLINES) -> None:
        super().__init__()
        self._figures = tuple(figures)
        # In a flat panel the curves give way, not the figures.
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(8)
        self._grid.setVerticalSpacing(8)
        self._across = 0
        self.values: dict[str, QLabel] = {}
        self._tiles: list[QWidget] = []
        for figure in self._figures:
            tile = QWidget()
            tile.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
            tile.setToolTip(tr(figure.meaning))
            column = QVBoxLayout(tile)
            column.setContentsMargins(0, 0, 0, 0)
            column.setSpacing(0)
            column.addWidget(label(tr(figure.title), tone=Tone.MUTED, kind="caption"))
            self.values[figure.id] = label(NOTHING, kind="heading")
            column.addWidget(self.values[figure.id])
            self._tiles.append(tile)
        self._place(len(self._figures))

    def show_metrics(self, metrics: Mapping[str, Number]) -> None:
        """Show these; what is missing is a dash."""
        for figure in self._figures:
            value = metrics.get(figure.id)
            shown = self.values[figure.id]
            shown.setText(figure.write(value))
            set_role(shown, tone=figure.tone(value).value)
            shown.setAccessibleName(tr("{name}: {value}", name=tr(figure.title), value=figure.write(value)))
            shown.setAccessibleDescription(tr(figure.meaning))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        count = len(self._figures)
        room = max(event.size().width() // LEAST_WIDTH, 2)
        self._place(count if room >= count else 4 if room >= 4 else 2)

    def _place(self, across: int) -> None:
        if across == self._across:
            return
        self._across = across
        for place, tile in enumerate(self._tiles):
            self._grid.addWidget(tile, place // across, place % across)
        for column in range(len(self._tiles)):
            self._grid.setColumnStretch(column, 1 if column < across else 0)
        self.updateGeometry()
