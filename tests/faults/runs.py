"""Runs plans: a hostile broker in one process, the program in another, killed and born again; then judges."""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import os
import shutil
import subprocess
import sys
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from multiprocessing.connection import wait
from multiprocessing.context import ForkServerContext
from pathlib import Path
from typing import Any

from puffling.runtime.paths import Paths
from puffling.store.orders import OrderState
from puffling.trading.halt import HaltSwitch
from tests.fakes.alpaca_data import KEY, SECRET
from tests.fakes.alpaca_trading import RemoteAlpaca
from tests.fakes.alpaca_wander import hasty
from tests.faults.checker import Allowed, Steps, broken, ours_of, secrets_in
from tests.faults.lives import ACCOUNT, HASTE, LOOKS_FILE, START, Life, live, secret_of
from tests.faults.plans import SYMBOLS, Death, Plan, plan_of
from tests.faults.truths import truth_of
from tests.trading.rooms import open_room

_CHECKOUT = Path(__file__).resolve().parents[2]
_LONGEST_LIFE_SECONDS = 300.0
# Nothing in a plan gives reason to say this.
_FALSE = "not written down here"
# For what several threads cannot do at once: whoever begins a process looks at all others too and would take
# from another thread how its own has ended; and migrations are made through globals.
_alone = threading.Lock()


@dataclass
class Outcome:
    """What came of one run."""

    run: int
    violations: list[str] = field(default_factory=list)
    kills: int = 0
    lives: int = 0
    orders: int = 0
    fills: int = 0
    alarms: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    suffered: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0


class Stage:
    """A broker's process, and a place from which lives are forked; used for one run after the other."""

    def __init__(self, folder: Path, alpaca: RemoteAlpaca, context: ForkServerContext) -> None:
        self._folder = folder
        self._alpaca = alpaca
        self._context = context
        self._blank = folder / "blank"
        with _alone:
            asyncio.run(_make_blank(self._blank))

    def run(self, campaign: int, number: int) -> Outcome:
        """Live through one plan, and compare what everybody says of it."""
        plan, started = plan_of(campaign, number), time.monotonic()
        outcome = Outcome(number)
        folder = self._folder / f"run-{number}"
        shutil.copytree(self._blank, folder / "home")
        began = time.monotonic()
        self._prepare(plan, number, began)
        halted: list[datetime] = []
        steps = Steps()
        for death in plan.deaths:
            life = Life(folder, self._alpaca.address, began, plan, number, death.looks)
            self._one(life, death, outcome, halted, steps)
        switch = HaltSwitch(Paths.under(folder / "home").data)
        until = hasty(began, START, HASTE)()
        switch.lift()
        life = Life(folder, self._alpaca.address, began, plan, number, last=True)
        self._one(life, Death(), outcome, [], steps)
        self._judge(plan, folder, outcome, steps, [(since, until) for since in halted])
        outcome.seconds = time.monotonic() - started
        if not outcome.violations:
            shutil.rmtree(folder)
        return outcome

    def _prepare(self, plan: Plan, number: int, began: float) -> None:
        act = self._alpaca.act
        # What a life that was killed had sent off must not arrive in the next run.
        act("reset", cash="1000000", seed=plan.seed, secret=secret_of(number))
        act("run_time", began=began, start=START.isoformat(), haste=HASTE)
        for symbol in SYMBOLS:
            act("move", symbol=symbol, price=100)
        act("set", fills_at_once=plan.fills_at_once, mute=plan.mute)
        act("roll", seed=plan.seed, rate=plan.fault_rate, names=list(plan.faults))
        act("wander", seed=plan.seed, rate=plan.wander_rate, symbols=list(SYMBOLS))

    def _one(self, life: Life, death: Death, outcome: Outcome, halted: list[datetime], steps: Steps) -> None:
        """Live one life, and see to its end."""
        result = life.folder / "life.json"
        result.unlink(missing_ok=True)
        process = self._context.Process(target=live, args=(life,))
        with _alone:
            process.start()
        outcome.lives += 1
        halting = self._halt_soon(life, halted)
        try:
            if death.moment and process.pid is not None:
                self._alpaca.act("hunt", pid=process.pid, moment=death.moment, visits=death.visits)
            if not wait([process.sentinel], death.seconds or _LONGEST_LIFE_SECONDS):
                with _alone:
                    process.kill()
                wait([process.sentinel])
                if not death.seconds:
                    outcome.violations.append("a life did not end by itself")
        finally:
            if death.moment:
                self._alpaca.act("spare")
            if halting is not None:
                halting.join()
        with _alone:
            process.join()
            ended = process.exitcode
            process.close()
        outcome.kills += ended == -9
        if result.exists():
            self._read(json.loads(result.read_text(encoding="utf-8")), outcome, steps)
        elif ended != -9:
            outcome.violations.append(f"a life ended with {ended}")

    def _halt_soon(self, life: Life, halted: list[datetime]) -> threading.Thread | None:
        """Press the switch from outside while the life lasts, once in a run."""
        if life.last or halted or not life.plan.halt_seconds:
            return None
        tell = hasty(life.began, START, HASTE)

        def press() -> None:
            threading.Event().wait(life.plan.halt_seconds)
            HaltSwitch(Paths.under(life.folder / "home").data).press("campaign", "campaign", tell())
            halted.append(tell())

        thread = threading.Thread(target=press, name="halt")
        thread.start()
        return thread

    def _read(self, told: dict[str, Any], outcome: Outcome, steps: Steps) -> None:
        if "failed" in told:
            outcome.violations.append(told["failed"])
            return
        outcome.violations += told["failures"]
        outcome.alarms += told["alarms"]
        outcome.violations += [f"a false alarm: {alarm}" for alarm in told["alarms"] if _FALSE in alarm]
        outcome.said += told["said"]
        for name, states in told["steps"].items():
            steps.states[f"{outcome.lives} {name}"] += [OrderState(state) for state in states]

    def _judge(
        self,
        plan: Plan,
        folder: Path,
        outcome: Outcome,
        steps: Steps,
        halted: list[tuple[datetime, datetime]],
    ) -> None:
        told = self._alpaca.truth()
        truth = truth_of(told, _looks_in(folder))
        ours = asyncio.run(_read_ours(folder / "home"))
        allowed = Allowed(orders_per_day=plan.orders_per_day, halted=halted)
        outcome.violations += broken(truth, ours, steps=steps, allowed=allowed)
        outcome.violations += secrets_in([folder], [KEY, SECRET, secret_of(outcome.run)])
        outcome.orders, outcome.fills = len(truth.orders), len(truth.fills)
        outcome.suffered.update(told["suffered"])


@contextmanager
def staged(folder: Path) -> Iterator[Stage]:
    """Set a stage, and clear it."""
    folder.mkdir(parents=True, exist_ok=True)
    # Libraries that begin threads of their own cannot be forked.
    os.environ |= {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.faults.warm"])
    server = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-m", "tests.fakes.alpaca_trading"],
        cwd=_CHECKOUT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert server.stdin is not None
    assert server.stdout is not None
    try:
        yield Stage(folder, RemoteAlpaca(server.stdout.readline().strip()), context)
    finally:
        server.stdin.close()
        server.stdout.close()
        server.wait(20)


def _looks_in(folder: Path) -> dict[str, list[datetime]]:
    looks: dict[str, list[datetime]] = defaultdict(list)
    file = folder / LOOKS_FILE
    for line in file.read_text(encoding="utf-8").splitlines() if file.exists() else ():
        name, at = line.split()
        looks[name].append(datetime.fromisoformat(at))
    return looks


async def _make_blank(folder: Path) -> None:
    async with open_room(folder):
        pass


async def _read_ours(folder: Path) -> Any:
    async with open_room(folder) as room:
        return await room.read(lambda unit: ours_of(unit, ACCOUNT.id))
