"""A drill of the kill switch: everything as in earnest, with a halt file of its own, so that nothing stops.

One thread looks at the switch as the last look before the socket does, again and again, while the switch is
pressed; and the gate looks in a transaction as it does before an order is written down. What comes out is how
long after the press an order could still have passed each of the two.
"""

from __future__ import annotations

import shutil
import threading
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING

from puffling.frozen import frozen
from puffling.runtime.actor import UserId
from puffling.runtime.clock import Clock
from puffling.runtime.errors import Unavailable
from puffling.runtime.port import Port
from puffling.runtime.text import tr
from puffling.store.database import Store, Unit
from puffling.trading.halt import HaltSwitch

if TYPE_CHECKING:
    from puffling.trading.gate import SafetyGate

# Nothing here takes this long unless the disk hangs, which is worth knowing too.
PATIENCE_SECONDS = 5.0


@frozen
class DrillReport:
    """How fast the kill switch is, in milliseconds after it was pressed.

    `pressed_ms` is when the halt stood on the disk, `last_look_ms` when the last look before the socket still
    let an order pass (0: none did), and `refused_ms` when the gate had refused one in its transaction.
    """

    pressed_ms: float
    last_look_ms: float
    refused_ms: float
    looks: int
    text: str


async def drill(folder: Path, *, store: Store, port: Port, clock: Clock, user: UserId) -> DrillReport:
    """Press a switch of its own beside the data, and measure."""
    from puffling.trading.gate import SafetyGate
    from puffling.trading.limits import LimitReader

    aside = Path(await port.thread(mkdtemp, None, "drill-", str(folder)))
    probe = _Probe(HaltSwitch(aside), clock)
    lane = port.lane("drill")
    try:
        looking = lane.begin(probe.look)
        if not await port.thread(probe.looking.wait, PATIENCE_SECONDS):
            raise Unavailable(tr("The switch could not be read in time."), hint=tr("Look at the disk."))
        began = clock.monotonic()
        HaltSwitch(aside).press(tr("Drill"), tr("the drill"), clock.now())
        pressed = clock.monotonic()
        await store.run(user, _refuse, SafetyGate(HaltSwitch(aside), LimitReader({})))
        refused = clock.monotonic()
        last_passed, looks = await looking
    finally:
        probe.over.set()
        await lane.close()
        await port.thread(shutil.rmtree, aside, True)
    last_look = max(0.0, last_passed - began)
    slowest = max(pressed - began, last_look, refused - began)
    return DrillReport(
        _milliseconds(pressed - began),
        _milliseconds(last_look),
        _milliseconds(refused - began),
        looks,
        tr("{time} ms after the press no order can leave.", time=f"{slowest * 1000:.1f}"),
    )


class _Probe:
    """Looks at the switch as the thread that sends an order does."""

    def __init__(self, switch: HaltSwitch, clock: Clock) -> None:
        self.looking = threading.Event()
        self.over = threading.Event()
        self._switch = switch
        self._clock = clock

    def look(self) -> tuple[float, int]:
        """Look until it is halted; give when a look last let something pass, and how many there were."""
        last_passed, looks = 0.0, 0
        while not self.over.is_set():
            looks += 1
            if self._switch.read() is not None:
                break
            last_passed = self._clock.monotonic()
            self.looking.set()
        return last_passed, looks


def _refuse(unit: Unit, gate: SafetyGate) -> None:
    if not gate.stops(unit, shrinks=True):
        raise RuntimeError("the gate let an order through a pressed switch")


def _milliseconds(seconds: float) -> float:
    return round(seconds * 1000, 3)
