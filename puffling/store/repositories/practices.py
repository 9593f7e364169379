"""What practising on past bars came to; it lies beside the results of backtests, which are no different.

Both say how trading on some stretch of history went. The grade tells them apart: a practice has none but that
a person decided.
"""

from __future__ import annotations

from typing import Any, cast

from sqlalchemy.orm import QueryableAttribute, defer
from sqlmodel import col, select

from puffling.runtime.errors import NotFound
from puffling.runtime.text import tr
from puffling.store.events import PracticesChanged
from puffling.store.repositories.base import Repository, checked_json, checked_text
from puffling.store.research import PRACTICE, StoredPractice
from puffling.store.tables.research import BacktestResultRow


class Practices(Repository):
    """Keeps each practice as it goes on, the newest first."""

    def all(self, limit: int = 500) -> tuple[StoredPractice, ...]:
        """Give the newest practices with their scores, without curves and fills."""
        wanted = (
            select(BacktestResultRow)
            # A list shows no curve, and needs not read it.
            .options(defer(cast("QueryableAttribute[Any]", BacktestResultRow.report)))
            .where(*self._mine())
            .order_by(col(BacktestResultRow.created_at).desc(), col(BacktestResultRow.id))
            .limit(limit)
        )
        rows = self._session.exec(wanted)
        return tuple(StoredPractice(row.id, row.request, row.metrics, row.created_at, {}) for row in rows)

    def get(self, id: str) -> StoredPractice:
        """Give one practice with its curve and its fills."""
        return _value(self._row(id))

    def put(
        self,
        id: str,
        *,
        request: dict[str, Any],
        score: dict[str, Any],
        report: dict[str, Any],
        new: bool = False,
    ) -> StoredPractice:
        """Keep how a practice stands; one that is not new must be there still."""
        row = self._find(id) if new else self._row(id)
        if row is None:
            row = BacktestResultRow(
                id=id,
                user_id=self._user,
                strategy_id=None,
                name=checked_text(str(request["symbol"]), "symbol"),
                request=checked_json(request, "request"),
                metrics={},
                report={},
                grade=PRACTICE,
                created_at=self._now,
                tags=[],
            )
        row.metrics, row.report = checked_json(score, "score"), checked_json(report, "report")
        return self._changed(row)

    def remove(self, id: str) -> StoredPractice:
        """Remove a practice and give it back, so that `restore` can bring it back."""
        row = self._row(id)
        removed = _value(row)
        self._session.delete(row)
        self._session.flush()
        self._tell(PracticesChanged(self._user))
        return removed

    def restore(self, practice: StoredPractice) -> StoredPractice:
        """Bring a removed practice back as it was."""
        row = BacktestResultRow(
            id=practice.id,
            user_id=self._user,
            strategy_id=None,
            name=str(practice.request["symbol"]),
            request=practice.request,
            metrics=practice.score,
            report=practice.report,
            grade=PRACTICE,
            created_at=practice.practised_at,
            tags=[],
        )
        return self._changed(row)

    def _changed(self, row: BacktestResultRow) -> StoredPractice:
        self._session.add(row)
        self._session.flush()
        self._tell(PracticesChanged(self._user))
        return _value(row)

    def _mine(self) -> tuple[bool, bool]:
        return BacktestResultRow.user_id == self._user, BacktestResultRow.grade == PRACTICE

    def _find(self, id: str) -> BacktestResultRow | None:
        wanted = select(BacktestResultRow).where(*self._mine(), BacktestResultRow.id == id)
        return self._session.exec(wanted).one_or_none()

    def _row(self, id: str) -> BacktestResultRow:
        row = self._find(id)
        if row is None:
            raise NotFound(
                tr("There is no practice {id}.", id=id),
                hint=tr("The list of practices shows what is there."),
            )
        return row


def _value(row: BacktestResultRow) -> StoredPractice:
    return StoredPractice(row.id, row.request, row.metrics, row.created_at, row.report)
