"""The look of what floats over the panels: a raised card with a soft shadow."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter, QPen

from puffling.desktop.theme import RADIUS, Theme, translucent

SHADOW = 14


def paint_floating(painter: QPainter, box: QRectF, theme: Theme) -> None:
    """Paint a card with its shadow; there must be `SHADOW` pixels of room around the box."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(translucent(theme.colours.shadow, 0.045 if theme.dark else 0.02))
    for spread in range(SHADOW, 0, -2):
        painter.drawRoundedRect(
            box.adjusted(-spread, -spread + 4, spread, spread), RADIUS + spread, RADIUS + spread
        )
    painter.setPen(QPen(theme.colours.line, 1))
    painter.setBrush(theme.colours.panel)
    painter.drawRoundedRect(box.adjusted(0.5, 0.5, -0.5, -0.5), RADIUS, RADIUS)
