"""A model spends what it may and no more: at once, in several processes, over a crash, over midnight."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from puffling.assistant.budget import Budget, Spending
from puffling.core.core import Core
from puffling.runtime.actor import DEFAULT_USER, Actor, Caller, calling_as
from puffling.runtime.bus import Bus
from puffling.runtime.clock import FixedClock
from puffling.runtime.errors import NotFound, Refused
from puffling.runtime.paths import Paths
from puffling.runtime.port import Port
from puffling.settings.model import Assistant
from puffling.store.database import Store
from puffling.store.migrations import SHIPPED

EVENING = datetime(2026, 3, 31, 23, 0, tzinfo=UTC)
CENT = Decimal("0.01")
CAPS = Assistant(most_a_run=0.5, most_a_day=0.1, most_a_month=0.15)
WRITERS = 4
HOUR = 3600.0


@asynccontextmanager
async def opened(folder: Path, clock: FixedClock, caps: Assistant = CAPS) -> AsyncIterator[Budget]:
    """A budget over a real store, which is closed again."""
    port = Port(clock)
    try:
        store = await Store.open(
            Paths.under(folder), port=port, bus=Bus(), clock=clock, url="", schema=SHIPPED
        )
        try:
            await store.ensure_user(DEFAULT_USER, "Me")
            yield Budget(store, lambda: caps)
        finally:
            await store.close()
    finally:
        await port.close()


@pytest.fixture
def evening() -> FixedClock:
    return FixedClock(EVENING)


@pytest.fixture
async def budget(home: Path, evening: FixedClock) -> AsyncIterator[Budget]:
    async with opened(home, evening) as made:
        yield made


async def spend(budget: Budget, run: str, most: Decimal | None, cost: Decimal | None = None) -> None:
    async with budget.call(DEFAULT_USER, run, most) as call:
        if cost is not None:
            call.cost = cost


async def test_twenty_at_once_never_spend_more_than_there_is(budget: Budget) -> None:
    run = await budget.begin(DEFAULT_USER, "test", "a model")
    under_way, refused = 0, 0
    go_on = asyncio.Event()

    async def one() -> None:
        nonlocal under_way, refused
        try:
            async with budget.call(DEFAULT_USER, run, CENT) as call:
                under_way += 1
                await go_on.wait()
                call.cost = CENT / 2
        except Refused:
            refused += 1

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(one(), name=f"call {number}") for number in range(20)]
        while under_way + refused < len(tasks):  # noqa: ASYNC110  what ends it is what is tested
            await asyncio.sleep(0.01)
        assert (under_way, refused) == (10, 10)
        assert (await budget.spending(DEFAULT_USER)).today == CENT * 10
        go_on.set()
    # What was promised and not needed is there again.
    assert (await budget.spending(DEFAULT_USER)).today == CENT * 5


def call_many(folder: Path) -> int:
    """Spend over connections of one's own until refused, and give how many calls were made."""

    async def work() -> int:
        made = 0
        async with opened(folder, FixedClock(EVENING)) as budget:
            run = await budget.begin(DEFAULT_USER, "test", "a model")
            sys.stdout.write("open\n")
            sys.stdout.flush()
            sys.stdin.read(1)
            with suppress(Refused):
                while True:
                    await spend(budget, run, CENT)
                    made += 1
        return made

    return asyncio.run(work())


def in_processes(home: Path, checkout: Path) -> int:
    """Let several processes spend at once, and give how many calls they made."""
    program = (
        "import sys; from pathlib import Path; from tests.assistant.test_budget import call_many;"
        "print(call_many(Path(sys.argv[1])))"
    )
    pipe = subprocess.PIPE
    children = []
    for _ in range(WRITERS):
        words = [sys.executable, "-c", program, str(home)]
        children.append(subprocess.Popen(words, stdin=pipe, stdout=pipe, cwd=checkout))
        # One after the other: who opens a database checks it, and would wait for the others.
        assert children[-1].stdout is not None
        children[-1].stdout.readline()
    for child in children:
        assert child.stdin is not None
        child.stdin.write(b"x")
        child.stdin.flush()
    return sum(int(child.communicate(timeout=90)[0]) for child in children)


async def test_processes_with_connections_of_their_own_never_do_either(
    home: Path, evening: FixedClock, checkout: Path
) -> None:
    async with opened(home, evening) as budget:
        assert in_processes(home, checkout) == 10
        assert (await budget.spending(DEFAULT_USER)).today == CENT * 10


async def die_within_a_call(folder: Path) -> None:
    """Be killed while a call is under way."""
    async with opened(folder, FixedClock(EVENING)) as budget:
        run = await budget.begin(DEFAULT_USER, "test", "a model")
        async with budget.call(DEFAULT_USER, run, CENT * 7):
            os.kill(os.getpid(), signal.SIGKILL)


def killed_within_a_call(home: Path, checkout: Path) -> int:
    """Let a process be killed within a call, and give how it ended."""
    program = (
        "import asyncio, sys; from pathlib import Path; from tests.assistant.test_budget import *;"
        "asyncio.run(die_within_a_call(Path(sys.argv[1])))"
    )
    words = [sys.executable, "-c", program, str(home)]
    return subprocess.run(words, cwd=checkout, timeout=90, check=False).returncode


async def test_what_was_promised_to_a_process_that_died_counts_as_spent(
    home: Path, evening: FixedClock, checkout: Path
) -> None:
    assert killed_within_a_call(home, checkout) == -signal.SIGKILL
    async with opened(home, evening) as budget:
        assert (await budget.spending(DEFAULT_USER)).today == CENT * 7
        run = await budget.begin(DEFAULT_USER, "test", "a model")
        with pytest.raises(Refused, match="a day"):
            await spend(budget, run, CENT * 4)
        await spend(budget, run, CENT * 3)


async def test_a_call_that_fails_or_has_no_price_is_charged_in_full(budget: Budget) -> None:
    run = await budget.begin(DEFAULT_USER, "test", "a model")
    with pytest.raises(ConnectionError):
        async with budget.call(DEFAULT_USER, run, CENT):
            raise ConnectionError
    await spend(budget, run, CENT)
    await spend(budget, run, CENT, cost=Decimal("0.004"))
    assert (await budget.spending(DEFAULT_USER)).today == Decimal("0.024")
    for price in (None, Decimal(-1), Decimal("NaN"), Decimal("Infinity")):
        with pytest.raises(Refused, match="Nobody knows"):
            await spend(budget, run, price)


async def test_a_call_that_fails_once_its_price_is_known_is_charged_that(budget: Budget) -> None:
    run = await budget.begin(DEFAULT_USER, "test", "a model")

    async def cut_off() -> None:
        async with budget.call(DEFAULT_USER, run, CENT) as call:
            call.cost = Decimal("0.004")
            raise ConnectionError

    with pytest.raises(ConnectionError):
        await cut_off()
    assert (await budget.spending(DEFAULT_USER)).today == Decimal("0.004")


@pytest.mark.parametrize("cost", ["-1", "NaN", "Infinity"])
async def test_a_cost_that_is_none_is_charged_in_full(budget: Budget, cost: str) -> None:
    run = await budget.begin(DEFAULT_USER, "test", "a model")
    await spend(budget, run, CENT, cost=Decimal(cost))
    assert (await budget.spending(DEFAULT_USER)).today == CENT


async def test_a_run_a_day_and_a_month_have_bounds_of_their_own(home: Path, evening: FixedClock) -> None:
    caps = Assistant(most_a_run=0.06, most_a_day=0.1, most_a_month=0.15)
    async with opened(home, evening, caps) as budget:
        first = await budget.begin(DEFAULT_USER, "test", "a model")
        await spend(budget, first, CENT * 6)
        with pytest.raises(Refused, match="a run") as caught:
            await spend(budget, first, CENT)
        assert caught.value.hint
        second = await budget.begin(DEFAULT_USER, "test", "a model")
        with pytest.raises(Refused, match="a day"):
            await spend(budget, second, CENT * 5)
        await spend(budget, second, CENT * 4)
        # Evening in Greenwich is afternoon in New York: the day ends five hours later, and with it the month.
        evening.advance(4 * HOUR)
        third = await budget.begin(DEFAULT_USER, "test", "a model")
        with pytest.raises(Refused, match="a day"):
            await spend(budget, third, CENT)
        evening.advance(2 * HOUR)
        with pytest.raises(Refused, match="another day"):
            await spend(budget, third, CENT)
        fourth = await budget.begin(DEFAULT_USER, "test", "a model")
        await spend(budget, fourth, CENT * 6)
        assert await budget.spending(DEFAULT_USER) == Spending(
            Decimal("0.06"), Decimal("0.1"), Decimal("0.06"), Decimal("0.15"), Decimal("0.06")
        )
        evening.advance(24 * HOUR)
        fifth = await budget.begin(DEFAULT_USER, "test", "a model")
        await spend(budget, fifth, CENT * 6)
        sixth = await budget.begin(DEFAULT_USER, "test", "a model")
        with pytest.raises(Refused, match="a month"):
            await spend(budget, sixth, CENT * 4)
        with pytest.raises(NotFound):
            await spend(budget, "nobody's", CENT)


async def test_everybody_may_look_and_no_program_raises_the_bounds(core: Core) -> None:
    with calling_as(Caller(Actor.HTTP)):
        looked = await core.ai.show_budget()
        assert (looked.today, looked.most_a_day) == (Decimal(0), Decimal("2.0"))
        with pytest.raises(Refused):
            await core.settings.put("assistant.most_a_day", 100.0)
    with calling_as(Caller(Actor.PERSON, present=True)):
        await core.settings.put("assistant.most_a_day", 3.0)
        assert (await core.ai.show_budget()).most_a_day == Decimal("3.0")
