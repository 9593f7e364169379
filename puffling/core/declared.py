"""All abilities as they are declared, without anything behind them: to be read, never to be called."""

from __future__ import annotations

from collections.abc import Mapping

from puffling.core.build import controller_types
from puffling.runtime.actor import Caller
from puffling.runtime.bus import Bus
from puffling.runtime.capability import Desk
from puffling.runtime.clock import SystemClock
from puffling.runtime.errors import Unavailable
from puffling.runtime.gate import Admissible
from puffling.runtime.jobs import JobBoard
from puffling.runtime.registry import Registry
from puffling.runtime.tasks import TaskScope
from puffling.runtime.text import tr


class _ClosedGate:
    """Lets nobody through."""

    async def admit(self, ability: Admissible, arguments: Mapping[str, object], caller: Caller) -> None:
        """Refuse."""
        raise Unavailable(tr("{ability} is declared here, not offered.", ability=ability.id))


def declared_registry() -> Registry:
    """Give the registry that a core would have, at the price of importing the controllers only."""
    clock, bus = SystemClock(), Bus()
    desk = Desk(_ClosedGate(), JobBoard(clock, bus, TaskScope("declared")))
    registry = Registry()
    for kind in controller_types():
        # Without its parts: nothing of the controller but its declarations is ever used.
        controller = object.__new__(kind)
        controller.bind(desk)
        registry.add(controller)
    return registry
