"""A word in the title of a panel that shows the market of now while the charts show the past."""

from __future__ import annotations

from PySide6.QtWidgets import QLabel

from puffling.desktop.selection import Selection
from puffling.desktop.theme import Tone, set_role
from puffling.runtime.text import tr


class LiveMark(QLabel):
    """Is there as long as a replay is on: nobody should take these prices for those of the replay."""

    def __init__(self, selection: Selection) -> None:
        super().__init__(tr("Live"))
        self._selection = selection
        set_role(self, tone=Tone.WARN)
        self.setToolTip(tr("The charts replay the past; these are the prices of now."))
        self.setAccessibleName(self.toolTip())
        selection.on_present(self._show)
        self._show()

    def _show(self) -> None:
        self.setHidden(self._selection.present_us is None)
