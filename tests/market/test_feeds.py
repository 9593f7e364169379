"""The chain of feeds."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from puffling.market.chain import FeedChain
from puffling.market.demo.feed import DemoFeed
from puffling.market.demo.market import DemoMarket
from puffling.market.samples_feed import SamplesFeed
from puffling.market.values import Quality, SessionState
from puffling.puffin.data.bars import Span
from puffling.puffin.data.instants import day_to_us, from_us
from puffling.puffin.data.interval import Interval
from puffling.puffin.data.samples import SamplesProvider
from puffling.runtime.clock import FixedClock
from puffling.runtime.errors import NotFound, Unavailable


@pytest.fixture
def chain(checkout: Path) -> FeedChain:
    clock = FixedClock(datetime(2026, 11, 20, 15, tzinfo=UTC))
    samples = SamplesFeed(SamplesProvider(checkout / "resources" / "samples"))
    return FeedChain([DemoFeed(DemoMarket(), clock), samples])


def test_the_first_feed_that_knows_a_symbol_answers(chain: FeedChain) -> None:
    assert chain.feed_of("AAPL").source == "demo"
    assert chain.feed_of("IBM").source == "samples"
    assert chain.feed_of("AAPL", "samples").quality is Quality.SAMPLE


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("APPL", "AAPL"), ("BTCUSD", "BTC/USD"), ("spy", "SPY"), ("microsoft", "MSFT"), ("Aple", "AAPL")],
)
def test_an_unknown_symbol_is_told_with_what_comes_near(chain: FeedChain, typed: str, meant: str) -> None:
    with pytest.raises(NotFound) as unknown:
        chain.instrument(typed)
    assert typed in unknown.value.message
    assert meant in unknown.value.hint


def test_an_unknown_feed_names_the_feeds(chain: FeedChain) -> None:
    with pytest.raises(NotFound) as unknown:
        chain.feed_of("SPY", "bloomberg")
    assert "demo, samples" in unknown.value.hint


def test_search_finds_by_symbol_first_and_by_name_after(chain: FeedChain) -> None:
    assert [found.symbol for found in chain.search("v")][:2] == ["V", "VNQ"]
    assert [found.symbol for found in chain.search("bitcoin")] == ["BTC/USD"]
    assert "IBM" in [found.symbol for found in chain.search("business mach")]
    assert len(chain.search("", 1_000)) == len({found.symbol for found in chain.search("", 1_000)}) >= 33
    assert len(chain.search("", 5)) == 5
    assert chain.search("nothing like it") == ()


def test_a_sample_shows_its_last_close_and_rests(chain: FeedChain) -> None:
    price = chain.feed_of("FB").price("FB")
    assert (price.session, price.label) == (SessionState.CLOSED, "Sample data, real prices")
    assert from_us(price.time_us) == datetime(2013, 3, 1, 21, tzinfo=UTC)
    assert price.price == 27.78


async def test_samples_answer_days_and_refuse_minutes(chain: FeedChain) -> None:
    span = Span(day_to_us(date(2012, 1, 1)), day_to_us(date(2013, 1, 1)))
    feed = chain.feed_of("IBM")
    assert len((await feed.bars("IBM", Interval.D1, span)).time) == 250
    with pytest.raises(Unavailable, match="daily"):
        await feed.bars("IBM", Interval.M1, span)
