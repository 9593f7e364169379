"""A paper account while the market, the disk or its own end is in the way: nothing is lost or made up."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from puffling.market.events import PricesMoved
from puffling.market.market import Market
from puffling.puffin.broker.base import BrokerUpdate, Order, UnclearError, UpdateKind
from puffling.puffin.broker.paper_money import SPLIT
from puffling.puffin.broker.paper_terms import PaperTerms
from puffling.puffin.data.actions import CorporateAction
from puffling.puffin.data.instants import to_us
from puffling.puffin.orders import Kind, Lasting, Side
from puffling.runtime.actor import DEFAULT_USER
from puffling.runtime.clock import FixedClock
from puffling.runtime.errors import Unavailable
from puffling.store.events import DatabaseRestored
from puffling.store.orders import FlowKind, OrderState
from puffling.trading.paper import PaperAccount
from puffling.trading.paper_books import keep_book
from tests.trading.cases import NOW
from tests.trading.paper_rooms import DEMO, PaperRoom, open_paper
from tests.trading.test_edges import FullStore
from tests.trading.test_paper import bought


class SickMarket:
    """The market, of which some questions fail."""

    def __init__(self, market: Market) -> None:
        self.market = market
        self.failing: set[str] = set()

    def __getattr__(self, name: str) -> Any:
        if name in self.failing:
            return self._fail
        return getattr(self.market, name)

    async def _fail(self, *_: object) -> None:
        raise Unavailable("No feed answers")


def _sicken(room: PaperRoom, *failing: str) -> SickMarket:
    """Let some questions of the account to the market fail from now on."""
    sick = SickMarket(room.market)
    sick.failing.update(failing)
    vars(room.paper)["_market"] = sick
    return sick


async def _told(room: PaperRoom, factor: float) -> float:
    """Tell a price of this moment, so many times the one that stands."""
    known = await room.market.latest("SPY")
    price = known._replace(price=known.price * factor, time_us=to_us(room.clock.now()))
    room.bus.publish(PricesMoved({"SPY": price}))
    return float(price.price)


async def test_while_nobody_knows_of_splits_a_price_like_one_fills_nothing(tmp_path: Path) -> None:
    async with open_paper(tmp_path) as room:
        _sicken(room, "actions")
        await bought(room)
        mark = room.paper.broker.mark("SPY")
        assert mark is not None
        stop = Decimal(str(round(mark * 0.92, 2)))
        placed = await room.desk.place(
            room.wish("stop", side=Side.SELL, kind=Kind.STOP, stop=stop, quantity=4)
        )
        assert placed.intent is not None
        await _told(room, 0.5)
        await room.paper.keep()
        assert await room.held() == 4

        async def sold() -> bool:
            await _told(room, 0.9)
            await room.paper.keep()
            return await room.held() == 0

        await room.until(sold)


async def test_splits_are_asked_for_again_until_they_are_known(tmp_path: Path) -> None:
    async with open_paper(tmp_path) as room:
        sick = _sicken(room, "actions")
        await bought(room)
        sick.failing.clear()

        async def known() -> bool:
            room.clock.advance(1)
            await _told(room, 0.5)
            mark = room.paper.broker.mark("SPY")
            return mark is not None and mark < (await room.market.latest("SPY")).price * 0.6

        await room.until(known)


async def test_an_order_without_a_price_waits_for_one(tmp_path: Path) -> None:
    async with open_paper(tmp_path) as room:
        stop = Decimal(str(round((await room.market.latest("SPY")).price * 1.05, 2)))
        sick = _sicken(room, "latest")
        placed = await room.desk.place(room.wish(kind=Kind.STOP, stop=stop, lasting=Lasting.GTC))
        assert placed.intent is not None
        assert await room.state(placed.intent.id) == OrderState.ACKED
        assert await room.port.thread(room.paper._price, "SPY") is None
        sick.failing.clear()

        async def filled() -> bool:
            await _told(room, 1.06)
            return await room.held() == 5

        await room.until(filled)


async def test_what_fills_while_the_disk_is_full_is_kept_and_told_when_it_is_not(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with open_paper(tmp_path, store_type=FullStore) as room:
        store = room.store
        assert isinstance(store, FullStore)
        await bought(room)
        stop = Decimal(str(round((await room.market.latest("SPY")).price * 0.92, 2)))
        wish = room.wish("stop", side=Side.SELL, kind=Kind.STOP, stop=stop, quantity=4)
        assert (await room.desk.place(wish)).intent is not None
        store.full = True

        async def made() -> bool:
            await _told(room, 0.9)
            return "cannot be kept" in caplog.text

        await room.until(made)
        assert await room.held() == 4
        order = Order("SPY", Side.BUY, 1, client_order_id="full")
        with pytest.raises(UnclearError, match="could not be kept"):
            await room.port.thread(room.paper.broker.submit_order, order)
        store.full = False

        async def kept() -> bool:
            room.clock.advance(1)
            return await room.held() == 0

        await room.until(kept)
        assert (await room.desk.reconcile(DEMO.id)).agrees


async def test_a_book_that_cannot_be_kept_at_the_end_is_taken_up_as_it_was(tmp_path: Path) -> None:
    async with open_paper(tmp_path, store_type=FullStore) as room:
        await bought(room)
        assert isinstance(room.store, FullStore)
        room.store.full = True
    async with open_paper(tmp_path) as room:
        assert (await room.desk.reconcile(DEMO.id)).agrees
        assert await room.held() == 4


async def test_a_database_without_a_book_leaves_the_one_at_work(tmp_path: Path) -> None:
    async with open_paper(tmp_path) as room:
        await bought(room)
        room.paper.account = replace(DEMO, id="another")
        room.bus.publish(DatabaseRestored("backup"))
        for _ in range(20):
            await room.read(lambda unit: unit.books.find("another"))
        held = await room.port.thread(room.paper.broker.get_positions)
        assert held["SPY"].qty == 4
        room.paper.account = DEMO


async def test_how_far_a_trailing_stop_has_come_is_kept_now_and_then(tmp_path: Path) -> None:
    clock = FixedClock(NOW)
    async with open_paper(tmp_path, clock=clock) as room:
        await bought(room)
        trail = room.wish("trail", side=Side.SELL, kind=Kind.TRAILING_STOP, trail=Decimal(50), quantity=4)
        assert (await room.desk.place(trail)).intent is not None
        before: int = (await room.book())["version"]

        async def kept() -> bool:
            clock.advance(1)
            newest: int = (await room.book())["version"]
            return newest > before

        await room.until(kept)


async def test_other_terms_count_from_now_on(tmp_path: Path) -> None:
    async with open_paper(tmp_path) as room:
        terms = PaperTerms()
        room.paper.trade_under(terms)
        assert room.paper.broker.terms is terms


async def test_a_symbol_nobody_knows_trades_by_the_hours_of_the_exchange(tmp_path: Path) -> None:
    async with open_paper(tmp_path) as room:
        assert room.paper._hours("NOBODYKNOWS", NOW) == room.paper._hours("", NOW)


async def test_a_split_that_is_told_again_counts_once_and_one_of_nothing_not_at_all(tmp_path: Path) -> None:
    async with open_paper(tmp_path) as room:
        await bought(room)
        book = await room.book()
        for version, (name, symbol, more) in enumerate(
            [("s1", "SPY", "4"), ("s1", "SPY", "4"), ("s2", "QQQ", "3"), ("s3", "SPY", "0")], 1
        ):
            flow = [name, SPLIT, more, NOW.isoformat(), symbol]
            newer = book | {"version": book["version"] + 1000 + version, "flows": [flow]}
            assert await room.store.run(DEFAULT_USER, keep_book, DEMO, newer)
        assert (await room.held(), await room.held("QQQ")) == (Decimal(8), Decimal(3))


def test_whoever_asks_after_the_end_is_told_that_nothing_is_known(tmp_path: Path) -> None:
    async def life() -> PaperAccount:
        async with open_paper(tmp_path) as room:
            return room.paper

    paper = asyncio.run(life())
    with pytest.raises(UnclearError, match="closing"):
        paper.broker.submit_order(Order("SPY", Side.BUY, 1, client_order_id="late"))
    paper._heard(BrokerUpdate(UpdateKind.ORDER))


async def test_a_question_that_is_taken_back_is_no_answer(tmp_path: Path) -> None:
    async def gone() -> None:
        raise asyncio.CancelledError

    async with open_paper(tmp_path) as room:
        with pytest.raises(UnclearError, match="in time"):
            await room.port.thread(lambda: room.paper._on_loop(gone()))


async def test_a_dividend_alone_changes_money_and_no_shares(tmp_path: Path) -> None:
    async with open_paper(tmp_path) as room:
        await bought(room)
        tomorrow = (NOW + timedelta(days=1)).date()
        room.paper.broker.on_actions("SPY", [CorporateAction(tomorrow, 1.0, 1.25)], tomorrow)
        await room.paper.keep()
        flows = await room.read(lambda unit: unit.flows.of(DEMO.id))
        assert [flow.amount for flow in flows if flow.kind is FlowKind.DIVIDEND] == [5]
        assert await room.held() == 4


async def test_a_price_in_the_first_moment_of_a_day_waits_until_the_day_has_begun(tmp_path: Path) -> None:
    async with open_paper(tmp_path) as room:
        await bought(room)
        mark = room.paper.broker.mark("SPY")
        assert mark is not None
        before = await room.market.latest("SPY")
        room.clock.advance(timedelta(days=1).total_seconds())
        # Nobody has looked at the clock since: splits of the new day may not be known yet.
        told = before._replace(price=before.price * 0.9, time_us=to_us(room.clock.now()))
        room.bus.publish(PricesMoved({"SPY": told}))
        assert room.paper.broker.mark("SPY") == mark

        async def taken() -> bool:
            room.bus.publish(PricesMoved({"SPY": told}))
            return room.paper.broker.mark("SPY") == told.price

        await room.until(taken)
