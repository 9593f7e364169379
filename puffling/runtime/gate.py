"""The door before every ability: what a call does to the world, and who decides whether it may."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Protocol

from puffling.runtime.actor import Caller


class Effect(StrEnum):
    """What a call does to the world; the policy decides by it who may make the call."""

    READ = "read"
    COMPUTE = "compute"
    WRITE = "write"
    TRADE = "trade"
    GUARD = "guard"

    @property
    def changes(self) -> bool:
        """Tell whether calls of this effect belong in the audit trail."""
        return self in {Effect.WRITE, Effect.TRADE, Effect.GUARD}


class Admissible(Protocol):
    """What the gate looks at before it lets a call through: an ability, or a stream of values."""

    id: str
    effect: Effect
    tool: str | None
    protective: bool
    proposes: bool
    while_halted: bool

    @property
    def title(self) -> str:
        """The name as a person reads it."""
        ...

    def shown_arguments(self, arguments: Mapping[str, object]) -> dict[str, object]:
        """Give the arguments as they may be recorded."""
        ...


class Gate(Protocol):
    """Decides whether a caller may do what it asks; core hands in the policy."""

    async def admit(self, ability: Admissible, arguments: Mapping[str, object], caller: Caller) -> None:
        """Return when the call may go on, and raise a refusal for people when it may not."""
        ...
