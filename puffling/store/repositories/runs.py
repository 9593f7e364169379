"""Runs of a model, and the money they were promised and cost."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

from sqlmodel import col, select

from puffling.runtime.errors import NotFound
from puffling.runtime.text import tr
from puffling.store.repositories.base import Repository, checked_text, new_id
from puffling.store.tables.automation import AgentLogRow


class ModelRuns(Repository):
    """Keeps runs of a model; what was promised to a call counts as spent until it is settled."""

    def begin(self, trigger: str, model: str) -> str:
        """Write down that a run begins, and give its id."""
        run = AgentLogRow(
            id=new_id(),
            user_id=self._user,
            run_at=self._now,
            trigger=checked_text(trigger, "trigger"),
            model=checked_text(model, "model"),
            outcome="",
            report={},
            actions_taken=[],
            cost_reserved=Decimal(0),
            cost=Decimal(0),
        )
        self._session.add(run)
        self._session.flush()
        return run.id

    def began(self, run: str) -> datetime:
        """Give when a run began."""
        return self._found(run).run_at

    def spent(self, run: str) -> Decimal:
        """Give what a run has cost and what it is promised."""
        row = self._found(run)
        return row.cost + row.cost_reserved

    def spent_since(self, *moments: datetime) -> tuple[Decimal, ...]:
        """Give for each moment what the runs that began since have cost and are promised."""
        wanted = (
            select(col(AgentLogRow.run_at), col(AgentLogRow.cost), col(AgentLogRow.cost_reserved))
            .where(AgentLogRow.user_id == self._user)
            .where(AgentLogRow.run_at >= min(moments))
        )
        rows = list(self._session.exec(wanted))
        return tuple(
            _sum(cost + reserved for began, cost, reserved in rows if began >= moment) for moment in moments
        )

    def promise(self, run: str, most: Decimal) -> None:
        """Promise a call of a run as much as it can cost."""
        row = self._found(run)
        row.cost_reserved += most
        self._session.flush()

    def settle(self, run: str, most: Decimal, cost: Decimal) -> None:
        """Put what a call has cost in the place of what it was promised."""
        row = self._found(run)
        row.cost_reserved -= most
        row.cost += cost
        row.calls += 1
        self._session.flush()

    def _found(self, run: str) -> AgentLogRow:
        wanted = select(AgentLogRow).where(AgentLogRow.user_id == self._user, AgentLogRow.id == run)
        row = self._session.exec(wanted).one_or_none()
        if row is None:
            raise NotFound(tr("There is no run {id} of a model.", id=run))
        return row


def _sum(amounts: Iterable[Decimal]) -> Decimal:
    return sum(amounts, Decimal(0))
