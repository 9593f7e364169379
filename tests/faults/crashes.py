"""Every point at which a process can die, times every fault of a broker: afterwards exactly one order.

A life places one order and follows it. It is killed (with signal 9, really) before or after the commit of one
of its transactions, or before or after one of its calls to the broker. The next life, killed itself at times,
finds what is there; and whoever wanted the order asks for it once more, as a job does. Lives are forked from
a process that has everything loaded and no threads. `python -m tests.faults.crashes` goes through them all.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import os
import shutil
import signal
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

from puffling.puffin.broker.base import AccountInfo, Execution, Order, OrderStatusInfo, Position
from puffling.runtime.actor import UserId
from puffling.runtime.clock import FixedClock
from puffling.store.database import Store, Unit
from puffling.store.orders import OrderState
from puffling.trading.entering import OrderRefused
from tests.fakes.own_broker import OwnBroker
from tests.trading.cases import NOW
from tests.trading.rooms import MINE, Room, open_room

P = ParamSpec("P")
R = TypeVar("R")

FAULTS = (
    "",
    "reset_before",
    "reset_after",
    "html_502",
    "504_after",
    "duplicate",
    "late",
    "busy",
    "no_money",
    "odd_error",
    "no_id",
)
# A life is over long before: one that is not has hung.
LIFE_SECONDS = 300
VALID_SECONDS = 60.0
DOUBT = frozenset({OrderState.INTENT, OrderState.SENDING, OrderState.UNKNOWN})


@dataclass(frozen=True, slots=True)
class Point:
    """Where a life ends: at the so-and-so-manieth transaction or call, before it counts or after."""

    what: str
    number: int
    after: bool

    def __str__(self) -> str:
        return f"{'after' if self.after else 'before'} {self.what} {self.number}"


class Death:
    """Counts transactions and calls, and kills the process at its point."""

    def __init__(self, point: Point | None) -> None:
        self.point = point
        self.counts = {"commit": 0, "call": 0}

    def begin(self, what: str) -> int:
        """Count one more."""
        self.counts[what] += 1
        return self.counts[what]

    def meet(self, what: str, number: int, *, after: bool) -> None:
        """Die if this is the point."""
        if self.point == Point(what, number, after):
            os.kill(os.getpid(), signal.SIGKILL)


class MortalStore(Store):
    """A store whose transactions may be the last thing the process does."""

    death: Death | None = None

    async def run(
        self, user: UserId, work: Callable[Concatenate[Unit, P], R], *args: P.args, **kwargs: P.kwargs
    ) -> R:
        """Run a transaction, and die right before or right after its commit."""
        death = self.death
        if death is None:
            return await super().run(user, work, *args, **kwargs)
        number = death.begin("commit")

        def last(unit: Unit) -> R:
            result = work(unit, *args, **kwargs)
            death.meet("commit", number, after=False)
            return result

        result = await super().run(user, last)
        death.meet("commit", number, after=True)
        return result


class MortalBroker(OwnBroker):
    """A broker that may be the last thing the process speaks with; its book lives on in a file."""

    def __init__(self, death: Death, **options: Any) -> None:
        super().__init__(**options)
        self._death = death

    @contextmanager
    def _call(self) -> Iterator[None]:
        number = self._death.begin("call")
        self._death.meet("call", number, after=False)
        try:
            yield
        finally:
            self._death.meet("call", number, after=True)

    def submit_order(self, order: Order) -> str:
        with self._call():
            return super().submit_order(order)

    def get_positions(self) -> dict[str, Position]:
        with self._call():
            return super().get_positions()

    def get_account(self) -> AccountInfo:
        with self._call():
            return super().get_account()

    def get_order_status(self, order_id: str) -> OrderStatusInfo:
        with self._call():
            return super().get_order_status(order_id)

    def find_order(self, client_order_id: str) -> OrderStatusInfo | None:
        with self._call():
            return super().find_order(client_order_id)

    def get_all_orders(self, status: str | None = None, limit: int = 100) -> list[OrderStatusInfo]:
        with self._call():
            return super().get_all_orders(status, limit)

    def get_executions(self, since: datetime) -> list[Execution]:
        with self._call():
            return super().get_executions(since)


async def live(folder: Path, point: Point | None, fault: str, later_seconds: float) -> dict[str, Any]:
    """Want the order, or find it; follow it to a fill, and give what there is in the end."""
    clock, death = FixedClock(NOW + timedelta(seconds=later_seconds)), Death(point)
    broker = MortalBroker(death, file=folder / "broker.json", now=clock.now)
    if fault:
        broker.fault("submit_order", fault)
    async with open_room(folder / "home", clock=clock, store_type=MortalStore) as room:
        assert isinstance(room.store, MortalStore)
        room.store.death = death
        await room.desk.connect(MINE, broker)
        await room.desk.compared(MINE.id)
        # Too late to be entered anew; what was entered is found.
        with suppress(OrderRefused):
            await room.desk.place(room.wish(valid_seconds=VALID_SECONDS - later_seconds))
        await _follow(room, broker, clock)
        room.store.death = None
        intents = await room.desk.intents()
        return {
            "accepted": len(broker.accepted()),
            "states": [intent.state.value for intent in intents],
            "broken": await room.broken(broker),
            "held": str(await room.held()),
            "failures": [repr(failure) for failure in room.failures],
            "alarms": [alarm.text for alarm in room.alarms],
            "counts": death.counts,
        }


async def _follow(room: Room, broker: OwnBroker, clock: FixedClock) -> None:
    """Let time go by until nothing is in doubt, and let the broker fill what it has."""
    for _ in range(8):
        clock.advance(2)
        await room.settle()
        if all(intent.state not in DOUBT for intent in await room.desk.intents()):
            break
    for row in broker.accepted():
        if row["status"] == "accepted":
            broker.fill(row["id"], 2)
            broker.fill(row["id"], 3, say=False)
    clock.advance(2)
    await room.settle()


def judged(last: dict[str, Any], *, in_time: bool) -> list[str]:
    """Say what is not as it must be, in the end."""
    wrong = list(last["broken"])
    if last["accepted"] > 1 or len(last["states"]) > 1:
        wrong.append(f"{last['accepted']} orders of {len(last['states'])} intents")
    if in_time and last["states"] != ["REJECTED"] and last["accepted"] != 1:
        wrong.append(f"no order, and the intents are {last['states']}")
    if last["accepted"] == 1 and (last["states"], last["held"]) != (["FILLED"], "5"):
        wrong.append(f"the order is {last['states']} and {last['held']} are held")
    wrong += [f"failed: {failure}" for failure in last["failures"]]
    return wrong + [f"alarm: {alarm}" for alarm in last["alarms"]]


def forked(work: Callable[[], dict[str, Any]]) -> dict[str, Any] | None:
    """Do the work in a child and give its answer; None when it was killed."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        signal.alarm(LIFE_SECONDS)
        gc.disable()
        try:
            answer = work()
        except BaseException as error:  # noqa: BLE001  the edge: what went wrong is the answer
            answer = {"error": "".join(traceback.format_exception(error))[-3000:]}
        os.write(writing, json.dumps(answer).encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        said = pipe.read()
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        if os.WTERMSIG(status) == signal.SIGKILL:
            return None
        return {"error": f"ended by signal {os.WTERMSIG(status)}"}
    return dict(json.loads(said))


def points_of(counts: dict[str, int]) -> list[Point]:
    """Give every point of a life with so many transactions and calls."""
    return [
        Point(what, number, after)
        for what, count in sorted(counts.items())
        for number in range(1, count + 1)
        for after in (False, True)
    ]


@dataclass(frozen=True, slots=True)
class Plan:
    """Where the first life ends, with which fault, where the second does, and whether the third is late."""

    fault: str
    first: Point
    second: Point | None
    later_seconds: float

    def __str__(self) -> str:
        second = f", then {self.second}" if self.second is not None else ""
        return f"{self.fault or 'no fault'}: killed {self.first}{second}, {self.later_seconds:.0f} s later"


class Stage:
    """Runs lives on folders of their own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._number = 0
        # What a life loads only when it needs it is there in every fork then; no thread of it is left.
        asyncio.run(live(folder / "rehearsal", None, "", 0))
        gc.collect()
        gc.freeze()

    def plans(self, faults: Sequence[str] = FAULTS) -> list[Plan]:
        """Give every plan: each point of a life with each fault; also late, also killed while reconciling."""
        plans = []
        for fault in faults:
            whole = self._run(self._new(), None, fault, 0)
            assert whole is not None
            assert "error" not in whole, whole
            for number, first in enumerate(points_of(whole["counts"])):
                plans.append(Plan(fault, first, None, 10))
                plans.append(Plan(fault, first, None, VALID_SECONDS + 10))
                second = Point(("call", "commit")[number % 2], number // 2 % 9 + 1, number % 3 == 0)
                plans.append(Plan(fault, first, second, 10))
        return plans

    def wrong(self, plan: Plan) -> list[str]:
        """Carry a plan out and say what is not as it must be."""
        folder = self._new()
        try:
            ends = [(plan.first, plan.fault, 0.0)]
            if plan.second is not None:
                ends.append((plan.second, "", plan.later_seconds / 2))
            for point, fault, later in ends:
                answer = self._run(folder, point, fault, later)
                if answer is not None and "error" in answer:
                    return [str(answer["error"])]
            last = self._run(folder, None, "", plan.later_seconds)
            if last is None or "error" in last:
                return [str(last)]
            return judged(last, in_time=plan.later_seconds < VALID_SECONDS)
        finally:
            shutil.rmtree(folder)

    def _new(self) -> Path:
        self._number += 1
        folder = self._folder / str(self._number)
        blank = self._folder / "blank"
        if not blank.exists():
            forked(lambda: asyncio.run(_made(blank)))
        shutil.copytree(blank, folder)
        return folder

    def _run(self, folder: Path, point: Point | None, fault: str, later: float) -> dict[str, Any] | None:
        return forked(lambda: asyncio.run(live(folder, point, fault, later)))


async def _made(folder: Path) -> dict[str, Any]:
    async with open_room(folder / "home"):
        return {}


@dataclass(frozen=True, slots=True)
class Share:
    """Which of all combinations somebody carries out: one of so many, from a first one on."""

    faults: tuple[str, ...]
    first: int
    every: int


def carried_out(share: Share) -> tuple[int, int, int]:
    """Carry out a share; give how many it were, how many there are, and how much was wrong."""
    with tempfile.TemporaryDirectory(prefix="puffling-crashes-") as folder:
        stage = Stage(Path(folder))
        plans = stage.plans(share.faults)
        chosen = plans[share.first :: share.every]
        failed = 0
        for plan in chosen:
            for sentence in stage.wrong(plan):
                failed += 1
                sys.stdout.write(f"{plan}: {sentence}\n")
                sys.stdout.flush()
    return len(chosen), len(plans), failed


def main() -> int:
    """Carry out every plan, or every so-and-so-manieth."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.crashes", description=__doc__)
    parser.add_argument("--every", type=int, default=1, help="only one of so many")
    parser.add_argument("--first", type=int, default=0, help="the number of the first")
    parser.add_argument("--fault", choices=FAULTS, action="append", help="only with this fault")
    parser.add_argument("--jobs", type=int, default=1, help="how many processes share them")
    wanted = parser.parse_args()
    shares = [
        Share(tuple(wanted.fault or FAULTS), wanted.first + wanted.every * job, wanted.every * wanted.jobs)
        for job in range(wanted.jobs)
    ]
    if wanted.jobs == 1:
        # Lives are forked from a process without threads, and a pool has some.
        done = [carried_out(shares[0])]
    else:
        with ProcessPoolExecutor(wanted.jobs, mp_context=get_context("spawn")) as pool:
            done = list(pool.map(carried_out, shares))
    chosen, failed = sum(each[0] for each in done), sum(each[2] for each in done)
    sys.stdout.write(f"{chosen} of {done[0][1]} combinations, {failed} things wrong\n")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
