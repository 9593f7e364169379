"""The words over a chart: a price is never shown without what it is."""

from __future__ import annotations

import pytest

from puffling.desktop.charting.words import Words
from puffling.market.values import Price, Quality, SessionState


def price(label: str, quality: Quality) -> Price:
    """A price of this source."""
    return Price(
        "AAPL", 101.0, 0, SessionState.OPEN, 100.0, 100.0, 101.0, 99.0, 1.0, "any", label, quality
    )  # fmt: skip


@pytest.mark.parametrize(
    ("label", "quality", "tone"),
    [
        ("Demo data", Quality.DEMO, "warn"),
        ("Alpaca, IEX only", Quality.ONE_EXCHANGE, "warn"),
        ("Yahoo, 15 min delayed", Quality.DELAYED, "warn"),
        ("Alpaca", Quality.REALTIME, "muted"),
    ],
)
def test_a_price_says_what_it_is_before_any_bars_are_there(label: str, quality: Quality, tone: str) -> None:
    said = Words().priced(price(label, quality), 2)
    assert (said.last, said.source, said.source_tone) == ("101.00", label, tone)


def test_bars_and_a_price_of_one_source_name_it_once() -> None:
    said = Words().over("Demo data", Quality.DEMO, "").priced(price("Demo data", Quality.DEMO), 2)
    assert said.source == "Demo data"


def test_bars_that_stood_in_and_the_price_are_both_named() -> None:
    bars = Words().over("Yahoo", Quality.END_OF_DAY, "Alpaca did not answer")
    said = bars.priced(price("Alpaca", Quality.REALTIME), 2)
    assert (said.source, said.source_tone) == ("Yahoo, price: Alpaca", "warn")


def test_without_a_price_only_the_bars_are_named() -> None:
    bars = Words().over("Yahoo", Quality.END_OF_DAY, "")
    said = bars.priced(price("Alpaca", Quality.REALTIME), 2).priced(None, 2)
    assert (said.last, said.source) == ("", "Yahoo")
