"""A line that is sick: it fails, hangs, forgets, or tells what cannot be read."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import pytest

from puffling.puffin.broker.base import (
    BrokerClock,
    UnclearError,
)
from puffling.puffin.errors import NotOffered
from puffling.puffin.orders import Kind
from puffling.runtime.clock import FixedClock
from puffling.runtime.errors import Conflict, InvalidInput
from puffling.store.orders import Intent, OrderState
from puffling.trading.entering import OrderRefused
from puffling.trading.estimates import expected_price
from puffling.trading.halt import HaltSwitch
from puffling.trading.parts import reason_of
from puffling.trading.values import LineState
from puffling.trading.wire import exact
from tests.fakes.bare_broker import BareBroker
from tests.fakes.own_broker import OwnBroker
from tests.trading.cases import NOW
from tests.trading.rooms import MINE, Room, open_room
from tests.trading.test_books_kept import FailingStore

P = ParamSpec("P")
R = TypeVar("R")

HUNDRED = Decimal(100)


async def _working(room: Room, slot: str = "one", **changes: Any) -> Intent:
    terms: dict[str, Any] = {"kind": Kind.LIMIT, "limit": HUNDRED, **changes}
    placed = await room.desk.place(room.wish(slot, **terms))
    assert placed.intent is not None
    return placed.intent


@pytest.mark.parametrize("number", ["NaN", "Infinity", "1E+40"])
async def test_a_number_that_is_none_is_refused_before_anything_else(home: Path, number: str) -> None:
    async with open_room(home, OwnBroker()) as room:
        with pytest.raises(InvalidInput, match="no usable number"):
            await room.desk.place(room.wish(quantity=number))
        wish = room.wish()
        with pytest.raises(InvalidInput, match="zone"):
            await room.desk.place(replace(wish, valid_until=wish.valid_until.replace(tzinfo=None)))


async def test_an_account_is_connected_once(home: Path) -> None:
    async with open_room(home, OwnBroker()) as room:
        with pytest.raises(InvalidInput, match="connected already"):
            await room.desk.connect(MINE, OwnBroker())
        await room.desk.disconnect("nobody")
        [view] = await room.desk.accounts()
        assert view.state is LineState.READY


async def test_an_order_the_broker_forgot_freezes_its_symbol(home: Path) -> None:
    broker = OwnBroker()
    async with open_room(home, broker) as room:
        intent = await _working(room)
        kept = broker.book.orders.pop("o1")
        await room.settle()
        assert (await room.intent(intent.id)).state is OrderState.UNKNOWN
        with pytest.raises(OrderRefused, match="What became of another order"):
            await _working(room, "two")
        broker.book.orders["o1"] = kept
        await room.settle()
        assert (await room.intent(intent.id)).state is OrderState.ACKED
        assert broker.submitted == 1


async def test_a_line_whose_broker_fails_in_a_way_of_its_own_is_looked_after_again(
    home: Path, caplog: pytest.LogCaptureFixture
) -> None:
    class Odd(OwnBroker):
        odd = True

        def get_positions(self) -> dict[str, Any]:
            if self.odd:
                self.odd = False
                return None  # type: ignore[return-value]
            return super().get_positions()

    clock = FixedClock(NOW)
    broker = Odd(now=clock.now)
    async with open_room(home, broker, clock=clock, compared=False) as room:
        line = room.parts.line(MINE.id)

        async def ready() -> bool:
            clock.advance(6)
            return line.ready

        await room.until(ready)
    assert "Looking after mine failed" in caplog.text


async def test_a_disk_that_fails_between_two_looks_leaves_no_line_alone(home: Path) -> None:
    clock = FixedClock(NOW)
    broker = OwnBroker(now=clock.now)
    async with open_room(home, broker, clock=clock, store_type=FailingStore) as room:
        line, store = room.parts.line(MINE.id), room.store
        assert isinstance(store, FailingStore)
        store.refuse("counts")
        line.nudged.set()

        async def lost() -> bool:
            return line.state is LineState.LOST

        async def ready() -> bool:
            clock.advance(6)
            return line.ready

        await room.until(lost)
        assert "disk is full" in line.reason
        await room.until(ready)
        assert room.failures == []


async def test_a_stream_that_cannot_be_had_now_is_asked_for_again(home: Path) -> None:
    class Deaf(OwnBroker):
        tried = 0

        def listen(self, hear: Any) -> Any:
            self.tried += 1
            if self.tried == 1:
                raise UnclearError("no stream today")
            return super().listen(hear)

    broker = Deaf()
    async with open_room(home, broker) as room:
        await room.settle()
        assert broker.tried == 2
        intent = await _working(room)
        broker.fill("o1")
        await room.until_state(intent.id, OrderState.FILLED)


async def test_a_broker_without_lists_and_names_stays_in_doubt_until_it_is_too_late(home: Path) -> None:
    class Forgetful(BareBroker):
        def submit_order(self, order: Any) -> str:
            self.inner.submit_order(order)
            raise UnclearError("Connection reset")

    inner = OwnBroker()
    clock = FixedClock(NOW)
    inner._now = clock.now
    async with open_room(home, Forgetful(inner), clock=clock) as room:
        placed = await room.desk.place(room.wish())
        assert placed.intent is not None
        await room.settle()
        assert (await room.intent(placed.intent.id)).state is OrderState.UNKNOWN
        clock.advance(61)
        await room.settle()
        assert (await room.intent(placed.intent.id)).state is OrderState.ABANDONED_WATCH
        assert inner.submitted == 1


async def test_old_figures_of_the_account_are_asked_for_again_before_an_order_is_judged(home: Path) -> None:
    clock = FixedClock(NOW)
    broker = OwnBroker(now=clock.now)
    async with open_room(home, broker, clock=clock) as room:
        clock.advance(100)
        asked = broker.calls.count("get_account")
        await _working(room)
        assert broker.calls.count("get_account") > asked
        # Whoever looks after the account asks too, now that time has passed.
        await room.settle()
        broker.fault("get_account", *["unclear"] * 50)
        room.parts.line(MINE.id).info_at = None
        with pytest.raises(OrderRefused, match="account is worth is not known"):
            await room.desk.place(room.wish("two"))


async def test_without_a_price_or_an_answer_nothing_leaves(home: Path) -> None:
    broker = OwnBroker()
    async with open_room(home, broker) as room:
        broker.fault("get_asset", "unclear")
        with pytest.raises(OrderRefused):
            await room.desk.place(room.wish())
        room.prices.failing = True
        preview = await room.desk.preview(room.wish("two"))
        assert (preview.cost, preview.exposure_after) == (None, None)
        assert "price" in {check.code for check in preview.verdict.refusals}
        assert expected_price(room.wish(kind=Kind.STOP, stop=HUNDRED).terms, None) == 100
        assert broker.submitted == 0


async def test_a_line_that_hangs_is_let_go_all_the_same(home: Path) -> None:
    class Hanging(OwnBroker):
        closed = 0

        def close(self) -> None:
            self.closed += 1
            self.hang.set()

    broker = Hanging()
    async with open_room(home, broker, patience_seconds=0.1) as room:
        broker.fault("submit_order", "hang_before")
        placed = await room.desk.place(room.wish())
        assert placed.intent is not None
        await room.desk.disconnect(MINE.id)
        assert broker.closed == 1


def test_numbers_that_are_none_are_answers_that_cannot_be_read() -> None:
    for number in (float("nan"), float("inf")):
        with pytest.raises(UnclearError):
            exact(number)
    with pytest.raises(UnclearError):
        exact("twelve")  # type: ignore[arg-type]
    assert reason_of(Conflict("Why")) == "Why"
    assert reason_of(ValueError()) == "ValueError"


async def test_real_money_wants_a_broker_that_tells_the_time(home: Path) -> None:
    class Timeless(OwnBroker):
        def get_clock(self) -> BrokerClock:
            raise NotOffered("no clock")

    async with open_room(home, Timeless()) as room:
        line = room.parts.line(MINE.id)
        assert line.skew_seconds == 0
        line.live_keys = True
        await room.settle()
        assert line.skew_seconds is None


async def test_a_halt_that_cannot_be_written_still_calls_the_person(home: Path) -> None:
    async with open_room(home, OwnBroker()) as room:
        room.parts.switch = HaltSwitch(home / "no" / "folder")
        room.parts.alarm(MINE.id, "Look", halt=True)
        assert "by hand" in room.alarms[0].hint
