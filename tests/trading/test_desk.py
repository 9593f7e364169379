"""One road to the broker: judged, written down, sent once, followed to its last fill."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from puffling.store.orders import OrderState
from puffling.trading.entering import OrderRefused
from tests.fakes.own_broker import OwnBroker
from tests.trading.rooms import MINE, open_room


async def test_an_order_is_sent_once_and_its_fill_is_in_the_ledger(home: Path) -> None:
    broker = OwnBroker(fills="all")
    async with open_room(home, broker) as room:
        placed = await room.desk.place(room.wish())
        assert placed.intent is not None
        done = await room.until_state(placed.intent.id, OrderState.FILLED)
        assert done.reserved == 0
        assert await room.held() == 5
        assert [row["client_id"] for row in broker.accepted()] == [done.client_id]
        again = await room.desk.place(room.wish())
        assert again.again
        assert again.intent == done
    assert broker.submitted == 1
    assert not room.alarms
    assert not room.failures


async def test_a_preview_says_everything_and_does_nothing(home: Path) -> None:
    broker = OwnBroker()
    async with open_room(home, broker) as room:
        preview = await room.desk.preview(room.wish())
        assert preview.verdict.refusals == ()
        assert preview.cost == 500
        assert (preview.exposure_before, preview.exposure_after) == (Decimal(0), Decimal(500))
        assert await room.desk.intents() == ()
    assert broker.submitted == 0


async def test_a_refused_order_says_every_reason_and_leaves_a_line_in_the_trail(home: Path) -> None:
    broker = OwnBroker()
    async with open_room(home, broker) as room:
        with pytest.raises(OrderRefused, match=r"money|cash|used") as refused:
            await room.desk.place(room.wish(quantity=100_000))
        assert {check.code for check in refused.value.verdict.refusals} >= {"cash", "position"}
        [line] = await room.read(lambda unit: unit.audit.newest(1))
        assert line.outcome == "refused"
        assert await room.desk.intents() == ()
    assert broker.submitted == 0


async def test_nothing_leaves_before_the_account_was_compared(home: Path) -> None:
    broker = OwnBroker()
    broker.fault("get_positions", "unclear", "unclear")
    async with open_room(home, broker) as room:
        assert not room.desk.ready
        with pytest.raises(OrderRefused, match="could not be compared"):
            await room.desk.place(room.wish())
        assert (await room.desk.account(MINE.id)).holdings == ()
    assert broker.submitted == 0


async def test_what_was_held_before_is_where_the_ledger_begins(home: Path) -> None:
    broker = OwnBroker()
    broker.fill(broker.place_elsewhere("SPY", 7))
    async with open_room(home, broker) as room:
        assert await room.held() == 7
    async with open_room(home, broker) as room:
        assert await room.held() == Decimal(7)
        assert not room.alarms
