"""The books are kept whatever happens meanwhile: what could not be told what it earned is told later."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

from puffling.puffin.orders import Side
from puffling.runtime.actor import DEFAULT_USER, UserId
from puffling.runtime.clock import FixedClock
from puffling.runtime.errors import StorageFailed
from puffling.settings.live import LiveSettings
from puffling.store.database import Store, Unit
from puffling.store.events import CashFlowsChanged, TradesChanged
from puffling.store.orders import OrderState, Trade, Worth
from puffling.trading.books import Books
from puffling.trading.values import AccountView
from tests.fakes.own_broker import OwnBroker
from tests.trading.cases import NOW
from tests.trading.rooms import MINE, Room, open_room
from tests.trading.test_standing import NoRows

P = ParamSpec("P")
R = TypeVar("R")


class FailingStore(Store):
    """A store that refuses works of some names once, and notes which it refused."""

    def refuse(self, *names: str) -> None:
        """Refuse the next work of each of these names."""
        self.failing = list(names)
        self.refused: list[str] = []

    def _look(self, name: str) -> None:
        if name in getattr(self, "failing", ()):
            self.failing.remove(name)
            self.refused.append(name)
            raise StorageFailed("The disk is full; nothing was saved.")

    async def run(
        self, user: UserId, work: Callable[Concatenate[Unit, P], R], *args: P.args, **kwargs: P.kwargs
    ) -> R:
        """Write, or refuse to."""
        self._look(work.__name__)
        return await super().run(user, work, *args, **kwargs)

    async def read(
        self, user: UserId, work: Callable[Concatenate[Unit, P], R], *args: P.args, **kwargs: P.kwargs
    ) -> R:
        """Read, or refuse to."""
        self._look(work.__name__)
        return await super().read(user, work, *args, **kwargs)


async def _bought_and_sold(room: Room, broker: OwnBroker) -> None:
    """Buy at a hundred and sell at a hundred and ten, twice."""
    for symbol in ("QQQ", "SPY"):
        for side, price in ((Side.BUY, 100), (Side.SELL, 110)):
            broker.price = Decimal(price)
            room.prices.price = Decimal(price)
            placed = await room.desk.place(room.wish(f"{symbol}-{side}", symbol=symbol, side=side))
            assert placed.intent is not None
            assert placed.intent.broker_order_id is not None
            broker.fill(placed.intent.broker_order_id)
            await room.until_state(placed.intent.id, OrderState.FILLED)


async def test_a_disk_that_was_full_keeps_no_trade_from_being_told_what_it_earned(home: Path) -> None:
    clock = FixedClock(NOW)
    broker = OwnBroker(now=clock.now)
    async with open_room(home, broker, clock=clock, store_type=FailingStore) as room:
        store = room.store
        assert isinstance(store, FailingStore)
        await _bought_and_sold(room, broker)
        await room.desk.disconnect(MINE.id)
        live = LiveSettings(NoRows(), {}, {})
        books = Books(
            store=store, bus=room.bus, clock=clock, user=DEFAULT_USER, live=live, accounts=room.desk.accounts
        )
        store.refuse("_places", "_tell_earned")
        stop = books.start(room.scope)

        async def told() -> bool:
            clock.advance(1)
            return len(store.refused) == 2 and books.up_to_date

        await room.until(told)
        stop()
        assert store.refused == ["_places", "_tell_earned"]
        for symbol in ("QQQ", "SPY"):
            trades = await store.read(DEFAULT_USER, _trades, symbol)
            assert [trade.realized for trade in trades] == [None, Decimal(50)]


def _trades(unit: Unit, symbol: str) -> tuple[Trade, ...]:
    return unit.trades.of(MINE.id, symbol)


async def test_what_happens_to_others_is_not_in_the_books(home: Path) -> None:
    async with open_room(home) as room:
        live = LiveSettings(NoRows(), {}, {})
        books = Books(
            store=room.store,
            bus=room.bus,
            clock=room.clock,
            user=DEFAULT_USER,
            live=live,
            accounts=room.desk.accounts,
        )
        stop = books.start(room.scope)
        other = UserId("another")
        room.bus.publish(TradesChanged(other, MINE.id, "SPY"))
        room.bus.publish(CashFlowsChanged(other, MINE.id))
        untold = [not books.up_to_date]
        room.bus.publish(TradesChanged(DEFAULT_USER, MINE.id, "SPY"))
        untold.append(not books.up_to_date)
        stop()
        assert untold == [False, True]


async def test_what_an_account_is_worth_is_kept_as_soon_as_it_can_be(home: Path) -> None:
    clock = FixedClock(NOW)
    async with open_room(home, OwnBroker(now=clock.now), clock=clock, store_type=FailingStore) as room:
        store = room.store
        assert isinstance(store, FailingStore)
        live = LiveSettings(NoRows(), {}, {})
        books = Books(
            store=store, bus=room.bus, clock=clock, user=DEFAULT_USER, live=live, accounts=room.desk.accounts
        )
        store.refuse("_keep_marks")
        stop = books.start(room.scope)

        async def marked() -> bool:
            clock.advance(1)
            return bool(await store.read(DEFAULT_USER, _curve))

        await room.until(marked)
        stop()
        assert store.refused == ["_keep_marks"]


def _curve(unit: Unit) -> tuple[Worth, ...]:
    return unit.worth.curve(MINE.id)


async def test_an_account_whose_broker_says_nothing_is_worth_what_it_was_last(home: Path) -> None:
    clock = FixedClock(NOW)
    async with open_room(home, OwnBroker(now=clock.now), clock=clock, compared=False) as room:

        def keep(unit: Unit) -> None:
            unit.accounts.add(MINE.id, broker=MINE.broker, mode=MINE.mode, label=MINE.label)
            unit.worth.mark(MINE.id, NOW, Decimal(700), Decimal(300))

        await room.store.run(DEFAULT_USER, keep)
        view = replace(await room.desk.account(MINE.id), info=None)

        async def silent() -> tuple[AccountView, ...]:
            return (view,)

        live = LiveSettings(NoRows(), {}, {})
        books = Books(
            store=room.store, bus=room.bus, clock=clock, user=DEFAULT_USER, live=live, accounts=silent
        )
        [standing] = await books.standings()
        assert (standing.connected, standing.label) == (False, MINE.label)
        assert (standing.equity, standing.cash, standing.as_of) == (Decimal(700), Decimal(300), NOW)


async def test_an_account_that_was_let_go_keeps_its_name_beside_its_history(home: Path) -> None:
    broker = OwnBroker()
    async with open_room(home, broker) as room:
        await _bought_and_sold(room, broker)
        await room.desk.disconnect(MINE.id)

        def let_go(unit: Unit) -> None:
            unit.accounts.add(MINE.id, broker=MINE.broker, mode=MINE.mode, label=MINE.label)
            unit.accounts.use(MINE.id, active=False)
            unit.accounts.add("unused", broker="own", mode="PAPER", label="Never traded")
            unit.accounts.use("unused", active=False)

        await room.store.run(DEFAULT_USER, let_go)

        async def nobody() -> tuple[AccountView, ...]:
            return ()

        live = LiveSettings(NoRows(), {}, {})
        books = Books(
            store=room.store, bus=room.bus, clock=room.clock, user=DEFAULT_USER, live=live, accounts=nobody
        )
        [standing] = await books.standings()
        assert (standing.account, standing.label, standing.mode) == (MINE.id, MINE.label, MINE.mode)
