"""The help beside the work: its pages, and the page one was on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from puffling.desktop.panels.guide import GuidePanel
from tests.desktop.conftest import OpenWindow, close_window, until

if TYPE_CHECKING:
    from puffling.core.core import Core
    from puffling.desktop.window import Window


def guide_in(window: Window) -> GuidePanel:
    window.show_panel("guide")
    found = window.findChild(GuidePanel)
    assert isinstance(found, GuidePanel)
    return found


async def test_the_help_opens_on_its_first_page_and_turns_to_others(
    core: Core, open_window: OpenWindow
) -> None:
    guide = guide_in(await open_window(core))
    await until(lambda: "demo market" in guide.page.toPlainText())
    assert guide.topics.count() >= 10
    guide.topics.setCurrentIndex(guide.topics.findData("safety"))
    guide.topics.activated.emit(guide.topics.currentIndex())
    await until(lambda: "Halt trading" in guide.page.toPlainText())


async def test_the_page_one_was_on_is_there_again(core: Core, open_window: OpenWindow) -> None:
    window = await open_window(core)
    guide = guide_in(window)
    await until(lambda: guide.live)
    guide.open("keys")
    await until(lambda: "passphrase" in guide.page.toPlainText())
    snapshot = await close_window(window)
    again = guide_in(await open_window(core, snapshot))
    await until(lambda: again.live)
    assert again.topics.currentData() == "keys"
