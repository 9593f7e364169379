"""What happens between two looks: a halt before the socket, a fill before a cancel, news before an answer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

import pytest

from puffling.puffin.broker.base import BrokerUpdate, Order, UpdateKind
from puffling.puffin.orders import Kind, Lasting, Side
from puffling.runtime.actor import UserId
from puffling.runtime.clock import FixedClock
from puffling.runtime.errors import Conflict, StorageFailed
from puffling.store.database import Store, Unit
from puffling.store.orders import Intent, OrderState
from puffling.trading import approvals
from puffling.trading.gate import SafetyGate
from puffling.trading.held import best_of
from puffling.trading.judging import LiveFacts
from puffling.trading.proposals import Proposal
from puffling.trading.values import LineState, Placed
from puffling.trading.verdicts import Verdict
from tests.fakes.own_broker import OwnBroker
from tests.trading.cases import NOW
from tests.trading.rooms import LOOSE, MINE, Room, open_room
from tests.trading.test_books_kept import FailingStore
from tests.trading.test_held import POOR

P = ParamSpec("P")
R = TypeVar("R")

HUNDRED = Decimal(100)


class Between(Store):
    """A store in front of whose transactions something may happen, once, by the name of the work."""

    before: dict[str, Callable[[], Awaitable[object]]]

    async def run(
        self, user: UserId, work: Callable[Concatenate[Unit, P], R], *args: P.args, **kwargs: P.kwargs
    ) -> R:
        """Let it happen, then do the work."""
        happens = getattr(self, "before", {}).pop(work.__name__, None)
        if happens is not None:
            await happens()
        return await super().run(user, work, *args, **kwargs)


def happens_before(room: Room, work: str, what: Callable[[], Awaitable[object]]) -> None:
    """Have something happen just before a transaction of this name."""
    assert isinstance(room.store, Between)
    room.store.before = {work: what}


@dataclass
class PressedAfterwards:
    """A gate after whose last look before sending somebody halts."""

    gate: SafetyGate
    press: Callable[[], object]

    def judge(self, unit: Unit, proposal: Proposal, live: LiveFacts) -> Verdict:
        """Judge as ever."""
        return self.gate.judge(unit, proposal, live)

    def stops(self, unit: Unit, *, shrinks: bool) -> str:
        """Say what is true, and have it change."""
        answer = self.gate.stops(unit, shrinks=shrinks)
        self.press()
        return answer


class PressedBefore(PressedAfterwards):
    """A gate before whose last look somebody halts."""

    def stops(self, unit: Unit, *, shrinks: bool) -> str:
        """Have it change, and say what is true."""
        self.press()
        return self.gate.stops(unit, shrinks=shrinks)


class OneId(OwnBroker):
    """A broker that answers every order with the id of its first."""

    def submit_order(self, order: Order) -> str:
        super().submit_order(order)
        return "o1"


async def working(room: Room, slot: str = "one", **terms: Any) -> Intent:
    """Order something at a hundred that waits."""
    placed = await room.desk.place(room.wish(slot, kind=Kind.LIMIT, limit=HUNDRED, **terms))
    assert placed.intent is not None
    return placed.intent


async def held(room: Room, broker: OwnBroker, symbol: str = "SPY") -> None:
    """Hold five of something."""
    placed = await room.desk.place(room.wish(f"held-{symbol}", symbol=symbol))
    assert placed.intent is not None
    broker.fill(broker.accepted()[-1]["id"])
    await room.until_state(placed.intent.id, OrderState.FILLED)


async def said_yes(room: Room, asked: Placed) -> Placed:
    """Look at what was asked, say yes, and carry it out."""
    assert asked.approval is not None
    shown = await room.parts.run(approvals.show, asked.approval.id, HUNDRED)
    await room.parts.run(approvals.give, shown.id, approvals.seal_of(shown), "you")
    return await room.desk.place(approvals.proposal_of(shown), approval_id=shown.id)


async def test_a_second_attempt_that_is_halted_at_the_socket_leaves_the_order_in_doubt(home: Path) -> None:
    clock = FixedClock(NOW)
    broker = OwnBroker(now=clock.now)
    async with open_room(home, broker, clock=clock) as room:
        broker.fault("submit_order", "reset_before")
        broker.fault("find_order", "unclear")
        intent = await working(room)
        await room.until_state(intent.id, OrderState.UNKNOWN)
        gate = room.parts.gate
        assert isinstance(gate, SafetyGate)
        room.parts.gate = PressedAfterwards(gate, lambda: room.switch.press("Enough", "you", NOW))
        await room.settle()
        now = await room.intent(intent.id)
        assert (now.state, now.attempt) == (OrderState.UNKNOWN, 2)
        assert "Enough" in now.reason
        assert broker.submitted == 1


async def test_an_answer_with_the_id_of_another_order_halts(home: Path) -> None:
    broker = OneId()
    async with open_room(home, broker) as room:
        await working(room)
        broker.mute = True
        second = await working(room, "two", symbol="QQQ")
        assert second.state is OrderState.UNKNOWN
        assert "two orders the one id" in room.alarms[0].text
        assert room.switch.read() is not None


async def test_what_waits_for_a_busy_broker_does_not_leave_over_a_line_that_is_down(home: Path) -> None:
    clock = FixedClock(NOW)
    broker = OwnBroker(now=clock.now)
    async with open_room(home, broker, clock=clock) as room:
        broker.fault("submit_order", "busy")
        intent = await working(room)
        assert intent.state is OrderState.INTENT
        line = room.parts.line(MINE.id)

        async def down() -> bool:
            return line.state is LineState.LOST

        # No comparison that is under way may end well after the news.
        async with line.comparing:
            broker.fault("get_account", *["unclear"] * 50)
            broker.say(BrokerUpdate(UpdateKind.LOST))
            await room.until(down)
        clock.advance(2)
        await room.settle()
        assert (await room.intent(intent.id)).state is OrderState.INTENT
        assert broker.submitted == 1
        broker.faults.clear()
        broker.say(BrokerUpdate(UpdateKind.CONNECTED))
        await room.until_state(intent.id, OrderState.ACKED)
        assert broker.submitted == 2


async def test_an_order_that_goes_out_while_it_is_being_cancelled_is_cancelled_at_the_broker(
    home: Path,
) -> None:
    broker = OwnBroker(abilities=POOR)
    async with open_room(home, broker, store_type=Between) as room:
        await held(room, broker)
        stop = await room.desk.place(room.wish("stop", side=Side.SELL, kind=Kind.STOP, stop=Decimal(90)))
        assert stop.intent is not None
        id = stop.intent.id

        async def met() -> None:
            room.move(89)
            await room.until_state(id, OrderState.ACKED)

        happens_before(room, "cancel_here", met)
        cancelled = await room.desk.cancel(id)
        assert cancelled.state is OrderState.CANCELED
        assert [row["status"] for row in broker.accepted()] == ["filled", "canceled"]


async def test_what_is_cancelled_while_its_price_is_met_does_not_count_as_met(home: Path) -> None:
    broker = OwnBroker(abilities=POOR)
    async with open_room(home, broker, store_type=Between) as room:
        await held(room, broker)
        stop = await room.desk.place(room.wish("stop", side=Side.SELL, kind=Kind.STOP, stop=Decimal(90)))
        assert stop.intent is not None
        id = stop.intent.id
        tried: list[bool] = []

        async def cancelled() -> None:
            await room.desk.cancel(id)
            tried.append(True)

        happens_before(room, "release", cancelled)
        room.move(89)

        async def was_tried() -> bool:
            return bool(tried)

        await room.until(was_tried)
        await room.settle()
        assert (await room.intent(id)).state is OrderState.CANCELED
        lines = await room.read(lambda unit: unit.audit.newest(20, capability="desk.order"))
        assert "met" not in {each.outcome for each in lines}
        assert (broker.submitted, room.alarms) == (1, [])


async def test_cancelling_all_takes_in_an_order_of_our_name_that_nobody_wrote_down_and_halts(
    home: Path,
) -> None:
    broker = OwnBroker()
    async with open_room(home, broker) as room:
        broker.mute = True
        broker.place_elsewhere("SPY", 1, name="pf1-p-somebody")
        report = await room.desk.cancel_all(MINE.id)
        assert (report.cancelled, report.failed) == (1, ())
        assert "not written down here" in room.alarms[0].text
        assert room.switch.read() is not None


async def test_a_yes_to_closing_is_none_when_the_position_is_another_one_by_then(home: Path) -> None:
    broker = OwnBroker()
    async with open_room(home, broker) as room:
        await held(room, broker)
        await room.parts.run(lambda unit: unit.settings.put("trading.approval_above", 400))
        asked = await room.desk.close_position(MINE.id, "SPY", slot="close", source="person")
        await room.parts.run(lambda unit: unit.settings.put("trading.approval_above", 1_000_000))
        more = await room.desk.place(room.wish("more", quantity=1))
        assert more.intent is not None
        broker.fill("o2")
        await room.until_state(more.intent.id, OrderState.FILLED)
        with pytest.raises(Conflict, match="another one now"):
            await said_yes(room, asked)
        assert len(broker.accepted()) == 2


async def test_a_position_that_may_not_be_closed_is_named_and_the_others_are_closed(home: Path) -> None:
    broker = OwnBroker()
    async with open_room(home, broker, limits={**LOOSE, "trading.exits_per_hour": 1}) as room:
        for symbol in ("AAPL", "MSFT"):
            await held(room, broker, symbol=symbol)
        report = await room.desk.flatten(MINE.id, slot="flat", source="person", confirmed="Flatten")
        assert [each.terms.symbol for each in report.closing] == ["AAPL"]
        assert [(each.title, "exits" in each.reason) for each in report.failed] == [("MSFT", True)]


async def test_a_yes_to_another_quantity_is_none_once_something_is_filled(home: Path) -> None:
    broker = OwnBroker()
    async with open_room(home, broker) as room:
        first = await working(room)
        await room.parts.run(lambda unit: unit.settings.put("trading.approval_above", 400))
        asked = await room.desk.replace(first.id, quantity=Decimal(6), slot="more", source="person")
        broker.fill("o1", 1)
        await room.until_state(first.id, OrderState.PARTIAL)
        with pytest.raises(Conflict, match="filled in part"):
            await said_yes(room, asked)
        assert [row["status"] for row in broker.accepted()] == ["partially_filled"]


async def test_an_order_that_fills_while_it_is_being_changed_is_not_changed(home: Path) -> None:
    broker = OwnBroker()
    async with open_room(home, broker, store_type=Between) as room:
        first = await working(room)

        async def filled() -> None:
            broker.fill("o1")
            await room.until_state(first.id, OrderState.FILLED)

        happens_before(room, "_enter", filled)
        with pytest.raises(Conflict, match="is filled"):
            await room.desk.replace(first.id, limit=Decimal(99), slot="change", source="person")
        assert len(broker.accepted()) == 1
        assert [each.state for each in await room.desk.intents()] == [OrderState.FILLED]


async def test_news_of_an_order_that_is_faster_than_its_answer_is_not_undone(home: Path) -> None:
    broker = OwnBroker()
    async with open_room(home, broker, store_type=Between) as room:
        broker.fault("submit_order", "reset_after")

        async def told() -> None:
            broker.tell("o1", "new")

            async def there() -> bool:
                return any(each.state is OrderState.ACKED for each in await room.desk.intents())

            await room.until(there)

        happens_before(room, "write_outcome", told)
        assert (await working(room)).state is OrderState.ACKED


async def test_news_of_a_change_that_is_faster_than_its_answer_is_not_undone(home: Path) -> None:
    broker = OwnBroker()
    async with open_room(home, broker, store_type=Between) as room:
        first = await working(room)
        broker.fault("replace_order", "reset_after")

        async def told() -> None:
            broker.tell("o2", "new")

            async def there() -> bool:
                return any(each.broker_order_id == "o2" for each in await room.desk.intents())

            await room.until(there)

        happens_before(room, "_write_failure", told)
        changed = await room.desk.replace(first.id, limit=Decimal(99), slot="change", source="person")
        assert changed.intent is not None
        assert changed.intent.state is OrderState.ACKED
        await room.settle()
        assert await room.broken(broker) == []


class FullStore(Store):
    """A store whose disk may be full."""

    full = False

    async def run(
        self, user: UserId, work: Callable[Concatenate[Unit, P], R], *args: P.args, **kwargs: P.kwargs
    ) -> R:
        """Save nothing while it is full."""
        if self.full:
            raise StorageFailed("The disk is full; nothing was saved.")
        return await super().run(user, work, *args, **kwargs)


async def test_what_is_met_while_the_disk_is_full_goes_out_when_it_is_not(home: Path) -> None:
    broker = OwnBroker(abilities=POOR)
    async with open_room(home, broker, store_type=FullStore) as room:
        store = room.store
        assert isinstance(store, FullStore)
        await held(room, broker)
        wish = room.wish("trail", side=Side.SELL, kind=Kind.TRAILING_STOP, trail=Decimal(10))
        trailing = (await room.desk.place(wish)).intent
        assert trailing is not None
        store.full = True
        for price in (110, 90):
            room.move(price)
            await room.desk.account(MINE.id)
        assert broker.submitted == 1
        store.full = False
        await room.settle()

        async def kept() -> bool:
            room.move(120)
            return best_of(await room.intent(trailing.id)) == 120

        await room.until(kept)

        async def sent() -> bool:
            room.move(109)
            return broker.submitted == 2

        await room.until(sent)
        assert room.failures == []


async def test_what_is_met_and_cannot_leave_is_told_as_soon_as_it_can_be(home: Path) -> None:
    broker = OwnBroker(abilities=POOR)
    async with open_room(home, broker, store_type=FailingStore) as room:
        store = room.store
        assert isinstance(store, FailingStore)
        await held(room, broker)
        await room.desk.place(room.wish("stop", side=Side.SELL, kind=Kind.STOP, stop=Decimal(90)))
        room.switch.press("Enough", "you", NOW)
        store.refuse("_is_held")

        async def refused() -> bool:
            room.move(89)
            return bool(store.refused)

        async def called() -> bool:
            room.move(88)
            return bool(room.alarms)

        await room.until(refused)
        assert not room.alarms
        await room.until(called)
        assert "was met and cannot leave" in room.alarms[0].text
        assert (broker.submitted, room.failures) == (1, [])


@pytest.mark.parametrize("late", [False, True], ids=["before it is on its way", "before the socket"])
async def test_a_stop_that_was_met_waits_again_when_a_halt_comes_on_its_way(home: Path, late: bool) -> None:
    broker = OwnBroker(abilities=POOR)
    async with open_room(home, broker) as room:
        await held(room, broker)
        stop = (
            await room.desk.place(
                room.wish("stop", side=Side.SELL, kind=Kind.STOP, stop=Decimal(90), lasting=Lasting.GTC)
            )
        ).intent
        assert stop is not None
        gate = room.parts.gate
        assert isinstance(gate, SafetyGate)

        def press() -> object:
            return room.switch.press("Enough", "you", NOW)

        room.parts.gate = PressedAfterwards(gate, press) if late else PressedBefore(gate, press)
        room.move(89)

        async def looked_at() -> bool:
            return room.switch.read() is not None

        await room.until(looked_at)
        await room.settle()
        now = await room.intent(stop.id)
        assert (now.state, now.held) == (OrderState.INTENT, True)
        assert broker.submitted == 1
        room.parts.gate = gate
        room.switch.lift()

        async def sold() -> bool:
            room.move(88)
            return broker.submitted == 2

        await room.until(sold)
