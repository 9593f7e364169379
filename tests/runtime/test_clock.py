from __future__ import annotations

import asyncio
import threading
import time
from datetime import datetime, timedelta

import pytest

from puffling.runtime.clock import FixedClock, SimulatedClock, SystemClock, microseconds, moment_of
from puffling.runtime.jobs import Job
from puffling.runtime.tasks import TaskScope
from tests.runtime import work
from tests.runtime.conftest import NEW_YEAR, PERSON, build_room

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def test_microseconds_keep_every_digit_of_a_moment() -> None:
    moment = NEW_YEAR + timedelta(days=20_000, microseconds=1)
    assert moment_of(microseconds(moment)) == moment
    assert microseconds(moment + timedelta(microseconds=1)) - microseconds(moment) == 1


async def test_a_sleeper_hears_that_the_wall_clock_was_stepped_over_its_moment() -> None:
    shown = [NEW_YEAR, NEW_YEAR, NEW_YEAR + 2 * HOUR]
    clock = SystemClock(wall=lambda: shown.pop(0) if len(shown) > 1 else shown[0], look_again_seconds=0.001)
    await clock.sleep_until(NEW_YEAR + HOUR)
    assert clock.now() == NEW_YEAR + 2 * HOUR


async def test_a_sleeper_goes_on_sleeping_when_the_wall_clock_was_put_back() -> None:
    shown = [NEW_YEAR, NEW_YEAR - HOUR, NEW_YEAR - HOUR, NEW_YEAR + HOUR]
    looks = []

    def wall() -> datetime:
        looks.append(shown[0])
        return shown.pop(0) if len(shown) > 1 else shown[0]

    await SystemClock(wall=wall, look_again_seconds=0.001).sleep_until(NEW_YEAR + timedelta(seconds=1))
    assert looks[-1] == NEW_YEAR + HOUR


async def test_the_systems_time_is_aware_and_moves() -> None:
    clock = SystemClock()
    before, measured = clock.now(), clock.monotonic()
    await clock.sleep(0.002)
    await clock.sleep_until(before)
    with clock.working():
        assert clock.now() > before
    assert clock.monotonic() > measured
    assert before.utcoffset() == timedelta(0)


async def test_a_fixed_clock_wakes_those_whose_moment_has_come_in_order() -> None:
    clock, woken = FixedClock(NEW_YEAR), list[str]()
    scope = TaskScope("test")

    async def sleep(name: str, seconds: float) -> None:
        await clock.sleep(seconds)
        woken.append(name)

    for name, seconds in (("late", 20), ("second", 10), ("third", 10), ("first", 5), ("at once", 0)):
        _ = scope.spawn(sleep(name, seconds), name=name)
    await asyncio.sleep(0)
    clock.advance(10)
    for _ in range(3):
        await asyncio.sleep(0)
    assert woken == ["at once", "first", "second", "third"]
    assert clock.monotonic() == 10
    clock.set(NEW_YEAR - DAY)
    assert clock.now() == NEW_YEAR - DAY
    assert clock.monotonic() == 10, "what measures durations never runs backwards"
    await scope.close()


async def test_fifty_daily_decisions_with_threads_and_a_process_run_at_their_exact_hour() -> None:
    clock = SimulatedClock(NEW_YEAR)
    room = build_room(clock)
    decided: list[datetime] = []
    nine = [NEW_YEAR + n * DAY + 9 * HOUR for n in range(50)]

    async def decide(number: int) -> None:
        await room.port.thread(time.sleep, 0.001)  # noqa: TID251  the thread's own work
        if number == 25:
            assert await Job.current().compute(work.add, 1, 2) == 3
        await room.port.thread(len, "twice a day")
        decided.append(clock.now())

    async def live() -> None:
        for number, hour in enumerate(nine):
            await clock.sleep_until(hour)
            await decide(number)

    job = room.board.start("Fifty days", live, caller=PERSON)
    await clock.run(until=NEW_YEAR + 60 * DAY)
    assert decided == nine
    assert job.ended == nine[-1]
    assert clock.now() == NEW_YEAR + 60 * DAY
    await room.close()


async def test_without_the_hold_of_the_port_time_runs_past_work_in_a_thread() -> None:
    clock, gate = SimulatedClock(NEW_YEAR), threading.Event()
    scope, decided = TaskScope("test"), list[datetime]()

    async def decide() -> None:
        await clock.sleep_until(NEW_YEAR + 9 * HOUR)
        await asyncio.get_running_loop().run_in_executor(None, gate.wait)
        decided.append(clock.now())

    decision = scope.spawn(decide(), name="decide")
    await clock.run(until=NEW_YEAR + DAY)
    gate.set()
    await decision
    assert decided == [NEW_YEAR + DAY], "fifteen hours late: this is what working() is for"
    await asyncio.get_running_loop().shutdown_default_executor()


@pytest.mark.parametrize("length", [1, 10, 3000])
async def test_time_waits_for_a_chain_of_plain_awaits_of_any_length(length: int) -> None:
    clock, scope = SimulatedClock(NEW_YEAR), TaskScope("test")
    ends: list[datetime] = []

    async def pass_on(number: int, before: asyncio.Event) -> None:
        await before.wait()
        await asyncio.sleep(0)
        after = asyncio.Event()
        after.set()
        if number < length:
            _ = scope.spawn(pass_on(number + 1, after), name=f"link {number}")
        else:
            ends.append(clock.now())

    async def begin() -> None:
        queue: asyncio.Queue[str] = asyncio.Queue()
        await clock.sleep(60)
        queue.put_nowait("go")
        begun = asyncio.Event()
        _ = scope.spawn(pass_on(1, begun), name="link 0")
        await queue.get()
        begun.set()

    async def tick() -> None:
        while True:
            await clock.sleep(61)

    _ = scope.spawn(begin(), name="begin"), scope.spawn(tick(), name="tick")
    await clock.advance(3600)
    assert ends == [NEW_YEAR + timedelta(seconds=60)]
    await scope.close()


async def test_a_simulated_hour_happens_in_the_same_order_every_time() -> None:
    async def live() -> list[str]:
        clock, scope = SimulatedClock(NEW_YEAR), TaskScope("test")
        room, seen = build_room(clock), list[str]()

        async def act(name: str, every: int) -> None:
            for _ in range(6):
                await clock.sleep(every)
                seen.append(f"{name} asks at {clock.monotonic()}")
                await room.port.thread(len, name)
                seen.append(f"{name} knows at {clock.monotonic()}")

        for name, every in (("a", 600), ("b", 300), ("c", 600), ("d", 200)):
            _ = scope.spawn(act(name, every), name=name)
        await clock.run()
        await scope.close()
        await room.close()
        return seen

    first = await live()
    assert first == await live()
    assert len(first) == 48
    assert first[:2] == ["d asks at 200.0", "d knows at 200.0"]


async def test_time_runs_until_something_is_done_and_says_so_when_it_never_will_be() -> None:
    clock, scope = SimulatedClock(NEW_YEAR), TaskScope("test")
    slept = scope.spawn(clock.sleep(86_400), name="sleep")
    await clock.run(until=slept)
    assert clock.now() == NEW_YEAR + DAY
    await clock.sleep(0)
    with pytest.raises(RuntimeError, match="nobody sleeps"):
        await clock.run(until=asyncio.get_running_loop().create_future())


async def test_a_sleep_too_short_to_count_still_moves_time() -> None:
    clock, scope = SimulatedClock(NEW_YEAR), TaskScope("test")
    _ = scope.spawn(clock.sleep(1e-9), name="sleep")
    await clock.run()
    assert clock.now() == NEW_YEAR + timedelta(microseconds=1)


async def test_a_cancelled_sleeper_moves_nothing_and_a_clock_is_run_once_at_a_time() -> None:
    clock, scope = SimulatedClock(NEW_YEAR), TaskScope("test")
    sleeper = scope.spawn(clock.sleep(3600), name="sleep")
    await asyncio.sleep(0)
    sleeper.cancel()
    running = scope.spawn(clock.run(), name="run")
    await asyncio.sleep(0)
    with pytest.raises(RuntimeError, match="already"):
        await clock.run()
    await running
    assert clock.now() == NEW_YEAR


async def test_simulated_time_refuses_a_loop_it_cannot_look_into(qapp: object) -> None:
    with pytest.raises(RuntimeError, match="plain asyncio loop"):
        await SimulatedClock(NEW_YEAR).run()
