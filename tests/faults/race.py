"""The race `python -m tests.faults.race --repeats N`: a hundred orders at once against a limit of ten.

Tasks of one desk, threads and processes with connections of their own: in every way exactly ten get through.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import shutil
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

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

ALL = 100
LIMIT = 10
WRITERS = 5
MANY = ALL // WRITERS
LIMITS = {**LOOSE, "trading.orders_per_day": LIMIT}


async def prepare(home: Path) -> None:
    """Lay out a home with the limit in it."""
    async with open_room(home, limits=LIMITS):
        pass


async def entered_in(home: Path) -> int:
    """Give how many orders were written down."""
    async with open_room(home, limits=LIMITS) as room:
        return len(await room.desk.intents())


async def refusals_of(room: Room, wish: Proposal) -> frozenset[str]:
    """Place an order, and give what refused it."""
    try:
        await room.desk.place(wish)
    except OrderRefused as refused:
        return frozenset(check.code for check in refused.verdict.refusals)
    return frozenset()


async def by_tasks(home: Path, url: str = "") -> list[str]:
    """Let a hundred tasks of one desk order at once, and say what is not as it must be."""
    broker = OwnBroker()
    async with open_room(home, broker, limits=LIMITS, url=url) as room:
        wishes = [room.wish(f"n{number}", symbol=f"S{number % 7}", quantity=1) for number in range(ALL)]
        refusals = Counter(await asyncio.gather(*(refusals_of(room, wish) for wish in wishes)))
        await room.settle()
        wrong = await room.broken(broker, orders_per_day=LIMIT)
    if refusals != {frozenset(): LIMIT, frozenset({"orders_per_day"}): ALL - LIMIT}:
        wrong.append(f"refused: {refusals}")
    if len(broker.accepted()) != LIMIT:
        wrong.append(f"{len(broker.accepted())} orders at the broker")
    return wrong


async def by_threads(home: Path) -> list[str]:
    """Let threads with connections of their own enter a hundred orders at once."""
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
    return _counted(sum(let_through), await entered_in(home))


async def by_processes(home: Path) -> list[str]:
    """Let processes that are forked from this one enter a hundred orders at once."""
    return _counted(_in_forks(home), await entered_in(home))


def _in_forks(home: Path) -> int:
    starts, gate = os.pipe()
    children, answers = [], []
    for number in range(WRITERS):
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(gate)

            def begin(writing: int = writing) -> None:
                os.write(writing, b"open ")
                os.read(starts, 1)

            code = 1
            with suppress(Exception):
                os.write(writing, str(enter_many(home, f"p{number}", begin)).encode())
                code = 0
            os._exit(code)
        os.close(writing)
        # One after the other: who opens a database checks it, and would wait for the others.
        os.read(reading, 5)
        children.append(child)
        answers.append(reading)
    os.close(starts)
    # Its end is what all of them wait for.
    os.close(gate)
    let_through = 0
    for child, reading in zip(children, answers, strict=True):
        with os.fdopen(reading) as pipe:
            let_through += int(pipe.read() or 0)
        os.waitpid(child, 0)
    return let_through


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


@dataclass(frozen=True)
class _Judges:
    gate: SafetyGate
    approvals: ApprovalBook


def _enter(judges: _Judges, slot: str, unit: Unit) -> bool:
    return enter(unit, judges, replace(WISH, slot=slot), LIVE).intent is not None


def _counted(let_through: int, entered: int) -> list[str]:
    right = let_through == entered == LIMIT
    return [] if right else [f"{let_through} were let through, {entered} are written down"]


_WAYS = {"tasks": by_tasks, "threads": by_threads, "processes": by_processes}


def main() -> int:
    """Race again and again, and say how often the limit was not met exactly."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.race", description=__doc__)
    parser.add_argument("--repeats", type=int, default=1000, help="how often, in each way")
    parser.add_argument("--way", choices=list(_WAYS), action="append", help="only in this way")
    wanted = parser.parse_args()
    ways, failed = wanted.way or list(_WAYS), 0
    with tempfile.TemporaryDirectory(prefix="puffling-race-") as folder:
        blank, home = Path(folder, "blank"), Path(folder, "home")
        asyncio.run(prepare(blank))
        for way in ways:
            wrong = 0
            for number in range(wanted.repeats):
                shutil.copytree(blank, home)
                if sentences := asyncio.run(_WAYS[way](home)):
                    wrong += 1
                    sys.stdout.write(f"{way}, race {number}: {'; '.join(sentences)}\n")
                shutil.rmtree(home)
            sys.stdout.write(
                f"{wanted.repeats} races of {ALL} orders by {way}, limit {LIMIT}: "
                f"{wanted.repeats - wrong} met it exactly\n"
            )
            sys.stdout.flush()
            failed += wrong
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
