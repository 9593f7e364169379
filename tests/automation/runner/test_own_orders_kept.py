"""Orders that a strategy sends by itself: never twice, never anybody else's, never for more than is there."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from puffling.trading.states import ENDED
from tests.automation.runner.rooms import ACCOUNT, RunnerRoom, open_room
from tests.automation.runner.test_faults import STEPS, back_again
from tests.automation.runner.test_own_orders import one_day, trusted

FAR = {"window": 3, "risk": 0.3, "reward": 3.0}
# Buys on the first close it hears of, and leaves by a stop far away that waits for ever.
STOPPED = """from puffling.puffin.backtest.orders import Ticket
from puffling.puffin.orders import Kind, Side


class Stopped:
    def on_bar(self, view):
        symbol, = view.symbols
        held = view.position(symbol)
        if not held and not view.waiting:
            view.send(Ticket(symbol, Side.BUY, 10.0))
        elif held and not view.waiting:
            view.send(Ticket(symbol, Side.SELL, held, Kind.STOP, stop=0.93 * view.close(symbol)))
"""
# Waits with a limit that is never met.
PATIENT = """from puffling.puffin.backtest.orders import Ticket
from puffling.puffin.orders import Kind, Side


class Patient:
    def on_bar(self, view):
        symbol, = view.symbols
        if not view.waiting:
            price = 0.93 * view.close(symbol)
            view.send(Ticket(symbol, Side.BUY, 10.0, Kind.LIMIT, limit=price))
"""
# Sends the stop together with the order that it is to protect.
AT_ONCE = """from puffling.puffin.backtest.orders import Ticket
from puffling.puffin.orders import Kind, Lasting, Side


class AtOnce:
    def on_bar(self, view):
        symbol, = view.symbols
        if not view.position(symbol) and not view.waiting:
            stop = 0.8 * view.close(symbol)
            view.send(Ticket(symbol, Side.BUY, 10.0))
            view.send(Ticket(symbol, Side.SELL, 10.0, Kind.STOP, stop=stop, lasting=Lasting.GTC))
"""


async def waiting(room: RunnerRoom) -> list[tuple[str, Decimal]]:
    """What waits at the broker."""
    found = await room.port.thread(room.broker.get_all_orders, "open", 100)
    return sorted((each.side.value, Decimal(str(each.qty))) for each in found)


@pytest.mark.parametrize("step", STEPS)
async def test_killed_at_any_step_an_order_of_its_own_is_there_once(
    tmp_path: Path, checkout: Path, step: str
) -> None:
    back = back_again(tmp_path, checkout, step, "bracket_breakout", ("AMZN",), parameters=FAR)
    async with back as (room, intent):
        entries = await room.port.thread(room.broker.get_all_orders, None, 100)
        assert [each.client_order_id for each in entries if each.parent_id is None] == [intent.client_id]
        assert len(entries) == 3


async def test_of_what_a_person_sold_meanwhile_no_way_out_is_left_over(tmp_path: Path) -> None:
    async with open_room(tmp_path) as room:
        code = await trusted(room, STOPPED, "stopped")
        config = await room.activated("own:stopped", ("AMZN",), code=code)
        await one_day(room, config.id, ("AMZN",))
        await one_day(room, config.id, ("AMZN",))
        assert await waiting(room) == [("sell", Decimal(10))]
        await room.desk.cancel_all(ACCOUNT)
        await room.buys("AMZN", -4)
        # It stands without a stop, and sends one for what it still has.
        await one_day(room, config.id, ("AMZN",))
        assert await waiting(room) == [("sell", Decimal(6))]


async def test_a_way_out_that_waits_is_narrowed_to_what_is_left(tmp_path: Path) -> None:
    async with open_room(tmp_path) as room:
        code = await trusted(room, STOPPED, "stopped")
        config = await room.activated("own:stopped", ("AMZN",), code=code)
        await one_day(room, config.id, ("AMZN",))
        await one_day(room, config.id, ("AMZN",))
        # Who holds shares of their own sells those, and four of the strategy's with them.
        await room.buys("AMZN", 5, "more")
        await room.buys("AMZN", -9, "less")
        await room.runner.look(config.id)
        assert await waiting(room) == [("sell", Decimal(6))]
        await room.buys("AMZN", -6, "all")
        await room.runner.look(config.id)
        assert await waiting(room) == []
        [*_, last] = await room.decisions(config.id)
        assert last.orders[0].leg == "leave"


async def test_it_takes_back_its_own_orders_only_and_when_it_is_stopped_what_would_still_buy(
    tmp_path: Path,
) -> None:
    async with open_room(tmp_path) as room:
        code = await trusted(room, PATIENT, "patient")
        config = await room.activated("own:patient", ("AMZN",), code=code)
        await one_day(room, config.id, ("AMZN",))
        assert await waiting(room) == [("buy", Decimal(10))]
        # It waits for days, and is not sent anew.
        await one_day(room, config.id, ("AMZN",))
        assert await waiting(room) == [("buy", Decimal(10))]
        [intent] = await room.desk.intents(ACCOUNT)
        # A person cancels it: it is theirs to do, and the strategy hears of it.
        await room.desk.cancel(intent.id)
        await one_day(room, config.id, ("AMZN",))
        assert await waiting(room) == [("buy", Decimal(10))]
        states = [each.state for each in await room.desk.intents(ACCOUNT)]
        assert sorted(state in ENDED for state in states) == [False, True]
        await trusted(room, PATIENT + "# Another.\n", "patient")
        await room.close_of_day(config.id)
        # What is no longer the file that was activated stops, and leaves nothing that would buy.
        assert not await room.is_active(config.id)
        assert await waiting(room) == []


async def test_a_stop_sent_together_with_its_entry_is_a_way_out_once_that_has_filled(tmp_path: Path) -> None:
    async with open_room(tmp_path) as room:
        code = await trusted(room, AT_ONCE, "at_once")
        config = await room.activated("own:at_once", ("AMZN",), code=code)
        await one_day(room, config.id, ("AMZN",))
        assert await waiting(room) == [("sell", Decimal(10))]
        # The person sells four of the strategy's along with their own: it must not sell them short.
        await room.buys("AMZN", 5, "more")
        await room.buys("AMZN", -9, "less")
        await room.runner.look(config.id)
        assert await waiting(room) == [("sell", Decimal(6))]
        await trusted(room, AT_ONCE + "# Another.\n", "at_once")
        await room.close_of_day(config.id)
        # What it holds stays held, with the order that leads out of it.
        assert not await room.is_active(config.id)
        assert await waiting(room) == [("sell", Decimal(6))]


async def test_when_it_is_stopped_what_leads_beyond_what_it_has_is_narrowed_to_that(tmp_path: Path) -> None:
    async with open_room(tmp_path) as room:
        turning = AT_ONCE.replace("Side.SELL, 10.0", "Side.SELL, 25.0")
        code = await trusted(room, turning, "turning")
        config = await room.activated("own:turning", ("AMZN",), code=code)
        await one_day(room, config.id, ("AMZN",))
        assert await waiting(room) == [("sell", Decimal(25))]
        await room.runner.look(config.id)
        # While it runs it may turn its position round.
        assert await waiting(room) == [("sell", Decimal(25))]
        await trusted(room, turning + "# Another.\n", "turning")
        await room.close_of_day(config.id)
        assert await waiting(room) == [("sell", Decimal(10))]


async def test_exits_at_the_broker_for_more_than_it_has_are_told_of_once_and_go_when_nothing_is_left(
    tmp_path: Path,
) -> None:
    async with open_room(tmp_path) as room:
        config = await room.activated("bracket_breakout", ("AMZN",), parameters=FAR)
        while len(await waiting(room)) != 2:
            await one_day(room, config.id, ("AMZN",))
        (_, all_of_it), (_, same) = await waiting(room)
        assert all_of_it == same
        await room.runner.look(config.id)
        assert not [text for text in await room.told() if "exits" in text]
        # The person sells most of it along with some of their own.
        await room.buys("AMZN", 5, "more")
        await room.buys("AMZN", -int(all_of_it), "most")
        for _ in range(2):
            await room.runner.look(config.id)
        [told] = [text for text in await room.told() if "exits" in text]
        assert "has 5 AMZN left, and the exits at your broker are for more" in told
        await room.buys("AMZN", -5, "all")
        await room.runner.look(config.id)
        assert await waiting(room) == []


async def test_what_cannot_be_cancelled_when_it_is_stopped_is_told(tmp_path: Path) -> None:
    async with open_room(tmp_path) as room:
        code = await trusted(room, PATIENT, "patient")
        config = await room.activated("own:patient", ("AMZN",), code=code)
        await one_day(room, config.id, ("AMZN",))
        await room.desk.disconnect(ACCOUNT)
        await trusted(room, PATIENT + "# Another.\n", "patient")
        await room.close_of_day(config.id)
        assert not await room.is_active(config.id)
        left, off = sorted(await room.told(), key=lambda text: "switched off" in text)
        assert "its order could not be cancelled: Buy 10 AMZN" in left
        assert "was switched off" in off
