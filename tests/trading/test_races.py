"""However many want to order at once, a limit is met exactly: tasks, threads, processes, both databases."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections import Counter
from decimal import Decimal
from pathlib import Path

import pytest

from tests.fakes.own_broker import OwnBroker
from tests.faults.race import LIMIT, WRITERS, by_tasks, by_threads, entered_in, prepare, refusals_of
from tests.trading.rooms import LOOSE, open_room


# Of the session, like the server: one that starts inside a test would count as left behind by it.
@pytest.fixture(
    scope="session",
    params=[
        "sqlite",
        pytest.param("postgres", marks=[pytest.mark.postgres, pytest.mark.xdist_group("postgres")]),
    ],
)
def kind(request: pytest.FixtureRequest) -> str:
    """Which database the test runs on."""
    kind: str = request.param
    if kind == "postgres":
        request.getfixturevalue("postgres_server")
    return kind


@pytest.fixture
def url(kind: str, request: pytest.FixtureRequest) -> str:
    """Where the records are: a file, or a server."""
    return request.getfixturevalue("postgres_url") if kind == "postgres" else ""


async def test_a_hundred_at_once_enter_exactly_ten(home: Path, url: str) -> None:
    assert await by_tasks(home, url) == []


async def test_two_jobs_with_one_signal_on_one_bar_make_one_order(home: Path, url: str) -> None:
    broker = OwnBroker()
    async with open_room(home, broker, url=url) as room:
        wish = room.wish("2026-03-04T16:00:00Z", source="strategy:momentum")
        placed = await asyncio.gather(*(room.desk.place(wish) for _ in range(8)))
        assert len({each.intent.id for each in placed if each.intent is not None}) == 1
        assert sorted(each.again for each in placed) == [False] + [True] * 7
    assert broker.submitted == 1


async def test_of_five_orders_of_four_percent_two_fit_into_ten(home: Path, url: str) -> None:
    broker = OwnBroker()
    limits = {**LOOSE, "trading.position_percent": 10.0}
    async with open_room(home, broker, limits=limits, url=url) as room:
        wishes = [room.wish(f"n{number}", quantity=40) for number in range(5)]
        refusals = await asyncio.gather(*(refusals_of(room, wish) for wish in wishes))
        assert Counter(refusals) == {frozenset(): 2, frozenset({"position"}): 3}
        await room.settle()
        most = {"most_in_symbol": Decimal(10_000), "prices": {"SPY": Decimal(100)}}
        assert await room.broken(broker, **most) == []


async def test_threads_with_connections_of_their_own_enter_exactly_ten(home: Path) -> None:
    await prepare(home)
    assert await by_threads(home) == []


def _in_processes(home: Path, checkout: Path) -> int:
    program = (
        "import sys; from pathlib import Path; from tests.faults.race import enter_many;"
        "begin = lambda: (print('open', flush=True), sys.stdin.read(1));"
        "print(enter_many(Path(sys.argv[1]), sys.argv[2], begin))"
    )
    pipe = subprocess.PIPE
    children = []
    for number in range(WRITERS):
        words = [sys.executable, "-c", program, str(home), f"p{number}"]
        children.append(subprocess.Popen(words, stdin=pipe, stdout=pipe, cwd=checkout))
        # One after the other: who opens a database checks it, and would wait for the others.
        assert children[-1].stdout is not None
        children[-1].stdout.readline()
    for child in children:
        assert child.stdin is not None
        child.stdin.write(b"x")
        child.stdin.flush()
    return sum(int(child.communicate(timeout=90)[0]) for child in children)


async def test_processes_enter_exactly_ten(home: Path, checkout: Path) -> None:
    await prepare(home)
    let_through = _in_processes(home, checkout)
    assert let_through == await entered_in(home) == LIMIT
