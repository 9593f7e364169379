"""A yes to a change changes the order it was asked for; it never makes a second one."""

from __future__ import annotations

from decimal import Decimal

import pytest

from puffling.core.core import Core
from puffling.puffin.orders import Kind, Side
from puffling.store.orders import OrderState
from tests.controllers.test_safety import connected, far_limit


@pytest.mark.usefixtures("as_person")
async def test_an_approved_change_stands_in_the_place_of_the_order_it_changes(core: Core) -> None:
    broker = await connected(core)
    await core.settings.put("trading.approval_above", 100_000.0)
    limit = far_limit(core)
    shown = await core.broker.order("SPY", Side.BUY, Decimal(3), kind=Kind.LIMIT, limit=limit, account="mine")
    [order] = (await core.broker.confirm(shown.token)).orders
    await core.settings.put("trading.approval_above", 1_000.0)

    asked = await core.broker.replace(order.id, limit=limit + 1)
    assert asked.needs_approval
    waiting = (await core.broker.confirm(asked.token)).approval
    assert waiting is not None
    looked = await core.approvals.show(waiting.id)
    assert looked.preview.exposure_before == 0
    placed = await core.approvals.approve(waiting.id, looked.seal)

    assert placed.intent is not None
    assert placed.intent.parent_id == order.id
    assert [(row["limit"], row["status"]) for row in broker.accepted()] == [
        (str(limit), "replaced"),
        (str(limit + 1), "accepted"),
    ]
    [working] = [line for line in await core.broker.orders("mine") if line.is_open]
    assert (working.limit, working.state) == (limit + 1, OrderState.ACKED)
