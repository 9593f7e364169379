"""The results of backtests, each with all it takes to run it again."""

from __future__ import annotations

from typing import Any, cast

from sqlalchemy.orm import QueryableAttribute, defer
from sqlmodel import col, select

from puffling.runtime.errors import InvalidInput, NotFound
from puffling.runtime.text import tr
from puffling.store.events import ResultsChanged
from puffling.store.repositories.base import Repository, checked_json, checked_text, new_id
from puffling.store.research import PRACTICE, REHEARSAL, ResultHead, StoredResult
from puffling.store.tables.research import BacktestResultRow

LONGEST_NOTES = 20_000
MOST_TAGS = 20

# What lies here too and is no backtest.
_OTHERS = (PRACTICE, REHEARSAL)


class BacktestResults(Repository):
    """Keeps results, the newest first; a person may note and tag them, but not change what came out."""

    def all(self, limit: int = 500) -> tuple[ResultHead, ...]:
        """Give the newest results without their reports."""
        wanted = (
            select(BacktestResultRow)
            # A report may hold megabytes, and a list shows none of it.
            .options(defer(cast("QueryableAttribute[Any]", BacktestResultRow.report)))
            .where(BacktestResultRow.user_id == self._user, col(BacktestResultRow.grade).not_in(_OTHERS))
            .order_by(col(BacktestResultRow.created_at).desc(), col(BacktestResultRow.id))
            .limit(limit)
        )
        return tuple(_head(row) for row in self._session.exec(wanted))

    def get(self, id: str) -> StoredResult:
        """Give one result with its report."""
        row = self._row(id)
        return StoredResult(_head(row), row.report)

    def add(
        self,
        *,
        name: str,
        request: dict[str, Any],
        metrics: dict[str, Any],
        report: dict[str, Any],
        grade: str,
        data_digest: str,
        strategy_id: str | None = None,
    ) -> ResultHead:
        """Keep a new result."""
        row = BacktestResultRow(
            id=new_id(),
            user_id=self._user,
            strategy_id=strategy_id,
            name=checked_text(name, "name", longest=200),
            request=checked_json(request, "request"),
            metrics=checked_json(metrics, "metrics"),
            report=checked_json(report, "report"),
            data_digest=data_digest,
            notes="",
            tags=[],
            grade=grade,
            created_at=self._now,
        )
        return self._changed(row)

    def annotate(
        self, id: str, *, name: str | None, notes: str | None, tags: tuple[str, ...] | None
    ) -> ResultHead:
        """Change what the person says of a result; what is not given stays."""
        row = self._row(id)
        if name is not None:
            row.name = checked_text(name, "name", longest=200)
        if notes is not None:
            if len(notes) > LONGEST_NOTES:
                raise InvalidInput(
                    tr("Notes hold {most} characters at most.", most=LONGEST_NOTES), field="notes"
                )
            row.notes = notes
        if tags is not None:
            if len(tags) > MOST_TAGS:
                raise InvalidInput(tr("A result has {most} tags at most.", most=MOST_TAGS), field="tags")
            row.tags = list(dict.fromkeys(checked_text(tag, "tags", longest=40) for tag in tags))
        return self._changed(row)

    def remove(self, id: str) -> StoredResult:
        """Remove a result and give it back, so that `restore` can bring it back."""
        row = self._row(id)
        removed = StoredResult(_head(row), row.report)
        self._session.delete(row)
        self._session.flush()
        self._tell(ResultsChanged(self._user, id))
        return removed

    def restore(self, result: StoredResult) -> ResultHead:
        """Bring a removed result back as it was."""
        head = result.head
        row = BacktestResultRow(
            id=head.id,
            user_id=self._user,
            strategy_id=head.strategy_id,
            name=head.name,
            request=head.request,
            metrics=head.metrics,
            report=result.report,
            data_digest=head.data_digest,
            notes=head.notes,
            tags=list(head.tags),
            grade=head.grade,
            created_at=head.created_at,
        )
        return self._changed(row)

    def _changed(self, row: BacktestResultRow) -> ResultHead:
        self._session.add(row)
        self._session.flush()
        self._tell(ResultsChanged(self._user, row.id))
        return _head(row)

    def _row(self, id: str) -> BacktestResultRow:
        wanted = select(BacktestResultRow).where(
            BacktestResultRow.user_id == self._user,
            BacktestResultRow.id == id,
            col(BacktestResultRow.grade).not_in(_OTHERS),
        )
        row = self._session.exec(wanted).one_or_none()
        if row is None:
            raise NotFound(
                tr("There is no result {id}.", id=id), hint=tr("The list of results shows what is there.")
            )
        return row


def _head(row: BacktestResultRow) -> ResultHead:
    return ResultHead(
        row.id,
        row.name,
        row.strategy_id,
        row.request,
        row.metrics,
        row.grade,
        row.notes,
        tuple(row.tags),
        row.data_digest,
        row.created_at,
    )
