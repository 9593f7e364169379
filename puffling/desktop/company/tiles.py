"""The few ratios one looks at first, as tiles."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QGridLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from puffling.desktop.card import label
from puffling.desktop.company.figures import write_ratio
from puffling.desktop.numbers import NOTHING
from puffling.desktop.theme import Tone, set_role
from puffling.puffin.data.reported import Ratio
from puffling.runtime.text import tr

SHOWN = {
    "market_cap": "Market value",
    "price_to_earnings": "P / E",
    "price_to_book": "P / B",
    "dividend_yield": "Dividends",
    "net_margin": "Net margin",
    "return_on_equity": "ROE",
    "debt_to_equity": "Debt / equity",
    "revenue_growth": "Sales growth",
}
LEAST_WIDTH = 100


class Tiles(QWidget):
    """Eight numbers in one row or two, as there is room."""

    def __init__(self) -> None:
        super().__init__()
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(8)
        self._grid.setVerticalSpacing(8)
        self._across = 0
        self._values: dict[str, QLabel] = {}
        self._tiles: dict[str, QWidget] = {}
        for name, title in SHOWN.items():
            tile = self._tiles[name] = QWidget()
            # All of one width, whatever stands in them.
            tile.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
            column = QVBoxLayout(tile)
            column.setContentsMargins(0, 0, 0, 0)
            column.setSpacing(1)
            column.addWidget(label(tr(title), tone=Tone.MUTED, kind="caption"))
            self._values[name] = label(NOTHING, kind="heading")
            column.addWidget(self._values[name])
        self._place(4)

    def show_ratios(self, ratios: Mapping[str, Ratio], currency: str) -> None:
        """Show these; what is missing is a dash."""
        for name, shown in self._values.items():
            ratio = ratios.get(name)
            text = write_ratio(ratio) if ratio is not None else NOTHING
            shown.setText(text)
            set_role(shown, tone=(Tone.MUTED if text == NOTHING else Tone.TEXT).value)
            meaning = ratio.meaning if ratio is not None else ""
            money = ratio is not None and ratio.reads == "money"
            self._tiles[name].setToolTip(f"{meaning} ({currency})" if money else meaning)
            shown.setAccessibleName(tr("{name}: {value}", name=tr(SHOWN[name]), value=text))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        room = event.size().width() // LEAST_WIDTH
        self._place(8 if room >= 8 else 4)

    def _place(self, across: int) -> None:
        if across == self._across:
            return
        self._across = across
        for place, tile in enumerate(self._tiles.values()):
            self._grid.addWidget(tile, place // across, place % across)
        for column in range(8):
            self._grid.setColumnStretch(column, 1 if column < across else 0)
