"""What the account is worth is asked anew after a fill: once for all who want to know."""

from __future__ import annotations

import threading
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from puffling.puffin.orders import Kind
from puffling.store.orders import Intent, OrderState
from puffling.trading.events import AccountChanged
from puffling.trading.judging import PriceSeen
from puffling.trading.looking import refresh_account
from tests.fakes.own_broker import OwnBroker
from tests.trading.rooms import MINE, FixedPrices, Room, open_room


async def _working(room: Room, slot: str) -> Intent:
    placed = await room.desk.place(room.wish(slot, kind=Kind.LIMIT, limit=Decimal(100)))
    assert placed.intent is not None
    return placed.intent


async def _known(room: Room) -> None:
    """Wait until what the account is worth is known."""

    async def known() -> bool:
        return room.parts.line(MINE.id).info_at is not None

    await room.until(known)


def _questions(broker: OwnBroker) -> int:
    return broker.calls.count("get_account")


class SlowToSay(OwnBroker):
    """A broker that says what the account is worth when it is let, once it is told to wait."""

    def __init__(self) -> None:
        super().__init__()
        self.asked, self.let_go = threading.Event(), threading.Event()
        self.halts = self._wait

    def _wait(self) -> None:
        self.asked.set()
        self.let_go.wait(20)


async def test_an_order_right_after_a_fill_waits_for_the_question_that_is_asked_already(home: Path) -> None:
    broker = SlowToSay()
    async with open_room(home, broker) as room:
        await _working(room, "one")
        await room.settle()
        async with room.parts.line(MINE.id).comparing:
            before = _questions(broker)
            broker.fault("get_account", "halts")
            broker.fill("o1")

            async def asked() -> bool:
                return broker.asked.is_set()

            await room.until(asked)
            placing = room.scope.spawn(_working(room, "two"), name="two")
            for _ in range(3):
                await room.desk.account(MINE.id)
            broker.let_go.set()
            assert (await placing).state is OrderState.ACKED
            assert _questions(broker) - before == 1


async def test_what_fills_while_it_is_asked_is_asked_for_again(home: Path) -> None:
    broker = OwnBroker()
    async with open_room(home, broker) as room:
        await _working(room, "one")
        second = await _working(room, "two")
        await room.settle()
        async with room.parts.line(MINE.id).comparing:
            before = _questions(broker)
            broker.fault("get_account", "fills_o1")
            broker.fill("o2")

            async def both() -> bool:
                return await room.held() == 10

            await room.until(both)
            await room.until_state(second.id, OrderState.FILLED)
            await _known(room)
            assert _questions(broker) - before == 2


@dataclass
class Busy(FixedPrices):
    """A market in which something happens while somebody looks at a price, once."""

    happens: Callable[[], Awaitable[object]] | None = None

    async def look(self, symbol: str) -> PriceSeen:
        """The newest price, after what happens."""
        if self.happens is not None:
            happens, self.happens = self.happens, None
            await happens()
        return await super().look(symbol)


async def test_news_of_a_fill_while_an_order_is_looked_at_does_not_refuse_it(home: Path) -> None:
    broker = SlowToSay()
    async with open_room(home, broker) as room:
        await _working(room, "one")
        await room.settle()
        line = room.parts.line(MINE.id)

        async def fills() -> None:
            broker.fault("get_account", "halts")
            broker.fill("o1")

            async def let_go_of() -> bool:
                return line.info_at is None

            await room.until(let_go_of)

        async with line.comparing:
            room.parts.prices = Busy(room.clock, happens=fills)
            placing = room.scope.spawn(_working(room, "two"), name="two")

            async def sending() -> bool:
                return bool(await room.read(lambda unit: unit.intents.in_states({OrderState.SENDING})))

            await room.until(sending)
            broker.let_go.set()
            assert (await placing).state is OrderState.ACKED


async def test_figures_read_for_an_order_are_told_to_all_who_show_them(home: Path) -> None:
    broker = OwnBroker()
    async with open_room(home, broker) as room:
        await room.settle()
        line = room.parts.line(MINE.id)
        told: list[object] = []
        room.bus.on(AccountChanged, lambda _: told.append(line.info))
        async with line.comparing:
            line.moved = True
            await refresh_account(room.parts, line)
            assert told == [line.info]
            await refresh_account(room.parts, line)
            assert len(told) == 1


async def test_fills_that_come_while_the_question_waits_are_asked_for_together(home: Path) -> None:
    broker = OwnBroker()
    async with open_room(home, broker) as room:
        first, second = await _working(room, "one"), await _working(room, "two")
        await room.settle()
        line = room.parts.line(MINE.id)
        async with line.comparing:
            before = _questions(broker)
            async with line.asking:
                broker.fill("o1")
                broker.fill("o2")
                for intent in (first, second):
                    await room.until_state(intent.id, OrderState.FILLED)
            await _known(room)
            assert _questions(broker) - before == 1
