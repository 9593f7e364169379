"""Nothing twice, nothing in bursts, nothing on doubtful prices: faults 16, 39 to 46 and 55 to 57."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from puffling.automation.runner.activation import MOST_FAILURES, deactivate
from puffling.automation.runner.runner import SETTLE
from puffling.market.demo.market import DemoMarket
from puffling.puffin.broker.base import BrokerClock
from puffling.puffin.broker.paper import PaperBroker
from puffling.puffin.data.bars import COLUMNS, Bars, SeriesKey, Span
from puffling.puffin.data.instants import day_to_us, to_us
from puffling.puffin.data.interval import Interval
from puffling.runtime.clock import FixedClock
from puffling.store.database import Unit
from puffling.store.decisions import DecisionState, Fate, PlannedOrder, StrategyMode
from puffling.store.events import DatabaseRestored
from puffling.store.orders import Intent, OrderState
from puffling.store.values import ScheduledJob
from tests.automation.runner.rooms import (
    ACCOUNT,
    COMMISSION,
    MONDAY,
    SLIPPAGE,
    RunnerRoom,
    open_room,
    paper_broker,
)

HOLD = "buy_and_hold"
# Turns a position round every few days.
TURNING: dict[str, Any] = {"fast": 3, "slow": 7, "smoothing": 3}
TUESDAY = date(2025, 3, 4)


async def orders(room: RunnerRoom) -> list[str]:
    """The client ids of all orders at the broker."""
    made = await room.port.thread(room.broker.get_all_orders, None, 1_000)
    return [str(each.client_order_id) for each in made]


async def states(room: RunnerRoom, id: str) -> list[str]:
    return [decision.state.value for decision in await room.decisions(id)]


async def test_two_runners_on_one_bar_make_one_order(tmp_path: Path) -> None:
    async with open_room(tmp_path) as room:
        config = await room.activated(HOLD)
        # Each of them would work out another quantity.
        room.prices.wandering = Decimal(3)
        other = room.another()
        room.clock.set(room.calendar.next_close(room.clock.now()) + SETTLE)
        await asyncio.gather(*(each.look(config.id) for each in (room.runner, other) for _ in range(3)))
        room.clock.set(room.calendar.next_open(room.clock.now()))
        await room.look_after()
        await asyncio.gather(*(each.look(config.id) for each in (room.runner, other) for _ in range(3)))
        assert len(await orders(room)) == 1
        assert len(await room.desk.intents(ACCOUNT)) == 1
        assert await states(room, config.id) == ["done"]
        assert room.failures == []


async def test_asleep_over_the_open_it_is_missed_and_said_and_done_the_next_day(tmp_path: Path) -> None:
    async with open_room(tmp_path) as room:
        config = await room.activated(HOLD)
        await room.close_of_day(config.id)
        assert await states(room, config.id) == ["due"]
        room.clock.set(room.calendar.next_open(room.clock.now()) + timedelta(minutes=31))
        await room.look_after()
        for _ in range(3):
            await room.runner.look(config.id)
        assert await states(room, config.id) == ["missed"]
        assert await orders(room) == []
        missed = [each for each in await room.told() if "missed the bar of 2025-03-03" in each]
        assert len(missed) == 1
        await room.close_of_day(config.id)
        await room.open_of_day(config.id)
        assert await states(room, config.id) == ["missed", "done"]
        assert len(await orders(room)) == 1


async def test_every_day_that_is_missed_is_told(tmp_path: Path) -> None:
    async with open_room(tmp_path) as room:
        config = await room.activated(HOLD)
        for _ in range(3):
            await room.close_of_day(config.id)
            room.clock.set(room.calendar.next_open(room.clock.now()) + timedelta(hours=1))
            await room.runner.look(config.id)
        assert await states(room, config.id) == ["missed"] * 3
        assert len([each for each in await room.told() if "missed the bar" in each]) == 3


async def test_an_activation_that_cannot_be_read_keeps_nobody_else_from_running(tmp_path: Path) -> None:
    async with open_room(tmp_path) as room:
        good = await room.activated(HOLD, mode=StrategyMode.MONITOR)
        job = ScheduledJob("strategy-x", "Broken", "strategy", "1d XNYS", "UTC", {"since": 3}, enabled=True)
        await room.run(lambda unit: unit.scheduled_jobs.put(job))
        stop = room.runner.start(room.scope)
        room.clock.set(room.calendar.next_close(room.clock.now()) + SETTLE)
        await room.until(partial(room.has_decided, good.id, 1))
        stop()


@pytest.mark.parametrize("hours", [0.4, 4.0], ids=["in time", "too late"])
async def test_asleep_for_days_there_is_one_decision_or_none_and_never_a_burst(
    tmp_path: Path, hours: float
) -> None:
    async with open_room(tmp_path) as room:
        config = await room.activated(HOLD)
        # Until the second Thursday after, some time after it opened.
        opened = datetime(2025, 3, 13, 13, 30, tzinfo=UTC)
        room.clock.set(opened + timedelta(hours=hours))
        await room.look_after()
        for _ in range(4):
            await room.runner.look(config.id)
        [made] = await room.decisions(config.id)
        assert made.bar_at.date() == date(2025, 3, 12)
        assert "7 bars before it went by." in made.reason or made.orders
        if hours < 0.5:
            assert (made.state, len(await orders(room))) == (DecisionState.DONE, 1)
        else:
            assert (made.state, await orders(room)) == (DecisionState.MISSED, [])
            assert len([each for each in await room.told() if "missed" in each]) == 1


async def test_a_clock_that_is_put_back_runs_no_bar_twice(tmp_path: Path) -> None:
    async with open_room(tmp_path) as room:
        config = await room.activated(HOLD)
        await room.close_of_day(config.id)
        await room.open_of_day(config.id)
        done = room.clock.now()
        for moment in (done - timedelta(hours=1), done - timedelta(hours=18), done):
            room.clock.set(moment)
            await room.look_after()
            await room.runner.look(config.id)
        assert len(await room.decisions(config.id)) == 1
        assert len(await orders(room)) == 1


async def test_what_is_still_under_way_lets_the_next_bar_be_skipped(tmp_path: Path) -> None:
    async with open_room(tmp_path) as room:
        config = await room.activated("momentum", parameters={"short_window": 2, "long_window": 3})
        while "done" not in await states(room, config.id) or not await orders(room):
            await room.close_of_day(config.id)
            room.clock.set(room.calendar.next_open(room.clock.now()))
            await room.look_after()
            await room.runner.look(config.id)
        # The order was sent, and nothing was heard of it since.
        [intent] = await room.desk.intents(ACCOUNT)
        assert intent.state is OrderState.ACKED
        [*_, last] = await room.decisions(config.id)
        for _ in range(20):
            await room.close_of_day(config.id)
            [*_, last] = await room.decisions(config.id)
            if last.state is DecisionState.SKIPPED:
                break
            # The end of the day's order was heard before the bar was decided: it is sent anew.
            room.clock.set(room.calendar.next_open(room.clock.now()))
            await room.look_after()
            await room.runner.look(config.id)
        assert last.state is DecisionState.SKIPPED
        assert "still under way" in last.reason
        assert any("skipped the bar" in each for each in await room.told())


async def test_a_failing_strategy_is_recorded_the_others_run_and_it_is_switched_off(tmp_path: Path) -> None:
    async with open_room(tmp_path) as room:
        good = await room.activated(HOLD, ("AMZN",), mode=StrategyMode.MONITOR, name="Good")
        bad = await room.activated(HOLD, mode=StrategyMode.MONITOR, name="Bad")

        def spoil(unit: Unit) -> None:
            # What it needs is gone, as when a package was removed.
            deactivate(unit, bad.id, "")
            unit.strategies.change(
                bad.id, name="Bad", strategy="gone:gone", parameters={}, symbols=("SPY",), interval="1d"
            )

        await room.run(spoil)
        again = await room.read(lambda unit: unit.strategies.get(bad.id))
        await room.activate_again(again, mode=StrategyMode.MONITOR)
        stop = room.runner.start(room.scope)
        for day in range(1, MOST_FAILURES + 1):
            room.clock.set(room.calendar.next_close(room.clock.now()) + SETTLE)
            for each in (good, bad):
                await room.until(partial(room.has_decided, each.id, day))
        assert await states(room, bad.id) == ["failed"] * MOST_FAILURES
        assert await states(room, good.id) == ["done"] * MOST_FAILURES

        async def off() -> bool:
            return not await room.is_active(bad.id)

        await room.until(off)
        assert await room.is_active(good.id)
        told = await room.told()
        assert [each for each in told if "Bad was switched off. It failed 5 times in a row" in each]
        assert len([each for each in told if "Bad failed on the bar" in each]) == 1
        stop()


class Ahead(PaperBroker):
    """A broker whose clock is five minutes behind this computer's."""

    def get_clock(self) -> BrokerClock:
        told = super().get_clock()
        return replace(told, now=told.now - timedelta(minutes=5, seconds=1))


async def test_clocks_five_minutes_apart_block_its_order_with_the_reason(tmp_path: Path) -> None:
    clock = FixedClock(MONDAY)
    broker = paper_broker(clock, 100_000, (SLIPPAGE, COMMISSION), tmp_path / "broker.json", Ahead)
    async with open_room(tmp_path, clock=clock, broker=broker) as room:
        config = await room.activated(HOLD)
        await room.close_of_day(config.id)
        await room.open_of_day(config.id)
        [made] = await room.decisions(config.id)
        assert [order.fate for order in made.orders] == [Fate.REFUSED]
        assert "clock" in made.reason
        assert await orders(room) == []
        assert any("was refused" in each and "clock" in each for each in await room.told())


Change = Callable[[Bars], Bars]


def changed_on(day: date, **factors: float) -> Change:
    def change(bars: Bars) -> Bars:
        place = int(np.searchsorted(bars.time, day_to_us(day)))
        copies = {name: getattr(bars, name).copy() for name in COLUMNS}
        for name, factor in factors.items():
            copies[name][place] *= factor
        return Bars(bars.time, **copies)

    return change


def without(*days: date) -> Change:
    gone = [day_to_us(day) for day in days]
    return lambda bars: bars.where(~np.isin(bars.time, gone))


async def faulty(room: RunnerRoom, change: Change, symbol: str = "SPY") -> None:
    """Keep a changed history, as a bad source would have given it."""
    whole = Span(day_to_us(date(1990, 1, 2)), day_to_us(TUESDAY))
    bars = DemoMarket().bars(symbol, Interval.D1, whole.start_us, whole.end_us)
    await room.bars.save(SeriesKey("demo", symbol, Interval.D1), change(bars), whole, to_us(MONDAY))


MON = MONDAY.date()
LAST_WEEK = tuple(date(2025, 2, day) for day in range(10, 15))
DOUBTFUL: dict[str, Change] = {
    "not a number": changed_on(MON, close=np.nan),
    "infinite": changed_on(MON, high=np.inf),
    "negative": changed_on(MON, low=-1.0),
    "zero": changed_on(MON, close=0.0),
    "thousandfold": changed_on(MON, open=1e3, high=1e3, low=1e3, close=1e3),
    "a bad bar where it looks": changed_on(date(2025, 2, 20), close=np.nan),
    "the newest is missing": without(MON),
    "a page is missing": without(*LAST_WEEK),
}


@pytest.mark.parametrize("change", DOUBTFUL.values(), ids=DOUBTFUL)
async def test_on_doubtful_prices_nothing_is_decided_and_a_person_sees_why(
    tmp_path: Path, change: Change
) -> None:
    async with open_room(tmp_path) as room:
        config = await room.activated("momentum", parameters={"short_window": 5, "long_window": 20})
        await faulty(room, change)
        await room.close_of_day(config.id)
        [made] = await room.decisions(config.id)
        assert made.state is DecisionState.WITHHELD
        assert "SPY" in made.reason
        assert (made.aims, made.orders) == ((), ())
        room.clock.set(room.calendar.next_open(room.clock.now()) + timedelta(minutes=31))
        await room.runner.look(config.id)
        assert [made.state.value for made in await room.decisions(config.id)] == ["withheld"] or [
            made.state.value for made in await room.decisions(config.id)
        ] == ["missed"]
        assert await orders(room) == []
        assert any("bar of 2025-03-03" in each for each in await room.told())


async def test_prices_that_come_late_are_decided_on_when_they_are_there(tmp_path: Path) -> None:
    async with open_room(tmp_path) as room:
        config = await room.activated(HOLD)
        await faulty(room, without(MON))
        await room.close_of_day(config.id)
        assert await states(room, config.id) == ["withheld"]
        room.clock.advance(60)
        await faulty(room, lambda bars: bars)
        await room.runner.look(config.id)
        assert await states(room, config.id) == ["due"]
        await room.open_of_day(config.id)
        assert len(await orders(room)) == 1
        assert not [each for each in await room.told() if "did not decide" in each]


async def test_without_a_price_at_the_open_it_waits_and_then_says_so(tmp_path: Path) -> None:
    async with open_room(tmp_path) as room:
        config = await room.activated(HOLD)
        await room.close_of_day(config.id)
        room.prices.silent = True
        room.clock.set(room.calendar.next_open(room.clock.now()))
        again = await room.runner.look(config.id)
        assert again is not None
        assert again - room.clock.now() == timedelta(seconds=5)
        assert (await room.decisions(config.id))[0].reason == "There is no price of SPY."
        room.prices.silent = False
        room.clock.advance(60)
        await room.look_after()
        await room.runner.look(config.id)
        assert await states(room, config.id) == ["done"]
        assert len(await orders(room)) == 1


async def test_a_price_from_before_the_open_is_none_to_trade_on(tmp_path: Path) -> None:
    async with open_room(tmp_path) as room:
        config = await room.activated(HOLD)
        await room.close_of_day(config.id)
        room.prices.age = timedelta(minutes=2)
        room.clock.set(room.calendar.next_open(room.clock.now()))
        await room.look_after()
        await room.runner.look(config.id)
        [made] = await room.decisions(config.id)
        assert made.state is DecisionState.DUE
        assert made.reason == "There is no price of SPY since the market opened."
        room.clock.advance(90)
        await room.runner.look(config.id)
        assert len(await orders(room)) == 1


async def test_the_other_side_is_opened_once_the_old_position_is_left(tmp_path: Path) -> None:
    async with open_room(tmp_path) as room:
        config = await room.activated("macd", parameters=TURNING)
        turned: tuple[PlannedOrder, ...] = ()
        while not turned:
            await room.close_of_day(config.id)
            room.clock.set(room.calendar.next_open(room.clock.now()))
            await room.look_after()
            await room.runner.look(config.id)
            turned = (await room.decisions(config.id))[-1].orders
            if [order.leg for order in turned] != ["leave", "grow"]:
                turned = ()
                await room.meet(("SPY",))
        assert [order.fate for order in turned] == [Fate.ENTERED, Fate.PLANNED]
        await room.meet(("SPY",))
        await room.runner.look(config.id)
        last = (await room.decisions(config.id))[-1]
        assert [order.fate for order in last.orders] == [Fate.ENTERED, Fate.ENTERED]


STEPS = ("decided", "planned", "entered", "sending", "acked")


def killed_at(step: str, folder: Path, begin: datetime, checkout: Path) -> None:
    """Let a process live from a moment until it is killed at a step."""
    module = "tests.automation.runner.child_killed"
    command = [sys.executable, "-m", module, str(folder), begin.isoformat(), step]
    ended = subprocess.run(command, cwd=checkout, capture_output=True, text=True, check=False)
    assert "Traceback" not in ended.stderr, ended.stderr
    assert ended.returncode != 0


@asynccontextmanager
async def back_again(
    folder: Path, checkout: Path, step: str, strategy: str, symbols: tuple[str, ...] = ("SPY",), **terms: Any
) -> AsyncIterator[tuple[RunnerRoom, Intent]]:
    """A strategy that was killed at a step and lived on: its one decision is carried out, by one intent."""
    async with open_room(folder) as room:
        config = await room.activated(strategy, symbols, **terms)
        close = room.calendar.next_close(MONDAY) + SETTLE
        if step != "decided":
            await room.close_of_day(config.id)
    killed_at(step, folder, MONDAY if step == "decided" else close, checkout)
    clock = FixedClock(close)
    async with open_room(folder, clock=clock) as room:
        await room.runner.look(config.id)
        clock.set(room.calendar.next_open(close) + timedelta(seconds=30))
        for _ in range(3):
            await room.look_after()
            await room.runner.look(config.id)
        [made] = await room.decisions(config.id)
        assert (made.state, [order.fate for order in made.orders]) == (DecisionState.DONE, [Fate.ENTERED])
        [intent] = await room.desk.intents(ACCOUNT)
        yield room, intent
        assert (room.alarms, room.failures) == ([], [])


@pytest.mark.parametrize("step", STEPS)
async def test_killed_at_any_step_between_decision_and_order_there_is_one_order(
    tmp_path: Path, checkout: Path, step: str
) -> None:
    async with back_again(tmp_path, checkout, step, HOLD) as (room, intent):
        assert await orders(room) == [intent.client_id]
        await room.meet(("SPY",))
        assert (await room.desk.intents(ACCOUNT))[0].state is OrderState.FILLED


async def test_after_a_backup_was_restored_nothing_trades_before_it_is_let_again(tmp_path: Path) -> None:
    async with open_room(tmp_path) as room:
        trading = await room.activated(HOLD, name="Trading")
        watching = await room.activated(HOLD, ("AMZN",), mode=StrategyMode.MONITOR, name="Watching")
        stop = room.runner.start(room.scope)
        room.bus.publish(DatabaseRestored("yesterday"))

        async def off() -> bool:
            return not await room.is_active(trading.id)

        await room.until(off)
        assert await room.is_active(watching.id)
        assert any("A backup was restored" in each for each in await room.told())
        stop()
