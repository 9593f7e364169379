"""What a strategy that was stopped had sent: taken back once, whoever is killed or unreachable meanwhile."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from puffling.automation.runner.activation import MOST_FAILURES, deactivate, ended
from puffling.automation.runner.beginning import any_to_run
from puffling.automation.runner.leftovers import PATIENCE, SECOND_LOOK
from puffling.automation.runner.runner import SETTLE
from puffling.automation.runner.values import ENDED_TYPE
from puffling.runtime.actor import DEFAULT_USER
from puffling.runtime.clock import FixedClock
from puffling.runtime.errors import Conflict
from puffling.store.database import Unit
from puffling.store.decisions import Fate, StrategyMode
from puffling.store.orders import OrderState
from puffling.store.research import StrategyConfig
from puffling.store.values import ScheduledJob
from tests.automation.runner.rooms import ACCOUNT, MONDAY, RunnerRoom, open_room, stopped
from tests.automation.runner.test_faults import HOLD, killed_at
from tests.automation.runner.test_own_orders import one_day, trusted
from tests.automation.runner.test_own_orders_kept import FAR, PATIENT, STOPPED, waiting

# Holds ten, with a stop far away, and would buy more far below.
BOTH = """from puffling.puffin.backtest.orders import Ticket
from puffling.puffin.orders import Kind, Lasting, Side


class Both:
    def on_bar(self, view):
        symbol, = view.symbols
        price = view.close(symbol)
        if not view.position(symbol):
            view.send(Ticket(symbol, Side.BUY, 10.0))
        elif not view.waiting:
            view.send(Ticket(symbol, Side.SELL, 10.0, Kind.STOP, stop=0.8 * price, lasting=Lasting.GTC))
            view.send(Ticket(symbol, Side.BUY, 5.0, Kind.LIMIT, limit=0.93 * price, lasting=Lasting.GTC))
"""
REASON = "It was deactivated before."


async def patient(room: RunnerRoom) -> StrategyConfig:
    """A strategy whose order to buy waits at the broker."""
    code = await trusted(room, PATIENT, "patient")
    config = await room.activated("own:patient", ("AMZN",), code=code)
    await one_day(room, config.id, ("AMZN",))
    assert await waiting(room) == [("buy", Decimal(10))]
    return config


def damage(unit: Unit) -> None:
    """Spoil what strategies decided, as a disk does."""
    unit.settings._session.connection().exec_driver_sql("UPDATE strategy_decisions SET orders = '[3]'")


async def nothing_left(room: RunnerRoom) -> bool:
    """Whether nobody has to take anything back any more."""
    return await room.read(ended) == ()


async def cleared(room: RunnerRoom) -> None:
    """Let strategies begin to run, until nothing is left to take back."""
    stop = room.runner.start(room.scope)
    await room.until(lambda: nothing_left(room))
    stop()


def killed_while_stopped(step: str, folder: Path, at: datetime, checkout: Path) -> None:
    """Let a process deactivate the strategy, until it is killed at a step."""
    command = [sys.executable, "-m", "tests.automation.runner.child_stopped", str(folder), at.isoformat()]
    done = subprocess.run([*command, step], cwd=checkout, capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr, done.stderr
    assert done.returncode != 0


@pytest.mark.parametrize("step", ["deactivated", "cancelling", "cancelled"])
async def test_killed_at_any_step_of_its_end_what_would_buy_is_taken_back_once_and_ways_out_stay(
    tmp_path: Path, checkout: Path, step: str
) -> None:
    async with open_room(tmp_path) as room:
        code = await trusted(room, BOTH, "both")
        config = await room.activated("own:both", ("AMZN",), code=code)
        for _ in range(2):
            await one_day(room, config.id, ("AMZN",))
        await room.buys("SPY", 3)
        assert await waiting(room) == [("buy", Decimal(5)), ("sell", Decimal(10))]
        now = room.clock.now()
    killed_while_stopped(step, tmp_path, now, checkout)
    # Twice, as if it were killed again before the next start.
    for _ in range(2):
        async with open_room(tmp_path, clock=FixedClock(now)) as room:
            assert not await room.is_active(config.id)
            await cleared(room)
            assert await waiting(room) == [("sell", Decimal(10))]
            over = [each for each in await room.desk.intents(ACCOUNT) if each.state is OrderState.CANCELED]
            assert len(over) == 1
            # Nobody is troubled with what went well.
            assert not [text for text in await room.told() if "cancelled" in text]
            assert (room.alarms, room.failures) == ([], [])


@pytest.mark.parametrize("step", ["entered", "sending", "acked"])
async def test_what_reached_the_desk_unnoticed_is_taken_back_too(
    tmp_path: Path, checkout: Path, step: str
) -> None:
    async with open_room(tmp_path) as room:
        code = await trusted(room, PATIENT, "patient")
        config = await room.activated("own:patient", ("AMZN",), code=code)
        close = room.calendar.next_close(MONDAY) + SETTLE
        await room.close_of_day(config.id)
    killed_at(step, tmp_path, close, checkout)
    async with open_room(tmp_path, clock=FixedClock(close)) as room:
        [made] = await room.decisions(config.id)
        assert [each.fate for each in made.orders] == [Fate.PLANNED]
        await stopped(room, config.id)
        for _ in range(3):
            await room.look_after()
        assert await waiting(room) == []
        [intent] = await room.desk.intents(ACCOUNT)
        [made] = await room.decisions(config.id)
        assert [each.intent_id for each in made.orders] == [intent.id]
        assert intent.state in {OrderState.CANCELED, OrderState.ABANDONED_WATCH}


async def test_of_one_that_says_what_to_hold_nothing_is_opened_after_its_end(
    tmp_path: Path, checkout: Path
) -> None:
    async with open_room(tmp_path) as room:
        config = await room.activated(HOLD)
        close = room.calendar.next_close(MONDAY) + SETTLE
        await room.close_of_day(config.id)
    killed_at("entered", tmp_path, close, checkout)
    async with open_room(tmp_path, clock=FixedClock(close)) as room:
        await stopped(room, config.id)
        room.clock.set(room.calendar.next_open(close))
        for _ in range(2):
            await room.look_after()
            await room.meet(("SPY",))
        [intent] = await room.desk.intents(ACCOUNT)
        assert (intent.state, room.broker.held("SPY")) == (OrderState.CANCELED, Decimal(0))


async def test_what_cannot_be_read_keeps_nothing_else_from_being_taken_back(tmp_path: Path) -> None:
    async with open_room(tmp_path) as room:
        config = await patient(room)
        await room.run(lambda unit: deactivate(unit, config.id, REASON))
        odd = ScheduledJob("", "A", ENDED_TYPE, "1d XNYS", "UTC", {"activation": 3}, enabled=False)
        await room.run(lambda unit: unit.scheduled_jobs.put(odd))
        await cleared(room)
        assert (await waiting(room), room.failures) == ([], [])


async def test_one_that_meets_a_fault_is_switched_off_though_its_end_meets_the_same_fault(
    tmp_path: Path,
) -> None:
    async with open_room(tmp_path) as room:
        config = await patient(room)
        await room.run(damage)
        stop = room.runner.start(room.scope)
        for _ in range(MOST_FAILURES):
            await _rested(room)
            room.clock.set(room.clock.now() + timedelta(minutes=1))

        async def is_over() -> bool:
            return not await room.is_active(config.id)

        await room.until(is_over)
        assert any("Mine was switched off. It met a fault" in each for each in await room.told())
        stop()


async def test_what_cannot_be_taken_back_for_a_fault_is_told_once(tmp_path: Path) -> None:
    async with open_room(tmp_path) as room:
        config = await patient(room)
        await room.run(lambda unit: deactivate(unit, config.id, REASON))
        await room.run(damage)
        stop = room.runner.start(room.scope)
        for _ in range(6):
            await _rested(room)
            room.clock.set(room.clock.now() + timedelta(minutes=1))
        await _rested(room)
        stop()
        [told] = await room.told()
        assert "what it left could not be taken back" in told


async def test_of_what_is_only_watched_for_nobody_is_told_that_it_could_not_be_cancelled(
    tmp_path: Path,
) -> None:
    async with open_room(tmp_path) as room:
        config = await patient(room)
        [intent] = await room.desk.intents(ACCOUNT)
        unheard = replace(intent, state=OrderState.ABANDONED_WATCH, broker_order_id=None)
        await room.run(lambda unit: unit.intents.put(unheard))
        await room.run(lambda unit: deactivate(unit, config.id, REASON))
        await cleared(room)
        assert await room.told() == []


async def test_an_order_under_way_while_it_is_stopped_is_found_by_the_second_look(tmp_path: Path) -> None:
    async with open_room(tmp_path) as room:
        code = await trusted(room, PATIENT, "patient")
        config = await room.activated("own:patient", ("AMZN",), code=code)
        await room.close_of_day(config.id)
        stop = room.runner.start(room.scope)
        room.clock.set(room.clock.now() + timedelta(seconds=1))

        async def while_the_desk_looks() -> None:
            await stopped(room, config.id)

        async def before_it_goes() -> None:
            room.prices.meanwhile = while_the_desk_looks

        room.prices.meanwhile = before_it_goes
        room.clock.set(room.calendar.next_open(room.clock.now()))
        await room.look_after()
        await room.runner.look(config.id)
        await room.until(lambda: _has(room, 1))
        assert not await room.is_active(config.id)
        await _rested(room)
        room.clock.set(room.clock.now() + SECOND_LOOK)
        await room.until(lambda: nothing_left(room))
        assert await waiting(room) == []
        stop()


async def test_what_its_broker_does_not_take_back_is_told_once(tmp_path: Path) -> None:
    async with open_room(tmp_path) as room:
        config = await patient(room)
        await room.run(lambda unit: deactivate(unit, config.id, REASON))
        await room.desk.disconnect(ACCOUNT)
        stop = room.runner.start(room.scope)
        await _rested(room)
        # The line may come a while after the start.
        assert await room.told() == []
        room.clock.set(room.clock.now() + PATIENCE)
        await room.until(lambda: nothing_left(room))
        stop()
        [told] = await room.told()
        assert "its order could not be cancelled: Buy 10 AMZN" in told
        await cleared(room)
        assert len(await room.told()) == 1


async def test_what_was_told_when_it_was_stopped_is_not_told_again(tmp_path: Path) -> None:
    async with open_room(tmp_path) as room:
        config = await patient(room)
        await room.desk.disconnect(ACCOUNT)
        await stopped(room, config.id)
        assert len(await room.told()) == 1
        stop = room.runner.start(room.scope)
        await _rested(room)
        room.clock.set(room.clock.now() + PATIENCE)
        await room.until(lambda: nothing_left(room))
        stop()
        assert len(await room.told()) == 1


async def test_nothing_of_a_person_another_strategy_or_a_later_activation_is_taken_back(
    tmp_path: Path,
) -> None:
    async with open_room(tmp_path) as room:
        config = await patient(room)
        [mine] = await room.desk.intents(ACCOUNT)
        code = await trusted(room, PATIENT, "patient")
        other = await room.activated("own:patient", ("SPY",), code=code, name="Other")
        await room.run(lambda unit: deactivate(unit, config.id, REASON))
        # As if nobody had come to it, and the person had taken it back by hand and let it trade again.
        await room.desk.cancel(mine.id)
        room.clock.set(room.clock.now() + timedelta(seconds=1))
        await room.activate_again(config, code=code)
        for _ in range(2):
            await one_day(room, config.id, ("AMZN", "SPY"))
            await one_day(room, other.id, ("AMZN", "SPY"))
        assert await waiting(room) == [("buy", Decimal(10)), ("buy", Decimal(10))]
        assert not await nothing_left(room)
        await cleared(room)
        assert await waiting(room) == [("buy", Decimal(10)), ("buy", Decimal(10))]
        assert await room.told() == []


async def test_without_any_that_runs_what_was_left_wakes_those_who_take_it_back(tmp_path: Path) -> None:
    async with open_room(tmp_path) as room:
        config = await patient(room)
        await room.run(lambda unit: deactivate(unit, config.id, REASON))
        assert await any_to_run(room.store, room.clock, DEFAULT_USER)
        await stopped(room, config.id)
        room.clock.set(room.clock.now() + SECOND_LOOK)
        await cleared(room)
        assert not await any_to_run(room.store, room.clock, DEFAULT_USER)


async def test_one_that_only_tells_leaves_nothing(tmp_path: Path) -> None:
    async with open_room(tmp_path) as room:
        config = await room.activated(HOLD, mode=StrategyMode.ALERT)
        await room.run(lambda unit: deactivate(unit, config.id, REASON))
        assert await nothing_left(room)


async def test_beside_an_earlier_way_out_of_its_own_it_is_not_let_trade_again(tmp_path: Path) -> None:
    async with open_room(tmp_path) as room:
        code = await trusted(room, STOPPED, "stopped")
        config = await room.activated("own:stopped", ("AMZN",), code=code)
        for _ in range(2):
            await one_day(room, config.id, ("AMZN",))
        await stopped(room, config.id)
        assert await waiting(room) == [("sell", Decimal(10))]
        with pytest.raises(Conflict, match="still wait: Sell 10 AMZN from") as caught:
            await room.activate_again(config, code=code)
        assert "Cancel them" in caught.value.hint
        # To watch it does no harm.
        await room.activate_again(config, mode=StrategyMode.MONITOR, code=code)
        await room.run(lambda unit: deactivate(unit, config.id, REASON))
        await room.desk.cancel_all(ACCOUNT)
        await room.activate_again(config, code=code)
        for _ in range(2):
            await one_day(room, config.id, ("AMZN",))
        # It leads out by itself again, of what it has from then.
        assert await waiting(room) == [("sell", Decimal(10))]


async def test_the_exits_of_a_bracket_left_at_the_broker_are_named(tmp_path: Path) -> None:
    async with open_room(tmp_path) as room:
        config = await room.activated("bracket_breakout", ("AMZN",), parameters=FAR)
        while len(await waiting(room)) != 2:
            await one_day(room, config.id, ("AMZN",))
        (_, many), _ = await waiting(room)
        await stopped(room, config.id)
        assert len(await waiting(room)) == 2
        sells = f"Sell {int(many)} AMZN"
        with pytest.raises(Conflict, match=rf"still wait: {sells} (at|from) .*, {sells} (at|from) "):
            await room.activate_again(config)


async def _has(room: RunnerRoom, count: int) -> bool:
    return len(await waiting(room)) == count


async def _rested(room: RunnerRoom) -> None:
    """Let everybody come to where they wait for the clock."""
    for _ in range(200):
        await room.port.thread(int)
