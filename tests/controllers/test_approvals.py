"""Orders that wait for the person's yes: seen, approved by a click, sent once, with every gate anew."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from puffling.core.core import Core
from puffling.puffin.orders import Side
from puffling.runtime.actor import Actor, Caller, calling_as
from puffling.runtime.clock import FixedClock
from puffling.runtime.errors import Conflict, NotFound, Refused
from puffling.store.orders import ApprovalState, OrderTerms
from puffling.trading.entering import OrderRefused
from puffling.trading.proposals import Proposal
from puffling.trading.values import ApprovalView
from tests.controllers.test_safety import PROGRAMS, connected
from tests.fakes.own_broker import OwnBroker
from tests.fixtures.cores import PERSON


def large(core: Core, slot: str = "one", *, minutes: float = 60) -> Proposal:
    """Something that is worth more than may be ordered without asking."""
    terms = OrderTerms("mine", "SPY", Side.BUY, Decimal(5))
    until = core.clock.now() + timedelta(minutes=minutes)
    return Proposal(terms, "strategy:one", slot, until, why="The signal crossed")


async def queued(core: Core, slot: str = "one", *, minutes: float = 60) -> tuple[OwnBroker, str]:
    """Let an order wait for the person."""
    broker = await connected(core)
    placed = await core.desk.place(large(core, slot, minutes=minutes))
    assert placed.approval is not None
    assert broker.submitted == 0
    return broker, placed.approval.id


@pytest.mark.usefixtures("as_person")
async def test_a_large_order_waits_is_shown_and_sent_on_a_yes(core: Core, clock: FixedClock) -> None:
    broker, id = await queued(core)
    [waiting] = await core.approvals.all()
    assert (waiting.id, waiting.state, waiting.why, waiting.seconds_left) == (
        id,
        ApprovalState.WAITING,
        "The signal crossed",
        None,
    )
    shown = await core.approvals.show(id)
    assert shown.approval.seconds_left == 300
    assert [check.code for check in shown.preview.verdict.questions] == ["approval"]
    clock.advance(10)
    assert (await core.approvals.all())[0].seconds_left == 290
    placed = await core.approvals.approve(id, shown.seal)
    assert placed.intent is not None
    assert placed.intent.approval_id == id
    assert [row["qty"] for row in broker.accepted()] == ["5"]
    assert await core.approvals.all() == ()
    with pytest.raises(Conflict, match="used"):
        await core.approvals.approve(id, shown.seal)
    assert broker.submitted == 1


@pytest.mark.usefixtures("as_person")
async def test_it_is_priced_and_gated_anew_when_it_is_opened(core: Core, clock: FixedClock) -> None:
    _, id = await queued(core)
    before = (await core.approvals.all())[0].worst_price
    clock.advance(3000)
    shown = await core.approvals.show(id)
    now = Decimal(repr(core.market.price("SPY").price))
    assert shown.approval.worst_price is not None
    assert shown.approval.worst_price != before
    assert shown.approval.worst_price >= now
    await core.safety.halt("now")
    assert "halted" in {check.code for check in (await core.approvals.show(id)).preview.verdict.refusals}


@pytest.mark.usefixtures("as_person")
async def test_every_gate_is_asked_again_when_the_yes_is_used(core: Core) -> None:
    broker, id = await queued(core)
    shown = await core.approvals.show(id)
    await core.safety.halt("now")
    with pytest.raises(OrderRefused, match="halted"):
        await core.approvals.approve(id, shown.seal)
    assert broker.submitted == 0
    [back] = await core.approvals.all()
    assert back.state is ApprovalState.SHOWN
    await core.safety.resume()
    assert (await core.approvals.approve(id, shown.seal)).intent is not None
    assert broker.submitted == 1


@pytest.mark.usefixtures("as_person")
async def test_after_five_minutes_it_has_to_be_looked_at_again(core: Core, clock: FixedClock) -> None:
    broker, id = await queued(core)
    shown = await core.approvals.show(id)
    clock.advance(300)
    with pytest.raises(Refused, match="five minutes"):
        await core.approvals.approve(id, shown.seal)
    again = await core.approvals.show(id)
    with pytest.raises(Refused, match="not the order"):
        await core.approvals.approve(id, shown.seal)
    assert (await core.approvals.approve(id, again.seal)).intent is not None
    assert broker.submitted == 1


@pytest.mark.usefixtures("as_person")
async def test_a_declined_order_is_gone_and_not_asked_about_again(core: Core) -> None:
    broker, id = await queued(core)
    declined = await core.approvals.decline(id)
    assert isinstance(declined, ApprovalView)
    assert declined.state is ApprovalState.DECLINED
    assert await core.approvals.all() == ()
    with pytest.raises(Refused, match="declined"):
        await core.desk.place(large(core))
    assert broker.submitted == 0


@pytest.mark.usefixtures("as_person")
async def test_what_is_not_worth_sending_any_more_is_not_in_the_queue(core: Core, clock: FixedClock) -> None:
    _, id = await queued(core, minutes=1)
    clock.advance(60)
    assert await core.approvals.all() == ()
    with pytest.raises(Refused, match="good until"):
        await core.approvals.show(id)


@pytest.mark.parametrize("caller", PROGRAMS)
async def test_nobody_but_the_present_person_says_yes(core: Core, caller: Caller) -> None:
    broker, id = await queued(core)
    with calling_as(PERSON):
        shown = await core.approvals.show(id)
    with calling_as(caller), pytest.raises(Refused):
        await core.approvals.approve(id, shown.seal)
    assert broker.submitted == 0


async def test_programs_see_the_queue_and_cannot_start_the_five_minutes(core: Core) -> None:
    _, id = await queued(core)
    for actor in (Actor.ASSISTANT, Actor.MCP, Actor.AGENT):
        with calling_as(Caller(actor)):
            assert len(await core.approvals.all()) == 1
            with pytest.raises(Refused):
                await core.approvals.show(id)
            with pytest.raises(Refused):
                await core.approvals.decline(id)
    assert core.approvals.abilities["show"].http is None
    assert core.approvals.abilities["approve"].http is None
    assert core.approvals.abilities["decline"].http is None


@pytest.mark.usefixtures("as_person")
async def test_there_is_no_approval_of_another_name(core: Core) -> None:
    for act in (core.approvals.show("x"), core.approvals.approve("x", ""), core.approvals.decline("x")):
        with pytest.raises(NotFound):
            await act
