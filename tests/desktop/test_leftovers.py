"""What a test leaves open is taken down without taking the other tests along."""

from __future__ import annotations

from PySide6.QtWidgets import QApplication

from puffling.core.core import Core
from tests.desktop.conftest import OpenWindow
from tests.fixtures.leftovers import take_down


async def test_a_window_nobody_closed_is_taken_down_with_all_it_owns(
    core: Core, open_window: OpenWindow
) -> None:
    before = set(QApplication.topLevelWidgets())
    window = await open_window(core)
    window.open_workspace("research")
    await window.disconnect_core()
    await window.session.dispatch.close()
    left = [each for each in QApplication.topLevelWidgets() if each not in before]
    assert len(left) > 1
    take_down(left)
    assert set(QApplication.topLevelWidgets()) <= before
