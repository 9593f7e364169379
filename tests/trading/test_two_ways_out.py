"""One cancels the other: a profit and a loss are two ways out of one position, and only one is taken."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from puffling.puffin.broker.alpaca import AlpacaBroker
from puffling.puffin.broker.base import BrokerAbilities, OrderStatus
from puffling.puffin.orders import Kind, Lasting, Side
from puffling.runtime.errors import Conflict
from puffling.store.database import Unit
from puffling.store.orders import Intent, OrderState, OrderTerms
from puffling.store.repositories.terms import read, written
from puffling.trading.entering import OrderRefused
from puffling.trading.flags import Standing, write_standing
from puffling.trading.proposals import OTHER_WAY, Proposal, order_hash
from puffling.trading.values import TradingState
from tests.fakes.alpaca_data import KEY, SECRET
from tests.fakes.alpaca_trading import AlpacaTrading
from tests.fakes.local_server import serving
from tests.fakes.own_broker import EVERYTHING, OwnBroker
from tests.trading.cases import NOW
from tests.trading.paper_rooms import DEMO, PaperRoom, open_paper
from tests.trading.rooms import MINE, Room, open_room

# Holds limits and stops, each by itself.
SINGLE = BrokerAbilities(
    kinds=EVERYTHING.kinds,
    lasting=frozenset({Lasting.DAY, Lasting.GTC}),
    finds_client_ids=True,
    lists_fills=True,
    streams=True,
    short=True,
)


class SlowToCancel(OwnBroker):
    """A broker that says it will cancel, and goes on filling until it has."""

    def cancel_order(self, order_id: str) -> bool:
        self.end(order_id, OrderStatus.PENDING_CANCEL, say=False)
        return True


HALTED = Standing(TradingState.HALTED, "Enough", "you", NOW)


@pytest.fixture
def alpaca() -> Iterator[AlpacaTrading]:
    """A hostile Alpaca at eleven in the morning, with a price for SPY."""
    with serving() as server:
        alpaca = AlpacaTrading(server, lambda: NOW)
        alpaca.move("SPY", 100)
        yield alpaca


def _terms(
    quantity: int = 10,
    *,
    profit: Decimal = Decimal(120),
    loss: Decimal = Decimal(90),
    worst: Decimal | None = None,
    account: str = MINE.id,
) -> OrderTerms:
    """Two ways out of what is held."""
    return OrderTerms(
        account, "SPY", Side.SELL, Decimal(quantity), Kind.LIMIT, profit,
        stop_loss=loss, one_cancels_other=True, stop_loss_limit=worst,
    )  # fmt: skip


def _wish(room: Room | PaperRoom, terms: OrderTerms, slot: str = "out") -> Proposal:
    return Proposal(terms, "person", slot, room.clock.now() + timedelta(minutes=1))


async def _with_ten(room: Room, broker: OwnBroker) -> None:
    placed = await room.desk.place(room.wish("ten", quantity=10))
    assert placed.intent is not None
    broker.fill("o1")
    await room.until_state(placed.intent.id, OrderState.FILLED)


async def _held(room: Room, slot: str = "out", worst: Decimal | None = None) -> tuple[Intent, Intent]:
    """Two ways out that this computer holds: the profit and the stop beside it."""
    placed = await room.desk.place(_wish(room, _terms(worst=worst), slot))
    assert placed.intent is not None
    profit = placed.intent
    [stop] = await room.read(lambda unit: unit.intents.children(profit.id))
    assert (profit.held, stop.held, stop.leg) == (True, True, OTHER_WAY)
    return profit, stop


async def _sent(room: Room, broker: OwnBroker, count: int) -> None:
    async def there() -> bool:
        return len(broker.accepted()) == count

    await room.until(there)


async def _alarmed(room: Room) -> None:
    async def called() -> bool:
        return bool(room.alarms)

    await room.until(called)


class TestTerms:
    def test_an_order_of_before_is_named_and_written_as_ever(self) -> None:
        terms = OrderTerms(
            "mine", "SPY", Side.BUY, Decimal("5.00"), Kind.LIMIT, Decimal("100.10"),
            take_profit=Decimal(120), stop_loss=Decimal(90),
        )  # fmt: skip
        assert order_hash(terms) == "16d84ad770ea8feb0b4094d755d1c3652b127f480166e7a267173dd30de9a66a"
        assert written(terms) == (
            '{"account": "mine", "symbol": "SPY", "side": "buy", "quantity": "5.00", "kind": "limit", '
            '"limit": "100.10", "stop": null, "trail": null, "trail_share": null, "lasting": "day", '
            '"take_profit": "120", "stop_loss": "90", "extended_hours": false}'
        )
        assert read(written(terms)) == terms

    def test_two_ways_out_are_written_to_the_last_digit_and_are_another_order(self) -> None:
        ways = [_terms(worst=worst) for worst in (None, Decimal("89.50"))]
        plain = replace(ways[0], one_cancels_other=False)
        assert [read(written(each)) for each in ways] == ways
        assert len({order_hash(each) for each in (plain, *ways)}) == 3


class TestAtTheBroker:
    async def test_on_paper_they_are_two_linked_lines_that_count_and_end_as_one(self, tmp_path: Path) -> None:
        async with open_paper(tmp_path) as room:
            placed = await room.desk.place(room.wish(quantity=5))
            assert placed.intent is not None

            async def bought() -> bool:
                return await room.held() == 5

            await room.until(bought)
            mark = Decimal(str(room.paper.broker.mark("SPY"))).quantize(Decimal(1))
            terms = _terms(3, profit=mark + 40, loss=mark - 40, account=DEMO.id)
            await room.desk.place(_wish(room, terms))
            lines = await room.desk.lines()
            head = next(line for line in lines if line.one_cancels_other)
            [leg] = [line for line in lines if line.parent_id == head.id]
            assert (leg.kind, leg.stop, leg.side) == (Kind.STOP, mark - 40, Side.SELL)
            assert (head.limit, head.stop_loss, head.held) == (mark + 40, mark - 40, False)
            # Of five held three are promised, once: two are free.
            for quantity, leads_out in ((2, True), (3, False)):
                rest = room.wish(f"rest-{quantity}", quantity=quantity, side=Side.SELL)
                assert (await room.desk.preview(rest)).verdict.shrinks is leads_out
            # What is promised to the two ways out is promised once, and whole.
            with pytest.raises(OrderRefused, match="not promised"):
                await room.desk.place(_wish(room, terms, "again"))
            with pytest.raises(Conflict, match="not changed"):
                await room.desk.replace(head.id, limit=mark + 41, slot="change", source="person")
            cancelled = await room.desk.cancel(head.id)
            assert cancelled.state is OrderState.CANCELED

            async def both_over() -> bool:
                return not any(line.is_open for line in await room.desk.lines())

            await room.until(both_over)
            assert await room.held() == 5

    @pytest.mark.parametrize("price", [121, 89])
    async def test_at_alpaca_whichever_is_met_sells_once_and_cancels_the_other(
        self, home: Path, alpaca: AlpacaTrading, price: int
    ) -> None:
        broker = AlpacaBroker(KEY, SECRET, base_url=alpaca.server.address, shortest_wait_seconds=0.02)
        async with open_room(home, broker) as room:
            bought = await room.desk.place(room.wish("ten", quantity=10))
            assert bought.intent is not None
            await room.until_state(bought.intent.id, OrderState.FILLED)
            placed = await room.desk.place(_wish(room, _terms(worst=Decimal(88))))
            assert placed.intent is not None
            assert not placed.intent.held
            assert placed.intent.shrinks
            await room.settle()
            ids = [entry["order"] for entry in alpaca.noted("accepted")][1:]
            assert [alpaca.book.orders[id].type for id in ids] == ["limit", "stop_limit"]
            alpaca.move("SPY", price)

            async def flat() -> bool:
                room.clock.advance(1.0)
                return await room.held() == 0

            await room.until(flat)
            await room.settle()
            assert sorted(alpaca.book.orders[id].status for id in ids) == ["canceled", "filled"]
            assert len(alpaca.noted("fill")) == 2
            assert not any(line.is_open for line in await room.desk.lines(MINE.id))
            told = await room.desk.story(placed.intent.id)
            assert [fill.quantity for fill in told.fills] == [10]
            assert not room.alarms


class TestHeldHere:
    async def test_the_profit_goes_out_alone_and_takes_the_stop_along(self, home: Path) -> None:
        broker = OwnBroker(abilities=SINGLE)
        async with open_room(home, broker) as room:
            await _with_ten(room, broker)
            preview = await room.desk.preview(_wish(room, _terms()))
            assert preview.held
            assert (preview.exposure_before, preview.exposure_after) == (Decimal(1000), Decimal(0))
            profit, stop = await _held(room)
            lines = {line.id: line for line in await room.desk.lines()}
            assert lines[stop.id].parent_id == profit.id
            assert (lines[profit.id].held, lines[stop.id].held) == (True, True)
            room.move(119)
            room.move(91)
            await room.settle()
            assert broker.submitted == 1
            room.move(120)
            await _sent(room, broker, 2)
            sent = broker.accepted()[1]
            assert (sent["kind"], sent["limit"], sent["client_id"]) == ("limit", "120", profit.client_id)
            broker.fill("o2", 4)

            async def narrowed() -> bool:
                held = await room.read(lambda unit: unit.intents.held())
                return [each.terms.quantity for each in held] == [6]

            await room.until(narrowed)
            assert (await room.intent(stop.id)).state is OrderState.REPLACED
            broker.fill("o2", 6)
            await room.until_state(profit.id, OrderState.FILLED)
            assert await room.read(lambda unit: unit.intents.held()) == ()
            assert room.prices.watched == [frozenset()]
            room.move(80)
            await room.settle()
            assert broker.submitted == 2
            assert await room.held() == 0
            assert await room.broken(broker) == []

    async def test_the_stop_goes_out_alone_at_the_market_and_the_profit_is_over(self, home: Path) -> None:
        broker = OwnBroker(abilities=SINGLE)
        async with open_room(home, broker) as room:
            await _with_ten(room, broker)
            profit, stop = await _held(room)
            room.move(90)
            await _sent(room, broker, 2)
            sent = broker.accepted()[1]
            # At the market, although the broker holds stops: its price is met already.
            assert (sent["kind"], sent["stop"], sent["client_id"]) == ("market", None, stop.client_id)
            assert (await room.intent(profit.id)).state is OrderState.CANCELED
            broker.fill("o2")
            await room.until_state(stop.id, OrderState.FILLED)
            room.move(130)
            await room.settle()
            assert broker.submitted == 2
            assert await room.broken(broker) == []

    async def test_the_stop_sells_only_what_the_profit_left(self, home: Path) -> None:
        broker = OwnBroker(abilities=SINGLE)
        async with open_room(home, broker) as room:
            await _with_ten(room, broker)
            profit, _ = await _held(room, worst=Decimal(89))
            room.move(120)
            await _sent(room, broker, 2)
            broker.fill("o2", 3)
            await room.until_state(profit.id, OrderState.PARTIAL)
            room.move(90)
            await _sent(room, broker, 3)
            sent = broker.accepted()[2]
            assert (sent["kind"], sent["limit"], sent["qty"]) == ("limit", "89", "7")
            assert (await room.intent(profit.id)).state is OrderState.CANCELED
            broker.fill("o3")

            async def flat() -> bool:
                return await room.held() == 0

            await room.until(flat)
            assert not room.alarms
            assert await room.broken(broker) == []

    async def test_a_fill_on_the_way_to_cancelling_is_not_sold_again(self, home: Path) -> None:
        broker = OwnBroker(abilities=SINGLE)
        async with open_room(home, broker) as room:
            await _with_ten(room, broker)
            profit, stop = await _held(room)
            room.move(120)
            await _sent(room, broker, 2)
            broker.fault("cancel_order", "fills_first")
            room.move(90)
            await room.until_state(profit.id, OrderState.FILLED)
            await room.until_state(stop.id, OrderState.CANCELED)
            room.move(80)
            await room.settle()
            assert broker.submitted == 2
            assert await room.held() == 0
            assert not room.alarms

    async def test_while_nobody_knows_what_became_of_the_profit_the_stop_waits(self, home: Path) -> None:
        broker = OwnBroker(abilities=SINGLE)
        async with open_room(home, broker) as room:
            await _with_ten(room, broker)
            profit, stop = await _held(room)
            broker.fault("submit_order", "reset_before")
            broker.fault("find_order", *["unclear"] * 50)
            room.move(120)
            await room.until_state(profit.id, OrderState.UNKNOWN)
            room.move(90)
            await _alarmed(room)
            assert (await room.intent(stop.id)).held
            assert broker.accepted()[1:] == []

    async def test_while_the_profit_is_only_about_to_be_cancelled_the_stop_waits(self, home: Path) -> None:
        broker = SlowToCancel(abilities=SINGLE)
        async with open_room(home, broker) as room:
            await _with_ten(room, broker)
            profit, stop = await _held(room)
            room.move(120)
            await _sent(room, broker, 2)
            await room.until_state(profit.id, OrderState.ACKED)
            room.move(90)
            await _alarmed(room)
            assert "not known yet" in room.alarms[0].text
            assert (await room.intent(profit.id)).state is OrderState.PENDING_CANCEL
            assert (await room.intent(stop.id)).held
            broker.end("o2", OrderStatus.CANCELED)
            await room.until_state(profit.id, OrderState.CANCELED)
            room.move(89)
            await _sent(room, broker, 3)
            assert (await room.intent(stop.id)).client_id == broker.accepted()[2]["client_id"]

    @pytest.mark.parametrize("which", ["profit", "stop"])
    async def test_cancelling_one_cancels_both(self, home: Path, which: str) -> None:
        broker = OwnBroker(abilities=SINGLE)
        async with open_room(home, broker) as room:
            await _with_ten(room, broker)
            ways = dict(zip(("profit", "stop"), await _held(room), strict=True))
            await room.desk.cancel(ways[which].id)
            assert {(await room.intent(each.id)).state for each in ways.values()} == {OrderState.CANCELED}
            again = await _held(room, "second")
            room.move(120)
            await _sent(room, broker, 2)
            assert (await room.desk.cancel_all(MINE.id)).cancelled == 1
            assert {(await room.intent(each.id)).state for each in again} == {OrderState.CANCELED}
            assert await room.broken(broker) == []

    async def test_they_count_once_and_lead_nowhere_but_out(self, home: Path) -> None:
        broker = OwnBroker(abilities=SINGLE)
        async with open_room(home, broker) as room:
            with pytest.raises(OrderRefused, match="One cancels the other"):
                await room.desk.place(_wish(room, _terms()))
            await _with_ten(room, broker)
            await _held(room)
            with pytest.raises(OrderRefused, match="One cancels the other"):
                await room.desk.place(_wish(room, _terms(1), "more"))
            one = room.wish("one more", quantity=1, side=Side.SELL)
            used = (await room.desk.preview(one)).verdict
            assert not used.shrinks
            exits = next(check for check in used.checks if check.code == "exits_per_hour")
            assert exits.used == 1

    async def test_when_all_was_sold_otherwise_the_stop_opens_nothing(self, home: Path) -> None:
        broker = OwnBroker(abilities=SINGLE)
        async with open_room(home, broker) as room:
            await _with_ten(room, broker)
            _, stop = await _held(room)
            sold = await room.desk.place(room.wish("by hand", quantity=10, side=Side.SELL))
            assert sold.intent is not None
            broker.fill("o2")
            await room.until_state(sold.intent.id, OrderState.FILLED)
            room.move(89)
            await _alarmed(room)
            assert "One cancels the other" in room.alarms[0].text
            assert (await room.intent(stop.id)).held
            assert broker.submitted == 2

    async def test_a_halt_keeps_both_here_and_after_it_the_stop_still_protects(self, home: Path) -> None:
        broker = OwnBroker(abilities=SINGLE)
        async with open_room(home, broker) as room:
            await _with_ten(room, broker)
            profit, stop = await _held(room)
            await room.parts.run(write_standing, HALTED)
            room.move(89)
            await _alarmed(room)
            assert [(await room.intent(each.id)).held for each in (profit, stop)] == [True, True]
            await room.parts.run(lambda unit: write_standing(unit, Standing(TradingState.ACTIVE)))

            async def sent() -> bool:
                room.move(88)
                return len(broker.accepted()) == 2

            await room.until(sent)

    async def test_a_halt_leaves_the_profit_that_works_where_it_is(self, home: Path) -> None:
        broker = OwnBroker(abilities=SINGLE)
        async with open_room(home, broker) as room:
            await _with_ten(room, broker)
            profit, stop = await _held(room)
            room.move(120)
            await room.until_state(profit.id, OrderState.ACKED)
            await room.parts.run(write_standing, HALTED)
            room.move(89)
            await _alarmed(room)
            assert (await room.intent(profit.id)).state is OrderState.ACKED
            assert (await room.intent(stop.id)).held
            assert await room.broken(broker) == []

    async def test_killed_after_the_profit_was_sent_the_next_start_sells_nothing_twice(
        self, home: Path
    ) -> None:
        file = home / "broker.json"
        broker = OwnBroker(abilities=SINGLE, file=file)
        async with open_room(home, broker) as room:
            await _with_ten(room, broker)
            profit, stop = await _held(room)
            room.move(120)
            await _sent(room, broker, 2)
            await room.until_state(profit.id, OrderState.ACKED)
        # While nobody looks, some of it fills.
        broker.fill("o2", 4)
        broker = OwnBroker(abilities=SINGLE, file=file)
        async with open_room(home, broker) as room:
            assert (await room.intent(stop.id)).state is OrderState.REPLACED
            room.move(90)

            async def sold() -> bool:
                return len(broker.accepted()) == 3

            await room.until(sold)
            assert broker.accepted()[2]["qty"] == "6"
            assert broker.book.orders["o2"]["status"] == "canceled"

    async def test_killed_between_met_and_sent_the_stop_waits_to_be_met_anew(self, home: Path) -> None:
        broker = OwnBroker(abilities=SINGLE)
        async with open_room(home, broker) as room:
            await _with_ten(room, broker)
            profit, stop = await _held(room)

            def met(unit: Unit) -> None:
                unit.intents.put(replace(profit, state=OrderState.CANCELED, held=False))
                unit.intents.put(replace(stop, held=False))

            # What stands there when it was met, and its process died before it was sent.
            await room.desk.disconnect(MINE.id)
            await room.parts.run(met)
        async with open_room(home, broker) as room:
            assert (await room.intent(stop.id)).held
            assert len(broker.accepted()) == 1
            room.move(85)
            await _sent(room, broker, 2)
