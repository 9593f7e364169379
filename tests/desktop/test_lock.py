"""The lock of the window: what is covered cannot be reached, and trading can still be halted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from puffling.desktop.lock import LockScreen
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
