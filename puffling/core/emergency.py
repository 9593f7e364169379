"""Halting without a core: when the owner of the data is frozen, broken or not there at all."""

from __future__ import annotations

from puffling.runtime.clock import SystemClock
from puffling.runtime.paths import Paths
from puffling.runtime.text import tr
from puffling.trading.halt import Halt, HaltSwitch


def press_halt(paths: Paths, reason: str) -> Halt:
    """Halt trading by the switch alone, which every order looks at."""
    paths.prepare()
    return HaltSwitch(paths.data).press(reason or tr("Halted by hand."), tr("you"), SystemClock().now())
