"""What an assistant is offered."""

from __future__ import annotations

from puffling.assistant.tools import Tool, tools
from puffling.runtime.capability import Controller, capability
from puffling.runtime.gate import Effect
from puffling.runtime.registry import Registry


class Ai(Controller):
    """The assistant's side of Puffling."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    @capability(title="Show assistant tools", verb="tools", effect=Effect.READ, http="GET /api/ai/tools")
    async def list_tools(self) -> tuple[Tool, ...]:
        """List the abilities that an assistant may use, as it is told of them."""
        return tools(self._registry)
