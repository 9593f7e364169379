"""The desk sees the newest price, and whatever strange the source told since."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from puffling.core.core import Core
from puffling.market.values import BidAsk, Doubt, LeftOut, Price, Quality, SessionState
from puffling.puffin.data.instants import US_PER_SECOND, to_us
from puffling.runtime.clock import FixedClock
from puffling.runtime.errors import NotFound
from puffling.trading.prices import DELAY_SECONDS, MarketPrices, seen
from tests.trading.cases import NOW

NOW_US = to_us(NOW)


def price(age_seconds: int = 1, **changes: Any) -> Price:
    """Give a price of some seconds ago."""
    found = Price(
        "SPY",
        400.1,
        NOW_US - age_seconds * US_PER_SECOND,
        SessionState.OPEN,
        398.0,
        399.0,
        401.0,
        397.0,
        1e6,
        "test",
        "Test",
        Quality.REALTIME,
    )
    return found._replace(**changes)


def left_out(doubt: Doubt, age_seconds: int) -> tuple[LeftOut, ...]:
    """Give a message of some seconds ago that nobody was shown."""
    return (LeftOut("SPY", doubt, 1, 4.0, NOW_US - age_seconds * US_PER_SECOND),)


def test_a_price_is_exact_and_has_its_quote_beside_it() -> None:
    quote = BidAsk("SPY", 400.05, 400.15, 3.0, 4.0, NOW_US)
    found = seen(price(), quote, (), NOW)
    assert (found.last, found.bid, found.ask) == (Decimal("400.1"), Decimal("400.05"), Decimal("400.15"))
    assert (found.at, found.doubt, found.previous_close) == (NOW, "", Decimal(398))
    assert not found.made_up
    assert found.late_seconds == 0


def test_a_side_on_which_nobody_stands_has_no_price() -> None:
    found = seen(price(previous_close=float("nan")), BidAsk("SPY", 0.0, 400.15, 0.0, 4.0, 0), (), NOW)
    assert (found.bid, found.ask, found.previous_close) == (None, Decimal("400.15"), None)
    bare = seen(price(), None, (), NOW)
    assert (bare.bid, bare.ask) == (None, None)


def test_what_is_no_price_stays_none() -> None:
    assert seen(price(price=float("nan")), None, (), NOW).last.is_nan()
    assert seen(price(price=-3.0), None, (), NOW).last == -3


@pytest.mark.parametrize(
    ("quality", "made_up", "late_seconds"),
    [
        (Quality.DEMO, True, 0),
        (Quality.SAMPLE, True, 0),
        (Quality.DELAYED, False, DELAY_SECONDS),
        (Quality.ONE_EXCHANGE, False, 0),
        (Quality.END_OF_DAY, False, 0),
    ],
)
def test_the_desk_knows_what_is_made_up_and_what_is_late(
    quality: Quality, made_up: bool, late_seconds: int
) -> None:
    found = seen(price(quality=quality), None, (), NOW)
    assert (found.made_up, found.late_seconds) == (made_up, late_seconds)


@pytest.mark.parametrize("doubt", [Doubt.NOT_A_NUMBER, Doubt.NOT_POSITIVE, Doubt.SPIKE, Doubt.CROSSED])
def test_something_strange_since_the_last_sound_word_is_a_doubt(doubt: Doubt) -> None:
    assert seen(price(5), None, left_out(doubt, 4), NOW).doubt
    assert not seen(price(5), None, left_out(doubt, 6), NOW).doubt
    quote = BidAsk("SPY", 400.05, 400.15, 3.0, 4.0, NOW_US - 3 * US_PER_SECOND)
    assert not seen(price(5), quote, left_out(doubt, 4), NOW).doubt


def test_what_came_late_is_everyday_business() -> None:
    assert not seen(price(5), None, left_out(Doubt.LATE, 4), NOW).doubt


def test_what_is_stamped_tomorrow_is_a_doubt_while_nothing_sound_comes() -> None:
    tomorrow = left_out(Doubt.FUTURE, -86_400)
    assert not seen(price(15), None, tomorrow, NOW).doubt
    assert seen(price(16), None, tomorrow, NOW).doubt


async def test_the_market_tells_the_price_of_now(core: Core, clock: FixedClock) -> None:
    prices = MarketPrices(core.market, clock)
    found = await prices.look("SPY")
    assert found.made_up
    assert found.at == clock.now()
    assert found.last == Decimal(repr(core.market.price("SPY").price))
    assert (await prices.instrument("SPY")).symbol == "SPY"
    with pytest.raises(NotFound):
        await prices.look("NOSUCH")


async def test_an_old_price_is_asked_for_again_and_says_how_old_it_is(core: Core, clock: FixedClock) -> None:
    found = await MarketPrices(core.market, clock).look("IBM")
    assert found.made_up
    assert found.at < clock.now() - timedelta(days=4_000)
    price = await core.market.latest("IBM", fresh_seconds=0)
    assert found.last == Decimal(repr(price.price))
