"""Moments that hardly ever come: somebody acts between two steps, or what is kept cannot be understood."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path

from puffling.automation.runner.activation import deactivate, job_of
from puffling.automation.runner.runner import SETTLE
from puffling.market.demo.market import DemoMarket
from puffling.puffin.data.bars import SeriesKey, Span
from puffling.puffin.data.instants import day_to_us, to_us
from puffling.puffin.data.interval import Interval
from puffling.store.database import Unit
from puffling.store.decisions import DecisionState, Fate, StrategyMode
from puffling.store.values import ScheduledJob
from tests.automation.runner.rooms import ACCOUNT, open_room
from tests.automation.runner.test_faults import HOLD, TURNING, orders, states


async def test_what_is_deactivated_while_its_price_is_looked_up_stays_so(tmp_path: Path) -> None:
    async with open_room(tmp_path) as room:
        config = await room.activated(HOLD)
        await room.close_of_day(config.id)
        room.clock.set(room.calendar.next_open(room.clock.now()))
        await room.look_after()

        async def deactivated() -> None:
            await room.run(lambda unit: deactivate(unit, config.id, "It was deactivated before."))

        room.prices.silent, room.prices.meanwhile = True, deactivated
        await room.runner.look(config.id)
        room.prices.silent = False
        assert await states(room, config.id) == ["skipped"]
        # And let trade again, with other money, it decides anew and does not carry that one out.
        await room.activate_again(config, capital=5_000.0)
        await room.runner.look(config.id)
        assert await orders(room) == []


async def test_a_decision_of_an_earlier_activation_is_not_carried_out_by_the_next(tmp_path: Path) -> None:
    async with open_room(tmp_path) as room:
        config = await room.activated(HOLD)
        await room.close_of_day(config.id)
        [made] = await room.decisions(config.id)
        await room.run(lambda unit: deactivate(unit, config.id, "It was deactivated before."))
        await room.run(lambda unit: unit.decisions.put(made))
        room.clock.set(room.calendar.next_open(room.clock.now()))
        await room.activate_again(config, capital=5_000.0)
        await room.look_after()
        await room.runner.look(config.id)
        assert await orders(room) == []


async def test_after_many_bars_without_prices_it_still_knows_what_it_said_before(tmp_path: Path) -> None:
    async with open_room(tmp_path) as room:
        config = await room.activated(HOLD)
        await room.close_of_day(config.id)
        await room.open_of_day(config.id)
        [made] = await room.decisions(config.id)
        # The person closes it: it is not opened again before the strategy changes its mind.
        await room.buys("SPY", -int(made.orders[0].quantity))

        def withhold(unit: Unit) -> None:
            for place in range(60):
                without = replace(
                    made, id=f"w{place}", slot_at=made.slot_at + timedelta(minutes=place + 1), aims=(),
                    orders=(), state=DecisionState.WITHHELD,
                )  # fmt: skip
                unit.decisions.add(without)

        await room.run(withhold)
        await room.close_of_day(config.id)
        await room.open_of_day(config.id)
        assert len(await orders(room)) == 2
        assert (await room.decisions(config.id))[-1].reason == "Nothing changes."


async def test_a_job_that_cannot_be_understood_keeps_nobody_else_from_running(tmp_path: Path) -> None:
    async with open_room(tmp_path) as room:
        stop = room.runner.start(room.scope)
        odd = await room.activated(HOLD, ("AMZN",), mode=StrategyMode.MONITOR, name="Odd")

        def spoil(unit: Unit) -> None:
            kept = next(job for job in unit.scheduled_jobs.all() if job.id == job_of(odd.id))
            unit.scheduled_jobs.put(
                ScheduledJob(
                    id=kept.id, name=kept.name, job_type=kept.job_type, schedule=kept.schedule,
                    time_zone=kept.time_zone, config={"strategy_id": odd.id}, enabled=True,
                )
            )  # fmt: skip

        await room.run(spoil)
        good = await room.activated(HOLD, mode=StrategyMode.MONITOR, name="Good")
        for _ in range(200):
            await room.port.thread(int)
        assert room.failures == []
        room.clock.set(room.calendar.next_close(room.clock.now()) + SETTLE)
        await room.until(lambda: room.has_decided(good.id, 1))
        stop()


async def test_what_the_person_sells_while_it_is_being_left_is_not_sold_short(tmp_path: Path) -> None:
    async with open_room(tmp_path) as room:
        config = await room.activated("macd", parameters=TURNING)

        async def held() -> Decimal:
            holding = await room.read(lambda unit: unit.holdings.find(ACCOUNT, "SPY"))
            return Decimal(0) if holding is None else holding.quantity

        for _ in range(25):
            await room.close_of_day(config.id)
            if await held() > 0 and (await states(room, config.id))[-1] == "due":
                break
            await room.open_of_day(config.id)
        room.clock.set(room.calendar.next_open(room.clock.now()))
        await room.look_after()
        quantity = await held()

        async def after_it_was_worked_out() -> None:
            room.prices.meanwhile = partial(room.buys, "SPY", -int(quantity))

        room.prices.meanwhile = after_it_was_worked_out
        await room.runner.look(config.id)
        await room.meet(("SPY",))
        left = (await room.decisions(config.id))[-1].orders[0]
        assert (left.leg, left.fate, left.quantity) == ("leave", Fate.REFUSED, quantity)
        assert "An exit is for what is held of SPY" in left.text
        assert await held() == 0


async def test_prices_that_stay_away_are_told_of_once(tmp_path: Path) -> None:
    async with open_room(tmp_path) as room:
        config = await room.activated(HOLD, mode=StrategyMode.MONITOR)
        for day in range(3, 7):
            # The source has it up to the day before.
            whole = Span(day_to_us(date(1990, 1, 2)), day_to_us(date(2025, 3, day + 1)))
            bars = DemoMarket().bars("SPY", Interval.D1, whole.start_us, day_to_us(date(2025, 3, day)))
            key = SeriesKey("demo", "SPY", Interval.D1)
            await room.bars.save(key, bars, whole, to_us(room.clock.now()))
            await room.close_of_day(config.id)
        assert await states(room, config.id) == ["withheld"] * 4
        [told] = [each for each in await room.told() if "did not decide" in each]
        assert "on the bar of 2025-03-03 00:00 UTC: The newest bar of SPY is not there yet." in told
