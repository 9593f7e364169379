"""The lock of the window: what is covered cannot be reached, and trading can still be halted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QPointF, Qt
from PySide6.QtGui import QKeyEvent, QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QPushButton, QWidget

from puffling.desktop.ask import Question, ask
from puffling.desktop.lock import LockScreen
from puffling.desktop.notices import Level, Toast
from puffling.runtime.clock import FixedClock
from puffling.trading.values import TradingState
from tests.desktop.conftest import OpenWindow, until

if TYPE_CHECKING:
    from puffling.core.core import Core
    from puffling.desktop.window import Window

pytestmark = pytest.mark.usefixtures("as_person")


def screen(window: Window) -> LockScreen:
    assert window.live is not None
    assert window.live.lock.screen is not None
    return window.live.lock.screen


def offers(window: Window) -> list[QPushButton]:
    """What the notices on the screen offer."""
    buttons = [button for toast in window.findChildren(Toast) for button in toast.findChildren(QPushButton)]
    return [button for button in buttons if button.isVisible() and button.text()]


def said(window: Window) -> list[str]:
    """What the notices on the screen say."""
    return [notice.text for notice in window.notices.shown]


def has_keyboard(widget: QWidget) -> bool:
    """Tell whether the keyboard is somewhere in it."""
    place = widget.window().focusWidget()
    return place is not None and widget.isAncestorOf(place)


async def test_a_locked_window_shows_nothing_and_takes_no_command_but_halt(
    core: Core, open_window: OpenWindow
) -> None:
    window = await open_window(core)
    window.docks["watchlist"].setFloating(True)
    window.session.actions.run("window.lock")
    cover = screen(window)
    assert cover.isVisible()
    assert cover.geometry().top() == window.top.geometry().bottom() + 1
    assert cover.geometry().bottom() >= window.height() - 1
    assert window.docks["watchlist"].isHidden()
    window.session.actions.run("window.hide-amounts")
    window.session.actions.run("window.workspace-research")
    assert window.workspace.id == "trade"
    assert not core.settings_now.window.hide_amounts
    assert not window.top.menu_button.isEnabled()
    QTest.keyClick(cover, Qt.Key.Key_Tab)
    assert cover.isAncestorOf(window.focusWidget())
    QTest.mouseClick(window.top.halt, Qt.MouseButton.LeftButton)
    await until(lambda: core.safety.look().trading is TradingState.HALTED)
    assert cover.isVisible()


async def test_what_is_told_offers_nothing_while_the_window_is_locked_and_waits_until_it_is_not(
    core: Core, open_window: OpenWindow
) -> None:
    window = await open_window(core)
    done: list[str] = []
    window.notices.dismiss_all()
    window.notices.tell("List deleted", action="Undo", act=lambda: done.append("before"))
    window.session.actions.run("window.lock")
    window.notices.tell("Bought 1 SPY", action="Show trades", act=lambda: done.append("meanwhile"))
    assert window.notices.shown == ()
    # What went wrong is said all the same: it may be that trading could not be halted.
    window.notices.tell("Not halted", level=Level.ERROR, action="Again", act=lambda: done.append("error"))
    assert said(window) == ["Not halted"]
    assert offers(window) == []
    QTest.mouseClick(screen(window).button, Qt.MouseButton.LeftButton)
    assert said(window) == ["List deleted", "Bought 1 SPY", "Not halted"]
    assert [offer.text() for offer in offers(window)] == ["Undo", "Show trades", "Again"]
    offers(window)[0].click()
    assert done == ["before"]


async def test_a_question_or_a_sheet_that_comes_up_waits_below_the_lock_and_gets_no_key(
    core: Core, open_window: OpenWindow
) -> None:
    window = await open_window(core)
    answers: list[bool] = []
    window.session.actions.run("window.lock")
    cover = screen(window)

    async def question() -> bool:
        return await ask(window, "Buy 1 SPY?", act="Buy")

    window.session.dispatch.run(question, name="ask", then=answers.append)
    await until(lambda: bool(window.findChildren(Question)))
    window.sheet.open_with("Result", QLabel("42"))
    [asked] = window.findChildren(Question)
    for below in (asked, window.sheet):
        assert below.isVisible()
        on_top = window.childAt(below.geometry().center())
        assert on_top is not None
        assert on_top is cover or cover.isAncestorOf(on_top)
    assert has_keyboard(cover)
    QTest.mouseClick(cover.button, Qt.MouseButton.LeftButton)
    QTest.keyClick(asked, Qt.Key.Key_Escape)
    await until(lambda: answers == [False])


async def test_quitting_a_locked_window_can_be_answered(core: Core, open_window: OpenWindow) -> None:
    window = await open_window(core)
    window.session.actions.run("window.lock")
    answers: list[bool] = []

    async def question() -> bool:
        return await ask(window, "Quit?", act="Stop 1 job and quit", danger=True, only_stops=True)

    window.session.dispatch.run(question, name="ask", then=answers.append)
    await until(lambda: bool(window.findChildren(Question)))
    [asked] = window.findChildren(Question)
    assert has_keyboard(asked)
    QTest.keyClick(asked, Qt.Key.Key_Escape)
    await until(lambda: answers == [False])


async def test_without_a_passphrase_a_click_unlocks_and_the_cover_says_so(
    core: Core, open_window: OpenWindow
) -> None:
    window = await open_window(core)
    window.docks["watchlist"].setFloating(True)
    window.session.actions.run("window.lock")
    cover = screen(window)
    assert "anybody who clicks" in cover.said.text()
    QTest.mouseClick(cover.button, Qt.MouseButton.LeftButton)
    await until(cover.isHidden)
    assert not window.docks["watchlist"].isHidden()
    window.session.actions.run("window.workspace-research")
    assert window.workspace.id == "research"


async def test_with_a_passphrase_only_it_unlocks(core: Core, open_window: OpenWindow) -> None:
    await core.registry.invoke("settings.open-vault", {"passphrase": "five kind words here"})
    await core.registry.invoke(
        "settings.keep-key", {"name": "OPENAI_API_KEY", "secret": "made-up", "place": "encrypted file"}
    )
    window = await open_window(core)
    window.session.actions.run("window.lock")
    cover = screen(window)
    await until(cover.field.isVisible)
    QTest.keyClicks(cover.field, "wrong words")
    QTest.keyClick(cover.field, Qt.Key.Key_Return)
    await until(cover.wrong.isVisible)
    assert cover.isVisible()
    QTest.keyClicks(cover.field, "five kind words here")
    QTest.keyClick(cover.field, Qt.Key.Key_Return)
    await until(cover.isHidden)


async def test_it_locks_itself_when_nobody_has_touched_it_for_as_long_as_the_setting_says(
    core: Core, clock: FixedClock, open_window: OpenWindow
) -> None:
    window = await open_window(core)
    assert window.live is not None
    lock = window.live.lock
    clock.advance(70)
    lock.look()
    assert not lock.locked
    await core.settings.put("window.lock_minutes", 1)
    lock.look()
    clock.advance(50)
    lock.look()
    assert not lock.locked
    clock.advance(20)
    lock.look()
    assert lock.locked


async def test_a_touch_of_a_hand_puts_the_lock_off(
    core: Core, clock: FixedClock, open_window: OpenWindow
) -> None:
    window = await open_window(core)
    assert window.live is not None
    lock = window.live.lock
    await core.settings.put("window.lock_minutes", 1)
    lock.look()
    handle = window.windowHandle()
    middle = QPointF(window.rect().center())
    nothing, none = Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier
    touches = (
        QKeyEvent(QEvent.Type.KeyPress, Qt.Key.Key_Shift, Qt.KeyboardModifier.ShiftModifier),
        QMouseEvent(QEvent.Type.MouseMove, middle, middle, nothing, nothing, none),
    )
    for touch in touches:
        clock.advance(50)
        QCoreApplication.sendEvent(handle, touch)
        clock.advance(50)
        lock.look()
        assert not lock.locked
    clock.advance(20)
    lock.look()
    assert lock.locked


async def test_the_words_of_the_lock_stand_whole_and_enter_unlocks(
    core: Core, open_window: OpenWindow
) -> None:
    window = await open_window(core)
    window.session.actions.run("window.lock")
    cover = screen(window)
    await until(lambda: cover.said.height() >= cover.said.heightForWidth(cover.said.width()))
    QTest.keyClick(cover.button, Qt.Key.Key_Return)
    await until(lambda: not cover.isVisible())
