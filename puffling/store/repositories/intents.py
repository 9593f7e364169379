"""What is meant to be ordered, written down before it is sent."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlmodel import col, select

from puffling.runtime.errors import NotFound
from puffling.runtime.text import tr
from puffling.store.orders import Intent, OrderState
from puffling.store.repositories import terms
from puffling.store.repositories.base import Repository, checked_json
from puffling.store.tables.trading import IntentRow


class Intents(Repository):
    """Keeps intents; nothing is ever taken out."""

    def add(self, intent: Intent) -> Intent:
        """Write a new intent down; its client id is unique for ever."""
        row = IntentRow(
            id=intent.id,
            user_id=self._user,
            client_id=intent.client_id,
            slot_id=intent.slot_id,
            account=intent.terms.account,
            mode=intent.mode,
            source=intent.source,
            source_version=intent.source_version,
            slot=intent.slot,
            leg=intent.leg,
            parent_id=intent.parent_id,
            symbol=intent.terms.symbol,
            side=intent.terms.side.value,
            order_type=intent.terms.kind.value,
            time_in_force=intent.terms.lasting.value,
            quantity=intent.terms.quantity,
            limit_price=intent.terms.limit,
            stop_price=intent.terms.stop,
            payload=terms.written(intent.terms),
            payload_hash=intent.payload_hash,
            verdicts=checked_json(list(intent.verdicts), "verdicts"),
            state=intent.state.value,
            shrinks=intent.shrinks,
            reserved=intent.reserved,
            trading_day=intent.trading_day,
            approval_id=intent.approval_id,
            valid_until=intent.valid_until,
            created_at=intent.created_at,
            updated_at=intent.updated_at,
            why=intent.why,
        )
        _move(row, intent)
        self._session.add(row)
        self._session.flush()
        return intent

    def put(self, intent: Intent) -> Intent:
        """Keep how far an intent has come; what was wanted, by whom and why is never changed."""
        row = self._row(intent.id)
        _move(row, intent)
        row.updated_at = self._now
        self._session.add(row)
        self._session.flush()
        return _value(row)

    def get(self, id: str) -> Intent:
        """Give one intent."""
        return _value(self._row(id))

    def find(self, id: str) -> Intent | None:
        """Give one intent, or None when there is none of this id."""
        return self._one(IntentRow.id == id)

    def by_client_id(self, client_id: str) -> Intent | None:
        """Give the intent whose order carries this name."""
        return self._one(IntentRow.client_id == client_id)

    def by_broker_order(self, account: str, broker_order_id: str) -> Intent | None:
        """Give the intent whose order the broker calls so."""
        return self._one((IntentRow.account == account) & (IntentRow.broker_order_id == broker_order_id))

    def in_states(
        self, states: Iterable[OrderState], account: str | None = None, symbol: str | None = None
    ) -> tuple[Intent, ...]:
        """Give the intents that stand there, oldest first."""
        wanted = self._mine().where(col(IntentRow.state).in_([state.value for state in states]))
        return self._all(_narrowed(wanted, account, symbol))

    def held(self, account: str | None = None) -> tuple[Intent, ...]:
        """Give the orders this computer holds, oldest first."""
        waiting = (col(IntentRow.held).is_(True)) & (IntentRow.state == OrderState.INTENT.value)
        return self._all(_narrowed(self._mine().where(waiting), account, None))

    def children(self, id: str) -> tuple[Intent, ...]:
        """Give the intents that came of another: its replacements and legs, oldest first."""
        return self._all(self._mine().where(IntentRow.parent_id == id))

    def entered_on(self, account: str, trading_day: str) -> tuple[Intent, ...]:
        """Give what was entered on a day, however it ended, oldest first."""
        wanted = self._mine().where(IntentRow.account == account, IntentRow.trading_day == trading_day)
        return self._all(wanted)

    def since(self, account: str, moment: datetime, symbol: str | None = None) -> tuple[Intent, ...]:
        """Give what was entered from a moment on, oldest first."""
        return self._all(_narrowed(self._mine().where(IntentRow.created_at >= moment), account, symbol))

    def newest(
        self, limit: int = 200, *, account: str | None = None, symbol: str | None = None
    ) -> tuple[Intent, ...]:
        """Give the newest intents first."""
        wanted = _narrowed(self._mine(), account, symbol)
        ordered = wanted.order_by(col(IntentRow.created_at).desc(), col(IntentRow.id).desc()).limit(limit)
        return tuple(_value(row) for row in self._session.exec(ordered))

    def _row(self, id: str) -> IntentRow:
        row = self._session.exec(self._mine().where(IntentRow.id == id)).one_or_none()
        if row is None:
            raise NotFound(tr("There is no order {id}.", id=id))
        found: IntentRow = row
        return found

    def _one(self, condition: Any) -> Intent | None:
        row = self._session.exec(self._mine().where(condition)).one_or_none()
        return None if row is None else _value(row)

    def _all(self, wanted: Any) -> tuple[Intent, ...]:
        ordered = wanted.order_by(col(IntentRow.created_at), col(IntentRow.id))
        return tuple(_value(row) for row in self._session.exec(ordered))

    def _mine(self) -> Any:
        return select(IntentRow).where(IntentRow.user_id == self._user)


def _narrowed(wanted: Any, account: str | None, symbol: str | None) -> Any:
    if account is not None:
        wanted = wanted.where(IntentRow.account == account)
    return wanted if symbol is None else wanted.where(IntentRow.symbol == symbol)


def _move(row: IntentRow, intent: Intent) -> None:
    row.state, row.attempt, row.held = intent.state.value, intent.attempt, intent.held
    row.reserved, row.reason = intent.reserved, intent.reason
    row.broker_order_id, row.sent_at = intent.broker_order_id, intent.sent_at


def _value(row: IntentRow) -> Intent:
    return Intent(
        id=row.id,
        client_id=row.client_id,
        slot_id=row.slot_id,
        terms=terms.read(row.payload),
        mode=row.mode,
        source=row.source,
        source_version=row.source_version,
        slot=row.slot,
        leg=row.leg,
        payload_hash=row.payload_hash,
        verdicts=tuple(row.verdicts),
        state=OrderState(row.state),
        shrinks=row.shrinks,
        reserved=row.reserved,
        trading_day=row.trading_day,
        valid_until=row.valid_until,
        created_at=row.created_at,
        updated_at=row.updated_at,
        attempt=row.attempt,
        held=row.held,
        parent_id=row.parent_id,
        approval_id=row.approval_id,
        broker_order_id=row.broker_order_id,
        why=row.why,
        reason=row.reason,
        sent_at=row.sent_at,
    )
