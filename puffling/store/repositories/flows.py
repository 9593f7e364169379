"""Money that came or went without a trade."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from sqlalchemy import bindparam
from sqlmodel import col, select

from puffling.runtime.errors import Conflict, InvalidInput, NotFound
from puffling.runtime.text import tr
from puffling.store.events import CashFlowsChanged
from puffling.store.orders import CashFlow, FlowKind, Paid
from puffling.store.repositories.base import USER, Repository, new_id
from puffling.store.tables.base import table_of
from puffling.store.tables.trading import CashFlowRow

LONGEST_NOTE = 200

_FLOWS = table_of(CashFlowRow).c
_BY_HAND = (
    select(_FLOWS.at, _FLOWS.amount)
    .where(_FLOWS.user_id == USER, _FLOWS.account == bindparam("account"), _FLOWS.at > bindparam("since"))
    .where(_FLOWS.kind.in_([FlowKind.DEPOSIT.value, FlowKind.WITHDRAWAL.value]))
    .order_by(_FLOWS.at, _FLOWS.id)
)


class CashFlows(Repository):
    """Keeps one user's deposits, withdrawals, dividends, interest and fees."""

    def of(self, account: str) -> tuple[CashFlow, ...]:
        """Give the flows of an account, the oldest first."""
        wanted = select(CashFlowRow).where(CashFlowRow.user_id == self._user, CashFlowRow.account == account)
        wanted = wanted.order_by(col(CashFlowRow.at), col(CashFlowRow.id))
        return tuple(_value(row) for row in self._session.exec(wanted))

    def by_hand(self, account: str, since: datetime) -> tuple[Paid, ...]:
        """Give what the person paid in or out after a moment, the oldest first."""
        return tuple(Paid(row.at, row.amount) for row in self._run(_BY_HAND, account=account, since=since))

    def add(
        self,
        account: str,
        kind: FlowKind,
        amount: Decimal,
        at: datetime,
        *,
        symbol: str = "",
        note: str = "",
        broker_id: str | None = None,
    ) -> CashFlow:
        """Keep a flow. One its broker told before, by the broker's own name of it, changes nothing."""
        if broker_id is not None:
            told = self._told(account, broker_id)
            if told is not None:
                return _value(told)
        if not amount:
            raise InvalidInput(tr("No money moved."), field="amount")
        if len(note) > LONGEST_NOTE:
            raise InvalidInput(tr("A note holds {most} characters at most.", most=LONGEST_NOTE), field="note")
        row = CashFlowRow(
            id=new_id(),
            user_id=self._user,
            account=account,
            kind=kind,
            amount=amount,
            symbol=symbol,
            note=note,
            broker_id=broker_id,
            at=at,
        )
        return self._kept(row)

    def remove(self, id: str) -> CashFlow:
        """Take away a flow that was entered by hand and give it back, so that it can be restored."""
        row = self._by_id(id)
        if row is None:
            raise NotFound(tr("There is no flow of money {id}.", id=id))
        if row.broker_id is not None:
            raise Conflict(
                tr("The broker told of this one."), hint=tr("Only what was entered by hand can be removed.")
            )
        removed = _value(row)
        self._session.delete(row)
        self._session.flush()
        self._tell(CashFlowsChanged(self._user, removed.account))
        return removed

    def restore(self, flow: CashFlow) -> CashFlow:
        """Bring a removed flow back as it was."""
        row = CashFlowRow(
            id=flow.id,
            user_id=self._user,
            account=flow.account,
            kind=flow.kind,
            amount=flow.amount,
            symbol=flow.symbol,
            note=flow.note,
            broker_id=flow.broker_id,
            at=flow.at,
        )
        if self._by_id(flow.id) is not None:
            raise Conflict(tr("It is there already."))
        return self._kept(row)

    def _by_id(self, id: str) -> CashFlowRow | None:
        wanted = select(CashFlowRow).where(CashFlowRow.user_id == self._user, CashFlowRow.id == id)
        return self._session.exec(wanted).one_or_none()

    def _told(self, account: str, broker_id: str) -> CashFlowRow | None:
        wanted = select(CashFlowRow).where(
            CashFlowRow.user_id == self._user,
            CashFlowRow.account == account,
            CashFlowRow.broker_id == broker_id,
        )
        return self._session.exec(wanted).one_or_none()

    def _kept(self, row: CashFlowRow) -> CashFlow:
        self._session.add(row)
        self._session.flush()
        self._tell(CashFlowsChanged(self._user, row.account))
        return _value(row)


def _value(row: CashFlowRow) -> CashFlow:
    return CashFlow(
        row.id,
        row.account,
        FlowKind(row.kind),
        row.amount,
        row.at,
        row.symbol,
        row.note,
        row.broker_id,
    )
