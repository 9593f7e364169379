"""However many want to order at once, a limit is met exactly: tasks, threads, processes, both databases."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import partial
from pathlib import Path

import pytest

from puffling.runtime.actor import DEFAULT_USER
from puffling.runtime.clock import FixedClock
from puffling.runtime.errors import StorageFailed
from puffling.runtime.paths import Paths
from puffling.store.database import Unit
from puffling.store.engine import Database
from puffling.store.migrations import SHIPPED
from puffling.trading.approvals import ApprovalBook
from puffling.trading.entering import OrderRefused, enter
from puffling.trading.gate import SafetyGate
from puffling.trading.halt import HaltSwitch
from puffling.trading.limits import LimitReader
from puffling.trading.proposals import Proposal
from tests.fakes.own_broker import OwnBroker
from tests.trading.cases import LIVE, NOW, WISH
from tests.trading.rooms import LOOSE, Room, open_room

LIMIT = 10
WRITERS = 5
MANY = 20
LIMITS = {**LOOSE, "trading.orders_per_day": LIMIT}


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


async def _refusals(room: Room, wish: Proposal) -> frozenset[str]:
    try:
        await room.desk.place(wish)
    except OrderRefused as refused:
        return frozenset(check.code for check in refused.verdict.refusals)
    return frozenset()


async def test_a_hundred_at_once_enter_exactly_ten(home: Path, url: str) -> None:
    broker = OwnBroker()
    async with open_room(home, broker, limits=LIMITS, url=url) as room:
        wishes = [room.wish(f"n{number}", symbol=f"S{number % 7}", quantity=1) for number in range(100)]
        refusals = await asyncio.gather(*(_refusals(room, wish) for wish in wishes))
        assert Counter(refusals) == {frozenset(): LIMIT, frozenset({"orders_per_day"}): 100 - LIMIT}
        assert len(broker.accepted()) == LIMIT
        await room.settle()
        assert await room.broken(broker, orders_per_day=LIMIT) == []


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
        refusals = await asyncio.gather(*(_refusals(room, wish) for wish in wishes))
        assert Counter(refusals) == {frozenset(): 2, frozenset({"position"}): 3}
        await room.settle()
        most = {"most_in_symbol": Decimal(10_000), "prices": {"SPY": Decimal(100)}}
        assert await room.broken(broker, **most) == []


@dataclass(frozen=True)
class _Judges:
    gate: SafetyGate
    approvals: ApprovalBook


def enter_many(folder: Path, name: str, begin: Callable[[], object]) -> int:
    """Enter orders over a connection of one's own, and give how many were let through."""
    paths = Paths.under(folder)
    database = Database(paths, FixedClock(NOW), url="", schema=SHIPPED)
    judges = _Judges(SafetyGate(HaltSwitch(paths.data), LimitReader({})), ApprovalBook())
    database.open()
    begin()
    let_through = 0
    for number in range(MANY):
        work = partial(_enter, judges, f"{name}-{number}")
        # Whoever waited too long for the others was told that nothing was saved, and is no order.
        with suppress(StorageFailed):
            let_through += database.transact(DEFAULT_USER, work, writing=True).result
    database.close()
    return let_through


def _enter(judges: _Judges, slot: str, unit: Unit) -> bool:
    return enter(unit, judges, replace(WISH, slot=slot), LIVE).intent is not None


async def _prepared(home: Path) -> None:
    async with open_room(home, limits=LIMITS):
        pass


async def _entered(home: Path) -> int:
    async with open_room(home, limits=LIMITS) as room:
        return len(await room.desk.intents())


async def test_threads_with_connections_of_their_own_enter_exactly_ten(home: Path) -> None:
    await _prepared(home)
    let_through: list[int] = []
    begin = threading.Barrier(WRITERS)
    opening = threading.Lock()

    def work(name: str) -> None:
        opening.acquire()

        def opened() -> None:
            opening.release()
            begin.wait(60)

        let_through.append(enter_many(home, name, opened))

    threads = [threading.Thread(target=work, args=(f"t{number}",)) for number in range(WRITERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(let_through) == await _entered(home) == LIMIT


def _in_processes(home: Path, checkout: Path) -> int:
    program = (
        "import sys; from pathlib import Path; from tests.trading.test_races import enter_many;"
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
    await _prepared(home)
    let_through = _in_processes(home, checkout)
    assert let_through == await _entered(home) == LIMIT
