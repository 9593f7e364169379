from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from puffling.desktop import numbers


@pytest.mark.parametrize(
    ("value", "decimals", "text"),
    [
        (67204.1, 2, "67,204.10"),
        (-0.771, 2, "−0.77"),
        (-0.001, 2, "0.00"),
        (0, 2, "0.00"),
        (Decimal("1234567.891"), 3, "1,234,567.891"),
        (float("nan"), 2, "–"),
        (float("inf"), 2, "–"),
        (None, 2, "–"),
    ],
)
def test_numbers_have_thousands_separators_fixed_decimals_and_a_true_minus(
    value: float | None, decimals: int, text: str
) -> None:
    assert numbers.fixed(value, decimals) == text


@pytest.mark.parametrize(
    ("share", "text"),
    [(0.0042, "+0.42%"), (-0.0077, "−0.77%"), (0.0, "0.00%"), (0.00001, "0.00%"), (None, "–")],
)
def test_a_percentage_shows_its_sign_and_two_decimals(share: float | None, text: str) -> None:
    assert numbers.percent(share) == text


def test_money_puts_the_sign_before_the_currency() -> None:
    assert numbers.money(-234) == "−$234.00"
    assert numbers.money(315.12, signed=True) == "+$315.12"
    assert numbers.money(101060.77) == "$101,060.77"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (999, "999"),
        (1234, "1.2K"),
        (999_960, "1.0M"),
        (1_234_567, "1.2M"),
        (-2_500_000_000, "−2.5B"),
        (0.25, "0.25"),
    ],
)
def test_sizes_are_shortened_to_one_decimal(value: float, text: str) -> None:
    assert numbers.short(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [("410.5", "410.50"), ("1500", "1,500.00"), ("0.00125", "0.00125"), ("1E+3", "1,000.00"), (None, "–")],
)
def test_a_price_keeps_its_decimals_and_has_two_at_least(value: str | None, text: str) -> None:
    assert numbers.price(None if value is None else Decimal(value)) == text


def test_the_full_figure_keeps_every_digit() -> None:
    assert numbers.full(1234567) == "1,234,567"
    assert numbers.full(Decimal("-0.00010")) == "−0.00010"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.2, "0.2 s"),
        (9.97, "10 s"),
        (59.4, "59 s"),
        (60, "1 min"),
        (190, "3 min"),
        (7200, "2 h"),
        (432_000, "5 d"),
        (-1, "0.0 s"),
    ],
)
def test_an_age_reads_in_its_natural_unit(seconds: float, text: str) -> None:
    assert numbers.age(seconds) == text


def test_a_moment_of_today_is_an_hour_and_another_day_says_which() -> None:
    now = datetime(2026, 3, 2, 18, 0, tzinfo=UTC)
    assert numbers.moment(datetime(2026, 3, 2, 9, 4, 5, tzinfo=UTC), UTC, now=now) == "09:04:05"
    assert numbers.moment(datetime(2026, 2, 27, 9, 4, tzinfo=UTC), UTC, now=now) == "27 Feb 09:04"
    assert numbers.moment(datetime(2024, 2, 27, 9, 4, tzinfo=UTC), UTC, now=now) == "2024-02-27 09:04"


def test_padding_fills_the_fraction_to_the_longest_of_the_column() -> None:
    assert len(numbers.pad_fraction("3,311.4", 3)) == len("3,311.400")
    assert len(numbers.pad_fraction("58", 2)) == len("58.00")
    assert numbers.pad_fraction("0.1234", 2) == "0.1234"
