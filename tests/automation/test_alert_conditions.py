"""What alerts wait for: pure questions about prices, each answered once."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from puffling.automation.alerts.conditions import (
    PriceCondition,
    PriceCrosses,
    PriceMoves,
    Seen,
    condition_of,
)
from puffling.automation.alerts.values import Way


def seen(price: float, day: str = "2026-03-04", close: float = 100.0) -> Seen:
    """A price of a day that began from a hundred."""
    return Seen(price, close, day)


def met(condition: PriceCondition, *prices: float) -> list[float]:
    """The prices that met it, the first being the one it was made on."""
    memory = condition.begin(seen(prices[0]))
    found = []
    for price in prices[1:]:
        memory, was_met = condition.see(memory, seen(price))
        if was_met:
            found.append(price)
    return found


@pytest.mark.parametrize(
    ("way", "prices", "found"),
    [
        (Way.ABOVE, (99, 100, 101, 102), [100]),
        (Way.ABOVE, (101, 102, 99, 98, 105, 106), [105]),
        (Way.ABOVE, (100, 101), []),
        (Way.BELOW, (101, 100, 99), [100]),
        (Way.BELOW, (99, 98, 101, 99.5), [99.5]),
        (Way.EITHER, (99, 100, 99, 100, 101, 99), [101, 99]),
        (Way.EITHER, (100, 100, 101, 99), [99]),
    ],
)
def test_each_crossing_is_met_once(way: Way, prices: tuple[float, ...], found: list[float]) -> None:
    assert met(PriceCrosses(symbol="SPY", level=100, way=way), *prices) == found


@pytest.mark.parametrize(
    ("way", "prices", "found"),
    [
        (Way.EITHER, (100, 104.9, 105, 106, 95), [105]),
        (Way.EITHER, (100, 95, 105), [95]),
        (Way.ABOVE, (100, 95, 105, 107), [105]),
        (Way.BELOW, (100, 105, 94.9), [94.9]),
        (Way.EITHER, (106, 107, 94), []),
    ],
)
def test_a_move_is_met_once_a_day(way: Way, prices: tuple[float, ...], found: list[float]) -> None:
    assert met(PriceMoves(symbol="SPY", percent=5, way=way), *prices) == found


def test_on_the_next_day_a_move_counts_anew() -> None:
    condition = PriceMoves(symbol="SPY", percent=5)
    memory, first = condition.see({}, seen(106))
    memory, again = condition.see(memory, seen(107))
    memory, other_day = condition.see(memory, seen(107, "2026-03-05"))
    assert (first, again, other_day) == (True, False, True)


def test_a_move_of_exactly_so_much_counts_whatever_floats_make_of_it() -> None:
    assert met(PriceMoves(symbol="SPY", percent=10), 100.0, 110.00000000000001) == [110.00000000000001]
    assert PriceMoves(symbol="SPY", percent=7).see({}, Seen(0.107, 0.1, "d")).met


def test_what_is_not_known_yet_meets_nothing() -> None:
    condition = PriceCrosses(symbol="SPY", level=100, way=Way.ABOVE)
    memory, first = condition.see(condition.begin(None), seen(150))
    assert not first
    assert not condition.see(memory, seen(151)).met
    assert not PriceMoves(symbol="SPY", percent=1).see({}, Seen(50.0, 0.0, "d")).met


def test_conditions_are_kept_and_read_again_by_their_kind() -> None:
    for condition in (
        PriceCrosses(symbol="spy", level=512.3, way=Way.ABOVE, once=True),
        PriceMoves(symbol="BTC/USD", percent=2.5),
    ):
        assert condition_of(condition.plain()) == condition
    with pytest.raises(ValidationError):
        condition_of({"kind": "weather", "symbol": "SPY"})
    with pytest.raises(ValidationError):
        PriceCrosses(symbol="SPY", level=0)


def test_they_say_what_they_wait_for_and_what_met_them() -> None:
    rises = PriceCrosses(symbol="SPY", level=512.3, way=Way.ABOVE)
    assert rises.words == "SPY rises to 512.30"
    assert rises.tell(seen(512.35)) == "SPY rose to 512.35 (alert at 512.30)"
    either = PriceCrosses(symbol="SPY", level=0.00125)
    assert either.words == "SPY crosses 0.00125"
    assert either.tell(seen(0.001)) == "SPY fell to 0.001 (alert at 0.00125)"
    loses = PriceMoves(symbol="SPY", percent=5, way=Way.BELOW)
    assert loses.words == "SPY loses 5% in a day"
    assert loses.tell(seen(94)) == "SPY moved \N{MINUS SIGN}6.00% today, to 94.00"
