"""How the person left the workspaces of the window."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from puffling.runtime.actor import current_caller
from puffling.runtime.capability import Controller, capability
from puffling.runtime.gate import Effect
from puffling.store.database import Store
from puffling.store.values import Layout

WorkspaceName = Annotated[
    str, Field(description="Name of the workspace, such as trade.", min_length=1, max_length=40)
]


class Workspaces(Controller):
    """Layouts of the window, kept per workspace."""

    def __init__(self, store: Store) -> None:
        self._store = store

    @capability(title="List workspaces", verb="list", effect=Effect.READ)
    async def all(self) -> tuple[Layout, ...]:
        """Show the layouts that are kept."""
        return await self._store.read(current_caller().user, lambda unit: unit.layouts.all())

    @capability(title="Keep workspace", effect=Effect.READ)
    async def keep(
        self,
        workspace: WorkspaceName,
        state: Annotated[dict[str, Any], Field(description="What the window needs to look the same again.")],
        geometry: Annotated[str, Field(description="Size and place of the window.", max_length=10_000)] = "",
    ) -> Layout:
        """Remember how a workspace looks.

        It is not an act on the person's data and happens all the time, so it leaves no audit line.
        """
        return await self._store.run(
            current_caller().user, lambda unit: unit.layouts.put(workspace, state, geometry)
        )

    @capability(title="Forget workspace", effect=Effect.READ)
    async def forget(self, workspace: WorkspaceName) -> None:
        """Let a workspace go back to the look it came with."""
        await self._store.run(current_caller().user, lambda unit: unit.layouts.reset(workspace))
