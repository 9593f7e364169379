"""Orders through the controller: shown first, confirmed then, once; a model only proposes."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from puffling.core.core import Core
from puffling.puffin.orders import Kind, Side
from puffling.runtime.actor import Actor, Caller, calling_as
from puffling.runtime.clock import FixedClock
from puffling.runtime.errors import Conflict, InvalidInput, NotFound, Refused
from puffling.runtime.streams import Topics
from puffling.store.orders import Account, ApprovalState, OrderState
from puffling.trading.confirmations import VALID
from puffling.trading.values import Confirmation, Measure, Mode
from puffling.trading.verdicts import Outcome
from tests.fakes.own_broker import EVERYTHING, OwnBroker
from tests.fixtures.cores import NOON, PERSON

MINE = Account("mine", "paper", "DEMO", "My own broker", NOON - timedelta(days=1))


@pytest.fixture
def broker(clock: FixedClock) -> OwnBroker:
    return OwnBroker(now=clock.now)


@pytest.fixture
async def core(core: Core, broker: OwnBroker) -> Core:
    with calling_as(PERSON):
        await core.settings.put("trading.duplicate_seconds", 0)
    await core.desk.connect(MINE, broker)
    await core.desk.compared("mine")
    return core


async def shown_order(core: Core, **more: object) -> Confirmation:
    shown = await core.broker.order(
        **{"symbol": "SPY", "side": Side.BUY, "amount": Decimal(1), "account": "mine", **more}  # type: ignore[arg-type]
    )
    assert isinstance(shown, Confirmation)
    return shown


@pytest.mark.usefixtures("as_person")
class TestPerson:
    """What the person orders."""

    async def test_an_order_is_shown_with_every_gate_and_sent_once_when_confirmed(
        self, core: Core, broker: OwnBroker
    ) -> None:
        shown = await shown_order(core, why="To see")
        assert (shown.title, shown.mode) == ("Buy 1 SPY at the market", Mode.DEMO)
        assert shown.cost is not None
        assert len(shown.checks) > 25
        assert all(check.outcome is Outcome.PASS for check in shown.checks)
        assert broker.accepted() == []

        done = await core.broker.confirm(shown.token)
        assert [each.state for each in done.orders] == [OrderState.ACKED]
        assert done.summary == "Buy 1 SPY at the market: working"
        [accepted] = broker.accepted()
        assert (accepted["symbol"], accepted["qty"]) == ("SPY", "1")
        with pytest.raises(Conflict, match="nothing to confirm"):
            await core.broker.confirm(shown.token)
        assert len(broker.accepted()) == 1

    async def test_an_old_confirmation_is_none(
        self, core: Core, broker: OwnBroker, clock: FixedClock
    ) -> None:
        shown = await shown_order(core)
        clock.advance(VALID.total_seconds())
        with pytest.raises(Conflict, match="two minutes ago"):
            await core.broker.confirm(shown.token)
        assert broker.accepted() == []

    async def test_the_same_wish_confirmed_twice_is_one_order(self, core: Core, broker: OwnBroker) -> None:
        for _ in range(2):
            await core.broker.confirm((await shown_order(core, id="mine-1")).token)
        assert len(broker.accepted()) == 1

    async def test_what_a_gate_refuses_is_shown_without_a_way_to_send_it(self, core: Core) -> None:
        shown = await shown_order(core, amount=Decimal(100_000))
        assert shown.token == ""
        refusals = [check for check in shown.checks if check.outcome is Outcome.REFUSE]
        assert refusals
        assert all(check.text and check.hint for check in refusals)

    async def test_a_size_may_be_told_in_money(self, core: Core) -> None:
        shown = await shown_order(
            core, amount=Decimal(400), measure=Measure.MONEY, kind=Kind.LIMIT, limit=Decimal("690.00")
        )
        assert shown.quantity == Decimal("0.579710144")

    async def test_what_is_large_waits_for_a_yes(self, core: Core, broker: OwnBroker) -> None:
        shown = await shown_order(core, amount=Decimal(3))
        assert shown.needs_approval
        done = await core.broker.confirm(shown.token)
        assert done.approval is not None
        assert done.approval.state is ApprovalState.WAITING
        assert "approval" in done.summary
        assert broker.accepted() == []

    async def test_an_order_is_cancelled_in_two_steps_also_while_halted(
        self, core: Core, broker: OwnBroker
    ) -> None:
        done = await core.broker.confirm((await shown_order(core)).token)
        await core.safety.halt("Enough")
        shown = await core.broker.cancel(done.orders[0].id)
        assert shown.title == "Cancel: Buy 1 SPY at the market"
        cancelled = await core.broker.confirm(shown.token)
        assert cancelled.orders[0].state is OrderState.CANCELED

    async def test_while_halted_an_order_cannot_be_confirmed(self, core: Core, broker: OwnBroker) -> None:
        shown = await shown_order(core)
        await core.safety.halt("Enough")
        with pytest.raises(Refused, match="halted"):
            await core.broker.confirm(shown.token)
        assert broker.accepted() == []
        assert (await shown_order(core)).token == ""

    async def test_a_working_order_is_changed_in_two_steps(self, core: Core, broker: OwnBroker) -> None:
        limit = {"kind": Kind.LIMIT, "limit": Decimal("680.00")}
        done = await core.broker.confirm((await shown_order(core, **limit)).token)
        with pytest.raises(InvalidInput, match="Nothing is to be changed"):
            await core.broker.replace(done.orders[0].id)
        shown = await core.broker.replace(done.orders[0].id, limit=Decimal("681.00"))
        assert shown.title == "Buy 1 SPY at 681 or better"
        assert len(broker.accepted()) == 1
        await core.broker.confirm(shown.token)
        [working] = [line for line in await core.broker.orders("mine") if line.is_open]
        assert working.limit == Decimal("681.00")

    async def test_a_position_is_closed_and_everything_open_cancelled(
        self, core: Core, broker: OwnBroker
    ) -> None:
        with pytest.raises(NotFound, match="Nothing is held of SPY"):
            await core.broker.close("SPY", "mine")
        with pytest.raises(NotFound, match="No order is open"):
            await core.broker.cancel_all("mine")
        broker.fills = "all"
        await core.broker.confirm((await shown_order(core)).token)
        await core.desk.look_after("mine")
        [held] = await core.broker.positions("mine")
        assert (held.symbol, held.quantity) == ("SPY", Decimal(1))
        broker.fills = "nothing"
        await core.broker.confirm((await shown_order(core, symbol="QQQ")).token)
        shown = await core.broker.cancel_all("mine")
        assert shown.title == "Cancel 1 order"
        assert (await core.broker.confirm(shown.token)).cancelled == 1

        shown = await core.broker.close("SPY", "mine")
        assert shown.title == "Close 1 SPY at the market"
        done = await core.broker.confirm(shown.token)
        assert done.orders[0].side is Side.SELL
        story = await core.broker.why(done.orders[0].id)
        assert story.steps

    async def test_a_bracket_is_one_order_to_cancel_and_tells_where_it_ends(
        self, core: Core, broker: OwnBroker
    ) -> None:
        bracket = {"take_profit": Decimal("800.00"), "stop_loss": Decimal("600.00")}
        shown = await shown_order(core, **bracket)
        assert shown.title.endswith(", then out at 800 or 600")
        await core.broker.confirm(shown.token)
        await core.desk.look_after("mine")
        assert len(broker.accepted()) > 1
        shown = await core.broker.cancel_all("mine")
        assert shown.title == "Cancel 1 order"
        done = await core.broker.confirm(shown.token)
        assert (done.cancelled, done.summary) == (1, "Orders cancelled: 1.")

    async def test_what_cannot_be_sold_short_is_not_half_turned_round(
        self, core: Core, clock: FixedClock
    ) -> None:
        broker = OwnBroker(now=clock.now, abilities=replace(EVERYTHING, short=False), fills="all")
        await core.desk.connect(replace(MINE, id="cash"), broker)
        await core.desk.compared("cash")
        await core.broker.confirm((await shown_order(core, account="cash")).token)
        await core.desk.look_after("cash")
        with pytest.raises(Refused, match="SPY cannot be sold short here"):
            await core.broker.reverse("SPY", "cash")
        [held] = await core.broker.positions("cash")
        assert held.quantity == Decimal(1)

    async def test_an_order_placed_elsewhere_is_listed_and_cancelled_like_ours(
        self, core: Core, broker: OwnBroker
    ) -> None:
        broker.place_elsewhere("GLD", 3)
        await core.desk.look_after("mine")
        [line] = await core.broker.orders("mine")
        assert (line.source, line.symbol, line.is_open) == ("external", "GLD", True)
        shown = await core.broker.cancel(line.id)
        assert shown.title == "Cancel: Buy 3 GLD"
        await core.broker.confirm(shown.token)
        [line] = await core.broker.orders("mine")
        assert not line.is_open

    async def test_the_legs_of_a_bracket_are_lines_of_their_own(self, core: Core, broker: OwnBroker) -> None:
        broker.fills = "all"
        bracket = {"take_profit": Decimal("800.00"), "stop_loss": Decimal("600.00")}
        await core.broker.confirm((await shown_order(core, **bracket)).token)
        await core.desk.look_after("mine")
        lines = await core.broker.orders("mine")
        assert sorted(line.source for line in lines) == ["leg", "leg", "person"]
        [whole] = [line for line in lines if line.source == "person"]
        assert (whole.filled, whole.state) == (Decimal(1), OrderState.FILLED)
        assert {line.side for line in lines if line.source == "leg"} == {Side.SELL}

    async def test_without_an_account_it_says_so(self, core: Core) -> None:
        with pytest.raises(NotFound, match="nowhere"):
            await core.broker.account("nowhere")

    async def test_steps_and_fills_are_told_as_they_come(self, core: Core, broker: OwnBroker) -> None:
        broker.fills = "all"
        heard = []
        stream = core.registry.get_stream("broker.trades")

        async def listen() -> None:
            with calling_as(PERSON):
                async with aclosing(stream.listen(Topics(("spy",)))) as items:
                    async for item in items:
                        heard.append(item)
                        if item["what"] == "fill":
                            return

        listening = core.scope.spawn(listen(), name="listening")
        await asyncio.sleep(0)
        await core.broker.confirm((await shown_order(core, symbol="QQQ")).token)
        await core.broker.confirm((await shown_order(core)).token)
        await asyncio.wait_for(listening, 20)
        assert {item["what"] for item in heard} == {"order", "fill"}
        assert heard[-1]["fill"]["symbol"] == "SPY"
        assert isinstance(heard[-1]["fill"]["price"], str)


@pytest.mark.parametrize("actor", [Actor.ASSISTANT, Actor.MCP])
async def test_a_model_proposes_and_never_sends(core: Core, broker: OwnBroker, actor: Actor) -> None:
    with calling_as(Caller(actor)):
        done = await core.broker.propose("SPY", Side.BUY, Decimal(1), "It looks cheap", account="mine")
        with pytest.raises(Refused):
            await core.broker.order("SPY", Side.BUY, Decimal(1), account="mine")
        with pytest.raises(Refused):
            await core.broker.confirm("anything")
    assert done.approval is not None
    assert done.approval.why == "It looks cheap"
    assert broker.accepted() == []


async def test_a_program_needs_the_trade_scope_to_send_and_cannot_send_what_another_was_shown(
    core: Core, broker: OwnBroker
) -> None:
    from puffling.runtime.actor import Scope

    reader = Caller(Actor.HTTP, scopes=frozenset({Scope.READ, Scope.WRITE}))
    trader = Caller(Actor.HTTP)
    with calling_as(reader):
        shown = await shown_order(core)
        with pytest.raises(Refused, match="scope"):
            await core.broker.confirm(shown.token)
    with calling_as(PERSON), pytest.raises(Conflict):
        await core.broker.confirm(shown.token)
    with calling_as(trader):
        await core.broker.confirm(shown.token)
    assert len(broker.accepted()) == 1
