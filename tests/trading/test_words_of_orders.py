"""An order in words: what it does, at which price, and what follows it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from puffling.puffin.orders import Kind
from puffling.trading.portfolio.accounting import days
from puffling.trading.tickets import title_of
from tests.trading.cases import wish

ENTRY = "Buy 2 SPY"


@pytest.mark.parametrize(
    ("terms", "words"),
    [
        ({}, f"{ENTRY} at the market"),
        ({"take_profit": Decimal(410)}, f"{ENTRY} at the market, then out at 410"),
        ({"stop_loss": Decimal(390)}, f"{ENTRY} at the market, then out at 390"),
        ({"kind": Kind.TRAILING_STOP, "trail": Decimal("1.50")}, f"{ENTRY} when it turns by 1.5"),
        ({"kind": Kind.TRAILING_STOP, "trail_share": Decimal("0.02")}, f"{ENTRY} when it turns by 2%"),
    ],
)
def test_an_order_is_said_with_all_it_brings(terms: dict[str, Any], words: str) -> None:
    assert title_of(wish(**terms).terms) == words


def test_an_account_that_was_never_marked_has_no_days() -> None:
    assert days([], []) == ()
