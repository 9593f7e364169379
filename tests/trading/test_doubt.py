"""An order that may have arrived stays in doubt, whatever a second attempt is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from puffling.runtime.clock import FixedClock
from puffling.store.orders import OrderState
from tests.fakes.own_broker import OwnBroker
from tests.trading.cases import NOW
from tests.trading.rooms import open_room


@pytest.mark.parametrize("told", ["busy", "no_money", "invalid"])
async def test_a_second_attempt_that_is_turned_away_does_not_make_the_first_one_unsent(
    home: Path, told: str
) -> None:
    clock = FixedClock(NOW)
    broker = OwnBroker(now=clock.now)
    broker.hidden_for = 3
    async with open_room(home, broker, clock=clock) as room:
        # The first attempt arrives and shows late; the second is turned away before its name is looked at.
        broker.fault("submit_order", "late", told)
        intent = (await room.desk.place(room.wish())).intent
        assert intent is not None
        await room.until(lambda: _submitted(broker, 2))
        await room.settle()
        cancelled = await room.desk.cancel(intent.id)
        assert cancelled.state is not OrderState.REJECTED
        broker.show_all()
        await room.settle()
        await room.settle()
        [row] = broker.accepted()
        kept = await room.intent(intent.id)
        assert kept.broker_order_id == row["id"]
        assert (kept.state, row["status"]) == (OrderState.CANCELED, "canceled")
        assert await room.broken(broker) == []


async def _submitted(broker: OwnBroker, count: int) -> bool:
    return broker.submitted >= count
