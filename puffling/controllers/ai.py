"""What an assistant is offered, and what it may cost."""

from __future__ import annotations

from puffling.assistant.budget import Budget, Spending
from puffling.assistant.tools import Tool, tools
from puffling.runtime.actor import current_caller
from puffling.runtime.capability import Controller, capability
from puffling.runtime.gate import Effect
from puffling.runtime.registry import Registry


class Ai(Controller):
    """The assistant's side of Puffling."""

    def __init__(self, registry: Registry, budget: Budget) -> None:
        self._registry = registry
        self._budget = budget

    @capability(title="Show assistant tools", verb="tools", effect=Effect.READ, http="GET /api/ai/tools")
    async def list_tools(self) -> tuple[Tool, ...]:
        """List the abilities that an assistant may use, as it is told of them."""
        return tools(self._registry)

    @capability(title="Show assistant spending", verb="budget", effect=Effect.READ, http="GET /api/ai/budget")
    async def show_budget(self) -> Spending:
        """Show what calls of language models have cost and were promised today and this month."""
        return await self._budget.spending(current_caller().user)
