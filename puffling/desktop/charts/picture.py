"""A chart as a picture: pixels twice as fine as the screen's, or lines that stay sharp at any size."""

from __future__ import annotations

from typing import NamedTuple

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QPoint, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QImage, QImageWriter, QPainter, QRegion
from PySide6.QtSvg import QSvgGenerator
from PySide6.QtWidgets import QWidget

from puffling.desktop.charts.stage import Stage
from puffling.desktop.theme import Size, look

FINENESS = 2.0
_BAND = 34
_MARGIN = 12
_DOTS_PER_INCH = 96


class Caption(NamedTuple):
    """What stands over the picture: what is shown, and where its prices come from."""

    title: str
    source: str


def image(chart: Stage, caption: Caption) -> QImage:
    """Give the chart in pixels."""
    size = _size(chart)
    made = QImage(size * FINENESS, QImage.Format.Format_RGB32)
    made.setDevicePixelRatio(FINENESS)
    painter = QPainter(made)
    _paint(painter, chart, caption)
    painter.end()
    return made


def png(picture: QImage) -> bytes:
    """Give a picture as a PNG file; any thread may do it."""
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    QImageWriter(buffer, QByteArray(b"png")).write(picture)
    return bytes(buffer.data().data())


def svg(chart: Stage, caption: Caption) -> bytes:
    """Give the chart as an SVG file, every line a line and every word a word."""
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    size = _size(chart)
    generator = QSvgGenerator()
    generator.setOutputDevice(buffer)
    generator.setResolution(_DOTS_PER_INCH)
    generator.setSize(size)
    generator.setViewBox(QRect(QPoint(0, 0), size))
    generator.setTitle(caption.title)
    generator.setDescription(caption.source)
    painter = QPainter(generator)
    _paint(painter, chart, caption)
    painter.end()
    return bytes(buffer.data().data())


def _paint(painter: QPainter, chart: Stage, caption: Caption) -> None:
    theme = look().theme
    size = _size(chart)
    painter.fillRect(QRect(QPoint(0, 0), size), theme.colours.panel)
    band = QRectF(_MARGIN, 0, size.width() - 2 * _MARGIN, _BAND)
    painter.setFont(theme.font(Size.HEADING, semibold=True))
    painter.setPen(theme.colours.text)
    painter.drawText(band, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, caption.title)
    painter.setFont(theme.font())
    painter.setPen(theme.colours.muted)
    painter.drawText(band, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, caption.source)
    with chart.undisturbed():
        chart.render(painter, QPoint(0, _BAND), QRegion(chart.area), QWidget.RenderFlag.DrawChildren)


def _size(chart: Stage) -> QSize:
    return QSize(chart.area.width(), chart.area.height() + _BAND)
