"""The floor: a window with an empty chart and nothing else."""

from __future__ import annotations

import signal
import sys

import pyqtgraph
from PySide6.QtCore import QTimer
from PySide6.QtGui import QPaintEvent
from PySide6.QtWidgets import QApplication, QMainWindow


class BareChart(pyqtgraph.PlotWidget):
    """Says when it was painted first."""

    def __init__(self) -> None:
        super().__init__()
        self._painted = False

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if not self._painted:
            self._painted = True
            QTimer.singleShot(0, self._tell)

    def _tell(self) -> None:
        sys.stdout.write("painted\nlive\n")
        sys.stdout.flush()


signal.signal(signal.SIGTERM, signal.SIG_DFL)
application = QApplication([])
window = QMainWindow()
window.setCentralWidget(BareChart())
window.resize(1440, 900)
window.show()
sys.exit(application.exec())
