"""Fills in the history of trades."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

from puffling.core.core import Core
from puffling.puffin.orders import Side
from puffling.store.database import Unit
from puffling.store.orders import Fill, FillKind, Trade
from puffling.trading.history import OPENING, write_trade

NOW = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
FILL = Fill(
    broker_order_id="b1",
    execution_id="e1",
    account="paper",
    mode="PAPER",
    symbol="SPY",
    side=Side.BUY,
    quantity=Decimal(10),
    price=Decimal("512.30"),
    fees=Decimal("0.10"),
    filled_at=NOW,
    received_at=NOW,
)


async def history(core: Core, *fills: Fill) -> tuple[Trade, ...]:
    """What the history holds after these fills, the oldest first."""

    def work(unit: Unit) -> tuple[Trade, ...]:
        for fill in fills:
            write_trade(unit, fill, source="person")
        return unit.trades.of("paper")

    return await core.store.run(core.user, work)


async def test_a_fill_written_twice_is_one_trade(core: Core) -> None:
    [trade] = await history(core, FILL, FILL)
    assert (trade.symbol, trade.quantity, trade.fees, trade.source) == (
        "SPY",
        Decimal(10),
        Decimal("0.10"),
        "person",
    )
    assert (trade.traded_at, trade.realized) == (NOW, None)


async def test_a_bust_takes_its_trade_away_and_a_correction_puts_it_right(core: Core) -> None:
    correction = replace(
        FILL, execution_id="e2", corrects="e1", kind=FillKind.CORRECTION, price=Decimal("512.00")
    )
    [trade] = await history(core, FILL, correction, correction)
    assert trade.price == Decimal("512.00")
    bust = replace(FILL, execution_id="e3", corrects="e2", kind=FillKind.BUST)
    assert await history(core, bust, bust) == ()


async def test_what_was_held_before_we_looked_says_so(core: Core) -> None:
    [trade] = await history(core, replace(FILL, kind=FillKind.OPENING))
    assert trade.source == OPENING
