"""Halting trading, and letting it go on."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from puffling.runtime.actor import Actor, current_caller
from puffling.runtime.bus import Bus
from puffling.runtime.capability import Controller, capability
from puffling.runtime.clock import Clock
from puffling.runtime.gate import Effect
from puffling.runtime.text import tr
from puffling.trading.events import TradingStateChanged
from puffling.trading.halt import HaltSwitch
from puffling.trading.values import Mode, SafetyState, TradingState


class Safety(Controller):
    """The state of trading, and the switch that stops it."""

    def __init__(self, switch: HaltSwitch, clock: Clock, bus: Bus) -> None:
        self._switch = switch
        self._clock = clock
        self._bus = bus
        self._shown = self.look()

    @capability(
        title="Show trading state", effect=Effect.READ, http="GET /api/safety", tool="get_safety_state"
    )
    async def state(self) -> SafetyState:
        """Say whether orders may leave, in which mode, and why not when they may not."""
        return self.look()

    @capability(
        title="Halt trading",
        effect=Effect.WRITE,
        http="POST /api/safety/kill",
        tool="halt_trading",
        menu="Trade",
        shortcut="Ctrl+Shift+H",
        protective=True,
    )
    async def halt(
        self, reason: Annotated[str, Field(description="Why, in your own words.", max_length=200)] = ""
    ) -> SafetyState:
        """Let no order leave from now on, until a person at the machine lifts it."""
        caller = current_caller()
        self._switch.press(reason.strip() or tr("Halted by hand."), _who(caller.actor), self._clock.now())
        return self.refresh()

    @capability(title="Resume trading", effect=Effect.GUARD, menu="Trade")
    async def resume(self) -> SafetyState:
        """Lift the halt, so that orders may leave again."""
        self._switch.lift()
        return self.refresh()

    def look(self) -> SafetyState:
        """Give the state as it is at this instant, read from the switch itself."""
        halt = self._switch.read()
        if halt is None:
            return SafetyState(TradingState.ACTIVE, Mode.DEMO)
        return SafetyState(TradingState.HALTED, Mode.DEMO, halt.reason, halt.by, halt.since)

    def refresh(self) -> SafetyState:
        """Look again and tell everybody if the state changed: the switch also works from outside."""
        state = self.look()
        if state != self._shown:
            self._shown = state
            self._bus.publish(TradingStateChanged(state))
        return state


def _who(actor: Actor) -> str:
    names = {
        Actor.PERSON: tr("you"),
        Actor.ASSISTANT: tr("the assistant"),
        Actor.AGENT: tr("the agent"),
        Actor.SCHEDULE: tr("a scheduled job"),
        Actor.HTTP: tr("a program over HTTP"),
        Actor.MCP: tr("a program over MCP"),
    }
    return names[actor]
