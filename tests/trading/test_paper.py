"""A paper account at work: on the demo market, with the desk, through crashes."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from puffling.puffin.backtest.fills import Candle
from puffling.puffin.broker.base import InvalidOrderError, Order, OrderStatus
from puffling.puffin.data.actions import CorporateAction
from puffling.puffin.orders import Kind, Lasting, Side
from puffling.runtime.actor import DEFAULT_USER
from puffling.runtime.clock import FixedClock
from puffling.runtime.errors import InvalidInput
from puffling.store.database import Unit
from puffling.store.events import DatabaseRestored
from puffling.store.orders import FlowKind
from tests.trading.cases import NOW
from tests.trading.paper_rooms import DEMO, PaperRoom, open_paper


async def test_an_order_fills_at_what_somebody_asks_and_the_ledger_knows(tmp_path: Path) -> None:
    async with open_paper(tmp_path) as room:
        quote = await room.market.quotes.quote("SPY")
        placed = await room.desk.place(room.wish(quantity=3))
        assert placed.intent is not None
        intent = placed.intent.id

        async def filled() -> bool:
            return await room.state(intent) == "FILLED"

        await room.until(filled)
        assert await room.held() == 3
        fills = await room.desk.fills(DEMO.id)
        assert quote is not None
        assert [float(fill.price) for fill in fills] == [quote.ask]
        report = await room.desk.reconcile(DEMO.id)
        assert report.agrees
        assert room.failures == []


async def bought(room: PaperRoom, quantity: int = 4) -> None:
    """Buy some, and wait until the ledger knows."""
    before = await room.held()
    await room.desk.place(room.wish(f"buy-{before}", quantity=quantity))

    async def held() -> bool:
        return await room.held() == before + quantity

    await room.until(held)


async def test_the_book_survives_and_nothing_is_counted_twice(tmp_path: Path) -> None:
    clock = FixedClock(NOW)
    async with open_paper(tmp_path, clock=clock) as room:
        await bought(room)
        waiting = await room.desk.place(
            room.wish("later", quantity=1, kind=Kind.LIMIT, limit=Decimal(650), lasting=Lasting.GTC)
        )
        assert waiting.intent is not None
        worth = (await room.book())["cash"]
    clock.advance(60)
    async with open_paper(tmp_path, clock=clock, cash=5) as room:
        assert (await room.desk.reconcile(DEMO.id)).agrees
        assert await room.held() == 4
        assert len(await room.desk.fills(DEMO.id)) == 1
        assert (await room.book())["cash"] == worth
        assert await room.state(waiting.intent.id) == "ACKED"
        assert room.paper.broker.symbols == {"SPY"}
        assert room.alarms == []


async def test_the_first_money_is_a_deposit_and_what_is_paid_in_another(tmp_path: Path) -> None:
    async with open_paper(tmp_path, cash=1_000) as room:
        await room.paper.pay_in(Decimal(500))
        await room.paper.pay_in(Decimal(-200))
        flows = await room.read(lambda unit: unit.flows.of(DEMO.id))
        paid_in = sorted(flow.amount for flow in flows if flow.kind is FlowKind.DEPOSIT)
        assert paid_in == [500, 1_000]
        assert [flow.amount for flow in flows if flow.kind is FlowKind.WITHDRAWAL] == [-200]
        with pytest.raises(InvalidInput, match="so much cash"):
            await room.paper.pay_in(Decimal(-5_000))


async def test_a_split_and_a_dividend_reach_the_ledger_with_the_book(tmp_path: Path) -> None:
    async with open_paper(tmp_path) as room:
        await bought(room)
        before = await room.read(lambda unit: unit.holdings.find(DEMO.id, "SPY"))
        assert before is not None
        tomorrow = (NOW + timedelta(days=1)).date()
        happened = [CorporateAction(tomorrow, 0.5, 1.25)]
        for _ in range(2):
            room.paper.broker.on_actions("SPY", happened, tomorrow)
            await room.paper.keep()
        after = await room.read(lambda unit: unit.holdings.find(DEMO.id, "SPY"))
        assert after is not None
        assert after.quantity == 2
        assert after.average_price == before.average_price * 2
        flows = await room.read(lambda unit: unit.flows.of(DEMO.id))
        assert [flow.amount for flow in flows if flow.kind is FlowKind.DIVIDEND] == [5]
        assert (await room.desk.reconcile(DEMO.id)).agrees
        assert room.alarms == []


async def test_what_is_sent_at_night_fills_in_the_morning(tmp_path: Path) -> None:
    clock = FixedClock(NOW + timedelta(hours=12))
    async with open_paper(tmp_path, clock=clock) as room:
        order = Order("SPY", Side.BUY, 3, client_order_id="night")
        id = await room.port.thread(room.paper.broker.submit_order, order)
        info = await room.port.thread(room.paper.broker.get_order_status, id)
        assert info.status is OrderStatus.ACCEPTED
        clock.set(NOW + timedelta(hours=23))

        async def filled() -> bool:
            clock.advance(0.5)
            told = await room.port.thread(room.paper.broker.get_order_status, id)
            return told.status is OrderStatus.FILLED

        await room.until(filled)
        [made] = await room.port.thread(room.paper.broker.get_executions, NOW)
        assert made.filled_at >= NOW + timedelta(hours=22.5)


async def test_an_order_for_the_day_ends_with_its_session_although_nothing_trades(tmp_path: Path) -> None:
    clock = FixedClock(NOW)
    async with open_paper(tmp_path, clock=clock) as room:
        placed = await room.desk.place(room.wish(kind=Kind.LIMIT, limit=Decimal(650)))
        assert placed.intent is not None
        id = placed.intent.id
        clock.set(NOW + timedelta(hours=5))

        async def expired() -> bool:
            return await room.state(id) == "EXPIRED"

        await room.until(expired)


async def test_what_nobody_knows_cannot_be_ordered_and_made_up_prices_are_for_the_demo(
    tmp_path: Path,
) -> None:
    async with open_paper(tmp_path) as room:
        for symbol, words in (("NOSUCH", "NOSUCH"), ("SPY", "made up")):
            if symbol == "SPY":
                room.paper.account = replace(DEMO, mode="PAPER")
            with pytest.raises(InvalidOrderError, match=words):
                await room.port.thread(room.paper.broker.submit_order, Order(symbol, Side.BUY, 1))
        room.paper.account = DEMO
        coin = await room.port.thread(room.paper.broker.get_asset, "BTC/USD")
        assert not coin.shortable
        assert coin.quantity_step == Decimal("0.000000001")


async def test_a_simulated_market_passes_bar_by_bar(tmp_path: Path) -> None:
    async with open_paper(tmp_path) as room:
        await room.port.thread(
            room.paper.broker.submit_order, Order("SPY", Side.BUY, 2, Kind.LIMIT, Decimal(500))
        )
        await room.paper.take_bars({"SPY": Candle(510.0, 520.0, 499.0, 505.0, 1e6)}, NOW, NOW)
        assert room.paper.broker.unkept() is None
        assert (await room.book())["positions"] == {"SPY": ["2", "500.0"]}


async def test_a_restored_backup_brings_its_book_back(tmp_path: Path) -> None:
    async with open_paper(tmp_path) as room:
        book = await room.book()
        await bought(room)

        def go_back(unit: Unit) -> None:
            unit.books.keep(DEMO.id, {**book, "version": 99}, 99)

        await room.store.run(DEFAULT_USER, go_back)
        room.bus.publish(DatabaseRestored("yesterday"))

        async def back() -> bool:
            return room.paper.broker.symbols == frozenset()

        await room.until(back)
