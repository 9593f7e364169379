from typing import Any

from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor, QPen
from PySide6.QtWidgets import QGraphicsItem, QGraphicsView

def mkPen(color: QColor | None = ..., *, width: float = ..., style: Any = ...) -> QPen: ...

class PlotWidget(QGraphicsView):
    def addItem(self, item: QGraphicsItem) -> None: ...
    def setRange(self, rect: QRectF) -> None: ...
