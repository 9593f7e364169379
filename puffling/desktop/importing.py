"""Files of prices on their way into the window: dropped on it or chosen, one after the other."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog

from puffling.desktop.notices import Level
from puffling.desktop.saving import IMPORT, Folders
from puffling.runtime.text import tr

if TYPE_CHECKING:
    from puffling.desktop.window import Window
    from puffling.market.own_values import OwnSeries


class Importing:
    """Opens the import sheet for one file after the other."""

    def __init__(self, window: Window) -> None:
        self._window = window
        self._waiting: list[Path] = []

    def take(self, files: Sequence[Path]) -> None:
        """Look into these files, the first one now."""
        if not self._window.session.connected:
            self._window.notices.tell(
                tr("Your records are not open yet."),
                level=Level.WARN,
                hint=tr("Drop the file again in a moment."),
            )
            return
        self._waiting = list(files)
        self._next()

    def choose(self) -> None:
        """Ask which files to import."""
        if not self._window.session.connected:
            return
        chooser = QFileDialog(self._window, tr("Import prices"))
        chooser.setFileMode(QFileDialog.FileMode.ExistingFiles)
        chooser.setNameFilters([tr("Prices (*.csv *.txt *.tsv *.parquet *.pq)"), tr("All files (*)")])
        self._window.session.shared(Folders).begin(chooser, IMPORT)
        chooser.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        chooser.filesSelected.connect(lambda names: self.take([Path(name) for name in names]))
        chooser.open()

    def _next(self) -> None:
        from puffling.desktop.import_sheet import WIDTH, ImportSheet

        path = self._waiting.pop(0)
        sheet = ImportSheet(self._window.session, path, self._done)
        left = len(self._waiting)
        title = tr("Import prices") if not left else tr("Import prices ({count} more)", count=left)
        self._window.sheet.open_with(title, sheet, width=WIDTH)

    def _done(self, kept: tuple[OwnSeries, ...]) -> None:
        self._window.sheet.close_sheet()
        if kept and self._waiting:
            self._next()
