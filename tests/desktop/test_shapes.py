"""Lines, boxes and corners that NumPy hands to Qt's painter."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF
from PySide6.QtGui import QColor, QImage, QPainter

from puffling.desktop.charts.shapes import Lines, Rectangles, polygon

WHITE, INK = QColor("white"), QColor("black")


@pytest.fixture
def sheet() -> QImage:
    """A white sheet of 20 by 20 pixels."""
    image = QImage(20, 20, QImage.Format.Format_RGB32)
    image.fill(WHITE)
    return image


def is_inked(image: QImage, x: int, y: int) -> bool:
    """Tell whether something was drawn here."""
    return image.pixelColor(QPoint(x, y)) == INK


def test_lines_are_drawn_as_their_numbers_say(sheet: QImage) -> None:
    lines = Lines()
    lines.resize(2)
    lines.rows()[:] = [[2, 3, 10, 3], [5, 8, 5, 15]]
    with QPainter(sheet) as painter:
        painter.setPen(INK)
        lines.draw(painter)
    assert len(lines) == 2
    assert is_inked(sheet, 6, 3)
    assert is_inked(sheet, 5, 12)
    assert not is_inked(sheet, 6, 12)


def test_only_as_many_boxes_are_drawn_as_there_are(sheet: QImage) -> None:
    boxes = Rectangles()
    boxes.resize(3)
    boxes.rows()[:] = [[0, 0, 4, 4], [8, 0, 4, 4], [16, 0, 4, 4]]
    boxes.resize(2)
    with QPainter(sheet) as painter:
        painter.setBrush(INK)
        boxes.draw(painter)
    assert is_inked(sheet, 2, 2)
    assert is_inked(sheet, 10, 2)
    assert not is_inked(sheet, 18, 2)


def test_no_lines_draw_nothing(sheet: QImage) -> None:
    with QPainter(sheet) as painter:
        Lines().draw(painter)
        Rectangles().draw(painter)
    assert not any(is_inked(sheet, x, y) for x in range(20) for y in range(20))


def test_a_polygon_has_the_corners_it_was_given() -> None:
    corners = polygon(np.array([1.0, 5.0, 3.0]), np.array([2.0, 2.5, 9.0]))
    assert corners.toList() == [QPointF(1, 2), QPointF(5, 2.5), QPointF(3, 9)]
    assert polygon(np.array([]), np.array([])).isEmpty()
