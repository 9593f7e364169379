"""How a feed is doing, in words and on the lines of the window."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from puffling.desktop.feed_words import feed_tooltip, feed_words, short_feed_words
from puffling.desktop.panels.chart import ChartPanel
from puffling.desktop.panels.watchlist import WatchlistPanel
from puffling.desktop.states import Phase
from puffling.market.values import Condition, Doubt, FeedState, Quality, words_of
from puffling.runtime.clock import FixedClock
from tests.desktop.conftest import OpenWindow, until

if TYPE_CHECKING:
    from puffling.core.core import Core

FEED = FeedState(
    "iex", "IEX only", Quality.REALTIME, connected=True, age_seconds=12.0, condition=Condition.LIVE
)


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        (Condition.LIVE, "12 s"),
        (Condition.QUIET, "connected"),
        (Condition.STALE, "stale, last price 12 s ago"),
        (Condition.MUTE, "connected, but silent"),
        (Condition.RECONNECTING, "reconnecting, try 3 in 4.0 s"),
        (Condition.OFF, "not connected"),
    ],
)
def test_every_condition_has_its_words(condition: Condition, said: str) -> None:
    state = replace(FEED, condition=condition, attempt=3, next_try_seconds=4.0, left_out=1_200, note="Why")
    assert feed_words(state) == said
    assert feed_tooltip(state).startswith("IEX only: ")
    assert "Why" in feed_tooltip(state)
    assert "1,200 messages" in feed_tooltip(state)
    assert bool(short_feed_words(state)) == (condition not in {Condition.LIVE, Condition.QUIET})


def test_every_doubt_has_its_words() -> None:
    assert len({words_of(doubt) for doubt in Doubt}) == len(Doubt)


async def test_pulling_the_network_says_stale_on_the_bottom_line_and_a_price_heals_it(
    core: Core, open_window: OpenWindow, clock: FixedClock
) -> None:
    window = await open_window(core)
    board, line = core.market._board, window.bottom.feed
    clock.advance(1.0)
    await until(lambda: board.states()[0].condition is Condition.LIVE and "Demo data" in line.text())
    # The demo feed says nothing more: what it would stream comes through here.
    board.reconnecting("demo", 1, 5.0, "no network")
    await until(lambda: line.text() == "Demo data · reconnecting, try 1 in 5.0 s")
    assert line.property("tone") == "warn"
    assert "no network" in line.toolTip()
    board.connection("demo", connected=True)
    clock.advance(1.0)
    await until(lambda: line.property("tone") == "muted")


async def test_a_chart_and_a_watchlist_of_a_silent_feed_say_so_until_a_price_comes(
    core: Core, open_window: OpenWindow, clock: FixedClock
) -> None:
    window = await open_window(core)
    panel = window.docks["chart"].panel
    assert isinstance(panel, ChartPanel)
    await until(lambda: panel.source.text() == "Demo data")
    core.market._board.reconnecting("demo", 1, 5.0)
    await until(lambda: panel.source.text() == "reconnecting")
    assert panel.source.property("tone") == "warn"
    watchlist = window.docks["watchlist"].panel
    assert isinstance(watchlist, WatchlistPanel)
    await until(lambda: watchlist.table.states.phase is Phase.STALE)
    core.market._board.connection("demo", connected=True)
    await until(lambda: panel.source.text() == "Demo data")
    assert watchlist.table.states.phase is Phase.CONTENT
