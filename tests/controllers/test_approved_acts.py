"""A yes to a change or a closing does just that: no second order, and no position bare in the meantime."""

from __future__ import annotations

from decimal import Decimal

import pytest

from puffling.core.core import Core
from puffling.puffin.orders import Kind, Side
from puffling.runtime.clock import FixedClock
from puffling.store.orders import OrderState
from puffling.trading.entering import OrderRefused
from puffling.trading.tickets import VALID
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


@pytest.mark.usefixtures("as_person")
async def test_what_protects_a_position_works_until_its_closing_is_approved(core: Core) -> None:
    broker = await connected(core, fills="all")
    await core.settings.put("trading.approval_above", 100_000.0)
    bought = await core.broker.order("SPY", Side.BUY, Decimal(3), account="mine")
    await core.broker.confirm(bought.token)
    await core.desk.look_after("mine")
    broker.fills = "nothing"
    stop = await core.broker.order(
        "SPY", Side.SELL, Decimal(3), kind=Kind.STOP, stop=far_limit(core), account="mine"
    )
    await core.broker.confirm(stop.token)
    await core.settings.put("trading.approval_above", 1_000.0)

    asked = await core.broker.close("SPY", "mine")
    waiting = (await core.broker.confirm(asked.token)).approval
    assert waiting is not None
    assert [row["status"] for row in broker.accepted()] == ["filled", "accepted"]
    looked = await core.approvals.show(waiting.id)
    assert looked.preview.verdict.refusals == ()
    placed = await core.approvals.approve(waiting.id, looked.seal)
    assert placed.intent is not None
    assert placed.intent.shrinks
    assert [row["status"] for row in broker.accepted()] == ["filled", "canceled", "accepted"]


@pytest.mark.usefixtures("as_person")
async def test_what_is_protected_can_be_closed_while_only_ways_out_leave(core: Core) -> None:
    broker = await connected(core, fills="all")
    bought = await core.broker.order("SPY", Side.BUY, Decimal(1), account="mine")
    await core.broker.confirm(bought.token)
    await core.desk.look_after("mine")
    broker.fills = "nothing"
    stop = await core.broker.order(
        "SPY", Side.SELL, Decimal(1), kind=Kind.STOP, stop=far_limit(core), account="mine"
    )
    await core.broker.confirm(stop.token)
    await core.safety.reduce("Enough for today")
    asked = await core.broker.close("SPY", "mine")
    await core.broker.confirm(asked.token)
    assert [row["status"] for row in broker.accepted()] == ["filled", "canceled", "accepted"]


@pytest.mark.usefixtures("as_person")
async def test_a_closing_that_is_refused_cancels_nothing(core: Core) -> None:
    broker = await connected(core, fills="all")
    bought = await core.broker.order("SPY", Side.BUY, Decimal(1), account="mine")
    await core.broker.confirm(bought.token)
    await core.desk.look_after("mine")
    broker.fills = "nothing"
    stop = await core.broker.order(
        "SPY", Side.SELL, Decimal(1), kind=Kind.STOP, stop=far_limit(core), account="mine"
    )
    await core.broker.confirm(stop.token)
    asked = await core.broker.close("SPY", "mine")
    await core.safety.halt("Enough", cancel_open=False)
    with pytest.raises(OrderRefused, match="halted"):
        await core.broker.confirm(asked.token)
    assert [row["status"] for row in broker.accepted()] == ["filled", "accepted"]


@pytest.mark.usefixtures("as_person")
async def test_what_was_proposed_while_nobody_looked_waits_and_leaves_at_once_when_approved(
    core: Core, clock: FixedClock
) -> None:
    broker = await connected(core)
    done = await core.broker.propose("SPY", Side.BUY, Decimal(1), "It is cheap", account="mine")
    assert done.approval is not None
    clock.advance(600)
    await core.desk.look_after("mine")
    [waiting] = await core.approvals.all()
    looked = await core.approvals.show(waiting.id)
    assert looked.approval.seconds_left == 300
    placed = await core.approvals.approve(waiting.id, looked.seal)
    assert placed.intent is not None
    assert placed.intent.valid_until == clock.now() + VALID
    assert len(broker.accepted()) == 1


@pytest.mark.usefixtures("as_person")
async def test_a_yes_to_turning_a_position_round_is_a_yes_to_both_halves(core: Core) -> None:
    broker = await connected(core, fills="all")
    await core.settings.put("trading.approval_above", 100_000.0)
    bought = await core.broker.order("SPY", Side.BUY, Decimal(3), account="mine")
    await core.broker.confirm(bought.token)
    await core.desk.look_after("mine")
    await core.settings.put("trading.approval_above", 1_000.0)

    asked = await core.broker.reverse("SPY", "mine")
    waiting = (await core.broker.confirm(asked.token)).approval
    assert waiting is not None
    assert "other side" in waiting.why
    looked = await core.approvals.show(waiting.id)
    placed = await core.approvals.approve(waiting.id, looked.seal)
    # The second half moves as much money, so it is a question of its own, and the answer says so.
    assert placed.approval is not None
    assert placed.approval.terms.quantity == 3
    looked = await core.approvals.show(placed.approval.id)
    assert (await core.approvals.approve(placed.approval.id, looked.seal)).intent is not None
    await core.desk.look_after("mine")
    assert [(row["side"], row["status"]) for row in broker.accepted()] == [
        ("buy", "filled"),
        ("sell", "filled"),
        ("sell", "filled"),
    ]
