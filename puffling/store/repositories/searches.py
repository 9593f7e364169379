"""Searches for better parameters, with every set they tried: kept as they come, removed, brought back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import delete, func, insert
from sqlmodel import col, select

from puffling.runtime.errors import NotFound
from puffling.runtime.text import tr
from puffling.store.events import SearchesChanged
from puffling.store.repositories.base import Repository, checked_json, checked_text, new_id
from puffling.store.research import SearchHead, SearchState, StoredSearch, StoredTrial
from puffling.store.tables.base import table_of
from puffling.store.tables.research import OptimizationJobRow, TrialRow

_FAILED = "failed"


class Searches(Repository):
    """Keeps searches, the newest first, and what each of them tried, in order."""

    def all(self, limit: int = 500) -> tuple[SearchHead, ...]:
        """Give the newest searches without what they tried."""
        wanted = (
            select(OptimizationJobRow)
            .where(OptimizationJobRow.user_id == self._user)
            .order_by(col(OptimizationJobRow.created_at).desc(), col(OptimizationJobRow.id))
            .limit(limit)
        )
        rows = list(self._session.exec(wanted))
        counting = (
            select(TrialRow.optimization_job_id, func.count())
            .where(TrialRow.user_id == self._user)
            .group_by(col(TrialRow.optimization_job_id))
        )
        counts = {row[0]: row[1] for row in self._session.exec(counting)}
        return tuple(_head(row, counts.get(row.id, 0)) for row in rows)

    def get(self, id: str) -> SearchHead:
        """Give one search without what it tried."""
        counting = select(func.count()).where(
            TrialRow.user_id == self._user, TrialRow.optimization_job_id == id
        )
        return _head(self._row(id), self._session.exec(counting).one())

    def trials(self, id: str) -> tuple[StoredTrial, ...]:
        """Give what a search tried so far, by number."""
        wanted = (
            select(TrialRow)
            .where(TrialRow.user_id == self._user, TrialRow.optimization_job_id == id)
            .order_by(col(TrialRow.number))
        )
        return tuple(
            StoredTrial(row.number, row.params, row.metrics, row.state == _FAILED)
            for row in self._session.exec(wanted)
        )

    def begin(
        self,
        *,
        name: str,
        strategy: str,
        method: str,
        objective: str,
        space: dict[str, Any],
        request: dict[str, Any],
        seed: int,
        strategy_id: str | None = None,
        id: str = "",
    ) -> SearchHead:
        """Write down that a search begins, under an id of the caller's where there is one."""
        row = OptimizationJobRow(
            id=id or new_id(),
            user_id=self._user,
            strategy_id=strategy_id,
            name=checked_text(name, "name", longest=200),
            strategy_type=strategy,
            method=method,
            objective=objective,
            space=checked_json(space, "space"),
            request=checked_json(request, "request"),
            seed=seed,
            state=SearchState.RUNNING.value,
            created_at=self._now,
        )
        return self._changed(row)

    def go_on(self, id: str) -> SearchHead:
        """Write down that a search that had stopped goes on."""
        return self.end(id, SearchState.RUNNING, best=None, judged=None)

    def keep(self, id: str, trials: Sequence[StoredTrial]) -> frozenset[int]:
        """Keep what was tried, and give the numbers that are new; what is there stays as it is."""
        there = select(TrialRow.number).where(
            TrialRow.user_id == self._user, TrialRow.optimization_job_id == id
        )
        known = set(self._session.exec(there))
        rows: list[dict[str, Any]] = [
            {
                "optimization_job_id": id,
                "number": each.number,
                "user_id": self._user,
                "params": each.parameters,
                "metrics": each.metrics,
                "state": _FAILED if each.failed else SearchState.DONE.value,
                "finished_at": self._now,
            }
            for each in trials
            if each.number not in known
        ]
        if rows:
            # Thousands of rows at once: objects that watch their own changes would take ten times as long.
            self._session.connection().execute(insert(table_of(TrialRow)), rows)
        self._tell(SearchesChanged(self._user, id))
        return frozenset(row["number"] for row in rows)

    def end(
        self,
        id: str,
        state: SearchState,
        *,
        best: dict[str, Any] | None,
        judged: dict[str, Any] | None,
    ) -> SearchHead:
        """Write down how far a search came, its best set, and what is to be thought of it."""
        row = self._row(id)
        row.state = state.value
        row.best_params = None if best is None else checked_json(best, "best")
        row.best_metrics = None if judged is None else checked_json(judged, "judged")
        row.finished_at = None if state is SearchState.RUNNING else self._now
        return self._changed(row)

    def remove(self, id: str) -> StoredSearch:
        """Remove a search and give it back, so that `restore` can bring it back."""
        removed = StoredSearch(self.get(id), self.trials(id))
        gone = delete(TrialRow).where(
            col(TrialRow.user_id) == self._user, col(TrialRow.optimization_job_id) == id
        )
        self._session.connection().execute(gone)
        self._session.delete(self._row(id))
        self._session.flush()
        self._tell(SearchesChanged(self._user, id))
        return removed

    def restore(self, search: StoredSearch) -> SearchHead:
        """Bring a removed search back as it was."""
        head = search.head
        row = OptimizationJobRow(
            id=head.id,
            user_id=self._user,
            strategy_id=head.strategy_id,
            name=head.name,
            strategy_type=head.strategy,
            method=head.method,
            objective=head.objective,
            space=head.space,
            request=head.request,
            seed=head.seed,
            state=head.state.value,
            best_params=head.best,
            best_metrics=head.judged,
            created_at=head.created_at,
            finished_at=head.finished_at,
        )
        self._changed(row)
        self.keep(head.id, search.trials)
        return self.get(head.id)

    def _changed(self, row: OptimizationJobRow) -> SearchHead:
        self._session.add(row)
        self._session.flush()
        self._tell(SearchesChanged(self._user, row.id))
        return self.get(row.id)

    def _row(self, id: str) -> OptimizationJobRow:
        wanted = select(OptimizationJobRow).where(
            OptimizationJobRow.user_id == self._user, OptimizationJobRow.id == id
        )
        row = self._session.exec(wanted).one_or_none()
        if row is None:
            raise NotFound(
                tr("There is no search {id}.", id=id), hint=tr("The list of searches shows what is there.")
            )
        return row


def _head(row: OptimizationJobRow, trials: int) -> SearchHead:
    return SearchHead(
        row.id,
        row.name,
        row.strategy_id,
        row.strategy_type,
        row.method,
        row.objective,
        row.space,
        row.request,
        row.seed,
        SearchState(row.state),
        row.best_params,
        row.best_metrics,
        trials,
        row.created_at,
        row.finished_at,
    )
