from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton, QWidget
from pytestqt.qtbot import QtBot

from puffling.desktop.card import Surface, button, tool_button
from puffling.desktop.editors import Switch
from puffling.desktop.states import Phase, States
from puffling.desktop.theme import Appearance, Scheme, colours, look


@pytest.fixture
def content(qtbot: QtBot) -> QWidget:
    look().wear(Appearance(Scheme.DARK))
    made = QWidget()
    qtbot.addWidget(made)
    made.resize(300, 200)
    made.show()
    return made


def test_an_error_says_what_why_and_offers_to_try_again(content: QWidget) -> None:
    tried: list[bool] = []
    states = States(content)
    states.error("Prices could not be loaded", "The feed did not answer.", act=lambda: tried.append(True))
    offers = [each for each in states.findChildren(QPushButton) if each.isVisible()]
    assert [each.text() for each in offers] == ["Try again"]
    offers[0].click()
    assert tried == [True]
    assert states.accessibleName() == "Prices could not be loaded"
    assert states.accessibleDescription() == "The feed did not answer."


def test_loading_that_is_over_soon_is_never_shown(content: QWidget, qtbot: QtBot) -> None:
    states = States(content)
    states.loading()
    assert not states.isVisible()
    states.content()
    qtbot.wait(200)
    assert not states.isVisible()
    states.loading()
    qtbot.waitUntil(states.isVisible, timeout=2000)
    states.content()
    assert not states.isVisible()


def test_stale_content_is_dimmed_and_can_still_be_used(content: QWidget) -> None:
    states = States(content)
    states.stale("Stale · 3 min")
    assert states.phase is Phase.STALE
    assert states.testAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
    warn = colours(dark=True).warn.rgb()
    image = states.grab().toImage()
    assert any(image.pixel(x, y) == warn for x in range(image.width()) for y in range(image.height()))
    states.error("Gone", "The feed is down.")
    assert not states.testAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)


def test_what_is_said_covers_the_content_also_after_it_grew(content: QWidget) -> None:
    states = States(content)
    states.empty("Nothing here", "Add something.")
    content.resize(500, 400)
    assert states.geometry() == content.rect()
    states.leave_top(28)
    assert states.geometry().top() == 28


def test_a_card_is_a_panel_with_round_corners_on_the_window(content: QWidget) -> None:
    card = Surface(content)
    card.resize(200, 120)
    card.show()
    image = content.grab().toImage()
    shades = colours(dark=True)
    assert image.pixelColor(0, 0) == shades.window
    assert image.pixelColor(0, 119) == shades.window
    assert image.pixelColor(100, 3) == shades.panel
    assert image.pixelColor(100, 100) == shades.panel


def test_a_button_without_words_still_has_a_name(content: QWidget) -> None:
    made = tool_button("add", "Add symbol")
    made.setParent(content)
    assert (made.accessibleName(), made.toolTip(), made.text()) == ("Add symbol", "Add symbol", "")


def test_the_one_filled_button_of_a_panel_is_filled_with_the_accent(content: QWidget) -> None:
    made = button("Review order", kind="primary")
    made.setParent(content)
    made.resize(120, 28)
    made.show()
    assert made.grab().toImage().pixelColor(60, 4) == colours(dark=True).accent


def test_a_switch_is_on_in_the_accent_and_moves_with_the_space_bar(content: QWidget, qtbot: QtBot) -> None:
    from PySide6.QtTest import QTest

    switch = Switch(content)
    switch.resize(switch.sizeHint())
    switch.show()
    accent = colours(dark=True).accent

    def filled() -> bool:
        image = switch.grab().toImage()
        return sum(image.pixelColor(x, 12) == accent for x in range(image.width())) > 10

    before = filled()
    QTest.keyClick(switch, Qt.Key.Key_Space)
    assert (before, filled(), switch.isChecked()) == (False, True, True)
