"""One life of the program: the real desk and the real client in a process, until it ends or is killed.

The process from which lives are forked loads everything once: a kill -9 costs some milliseconds then.
"""

from __future__ import annotations

import asyncio
import gc
import json
import logging
import os
import signal
import threading
import traceback
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any, TypeVar

import alpaca.trading.stream  # noqa: F401  loaded once, before the forks

from puffling.puffin.broker.alpaca import AlpacaBroker
from puffling.puffin.broker.base import Change, Order, OrderStatusInfo
from puffling.puffin.orders import Kind, Lasting, Side
from puffling.runtime.clock import SystemClock
from puffling.runtime.errors import PufflingError
from puffling.store.orders import Account, OrderState, OrderTerms
from puffling.trading.desk import _WORKERS
from puffling.trading.events import OrderChanged
from puffling.trading.halt import Halt, HaltSwitch
from puffling.trading.proposals import Proposal
from tests.fakes.alpaca_data import KEY, SECRET
from tests.fakes.alpaca_trading import RemoteAlpaca
from tests.fakes.alpaca_wander import hasty
from tests.faults.checker import Ours, Steps, ours_of
from tests.faults.plans import SYMBOLS, Plan, Step
from tests.trading.rooms import LOOSE, Room, open_room

for _name in _WORKERS:
    import_module(f"puffling.trading.{_name}")

START = datetime.fromisoformat("2026-03-04T15:00:00+00:00")
# Time passes this much faster for the program and the broker alike, so that patience costs less of ours.
HASTE = 20.0
ACCOUNT = Account("mine", "alpaca", "PAPER", "Hostile Alpaca", START - timedelta(days=1))
# Which orders left, and when the halt was looked at last before.
LOOKS_FILE = "looks.txt"
_SOUGHT = {OrderState.INTENT, OrderState.SENDING, OrderState.UNKNOWN}
_SETTLE_SECONDS = 60.0
# Prices beyond which nothing waits.
_EXTREMES = (110.0, 90.0, 100.0)

R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Life:
    """What a life begins with; `looks` is when it ends itself, the last one goes on until all is known."""

    folder: Path
    address: str
    began: float
    plan: Plan
    number: int
    looks: int = 0
    last: bool = False


def secret_of(run: int) -> str:
    """Give the secret by which the broker knows the program in this run."""
    return f"{SECRET}-{run}"


class HastyClock(SystemClock):
    """Time that passes faster; the process dies at the clock's so-manieth look."""

    def __init__(self, life: Life) -> None:
        self._tell = hasty(life.began, START, HASTE)
        self._left = life.looks
        super().__init__(wall=self._look)

    async def sleep(self, seconds: float) -> None:
        """Sleep as long as it takes here."""
        await super().sleep(seconds / HASTE)

    def _look(self) -> datetime:
        if self._left:
            self._left -= 1
            if not self._left:
                os.kill(os.getpid(), signal.SIGKILL)
        return self._tell()


class Looks:
    """Writes down which order left after which look at the halt: of slow machines both may be long ago."""

    def __init__(self, life: Life) -> None:
        self.tell = hasty(life.began, START, HASTE)
        self._last = threading.local()
        # Nothing stays in a buffer: the process may end at any moment.
        self._file = os.open(life.folder / LOOKS_FILE, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def look(self) -> None:
        """Note that this thread looks now."""
        self._last.at = self.tell()

    def leave(self, name: str | None) -> None:
        """Note that an order leaves, after the last look of this thread."""
        os.write(self._file, f"{name} {self._last.at.isoformat()}\n".encode())


class WatchedSwitch(HaltSwitch):
    """A halt that knows when it was looked at."""

    def __init__(self, folder: Path, looks: Looks) -> None:
        super().__init__(folder)
        self._looks = looks

    def read(self) -> Halt | None:
        """Give the halt in force."""
        self._looks.look()
        return super().read()


class WatchedAlpaca(AlpacaBroker):
    """The broker, with a note of every order that leaves; a poor one holds nothing that waits for a price."""

    def __init__(self, looks: Looks, secret: str, *, poor: bool, **options: Any) -> None:
        super().__init__(KEY, secret, **options)
        self._looks = looks
        if poor:
            self.abilities = replace(
                self.abilities,
                kinds=frozenset({Kind.MARKET, Kind.LIMIT}),
                brackets=False,
                one_cancels_other=False,
            )

    def submit_order(self, order: Order) -> str:
        """Send an order once."""
        self._looks.leave(order.client_order_id)
        return super().submit_order(order)

    def replace_order(self, order_id: str, change: Change) -> OrderStatusInfo:
        """Change a working order."""
        self._looks.leave(change.client_order_id)
        return super().replace_order(order_id, change)


def live(life: Life) -> None:
    """Live it, and write down what came of it."""
    # A life is too short for rubbish to matter; looking for it costs a tenth of one.
    gc.disable()
    logging.basicConfig(filename=life.folder / "log.txt", level=logging.DEBUG)
    told: dict[str, Any] = {}
    try:
        told = asyncio.run(lived(life))
    except BaseException:  # noqa: BLE001  the edge of the process: whatever it was is what came of it
        told = {"failed": traceback.format_exc()}
    (life.folder / "life.json").write_text(json.dumps(told), encoding="utf-8")
    # Nobody waits for the libraries to say goodbye.
    os._exit(0)


async def lived(life: Life) -> dict[str, Any]:
    """Live it, and give what came of it."""
    clock, looks = HastyClock(life), Looks(life)
    broker = WatchedAlpaca(
        looks,
        secret_of(life.number),
        poor=life.plan.poor,
        base_url=life.address,
        now=clock.now,
        read_seconds=0.5,
        mute_seconds=0.5,
        shortest_wait_seconds=0.02,
    )
    limits = LOOSE | {"trading.orders_per_day": life.plan.orders_per_day}
    steps = Steps()
    home = life.folder / "home"
    async with open_room(
        home,
        broker,
        clock=clock,
        account=ACCOUNT,
        limits=limits,
        compared=False,
        switch_type=partial(WatchedSwitch, looks=looks),
    ) as room:
        room.bus.on(OrderChanged, steps.hear)
        said = await _act(room, life)
        if life.last:
            # A program that lives on in a world that behaves again gets everything right.
            await _in_thread(_calm, life.address)
            for symbol in SYMBOLS if life.plan.poor else ():
                for price in _EXTREMES:
                    # Whatever waits for a price is met, and goes out or says why not.
                    await _trade(room, life, symbol, price)
            await _settle(room)
        ours = await room.read(lambda unit: ours_of(unit, ACCOUNT.id))
        return {
            "said": said,
            "alarms": [alarm.text for alarm in room.alarms],
            "failures": ["".join(traceback.format_exception(each)) for each in room.failures],
            "steps": {name: [state.value for state in states] for name, states in steps.states.items()},
            "state": room.parts.line(ACCOUNT.id).state.value,
            "reason": room.parts.line(ACCOUNT.id).reason,
            "intents": len(ours.intents),
        }


def _wanted_since(folder: Path, now: datetime) -> datetime:
    """Give when everything was wanted first: on a slow machine it is not too late before it begins."""
    file, draft = folder / "wanted.txt", folder / "wanted.part"
    if not file.exists():
        draft.write_text(now.isoformat(), encoding="utf-8")
        draft.replace(file)
    return datetime.fromisoformat(file.read_text(encoding="utf-8"))


async def _act(room: Room, life: Life) -> list[str]:
    """Want everything that is wanted; wanting it again in the next life must change nothing."""
    plan = life.plan
    await room.desk.compared(ACCOUNT.id)
    since = _wanted_since(life.folder, room.clock.now())
    placed: dict[int, str] = {}
    said: list[str] = []
    acts = _ACTS | {"place": partial(_place, since=since), "move": partial(_move, life=life)}

    async def take(place: int, step: Step) -> None:
        try:
            await _until_ready(room)
            await acts[step.act](room, step, place, placed)
        except PufflingError as refused:
            said.append(f"{step.act}: {refused.message}")

    if plan.together:
        await asyncio.gather(*(take(place, step) for place, step in enumerate(plan.steps)))
    else:
        for place, step in enumerate(plan.steps):
            await take(place, step)
    return said


def _calm(address: str) -> None:
    alpaca = RemoteAlpaca(address)
    alpaca.act("wander", seed=0, rate=0.0, symbols=[])
    alpaca.act("calm")


async def _in_thread(work: Callable[..., R], *args: object) -> R:
    return await asyncio.get_running_loop().run_in_executor(None, partial(work, *args))


async def _trade(
    room: Room, life: Life, symbol: str, price: float, size: int | None = None, depth: int | None = None
) -> None:
    """Let a symbol trade at a price, at the broker and as the desk is told; little of it as `depth` says."""
    act = RemoteAlpaca(life.address).act
    await _in_thread(partial(act, "set", depth=depth))
    await _in_thread(partial(act, "move", symbol=symbol, price=price, size=size))
    room.move(price, symbol=symbol)


async def _until_ready(room: Room) -> None:
    """Wait a little where the line is down: whoever wants something tries again."""
    for _ in range(20):
        if room.desk.ready or room.switch.read() is not None:
            return
        await room.clock.sleep(1.0)


async def _place(room: Room, step: Step, place: int, placed: dict[int, str], since: datetime) -> None:
    values = step.values
    until = since + timedelta(seconds=values["valid_seconds"])
    numbers: dict[str, Any] = {
        name: Decimal(values[name])
        for name in ("limit", "stop", "trail", "take_profit", "stop_loss", "stop_loss_limit")
        if name in values
    }
    if "holding" in values:
        await _until_held(room, values["symbol"], Decimal(values["quantity"]))
    terms = OrderTerms(
        ACCOUNT.id,
        values["symbol"],
        Side(values["side"]),
        Decimal(values["quantity"]),
        kind=Kind(values["kind"]),
        lasting=Lasting(values["lasting"]),
        one_cancels_other="one_cancels_other" in values,
        **numbers,
    )
    done = await room.desk.place(Proposal(terms, "campaign", values["slot"], until))
    if done.intent is not None:
        placed[place] = done.intent.id


async def _until_held(room: Room, symbol: str, quantity: Decimal) -> None:
    """Wait a little for what is to be led out of."""
    for _ in range(10):
        if await room.held(symbol, ACCOUNT.id) >= quantity:
            return
        await room.clock.sleep(1.0)


async def _move(room: Room, step: Step, place: int, placed: dict[int, str], life: Life) -> None:
    await _trade(room, life, **step.values)


async def _cancel(room: Room, step: Step, place: int, placed: dict[int, str]) -> None:
    if step.values["of"] in placed:
        await room.desk.cancel(placed[step.values["of"]])


async def _replace(room: Room, step: Step, place: int, placed: dict[int, str]) -> None:
    if step.values["of"] in placed:
        quantity = Decimal(step.values["quantity"])
        slot = f"slot-{place}"
        await room.desk.replace(placed[step.values["of"]], slot=slot, source="campaign", quantity=quantity)


async def _cancel_all(room: Room, step: Step, place: int, placed: dict[int, str]) -> None:
    await room.desk.cancel_all(ACCOUNT.id)


async def _close(room: Room, step: Step, place: int, placed: dict[int, str]) -> None:
    symbol, slot = step.values["symbol"], f"slot-{place}"
    await room.desk.close_position(ACCOUNT.id, symbol, slot=slot, source="campaign", confirmed="campaign")


_ACTS: dict[str, Callable[[Room, Step, int, dict[int, str]], Coroutine[Any, Any, None]]] = {
    "cancel": _cancel,
    "replace": _replace,
    "cancel_all": _cancel_all,
    "close": _close,
}


async def _settle(room: Room) -> None:
    """Go on until nothing is in doubt, the account agrees with its broker, and a look changes nothing."""
    async with asyncio.timeout(_SETTLE_SECONDS):
        before = None
        while True:
            await room.desk.look_after(ACCOUNT.id)
            ours = await room.read(lambda unit: ours_of(unit, ACCOUNT.id))
            # What is held here may wait for its price for ever.
            sought = any(each.state in _SOUGHT and not each.held for each in ours.intents)
            doubt = sought or room.desk._held._at_work
            still = not doubt and room.desk.ready and not room.parts.line(ACCOUNT.id).updates.qsize()
            # What was met left just now may have been filled after the account was compared.
            now = _known(ours)
            if still and now == before:
                return
            before = now if still else None
            await room.clock.sleep(1.0)


def _known(ours: Ours) -> list[object]:
    """Give what is known of everything, whenever it was heard last."""
    intents = [(intent.id, intent.state, intent.held) for intent in ours.intents]
    orders = [(order.id, order.state, order.filled) for order in ours.orders]
    return [intents, orders, ours.fills, ours.holdings]
