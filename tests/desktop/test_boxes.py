"""Boxes: many in one call, and those that fall on one pixel as one."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor, QImage, QPainter

from puffling.desktop.charts.items import Boxes
from puffling.desktop.charts.pyramid import Floats

INK = QColor("white")


def picture(
    *, one_by_one: bool, left: Floats, top: Floats, width: float, height: Floats, ratio: float = 1.0
) -> QImage:
    """The boxes on black ground, on a screen with this many pixels to each of the chart's."""
    made = QImage(120, 80, QImage.Format.Format_RGB32)
    made.setDevicePixelRatio(ratio)
    made.fill(QColor("black"))
    painter = QPainter(made)
    if one_by_one:
        for x, y, high in zip(left.tolist(), top.tolist(), height.tolist(), strict=True):
            painter.fillRect(QRectF(x, y, width, high), INK)
    else:
        Boxes().draw(painter, left, top, width, height, INK)
    painter.end()
    return made


@pytest.mark.parametrize("ratio", [1.0, 2.0])
def test_boxes_that_fall_on_one_pixel_look_as_if_drawn_one_by_one(ratio: float) -> None:
    numbers = np.random.default_rng(7)
    left = np.floor(np.arange(240) / 2.3)
    middle = 40 + np.cumsum(numbers.integers(-2, 3, 240))
    top = np.clip(middle - numbers.integers(3, 9, 240), 0, 79).astype(float)
    height = np.clip(middle + numbers.integers(3, 9, 240), 1, 80) - top
    drawn = {"left": left / ratio, "top": top / ratio, "width": 1.0 / ratio, "height": height / ratio}
    assert picture(one_by_one=False, **drawn, ratio=ratio) == picture(one_by_one=True, **drawn, ratio=ratio)


def test_a_box_that_reaches_beyond_all_bounds_fills_what_is_seen_of_it() -> None:
    left, top, height = np.array([5.0]), np.array([-1e12]), np.array([2e12])
    through = picture(one_by_one=True, left=left, top=np.array([0.0]), width=2.0, height=np.array([80.0]))
    assert picture(one_by_one=False, left=left, top=top, width=2.0, height=height) == through


def test_a_pixel_has_one_box_however_many_fall_on_it() -> None:
    made = QImage(8, 8, QImage.Format.Format_RGB32)
    painter = QPainter(made)
    left = np.array([1.0, 1.0, 1.0, 2.0, 4.0, 4.0])
    assert Boxes().draw(painter, left, np.zeros(6), 1.0, np.ones(6), INK) == 3
    assert Boxes().draw(painter, left[:0], left[:0], 1.0, left[:0], INK) == 0
    painter.end()


def test_a_box_that_is_no_number_takes_none_along() -> None:
    left, height = np.array([3.0, 3.0]), np.array([5.0, 5.0])
    alone = picture(one_by_one=True, left=left[:1], top=np.array([2.0]), width=1.0, height=height[:1])
    top = np.array([2.0, np.nan])
    assert picture(one_by_one=False, left=left, top=top, width=1.0, height=height) == alone
