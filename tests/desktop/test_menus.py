"""Menus: whatever stands before the words, the words stand below each other."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from puffling.desktop.icons import set_icon
from puffling.desktop.menus import Menu
from puffling.desktop.theme import Appearance, Scheme, look

# Right of any icon or check mark, left of all words.
MARGIN = 30


@pytest.fixture
def menu(qtbot: QtBot) -> Iterator[Menu]:
    """One entry of each kind, all with the same words."""
    look().wear(Appearance(scheme=Scheme.DARK))
    window = QWidget()
    qtbot.addWidget(window)
    menu = Menu(window)
    menu.addAction("Halt")
    set_icon(menu.addAction("Halt"), "copy")
    for checked in (True, False):
        entry = menu.addAction("Halt")
        entry.setCheckable(True)
        entry.setChecked(checked)
    submenu = Menu(menu, "Halt")
    set_icon(submenu.menuAction(), "export")
    menu.addMenu(submenu)
    menu.resize(menu.sizeHint())
    yield menu  # noqa: PT022  the window lives until here, and the menu with it


def first_letter(image: QImage, top: int, bottom: int) -> int:
    """The first column that has ink."""
    return next(
        x
        for x in range(MARGIN, image.width())
        if any(image.pixelColor(x, y).lightness() > 150 for y in range(top, bottom))
    )


def test_words_begin_in_one_column_and_all_lines_are_equally_high(menu: Menu) -> None:
    image = menu.grab().toImage()
    places = [menu.actionGeometry(action) for action in menu.actions()]
    assert len({first_letter(image, place.top() + 4, place.bottom() - 4) for place in places}) == 1
    assert len({place.height() for place in places}) == 1
