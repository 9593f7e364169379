"""Two ways out through the controller: one order, shown first, told as two lines that belong together."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from puffling.core.core import Core
from puffling.puffin.orders import Kind, Side
from puffling.runtime.actor import Actor, Caller, calling_as
from puffling.runtime.clock import FixedClock
from puffling.store.orders import Account, OrderState
from puffling.trading.values import Confirmation, OrderLine
from tests.fakes.own_broker import EVERYTHING, OwnBroker
from tests.fixtures.cores import NOON, PERSON

MINE = Account("mine", "paper", "DEMO", "My own broker", NOON - timedelta(days=1))
PROFIT, LOSS, WORST = Decimal(760), Decimal(620), Decimal(610)


@pytest.fixture
async def broker(core: Core, clock: FixedClock) -> OwnBroker:
    """One that holds three SPY and no two orders that cancel each other."""
    broker = OwnBroker(now=clock.now, fills="all")
    with calling_as(PERSON):
        await core.settings.put("trading.duplicate_seconds", 0)
        await core.desk.connect(MINE, broker)
        await core.desk.compared("mine")
        shown = await core.broker.order("SPY", Side.BUY, Decimal(1), account="mine")
        await core.broker.confirm(shown.token)
        await core.desk.look_after("mine")
    broker.fills = "nothing"
    return broker


async def ways_out(core: Core) -> Confirmation:
    return await core.broker.order(
        "SPY", Side.SELL, Decimal(1), kind=Kind.LIMIT, limit=PROFIT, stop_loss=LOSS, stop_loss_limit=WORST,
        one_cancels_other=True, account="mine",
    )  # fmt: skip


async def still_open(core: Core, account: str = "mine") -> list[OrderLine]:
    return [line for line in await core.broker.orders(account) if line.is_open]


@pytest.mark.usefixtures("as_person")
async def test_what_the_broker_does_not_hold_is_shown_held_here_and_is_two_linked_lines(
    core: Core, broker: OwnBroker
) -> None:
    shown = await ways_out(core)
    assert shown.title == "Sell 1 SPY at 760 or better, or once it trades at 620: one cancels the other"
    assert (shown.held, shown.worst_price) == (True, WORST)
    assert "watched while Puffling does not run" in shown.notice
    done = await core.broker.confirm(shown.token)
    assert done.summary.endswith("one cancels the other: held here")
    profit, loss = await still_open(core)
    assert (profit.held, loss.held, loss.parent_id) == (True, True, profit.id)
    assert (profit.one_cancels_other, profit.limit, loss.stop, loss.limit) == (True, PROFIT, LOSS, WORST)
    assert profit.is_changeable
    assert loss.is_changeable
    assert broker.submitted == 1
    story = await core.broker.why(loss.id)
    assert any(step.title == f"Belongs to {profit.id}" for step in story.steps)
    cancelled = await core.broker.confirm((await core.broker.cancel(loss.id)).token)
    assert [line.state for line in cancelled.orders] == [OrderState.CANCELED]
    assert cancelled.summary.endswith(": cancelled")
    assert await still_open(core) == []


async def test_a_model_proposes_two_ways_out_and_nothing_is_held_before_the_yes(
    core: Core, broker: OwnBroker
) -> None:
    with calling_as(Caller(Actor.ASSISTANT)):
        done = await core.broker.propose(
            "SPY", Side.SELL, Decimal(1), "Protect it", kind=Kind.LIMIT, limit=PROFIT, stop_loss=LOSS,
            one_cancels_other=True, account="mine",
        )  # fmt: skip
    assert done.approval is not None
    assert done.approval.terms.one_cancels_other
    with calling_as(PERSON):
        assert await still_open(core) == []
        seen = await core.approvals.show(done.approval.id)
        placed = await core.approvals.approve(done.approval.id, seen.seal)
        assert placed.intent is not None
        assert placed.intent.held
        assert [line.held for line in await still_open(core)] == [True, True]


@pytest.mark.usefixtures("as_person")
async def test_a_bracket_that_the_broker_does_not_hold_is_shown_so_and_its_exits_come_with_its_fills(
    core: Core, clock: FixedClock
) -> None:
    broker = OwnBroker(now=clock.now, abilities=replace(EVERYTHING, brackets=False))
    await core.desk.connect(replace(MINE, id="poor"), broker)
    await core.desk.compared("poor")
    shown = await core.broker.order(
        "SPY", Side.BUY, Decimal(1), take_profit=PROFIT, stop_loss=LOSS, account="poor"
    )
    assert (shown.held, shown.exits_here) == (False, True)
    assert "holds the exits" in shown.notice
    done = await core.broker.confirm(shown.token)
    assert done.summary.endswith("working, exits held here")
    [entry] = await still_open(core, "poor")
    assert (entry.exits_here, entry.stage) == (True, "working, exits held here")
    broker.fill(entry.broker_order_id or "")
    await core.desk.look_after("poor")
    profit, loss = await still_open(core, "poor")
    assert (profit.parent_id, loss.parent_id) == (entry.id, profit.id)
    assert [each.stage for each in (profit, loss)] == ["held here", "held here"]
    story = await core.broker.why(profit.id)
    assert any(step.title == f"Belongs to {entry.id}" for step in story.steps)


async def test_an_exit_that_waits_here_is_moved_shown_first_as_the_pair_it_is(
    core: Core, broker: OwnBroker
) -> None:
    with calling_as(PERSON):
        await core.broker.confirm((await ways_out(core)).token)
        _, loss = await still_open(core)
        assert loss.is_changeable
        shown = await core.broker.replace(loss.id, stop=Decimal(630), limit=Decimal(625))
        assert shown.title == "Sell 1 SPY at 760 or better, or once it trades at 630: one cancels the other"
        assert shown.held
        done = await core.broker.confirm(shown.token)
        assert done.summary.endswith("one cancels the other: held here")
        profit, moved = await still_open(core)
        assert (profit.limit, moved.stop, moved.limit) == (PROFIT, Decimal(630), Decimal(625))
        assert moved.parent_id == profit.id
    assert broker.submitted == 1
