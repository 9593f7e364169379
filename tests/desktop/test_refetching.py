"""A panel fetches again on news: one fetch at a time, nothing missed, nothing while it is asleep."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from puffling.desktop.panel import Area, Panel, panel
from puffling.desktop.refetching import Refetching
from puffling.desktop.session import Session
from puffling.desktop.states import Phase, States
from puffling.runtime.errors import Stopped, Unavailable
from tests.desktop.conftest import OpenWindow, until

if TYPE_CHECKING:
    from puffling.core.core import Core


@panel(id="counted", title="Counted", icon="info", area=Area.RIGHT, order=0)
class CountedPanel(Panel):
    """Shows which fetch it was that came back; each comes back when the test lets it."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.begun = 0
        self.shown: list[int] = []
        self.gate = asyncio.Event()
        self.trouble: Exception | None = None
        self.states = States(self)
        self.when_shown: Callable[[], None] = lambda: None
        self.refetching = Refetching(self, self._load, self._show, self.states)

    def wake(self, core: Core) -> None:
        self.refetching.fetch()

    def sleep(self) -> None:
        self.refetching.stop()

    async def _load(self) -> int:
        self.begun += 1
        number = self.begun
        await self.gate.wait()
        if self.trouble is not None:
            raise self.trouble
        return number

    def _show(self, number: int) -> None:
        self.shown.append(number)
        self.when_shown()


@pytest.fixture
async def counted(core: Core, open_window: OpenWindow) -> CountedPanel:
    """Such a panel, awake, its first fetch under way."""
    window = await open_window(core)
    made = CountedPanel(window.session)
    made.setParent(window)
    made.set_seen(True)
    await until(lambda: made.begun == 1)
    return made


async def test_all_the_news_that_comes_while_a_fetch_is_under_way_is_looked_at_in_one_go(
    counted: CountedPanel,
) -> None:
    for _ in range(3):
        counted.refetching.on_news()
    counted.gate.set()
    await until(lambda: counted.shown == [1, 2])
    counted.refetching.on_news()
    await until(lambda: counted.shown == [1, 2, 3])
    assert counted.live


async def test_a_burst_of_news_is_looked_at_after_a_rest_and_in_one_go(counted: CountedPanel) -> None:
    at_once: list[bool] = []

    def burst() -> None:
        counted.when_shown = lambda: None
        for _ in range(200):
            counted.refetching.on_news()
        at_once.append(not counted.refetching.idle)

    counted.when_shown = burst
    counted.gate.set()
    await until(lambda: counted.shown == [1, 2])
    assert at_once == [False]
    counted.refetching.on_news()
    await until(lambda: counted.shown == [1, 2, 3])


async def test_what_was_asked_for_anew_is_shown_and_not_what_was_asked_before(counted: CountedPanel) -> None:
    counted.refetching.fetch()
    await until(lambda: counted.begun == 2)
    counted.gate.set()
    await until(lambda: bool(counted.shown))
    assert counted.shown == [2]


async def test_a_panel_that_is_asleep_fetches_nothing_and_shows_nothing(counted: CountedPanel) -> None:
    counted.refetching.on_news()
    counted.set_seen(False)
    counted.gate.set()
    counted.refetching.on_news()
    counted.refetching.fetch()
    counted.set_seen(True)
    await until(lambda: bool(counted.shown))
    assert counted.shown == [2]


async def test_a_failure_is_said_in_the_panel_and_the_next_news_is_heard(counted: CountedPanel) -> None:
    counted.trouble = Unavailable("Nobody is there.", hint="Come back.")
    counted.gate.set()
    await until(lambda: counted.states.phase is Phase.ERROR)
    assert counted.live
    counted.trouble = None
    counted.refetching.on_news()
    await until(lambda: counted.shown == [2])


async def test_a_fetch_that_ends_without_an_answer_leaves_nobody_deaf(counted: CountedPanel) -> None:
    counted.trouble = Stopped("Stopped.")
    counted.gate.set()
    await until(lambda: counted.refetching.idle)
    counted.trouble = None
    counted.refetching.on_news()
    await until(lambda: counted.shown == [2])


async def test_a_panel_that_falls_asleep_just_as_the_window_is_filled_goes_no_further(
    open_window: OpenWindow,
) -> None:
    window = await open_window()
    session = window.session
    waiting = session.dispatch.scope.spawn(session.until_filled(), name="wait")
    await asyncio.sleep(0)
    session.note_filled()
    waiting.cancel()
    await asyncio.wait({waiting})
    assert waiting.cancelled()
