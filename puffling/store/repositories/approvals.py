"""Questions for the person's yes, each to exactly one order."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlmodel import col, select

from puffling.runtime.errors import NotFound
from puffling.runtime.text import tr
from puffling.store.orders import Approval, ApprovalState
from puffling.store.repositories import terms
from puffling.store.repositories.base import Repository
from puffling.store.tables.trading import ApprovalRow


class Approvals(Repository):
    """Keeps questions and answers; nothing is ever taken out."""

    def add(self, approval: Approval) -> Approval:
        """Write a new question down."""
        row = ApprovalRow(
            id=approval.id,
            user_id=self._user,
            order_hash=approval.order_hash,
            account=approval.terms.account,
            quantity=approval.terms.quantity,
            payload=terms.written(approval.terms),
            source=approval.source,
            source_version=approval.source_version,
            slot=approval.slot,
            leg=approval.leg,
            why=approval.why,
            state=approval.state.value,
            valid_until=approval.valid_until,
            created_at=approval.created_at,
        )
        _move(row, approval)
        self._session.add(row)
        self._session.flush()
        return approval

    def put(self, approval: Approval) -> Approval:
        """Keep how far a question has come; what was asked is never changed."""
        row = self._row(approval.id)
        _move(row, approval)
        self._session.add(row)
        self._session.flush()
        return _value(row)

    def get(self, id: str) -> Approval:
        """Give one question."""
        return _value(self._row(id))

    def in_states(self, states: Iterable[ApprovalState]) -> tuple[Approval, ...]:
        """Give the questions that stand there, the oldest first."""
        wanted = self._mine().where(col(ApprovalRow.state).in_([state.value for state in states]))
        return self._all(wanted)

    def of_order(self, order_hash: str) -> tuple[Approval, ...]:
        """Give the questions about exactly this order, the oldest first."""
        return self._all(self._mine().where(ApprovalRow.order_hash == order_hash))

    def newest(self, limit: int = 50) -> tuple[Approval, ...]:
        """Give the newest questions first."""
        newest = self._mine().order_by(col(ApprovalRow.created_at).desc(), col(ApprovalRow.id)).limit(limit)
        return tuple(_value(row) for row in self._session.exec(newest))

    def _row(self, id: str) -> ApprovalRow:
        row = self._session.exec(self._mine().where(ApprovalRow.id == id)).one_or_none()
        if row is None:
            raise NotFound(tr("There is no approval {id}.", id=id), hint=tr("List the approvals."))
        found: ApprovalRow = row
        return found

    def _all(self, wanted: Any) -> tuple[Approval, ...]:
        ordered = wanted.order_by(col(ApprovalRow.created_at), col(ApprovalRow.id))
        return tuple(_value(row) for row in self._session.exec(ordered))

    def _mine(self) -> Any:
        return select(ApprovalRow).where(ApprovalRow.user_id == self._user)


def _move(row: ApprovalRow, approval: Approval) -> None:
    row.state, row.given_by = approval.state.value, approval.given_by
    row.worst_price = approval.worst_price
    row.shown_at, row.expires_at = approval.shown_at, approval.expires_at
    row.used_at = approval.used_at


def _value(row: ApprovalRow) -> Approval:
    return Approval(
        id=row.id,
        terms=terms.read(row.payload),
        order_hash=row.order_hash,
        worst_price=row.worst_price,
        source=row.source,
        source_version=row.source_version,
        slot=row.slot,
        leg=row.leg,
        why=row.why,
        state=ApprovalState(row.state),
        created_at=row.created_at,
        # Every question has an end; one without it is over.
        valid_until=row.valid_until or row.created_at,
        shown_at=row.shown_at,
        expires_at=row.expires_at,
        used_at=row.used_at,
        given_by=row.given_by,
    )
