"""Everybody may make a limit tighter, only the person makes one looser; what cannot be read is no limit."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from puffling.runtime.errors import InvalidInput, NotFound
from puffling.settings.model import LIMIT, Trading
from puffling.trading.limits import LimitReader, changed, granted, limits_of, loosened

TIGHTER_FIRST: dict[str, tuple[Any, Any]] = {
    "orders_per_day": (9, 10),
    "exits_per_hour": (10, 100),
    "position_percent": (9.5, 10.0),
    "position_grants": ((), ("SPY=60",)),
    "approval_above": (0.0, 1_000.0),
    "hours": ("regular", "extended"),
    "price_band_percent": (1.0, 10.0),
    "price_age_seconds": (30, 120),
    "duplicate_seconds": (60, 30),
    "daily_loss_percent": (1.0, 3.0),
    "drawdown_percent": (5.0, 15.0),
    "whitelist": (("SPY",), ("SPY", "QQQ")),
    "margin": (False, True),
    "clock_skew_seconds": (10, 60),
}


def test_every_limit_knows_in_which_direction_it_grows_tighter() -> None:
    assert set(TIGHTER_FIRST) == set(Trading.model_fields)
    assert all(info.json_schema_extra == LIMIT for info in Trading.model_fields.values())


@pytest.mark.parametrize("name", TIGHTER_FIRST)
def test_one_way_is_tighter_and_the_other_looser(name: str) -> None:
    tight, loose = (Trading(**{name: value}) for value in TIGHTER_FIRST[name])
    assert loosened(loose, tight) == ()
    assert loosened(tight, loose) == (name,)
    assert loosened(tight, tight) == ()


def test_the_hours_grow_looser_step_by_step() -> None:
    assert loosened(Trading(hours="extended"), Trading(hours="any")) == ("hours",)
    assert loosened(Trading(hours="any"), Trading(hours="extended")) == ()


def test_a_list_of_symbols_is_loosest_when_it_is_empty() -> None:
    assert loosened(Trading(whitelist=("SPY",)), Trading()) == ("whitelist",)
    assert loosened(Trading(), Trading(whitelist=("SPY",))) == ()
    assert loosened(Trading(whitelist=("SPY",)), Trading(whitelist=("QQQ",))) == ("whitelist",)


def test_a_grant_below_the_general_share_is_looser_when_it_goes() -> None:
    strict = Trading(position_grants=("SPY=5",))
    assert loosened(strict, Trading()) == ("position_grants",)
    assert loosened(Trading(), strict) == ()
    assert loosened(strict, Trading(position_grants=("SPY=5", "QQQ=20"))) == ("position_grants",)
    assert loosened(strict, Trading(position_grants=("SPY=4",))) == ()


def test_of_two_grants_for_a_symbol_the_smaller_counts() -> None:
    shares = {"SPY": Decimal("0.2"), "QQQ": Decimal("0.005")}
    assert granted(("SPY=60", "SPY=20", "QQQ=0.5")) == granted(("SPY=20", "SPY=60", "QQQ=0.5")) == shares
    limits = limits_of(Trading(position_grants=("SPY=60",)))
    assert limits.share_of("SPY") == Decimal("0.6")
    assert limits.share_of("QQQ") == Decimal("0.1")


def test_shares_are_exact() -> None:
    limits = limits_of(Trading(position_percent=0.3, approval_above=0.1))
    assert limits.position_share == Decimal("0.003")
    assert limits.approval_above == Decimal("0.1")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("orders_per_day", -1),
        ("orders_per_day", 10**6),
        ("position_percent", 0.0),
        ("position_percent", 100.5),
        ("position_percent", float("nan")),
        ("approval_above", float("inf")),
        ("position_grants", ["SPY=101"]),
        ("position_grants", ["spy=5"]),
        ("position_grants", ["SPY"]),
        ("clock_skew_seconds", 300),
        ("price_band_percent", 51.0),
        ("hours", "always"),
        ("whitelist", ["spy'--drop"]),
    ],
)
def test_no_limit_can_be_set_beyond_reason(name: str, value: object) -> None:
    with pytest.raises(InvalidInput):
        changed({}, {}, name, value)


def test_there_is_no_limit_of_another_name() -> None:
    with pytest.raises(NotFound):
        changed({}, {}, "orders", 3)


def test_a_change_says_whether_it_loosens() -> None:
    rows = {"trading.orders_per_day": 5}
    assert not changed(rows, {}, "orders_per_day", 5).loosens
    assert not changed(rows, {}, "orders_per_day", "4").loosens
    found = changed(rows, {}, "orders_per_day", 6)
    assert (found.key, found.kept, found.loosens) == ("trading.orders_per_day", 6, True)


def test_the_environment_does_not_hide_that_a_row_grows_looser() -> None:
    rows = {"trading.orders_per_day": 5}
    assert changed(rows, {"PUFFLING_TRADING__ORDERS_PER_DAY": "2"}, "orders_per_day", 9).loosens
    assert changed({}, {"PUFFLING_TRADING__DUPLICATE_SECONDS": "90"}, "duplicate_seconds", 20).loosens


def test_a_limit_that_cannot_be_read_is_mended_by_the_person_only() -> None:
    assert changed({"trading.orders_per_day": "many"}, {}, "orders_per_day", 1).loosens
    assert not changed({"trading.margin": "many"}, {}, "orders_per_day", 1).loosens


def test_limits_are_read_anew_when_a_row_changes() -> None:
    reader = LimitReader({})
    first = reader.read({"trading.orders_per_day": 3, "market.demo_seed": 1})
    assert first is not None
    assert first.orders_per_day == 3
    assert reader.read({"trading.orders_per_day": 3, "market.demo_seed": 2}) is first
    second = reader.read({"trading.orders_per_day": 2})
    assert second is not None
    assert second.orders_per_day == 2
    third = reader.read({})
    assert third == limits_of(Trading())


def test_the_environment_counts_before_the_rows() -> None:
    found = LimitReader({"PUFFLING_TRADING__ORDERS_PER_DAY": "1"}).read({"trading.orders_per_day": 3})
    assert found is not None
    assert found.orders_per_day == 1


@pytest.mark.parametrize("value", ["many", None, -3, [], float("nan")])
def test_a_limit_that_cannot_be_read_is_no_limit_and_not_its_default(value: object) -> None:
    reader = LimitReader({})
    assert reader.read({"trading.orders_per_day": value}) is None
    assert reader.read({"trading.orders_per_day": value}) is None
    assert reader.read({}) is not None


def test_a_limit_of_the_environment_that_cannot_be_read_is_no_limit() -> None:
    assert LimitReader({"PUFFLING_TRADING__MARGIN": "perhaps"}).read({}) is None


@given(st.lists(st.integers(0, 100), min_size=2, max_size=6))
def test_no_chain_of_tighter_steps_ends_looser(values: list[int]) -> None:
    now = Trading(orders_per_day=50)
    for value in values:
        after = Trading(orders_per_day=value)
        if not loosened(now, after):
            now = after
    assert now.orders_per_day <= 50
    assert now.orders_per_day == min(50, *values)
