from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLineEdit, QPushButton, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from puffling.desktop.notices import MOST_SHOWN, Level, Notices, Toast
from puffling.desktop.theme import Appearance, Scheme, look


@pytest.fixture
def window(qtbot: QtBot) -> Iterator[QWidget]:
    look().wear(Appearance(Scheme.DARK, reduced_motion=True))
    made = QWidget()
    qtbot.addWidget(made)
    made.resize(900, 600)
    field = QLineEdit()
    QVBoxLayout(made).addWidget(field)
    made.show()
    made.activateWindow()
    field.setFocus()
    yield made
    made.close()


def toasts(window: QWidget) -> list[Toast]:
    return [toast for toast in window.findChildren(Toast) if toast.isVisible()]


def test_a_notice_never_takes_the_keyboard(window: QWidget) -> None:
    before = QApplication.focusWidget()
    notices = Notices(window)
    notices.tell("The order was refused", level=Level.ERROR, action="Show limits", act=lambda: None)
    toast = toasts(window)[0]
    assert QApplication.focusWidget() is before
    assert all(
        not button.focusPolicy() & Qt.FocusPolicy.ClickFocus & ~Qt.FocusPolicy.TabFocus
        for button in toast.findChildren(QPushButton)
    )
    notices.dismiss_all()


def test_notices_stack_at_the_bottom_right_the_newest_lowest(window: QWidget) -> None:
    notices = Notices(window)
    for text in ("one", "two", "three"):
        notices.tell(text, level=Level.ERROR)
    places = {toast.notice.text: toast.geometry() for toast in toasts(window)}
    assert places["one"].top() < places["two"].top() < places["three"].top()
    assert window.height() - 60 < places["three"].bottom() < window.height()
    assert window.width() - 10 < places["three"].right() <= window.width() + 14
    notices.dismiss_all()


def test_errors_stay_and_passing_notices_make_room_for_new_ones(window: QWidget) -> None:
    notices = Notices(window)
    notices.tell("refused", level=Level.ERROR)
    for number in range(MOST_SHOWN + 2):
        notices.tell(f"saved {number}", level=Level.DONE)
    assert len(notices.shown) == MOST_SHOWN
    assert notices.shown[0].text == "refused"
    assert len(notices.history) == MOST_SHOWN + 3
    notices.dismiss_all()


def test_the_same_notice_is_not_shown_twice(window: QWidget) -> None:
    notices = Notices(window)
    for _ in range(3):
        notices.tell("The feed is slow", level=Level.WARN)
    assert len(notices.shown) == 1
    notices.dismiss_all()


def test_the_offered_act_is_done_once_and_the_notice_goes(window: QWidget) -> None:
    done: list[str] = []
    notices = Notices(window, now=lambda: datetime(2026, 1, 2, tzinfo=UTC))
    notices.tell("List deleted", action="Undo", act=lambda: done.append("undo"))
    offer = next(b for b in toasts(window)[0].findChildren(QPushButton) if b.text() == "Undo")
    offer.click()
    assert done == ["undo"]
    assert toasts(window) == []
    assert notices.history[0].time == datetime(2026, 1, 2, tzinfo=UTC)


def test_a_screen_reader_is_told(window: QWidget) -> None:
    notices = Notices(window)
    notices.tell("The feed is slow", level=Level.WARN, hint="Prices are 12 s old.")
    toast = toasts(window)[0]
    assert (toast.accessibleName(), toast.accessibleDescription()) == (
        "The feed is slow",
        "Prices are 12 s old.",
    )
    notices.dismiss_all()


def test_a_window_that_closes_takes_its_notices_along(window: QWidget) -> None:
    notices = Notices(window)
    notices.tell("passing")
    window.close()
    assert notices.shown == ()
