"""How the person's workspaces look."""

from __future__ import annotations

from typing import Any

from sqlmodel import col, select

from puffling.store.events import LayoutChanged
from puffling.store.repositories.base import Repository, checked_json, checked_text, same_json
from puffling.store.tables.people import LayoutRow
from puffling.store.values import Layout


class Layouts(Repository):
    """Keeps one look per workspace."""

    def all(self) -> tuple[Layout, ...]:
        """Give all kept layouts, by workspace."""
        wanted = select(LayoutRow).where(LayoutRow.user_id == self._user).order_by(col(LayoutRow.workspace))
        return tuple(_value(row) for row in self._session.exec(wanted))

    def find(self, workspace: str) -> Layout | None:
        """Give the layout of a workspace, or None when it has its first look."""
        row = self._row(workspace)
        return None if row is None else _value(row)

    def put(self, workspace: str, state: dict[str, Any], geometry: str = "") -> Layout:
        """Keep the look of a workspace."""
        workspace = checked_text(workspace, "workspace")
        state = checked_json(state, "state")
        row = self._row(workspace)
        if row is None:
            row = LayoutRow(
                user_id=self._user,
                workspace=workspace,
                state=state,
                geometry=geometry,
                updated_at=self._now,
            )
            self._session.add(row)
        elif same_json([row.state, row.geometry], [state, geometry]):
            return _value(row)
        else:
            row.state, row.geometry, row.updated_at = state, geometry, self._now
        self._session.flush()
        self._tell(LayoutChanged(self._user, workspace))
        return _value(row)

    def reset(self, workspace: str) -> None:
        """Forget the look of a workspace."""
        row = self._row(workspace)
        if row is not None:
            self._session.delete(row)
            self._session.flush()
            self._tell(LayoutChanged(self._user, workspace))

    def _row(self, workspace: str) -> LayoutRow | None:
        wanted = select(LayoutRow).where(LayoutRow.user_id == self._user, LayoutRow.workspace == workspace)
        return self._session.exec(wanted).one_or_none()


def _value(row: LayoutRow) -> Layout:
    return Layout(row.workspace, row.state, row.geometry, row.updated_at)
