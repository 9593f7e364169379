"""The Quote panel follows the selection, says how good and fresh its prices are, and costs nothing unseen."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from PySide6.QtGui import QGuiApplication

from puffling.desktop.dispatch import PERSON
from puffling.desktop.panels.quote import QuotePanel
from puffling.desktop.states import Phase
from puffling.market.events import BooksMoved, PricesMoved, QuotesMoved, TapePrinted
from puffling.market.values import BidAsk, Condition, Tick
from puffling.runtime.actor import calling_as
from puffling.runtime.clock import FixedClock
from tests.desktop.conftest import OpenWindow, close_window, until

if TYPE_CHECKING:
    from puffling.core.core import Core
    from puffling.desktop.window import Window


def panel_of(window: Window) -> QuotePanel:
    """The quote panel of a window."""
    panel = window.docks["quote"].panel
    assert isinstance(panel, QuotePanel)
    return panel


async def shown(core: Core, open_window: OpenWindow, symbol: str = "SPY") -> tuple[Window, QuotePanel]:
    """A window with the panel in sight and all of one symbol in it."""
    window = await open_window(core)
    window.session.selection.choose(symbol)
    window.show_panel("quote")
    panel = panel_of(window)
    await until(lambda: panel.live and panel.parts.face.facts.year_high is not None)
    return window, panel


async def test_it_follows_the_selection(core: Core, open_window: OpenWindow) -> None:
    window, panel = await shown(core, open_window)
    window.session.selection.choose("BTC/USD")
    face = panel.parts.face
    await until(lambda: face.facts.symbol == "BTC/USD" and face.facts.quote is not None)
    assert panel.symbol.text() == "BTC/USD"
    assert face.facts.session == "Trades day and night"
    assert face.facts.quote is not None
    assert face.facts.quote.symbol == "BTC/USD"
    await until(lambda: len(panel.parts.tape.lines) > 100)


async def test_the_panel_says_what_there_is_to_know(core: Core, open_window: OpenWindow) -> None:
    _, panel = await shown(core, open_window, "AAPL")
    facts = panel.parts.face.facts
    assert facts.quality[0] == "Demo data"
    assert facts.session == "Open · closes in 5 h 0 min"
    assert facts.price is not None
    assert facts.quote is not None
    assert facts.quote.bid <= facts.price.price <= facts.quote.ask
    (day, low, high), (year, lowest, highest) = facts.ranges()
    assert (day, year) == ("Day", "Year")
    assert low is not None
    assert high is not None
    assert lowest is not None
    assert highest is not None
    assert lowest <= low <= facts.price.price <= high <= highest


async def test_a_price_a_quote_a_trade_and_a_book_are_shown_as_they_come(
    core: Core, open_window: OpenWindow
) -> None:
    _, panel = await shown(core, open_window)
    price = core.data.newest("SPY")
    assert price is not None
    time_us = price.time_us + 1_000_000
    face, tape = panel.parts.face, panel.parts.tape
    await until(lambda: len(tape.lines) > 100)
    core.bus.publish(PricesMoved({"SPY": price._replace(price=812.5)}))
    core.bus.publish(QuotesMoved({"SPY": BidAsk("SPY", 812.0, 813.0, 300.0, 100.0, time_us)}))
    core.bus.publish(TapePrinted({"SPY": (Tick("SPY", 812.5, 77.0, time_us),)}))
    await until(lambda: face.facts.last == "812.50")
    assert face.facts.spread_words == ("1.00", "12.3 bp")
    assert face.facts.bid_share == pytest.approx(0.75)
    assert (tape.lines[0].price, tape.lines[0].size, tape.lines[0].direction) == (812.5, 77.0, 1)


async def test_what_cannot_be_seen_is_not_asked_for(core: Core, open_window: OpenWindow) -> None:
    window, panel = await shown(core, open_window)
    asked = core.market._board.asked
    assert asked.quoted.symbols() == {"SPY"}
    assert asked.taped.symbols() == {"SPY"}
    assert asked.booked.symbols() == frozenset()
    panel.parts.choose("book")
    assert asked.taped.symbols() == frozenset()
    assert asked.booked.symbols() == {"SPY"}
    # Others listen too, such as the paper account.
    heard = {event: core.bus.listeners(event) for event in (QuotesMoved, TapePrinted, BooksMoved)}
    window.docks["quote"].hide()
    await until(lambda: not panel.awake)
    for watched in (asked.quoted, asked.taped, asked.booked):
        assert watched.symbols() == frozenset()
    for event, before in heard.items():
        assert core.bus.listeners(event) == before - 1


async def test_a_feed_without_quotes_is_shown_with_what_it_has(core: Core, open_window: OpenWindow) -> None:
    window, panel = await shown(core, open_window)
    window.session.selection.choose("FB")
    parts = panel.parts
    parts.choose("book")
    await until(lambda: parts.ladder.states.phase is Phase.EMPTY)
    parts.choose("tape")
    await until(lambda: parts.tape.states.phase is Phase.EMPTY)
    assert parts.face.facts.has_quotes is False
    assert parts.face.facts.last != "–"
    assert parts.face.facts.side("bid") == ("–", "")
    window.session.selection.choose("SPY")
    await until(lambda: len(parts.tape.lines) > 100)
    assert parts.tape.states.phase is Phase.CONTENT


async def test_an_unknown_symbol_is_said_and_the_next_known_one_shown(
    core: Core, open_window: OpenWindow
) -> None:
    window, panel = await shown(core, open_window)
    window.session.selection.choose("NOSUCH")
    await until(lambda: panel.states.phase is Phase.ERROR)
    window.session.selection.choose("QQQ")
    await until(lambda: panel.parts.face.facts.symbol == "QQQ")
    assert panel.states.phase is Phase.CONTENT


async def test_another_feed_leaves_nothing_of_the_one_before(
    core: Core, open_window: OpenWindow, clock: FixedClock
) -> None:
    _, panel = await shown(core, open_window, "AAPL")
    face, tape = panel.parts.face, panel.parts.tape
    await until(lambda: len(tape.lines) > 100)
    with calling_as(PERSON):
        await core.settings.put("market.feeds", ["samples", "demo"])

    def changed() -> bool:
        clock.advance(0.1)
        return face.facts.price is not None and face.facts.price.source == "samples"

    await until(changed)
    await until(lambda: not face.facts.has_quotes and not tape.lines)
    assert face.facts.side("bid") == ("–", "")


async def test_silence_of_the_feed_and_what_was_left_out_are_said(
    core: Core, open_window: OpenWindow, clock: FixedClock
) -> None:
    _, panel = await shown(core, open_window)
    board, facts = core.market._board, panel.parts.face
    price = core.market.price("SPY")
    board.snapshots((price._replace(price=float("nan")),))
    board.reconnecting("demo", 3, 8.0, "no network")
    await until(lambda: facts.facts.feed is not None and facts.facts.feed.condition is Condition.RECONNECTING)
    assert facts.facts.left_out == ("not a number (1)",)
    clock.advance(2.0)
    await asyncio.sleep(0.05)
    assert facts.facts.feed is not None
    assert facts.facts.feed.next_try_seconds == pytest.approx(6.0)


async def test_the_keyboard_reaches_and_copies_it(core: Core, open_window: OpenWindow) -> None:
    window, panel = await shown(core, open_window)
    window.show_panel("watchlist")
    window.show_panel("quote")
    await until(panel.parts.face.hasFocus)
    window.actions_.run("window.copy-quote")
    copied = QGuiApplication.clipboard().text()
    assert copied.startswith("Symbol\tSPY\nName\tSPDR S&P 500 ETF Trust\nLast\t")
    assert "Source\tDemo data" in copied
    window.actions_.run("window.quote-depth")
    assert panel.parts.chosen == "book"
    window.actions_.run("window.quote-trades")
    assert panel.parts.chosen == "tape"


async def test_what_was_chosen_is_there_at_the_next_start(core: Core, open_window: OpenWindow) -> None:
    window, panel = await shown(core, open_window)
    panel.parts.choose("book")
    snapshot = await close_window(window)
    again = panel_of(await open_window(snapshot=snapshot))
    assert again.parts.chosen == "book"
