"""Moments that hardly ever come: what the broker forgot, what comes after its end, what is known already."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from puffling.puffin.broker.base import (
    BrokerBusyError,
    BrokerClock,
    BrokerUpdate,
    UpdateKind,
)
from puffling.puffin.errors import NotOffered
from puffling.puffin.orders import Kind, Lasting, Side
from puffling.runtime.clock import FixedClock
from puffling.runtime.errors import Conflict
from puffling.runtime.port import Port
from puffling.store.orders import Intent, OrderState
from puffling.trading.accepting import _adjust
from puffling.trading.case import Case
from puffling.trading.checks.price import stops_on_their_side
from puffling.trading.entering import OrderRefused
from puffling.trading.halt import FILE_NAME, Halt, HaltSwitch
from puffling.trading.ledger import take_fill
from puffling.trading.line import BrokerLine
from puffling.trading.sending import abandon
from puffling.trading.taking import awaits_fills, take_order
from puffling.trading.tending import _expire
from puffling.trading.values import Difference, LineState
from puffling.trading.verdicts import Outcome
from tests.fakes.own_broker import EVERYTHING, OwnBroker
from tests.trading.cases import LONG, NOW, facts, verdict, wish
from tests.trading.rooms import LOOSE, MINE, Room, open_room
from tests.trading.test_taking import told

HUNDRED = Decimal(100)


async def _working(room: Room, slot: str = "one", **terms: Any) -> Intent:
    placed = await room.desk.place(room.wish(slot, kind=Kind.LIMIT, limit=HUNDRED, **terms))
    assert placed.intent is not None
    return placed.intent


async def _filled(room: Room, broker: OwnBroker, slot: str = "one") -> Intent:
    intent = await _working(room, slot)
    broker.fill(intent.broker_order_id or "")
    return await room.until_state(intent.id, OrderState.FILLED)


async def test_an_order_the_broker_has_forgotten_is_one_of_which_nobody_knows(home: Path) -> None:
    broker = OwnBroker()
    async with open_room(home, broker) as room:
        intent = await _working(room)
        del broker.book.orders["o1"]
        await room.settle()
        [order] = (await room.desk.account(MINE.id)).open_orders
        assert order.state is OrderState.UNKNOWN
        assert (await room.intent(intent.id)).state is OrderState.UNKNOWN
        with pytest.raises(OrderRefused, match="not known yet"):
            await room.desk.place(room.wish("two"))


async def test_a_fill_of_an_order_the_broker_has_forgotten_counts(home: Path) -> None:
    broker = OwnBroker()
    async with open_room(home, broker) as room:
        broker.mute = True
        broker.fill(broker.place_elsewhere("SPY", 3))
        del broker.book.orders["o1"]
        await room.settle()
        assert await room.held() == 3
        assert room.desk.ready


class NoClock(OwnBroker):
    """A broker that does not tell the time."""

    def get_clock(self) -> BrokerClock:
        raise NotOffered("This broker does not tell the time")


@pytest.mark.parametrize(("live_keys", "skew_seconds"), [(False, 0.0), (True, None)])
async def test_a_broker_without_a_clock_is_enough_for_play_money_only(
    home: Path, live_keys: bool, skew_seconds: float | None
) -> None:
    async with open_room(home) as room:
        await room.desk.connect(MINE, NoClock(), live_keys=live_keys)
        await room.desk.compared(MINE.id)
        assert (await room.desk.account(MINE.id)).skew_seconds == skew_seconds


async def test_what_was_given_up_and_is_found_filled_is_not_cancelled(home: Path) -> None:
    broker = OwnBroker()
    async with open_room(home, broker) as room:
        broker.fault("submit_order", "reset_before")
        broker.fault("find_order", *["unclear"] * 100)
        placed = await room.desk.place(room.wish())
        assert placed.intent is not None
        id = placed.intent.id
        await room.parts.run(abandon, id, "Given up")
        # It had arrived: the broker says that it is filled, and lists its fills later.
        broker.place_elsewhere("SPY", 5, name=placed.intent.client_id)
        broker.book.orders["o1"] |= {"status": "filled", "filled": "5", "paid": "500"}
        broker.faults.clear()
        await room.desk._resolver.resolve(room.parts.line(MINE.id), send=False)
        assert "cancel_order" not in broker.calls
        assert (await room.intent(id)).state is OrderState.ABANDONED_WATCH


async def test_a_leg_of_an_order_that_is_not_known_counts_by_itself(home: Path) -> None:
    async with open_room(home, OwnBroker()) as room:
        taken = await room.parts.run(take_order, MINE, EVERYTHING, told("o2", parent_id="o1"))
        assert (taken.intent, taken.order.state) == (None, OrderState.EXTERNAL)
        assert taken.order.parent_order_id == "o1"


async def test_an_order_that_never_left_awaits_no_fills(home: Path) -> None:
    broker = OwnBroker()
    async with open_room(home, broker) as room:
        broker.fault("submit_order", "busy")
        waiting = await _working(room)
        assert not await room.read(lambda unit: awaits_fills(unit, waiting))


async def test_a_fill_that_is_written_down_already_changes_nothing(home: Path) -> None:
    broker = OwnBroker()
    async with open_room(home, broker) as room:
        await _filled(room, broker)
        [fill] = await room.desk.fills()
        assert not await room.parts.run(take_fill, fill)
        assert await room.held() == 5


async def test_what_went_out_at_the_last_moment_does_not_expire(home: Path) -> None:
    broker = OwnBroker()
    async with open_room(home, broker) as room:
        intent = await _working(room)
        await room.parts.run(_expire, intent.id)
        assert (await room.intent(intent.id)).state is OrderState.ACKED


async def test_an_order_that_cannot_be_read_after_a_bust_is_read_when_it_can_be(home: Path) -> None:
    broker = OwnBroker()
    async with open_room(home, broker) as room:
        await _filled(room, broker)
        [made] = broker.get_executions(NOW - timedelta(hours=1))
        await room.settle()
        line = room.parts.line(MINE.id)
        async with line.comparing:
            broker.fault("get_order_status", "unclear")
            broker.undo(made)

            async def asked() -> bool:
                return not broker.faults["get_order_status"]

            await room.until(asked)

        async def taken_back() -> bool:
            [row] = await room.desk.lines()
            return row.filled == await room.held() == 0

        await room.until(taken_back)


async def test_what_is_filled_in_part_is_not_changed_where_fills_are_not_listed(home: Path) -> None:
    abilities = replace(EVERYTHING, lists_fills=False)
    broker = OwnBroker(abilities=abilities)
    async with open_room(home, broker) as room:
        intent = await _working(room)
        broker.fill("o1", 2)
        await room.until_state(intent.id, OrderState.PARTIAL)
        with pytest.raises(Conflict, match="filled in part"):
            await room.desk.replace(intent.id, limit=Decimal(99), slot="change", source="person")
        assert len(broker.accepted()) == 1


async def test_nobody_waits_for_the_end_of_what_is_over(home: Path) -> None:
    broker = OwnBroker()
    async with open_room(home, broker) as room:
        intent = await _filled(room, broker)
        assert (await room.desk._closing._ended(intent)).state is OrderState.FILLED


async def test_a_position_that_may_not_be_closed_keeps_what_protects_it(home: Path) -> None:
    broker = OwnBroker()
    async with open_room(home, broker) as room:
        await _filled(room, broker)
        stop = room.wish("stop", side=Side.SELL, kind=Kind.STOP, stop=Decimal(90))
        assert (await room.desk.place(stop)).intent is not None
        room.switch.press("Enough", "you", NOW)
        with pytest.raises(OrderRefused, match="halted"):
            await room.desk.close_position(MINE.id, "SPY", slot="close", source="person")
        assert broker.accepted()[-1]["status"] == "accepted"


async def test_a_turn_and_a_flatten_that_are_asked_about_do_nothing_before_the_yes(home: Path) -> None:
    broker = OwnBroker()
    async with open_room(home, broker, limits=LOOSE | {"trading.approval_above": 600.0}) as room:
        await _filled(room, broker)
        broker.price = room.prices.price = Decimal(200)
        [asked] = await room.desk.reverse(MINE.id, "SPY", slot="turn", source="person")
        assert asked.approval is not None
        report = await room.desk.flatten(MINE.id, slot="flat", source="person", confirmed="")
        assert [each.reason for each in report.failed] == ["It waits for your approval."]
        assert broker.submitted == 1


async def test_what_changed_since_it_was_compared_is_not_accepted(home: Path) -> None:
    broker = OwnBroker()
    async with open_room(home, broker) as room:
        await _filled(room, broker)
        shown = Difference("SPY", Decimal(3), Decimal(7), HUNDRED)
        with pytest.raises(Conflict, match="filled meanwhile"):
            await room.parts.run(_adjust, MINE, (shown,), "person")
        assert await room.held() == 5


async def test_an_order_of_before_the_first_look_keeps_nothing_from_being_accepted(home: Path) -> None:
    async with open_room(home, OwnBroker()) as room:
        early = told(filled_qty=2, submitted_at=MINE.created_at - timedelta(days=1))
        await room.parts.run(take_order, MINE, EVERYTHING, early)
        shown = Difference("SPY", Decimal(0), Decimal(7), HUNDRED)
        await room.parts.run(_adjust, MINE, (shown,), "person")
        assert await room.held() == 7


async def test_an_alarm_of_an_account_without_a_line_is_told_where_no_halt_can_be_written(home: Path) -> None:
    class Stuck(HaltSwitch):
        def __init__(self, folder: Path) -> None:
            super().__init__(folder / "missing")

    async with open_room(home, switch_type=Stuck) as room:
        room.parts.alarm("elsewhere", "Two orders of one name", halt=True)
        [alarm] = room.alarms
        assert (alarm.account, alarm.text) == ("elsewhere", "Two orders of one name")
        assert "could not be written" in alarm.hint


async def test_news_without_an_order_leads_to_a_comparison(home: Path) -> None:
    broker = OwnBroker()
    async with open_room(home, broker) as room:
        await room.settle()
        broker.mute = True
        broker.fill(broker.place_elsewhere("SPY", 3))
        broker.mute = False
        broker.say(BrokerUpdate(UpdateKind.ORDER))

        async def found() -> bool:
            return await room.held() == 3

        await room.until(found)


def test_a_halt_that_somebody_else_writes_meanwhile_is_a_halt(tmp_path: Path) -> None:
    class Raced(HaltSwitch):
        def _written(self) -> Halt | None:
            found = super()._written()
            (tmp_path / FILE_NAME).mkdir(exist_ok=True)
            return found

    assert Raced(tmp_path).press("too wild", "you", NOW).reason == "too wild"
    assert HaltSwitch(tmp_path).read() is not None


class LateLane:
    """A lane that comes to a call when nobody waits for it any more."""

    def __init__(self) -> None:
        self.late: list[Callable[[], object]] = []

    def begin(self, work: Callable[[], object]) -> asyncio.Future[object]:
        """Keep the call for later."""
        self.late.append(work)
        return asyncio.get_running_loop().create_future()


async def test_a_call_that_was_taken_back_does_nothing_when_its_turn_comes() -> None:
    port, lane, broker = Port(FixedClock(NOW)), LateLane(), OwnBroker()
    line = BrokerLine(MINE, broker, port=port, patience_seconds=0.0)
    await line.close()
    vars(line)["_lane"] = lane
    with pytest.raises(BrokerBusyError, match="earlier call"):
        await line.call(lambda it: it.cancel_order("o1"))
    [late] = lane.late
    with pytest.raises(BrokerBusyError, match="taken back"):
        late()
    assert broker.calls == []
    await port.close()


TWO_WAYS: dict[str, Any] = {
    "side": Side.SELL,
    "kind": Kind.LIMIT,
    "limit": Decimal(410),
    "stop_loss": Decimal(390),
    "one_cancels_other": True,
}


@pytest.mark.parametrize(
    ("terms", "code", "text"),
    [
        ({"lasting": Lasting.IOC}, "broker_kind", "for the day or until cancelled"),
        ({"extended_hours": True}, "broker_kind", "for the day or until cancelled"),
        ({"stop_loss": Decimal(410)}, "stop_side", "beyond the stop-loss"),
        ({"stop_loss": Decimal(420)}, "stop_side", "beyond the stop-loss"),
    ],
)
def test_two_ways_out_that_are_none_are_refused(terms: dict[str, Any], code: str, text: str) -> None:
    checks = verdict(wish(**TWO_WAYS | terms), **LONG).checks
    [said] = [check for check in checks if check.code == code]
    assert said.outcome is Outcome.REFUSE
    assert text in said.text


def test_one_way_out_is_not_two() -> None:
    found = verdict(wish(**TWO_WAYS | {"stop_loss": None}), **LONG)
    assert found.outcome is Outcome.REFUSE
    assert found.checks[-1].code == "numbers"
    # What is missing is said there; which side it would lie on is nobody's question.
    one, known = wish(**TWO_WAYS | {"stop_loss": None}), facts(**LONG)
    assert known.limits is not None
    assert known.used is not None
    assert stops_on_their_side(Case(one, known, known.limits, known.used)).outcome is Outcome.PASS


async def test_an_account_that_is_let_go_and_taken_on_again_is_watched_once(home: Path) -> None:
    async with open_room(home, OwnBroker()) as room:
        await room.desk.disconnect(MINE.id)
        await room.desk.connect(MINE, OwnBroker())
        await room.desk.compared(MINE.id)
        assert (await room.desk.account(MINE.id)).state is LineState.READY
