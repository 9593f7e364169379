"""The order of sources: who answers, who is passed over, and what a person is told of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from puffling.market.demo.feed import DemoFeed
from puffling.market.demo.market import DemoMarket
from puffling.market.feeds import Feed, FeedParts, SourceAway
from puffling.market.market import Market
from puffling.market.values import Basis
from puffling.puffin.data.bars import Span
from puffling.puffin.data.instants import US_PER_DAY, day_to_us, to_us
from puffling.puffin.data.interval import Interval
from puffling.runtime.bus import Bus
from puffling.runtime.clock import FixedClock
from puffling.runtime.errors import NotFound, Unavailable
from puffling.runtime.port import Port
from puffling.runtime.tasks import TaskScope
from puffling.settings.model import Market as MarketSettings
from tests.market.memory import MemoryBars
from tests.market.remote import RemoteFeed, no_network

NOW = datetime(2026, 11, 20, 15, 30, 20, tzinfo=UTC)
NOW_US = to_us(NOW)
YEAR = day_to_us(date(2025, 11, 20)), NOW_US


@dataclass
class Desk:
    """Two vendors and the demo market behind them."""

    market: Market
    first: RemoteFeed
    second: RemoteFeed
    store: MemoryBars
    clock: FixedClock
    scope: TaskScope


def market_of(feeds: list[Feed], store: MemoryBars, clock: FixedClock, scope: TaskScope) -> Market:
    return Market(clock=clock, bus=Bus(), scope=scope, feeds=feeds, bar_store=store)


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    clock, store, scope = FixedClock(NOW), MemoryBars(), TaskScope("test")
    first = RemoteFeed(symbols=("ACME", "SPY"))
    second = RemoteFeed("other", "Other vendor", symbols=("ACME", "SOLO"), level=50.0)
    market = market_of([first, second, DemoFeed(DemoMarket(), clock)], store, clock, scope)
    yield Desk(market, first, second, store, clock, scope)
    await scope.close()


async def test_the_first_source_that_has_a_symbol_answers(desk: Desk) -> None:
    acme = await desk.market.bars("ACME", Interval.D1, *YEAR)
    solo = await desk.market.bars("SOLO", Interval.D1, *YEAR)
    demo = await desk.market.bars("QQQ", Interval.D1, *YEAR)
    assert [each.source for each in (acme, solo, demo)] == ["vendor", "other", "demo"]
    assert [each.warnings for each in (acme, solo, demo)] == [(), (), ()]
    assert (acme.currency, acme.basis, acme.adjusted) == ("EUR", Basis.ADJUSTED, True)


async def test_a_symbol_is_asked_for_once_and_known_after_a_restart(desk: Desk) -> None:
    for _ in range(3):
        await desk.market.bars("SOLO", Interval.D1, *YEAR)
        await desk.market.bars("QQQ", Interval.D1, *YEAR)
    assert desk.first.questions.count("learn SOLO") == desk.first.questions.count("learn QQQ") == 1
    assert desk.second.questions.count("learn SOLO") == 1
    again = RemoteFeed("other", "Other vendor", symbols=("SOLO",), level=50.0)
    market = market_of([again], desk.store, desk.clock, desk.scope)
    await market.start()
    again.away = no_network()
    assert market.instrument("SOLO").name == "Solo Inc."
    kept = await market.bars("SOLO", Interval.D1, YEAR[0], NOW_US - 5 * US_PER_DAY)
    assert len(kept.bars) > 200
    assert not any("learn" in question for question in again.questions)


async def test_where_a_source_fails_the_next_one_answers_and_the_history_says_so(desk: Desk) -> None:
    desk.first.away = no_network()
    history = await desk.market.bars("ACME", Interval.D1, *YEAR)
    assert (history.source, history.label) == ("other", "Other vendor")
    assert history.warnings == (
        "No answer from Vendor: The network is away. These bars are from Other vendor.",
    )
    assert history.bars.close[-1] < 60.0


async def test_a_series_is_never_made_of_two_sources(desk: Desk) -> None:
    half = NOW_US - 180 * US_PER_DAY
    await desk.market.bars("ACME", Interval.D1, YEAR[0], half)
    desk.first.away = no_network()
    whole = await desk.market.bars("ACME", Interval.D1, *YEAR)
    assert whole.source == "other"
    assert len(whole.bars) > 240
    assert float(whole.bars.high.max()) < 60.0
    desk.clock.advance(3_600.0)
    desk.first.away = None
    back = await desk.market.bars("ACME", Interval.D1, *YEAR)
    assert (back.source, back.warnings) == ("vendor", ())
    assert float(back.bars.low.min()) > 80.0


async def test_a_named_source_is_never_replaced(desk: Desk) -> None:
    desk.first.away = no_network()
    with pytest.raises(SourceAway, match="network"):
        await desk.market.bars("ACME", Interval.D1, *YEAR, source="vendor")
    with pytest.raises(NotFound, match="demo does not know ACME"):
        await desk.market.bars("ACME", Interval.D1, *YEAR, source="demo")
    assert (await desk.market.bars("ACME", Interval.D1, *YEAR, source="other")).source == "other"


async def test_when_nobody_answers_every_source_is_named_with_its_reason(desk: Desk) -> None:
    desk.first.away = no_network()
    desk.second.away = SourceAway("The limit of requests is reached.")
    with pytest.raises(Unavailable) as nobody:
        await desk.market.bars("ACME", Interval.D1, *YEAR)
    assert nobody.value.message == "Nobody has bars of 1d of ACME now."
    assert "Vendor: The network is away. Check the connection." in nobody.value.hint
    assert "Other vendor: The limit of requests is reached." in nobody.value.hint


async def test_when_nobody_answers_what_is_kept_is_given_and_said_to_be(desk: Desk) -> None:
    until = NOW_US - 30 * US_PER_DAY
    await desk.market.bars("ACME", Interval.D1, YEAR[0], until)
    desk.first.away = desk.second.away = no_network()
    history = await desk.market.bars("ACME", Interval.D1, *YEAR)
    assert history.source == "vendor"
    assert int(history.bars.time[-1]) < until
    assert "These are the bars kept from before." in history.warnings
    assert any("ends too early" in warning for warning in history.warnings)


async def test_nobody_knowing_a_symbol_is_not_the_same_as_nobody_answering(desk: Desk) -> None:
    with pytest.raises(NotFound, match="No feed knows NOPE"):
        await desk.market.bars("NOPE", Interval.D1, *YEAR)
    desk.first.away = no_network()
    with pytest.raises(Unavailable):
        await desk.market.bars("NOPE2", Interval.D1, *YEAR)


async def test_a_source_that_is_away_is_left_in_peace_for_a_while(desk: Desk) -> None:
    desk.first.away = no_network()
    for _ in range(5):
        await desk.market.bars("ACME", Interval.D1, *YEAR)
    assert len(desk.first.questions) == 1
    desk.clock.advance(31.0)
    await desk.market.bars("ACME", Interval.D1, *YEAR)
    assert len(desk.first.questions) == 2


async def test_a_clock_that_is_set_back_ends_the_rest_of_a_source(desk: Desk) -> None:
    desk.first.away = no_network()
    await desk.market.bars("ACME", Interval.D1, *YEAR)
    desk.first.away = None
    desk.clock.set(NOW - timedelta(hours=3))
    history = await desk.market.bars("ACME", Interval.D1, *YEAR)
    assert (history.source, history.warnings) == (desk.first.source, ())


async def test_a_source_without_the_width_leaves_it_to_the_next(desk: Desk) -> None:
    desk.first.intervals = frozenset({Interval.D1})
    history = await desk.market.bars("ACME", Interval.H1, NOW_US - 10 * US_PER_DAY, NOW_US)
    assert (history.source, history.warnings) == ("other", ())
    with pytest.raises(Unavailable, match="Vendor has bars of 1d only"):
        await desk.market.bars("ACME", Interval.H1, NOW_US - 10 * US_PER_DAY, NOW_US, source="vendor")


async def test_a_missing_newest_bar_is_said_and_the_history_stays(desk: Desk) -> None:
    desk.first.tail_away = no_network()
    history = await desk.market.bars("ACME", Interval.D1, *YEAR)
    assert (history.source, len(history.bars) > 200, history.developing) == ("vendor", True, False)
    assert history.warnings == ("The newest bar is missing. Vendor: The network is away.",)


async def test_a_renamed_share_is_shown_under_its_new_name_without_a_jump(desk: Desk) -> None:
    desk.first.renamed = {"OLDCO": "ACME"}
    history = await desk.market.bars("OLDCO", Interval.D1, *YEAR)
    assert history.key.symbol == "ACME"
    assert history.warnings == ("OLDCO is called ACME now.",)
    assert history.clean == history.bars
    assert {key.symbol for key in desk.store.kept} == {"ACME"}


async def test_a_search_asks_the_sources_and_puts_what_is_known_here_first(desk: Desk) -> None:
    found = await desk.market.find("sp")
    assert found[0].symbol == "SPY"
    assert [each.symbol for each in await desk.market.find("solo")] == ["SOLO"]
    desk.first.away = desk.second.away = no_network()
    assert await desk.market.find("solo") == ()
    assert (await desk.market.find("spy"))[0].symbol == "SPY"


async def test_the_newest_price_of_a_symbol_nobody_watched_is_asked_for(desk: Desk) -> None:
    with pytest.raises(Unavailable, match="not known yet"):
        desk.market.price("ACME")
    assert (await desk.market.latest("ACME")).price == 101.0
    assert desk.market.price("ACME").source == "vendor"


async def test_a_symbol_is_watched_as_soon_as_its_source_knows_it(desk: Desk) -> None:
    await desk.market.start()
    stop = desk.market.watch(("ACME",))
    for _ in range(20):
        await asyncio.sleep(0)
    assert desk.market.instrument("ACME").exchange == "NYSE"
    stop()
    await desk.market.close()
    assert desk.first.closed
    assert desk.second.closed


async def test_another_order_counts_at_once_and_no_line_goes_on_with_another_source() -> None:
    clock, scope, bus = FixedClock(NOW), TaskScope("test"), Bus()
    parts = FeedParts(clock, Port(clock), lambda _: None, Path(), MarketSettings())
    market = Market.of(("demo",), parts=parts, bus=bus, scope=scope, bar_store=MemoryBars())
    await market.start()
    stop = market.watch(("AAPL",))
    await asyncio.sleep(0)
    assert market.price("AAPL").source == "demo"
    await market.use(("samples", "demo"), parts)
    await asyncio.sleep(0)
    assert market.price("AAPL").source == "samples"
    assert [state.source for state in market.feed_states()] == ["samples", "demo"]
    await market.use(("samples",), parts)
    await asyncio.sleep(0)
    assert [state.source for state in market.feed_states()] == ["samples"]
    with pytest.raises(NotFound):
        market.price("SPY")
    stop()
    await market.use(("demo", "samples"), parts)
    assert (await market.bars("AAPL", Interval.D1, *YEAR)).source == "demo"
    await scope.close()


async def test_bars_wanted_anew_are_asked_for_although_they_are_kept(desk: Desk) -> None:
    await desk.market.bars("ACME", Interval.D1, *YEAR)
    asked = len(desk.first.asked)
    await desk.market.bars("ACME", Interval.D1, *YEAR)
    assert len(desk.first.asked) == asked
    desk.first.level = 101.0
    fresh = await desk.market.bars("ACME", Interval.D1, *YEAR, source="vendor", anew=True)
    assert len(desk.first.asked) == asked + 1
    kept = await desk.market.bars("ACME", Interval.D1, *YEAR)
    assert (
        kept.bars.close[5]
        == fresh.bars.close[5]
        == pytest.approx(desk.first.truth(Interval.D1, Span(*YEAR)).close[5])
    )


async def test_a_source_that_fails_when_asked_anew_takes_nothing_away(desk: Desk) -> None:
    before = await desk.market.bars("ACME", Interval.D1, *YEAR)
    desk.first.changed = lambda bars, _: bars[:0]
    with pytest.raises(Unavailable, match="no bars"):
        await desk.market.bars("ACME", Interval.D1, *YEAR, source="vendor", anew=True)
    desk.first.away = no_network()
    with pytest.raises(Unavailable):
        await desk.market.bars("ACME", Interval.D1, *YEAR, source="vendor", anew=True)
    after = await desk.market.bars("ACME", Interval.D1, *YEAR, source="vendor")
    assert after.bars.close.tolist() == before.bars.close.tolist()


async def test_what_is_kept_of_wide_bars_is_what_they_are_made_of(desk: Desk) -> None:
    assert (await desk.market.coverage("ACME", Interval.W1)).spans == ()
    await desk.market.bars("ACME", Interval.D1, *YEAR)
    kept = await desk.market.coverage("ACME", Interval.W1)
    assert (kept.key.interval, kept.spans[0].start_us) == (Interval.D1, YEAR[0])
