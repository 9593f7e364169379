"""A choice says all of what is chosen, or shows that there is more."""

from __future__ import annotations

import pytest
from PySide6.QtGui import QImage
from pytestqt.qtbot import QtBot

from puffling.desktop.editors import narrow_choice


def picture(qtbot: QtBot, words: str, width: int) -> QImage:
    made = narrow_choice("Source")
    qtbot.addWidget(made)
    made.addItem(words)
    made.resize(width, 28)
    made.show()
    return made.grab().toImage()


def test_words_without_room_end_in_dots(qtbot: QtBot) -> None:
    words = "Real history and more"
    cut = picture(qtbot, words, 100)
    assert any(picture(qtbot, f"{words[:count]}…", 100) == cut for count in range(1, len(words)))


@pytest.mark.parametrize("words", ["SPY", "Demo data"])
def test_words_with_room_are_said_in_full(qtbot: QtBot, words: str) -> None:
    assert picture(qtbot, words, 200) != picture(qtbot, f"{words[:-1]}…", 200)
