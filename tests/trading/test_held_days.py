"""An order for the day that this computer holds ends with a day on which somebody trades."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from puffling.market.values import AssetClass, Instrument
from puffling.puffin.orders import Lasting
from puffling.trading.entering import held_until
from tests.trading.cases import WISH

SHARE = Instrument("SPY", "A fund", AssetClass.ETF, "XNYS")
COIN = Instrument("BTC/USD", "A coin", AssetClass.CRYPTO, "24/7", calendar="24/7")


@pytest.mark.parametrize(
    ("instrument", "entered", "ends"),
    [
        # A Wednesday at eleven in New York; that evening; the evening of the Friday after.
        (SHARE, datetime(2026, 3, 4, 16, tzinfo=UTC), datetime(2026, 3, 5, 1, tzinfo=UTC)),
        (SHARE, datetime(2026, 3, 5, 2, tzinfo=UTC), datetime(2026, 3, 6, 1, tzinfo=UTC)),
        (SHARE, datetime(2026, 3, 7, 2, tzinfo=UTC), datetime(2026, 3, 10, 0, tzinfo=UTC)),
        (None, datetime(2026, 3, 7, 2, tzinfo=UTC), datetime(2026, 3, 10, 0, tzinfo=UTC)),
        # The evening's last moment belongs to the next day.
        (SHARE, datetime(2026, 3, 5, 1, tzinfo=UTC), datetime(2026, 3, 6, 1, tzinfo=UTC)),
        # Good Friday is nobody's day; the market of coins has no such thing.
        (SHARE, datetime(2026, 4, 3, 2, tzinfo=UTC), datetime(2026, 4, 7, 0, tzinfo=UTC)),
        (COIN, datetime(2026, 3, 7, 2, tzinfo=UTC), datetime(2026, 3, 8, 1, tzinfo=UTC)),
    ],
)
def test_it_ends_in_the_evening_of_a_trading_day(
    instrument: Instrument | None, entered: datetime, ends: datetime
) -> None:
    wish = replace(WISH, terms=replace(WISH.terms, lasting=Lasting.DAY))
    assert held_until(wish, instrument, entered) == ends


def test_it_ends_even_where_the_calendar_knows_no_trading_day_any_more() -> None:
    wish = replace(WISH, terms=replace(WISH.terms, lasting=Lasting.DAY))
    entered = datetime(2100, 3, 4, 16, tzinfo=UTC)
    assert held_until(wish, SHARE, entered) == datetime(2100, 3, 19, tzinfo=UTC)
