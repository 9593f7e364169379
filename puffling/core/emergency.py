"""Halting without a core: when the owner of the data is frozen, broken or not there at all."""

from __future__ import annotations

from puffling.runtime.clock import SystemClock
from puffling.runtime.errors import StorageFailed
from puffling.runtime.paths import Paths
from puffling.runtime.text import tr
from puffling.trading.halt import Halt, HaltSwitch


def press_halt(paths: Paths, reason: str) -> Halt:
    """Halt trading by the switch alone, which every order looks at."""
    try:
        # Only where the switch stands: that no log can be written is no reason to go on trading.
        paths.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise StorageFailed(
            tr("The folder {folder} cannot be made: {reason}.", folder=paths.data, reason=error.strerror),
            hint=tr("Halt at your broker, then make the folder usable."),
        ) from error
    return HaltSwitch(paths.data).press(reason or tr("Halted by hand."), tr("you"), SystemClock().now())
