"""What is meant to be ordered, written down before it is sent."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Select, bindparam

from puffling.runtime.errors import NotFound
from puffling.runtime.text import tr
from puffling.store.orders import Intent, OrderState
from puffling.store.repositories import terms
from puffling.store.repositories.base import USER, Repository
from puffling.store.tables.base import table_of
from puffling.store.tables.trading import IntentRow

_INTENTS = table_of(IntentRow)
_MINE = _INTENTS.select().where(_INTENTS.c.user_id == USER)
_BY_ID = _MINE.where(_INTENTS.c.id == bindparam("id"))
_BY_CLIENT_ID = _MINE.where(_INTENTS.c.client_id == bindparam("client_id"))
_OLDEST_FIRST = (_INTENTS.c.created_at, _INTENTS.c.id)
_IN_STATES = _MINE.where(_INTENTS.c.state.in_(bindparam("states", expanding=True))).order_by(*_OLDEST_FIRST)
_ADD = _INTENTS.insert().values(user_id=USER)
_DECIDED = ("waits_here", "exits_here")
_MOVE = _INTENTS.update().where(_INTENTS.c.user_id == USER, _INTENTS.c.id == bindparam("intent"))


class Intents(Repository):
    """Keeps intents; nothing is ever taken out."""

    def add(self, intent: Intent) -> Intent:
        """Write a new intent down; its client id is unique for ever."""
        self._run(
            _ADD,
            id=intent.id,
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
            payload=terms.written(intent.terms, _decided(intent)),
            payload_hash=intent.payload_hash,
            verdicts=list(intent.verdicts),
            shrinks=intent.shrinks,
            trading_day=intent.trading_day,
            approval_id=intent.approval_id,
            valid_until=intent.valid_until,
            created_at=intent.created_at,
            updated_at=intent.updated_at,
            why=intent.why,
            **_moving(intent),
        )
        return intent

    def put(self, intent: Intent) -> Intent:
        """Keep how far an intent has come; what was wanted and decided, by whom and why is never changed."""
        self._run(_MOVE, intent=intent.id, updated_at=self._now, **_moving(intent))
        return self.get(intent.id)

    def get(self, id: str) -> Intent:
        """Give one intent."""
        intent = self.find(id)
        if intent is None:
            raise NotFound(tr("There is no order {id}.", id=id))
        return intent

    def find(self, id: str) -> Intent | None:
        """Give one intent, or None when there is none of this id."""
        return self._one(_BY_ID, id=id)

    def by_client_id(self, client_id: str) -> Intent | None:
        """Give the intent whose order carries this name."""
        return self._one(_BY_CLIENT_ID, client_id=client_id)

    def in_states(
        self, states: Iterable[OrderState], account: str | None = None, symbol: str | None = None
    ) -> tuple[Intent, ...]:
        """Give the intents that stand there, oldest first."""
        # Narrowed here and not by the database: that would walk through all that was ever ordered there.
        found = (_value(row) for row in self._run(_IN_STATES, states=[state.value for state in states]))
        return tuple(
            intent
            for intent in found
            if account in {None, intent.terms.account} and symbol in {None, intent.terms.symbol}
        )

    def held(self, account: str | None = None) -> tuple[Intent, ...]:
        """Give the orders this computer holds, oldest first."""
        return tuple(intent for intent in self.in_states({OrderState.INTENT}, account) if intent.held)

    def children(self, id: str) -> tuple[Intent, ...]:
        """Give the intents that came of another: its replacements and legs, oldest first."""
        return self._all(_MINE.where(_INTENTS.c.parent_id == id))

    def newest(
        self, limit: int = 200, *, account: str | None = None, symbol: str | None = None
    ) -> tuple[Intent, ...]:
        """Give the newest intents first."""
        ordered = _narrowed(_MINE, account, symbol).order_by(*(each.desc() for each in _OLDEST_FIRST))
        return tuple(_value(row) for row in self._run(ordered.limit(limit)))

    def _one(self, wanted: Select[Any], **values: str) -> Intent | None:
        row = self._run(wanted, **values).one_or_none()
        return None if row is None else _value(row)

    def _all(self, wanted: Select[Any]) -> tuple[Intent, ...]:
        return tuple(_value(row) for row in self._run(wanted.order_by(*_OLDEST_FIRST)))


def _narrowed(wanted: Select[Any], account: str | None, symbol: str | None) -> Select[Any]:
    if account is not None:
        wanted = wanted.where(_INTENTS.c.account == account)
    return wanted if symbol is None else wanted.where(_INTENTS.c.symbol == symbol)


def _moving(intent: Intent) -> dict[str, Any]:
    """Give what of an intent changes on its way."""
    return {
        "state": intent.state.value,
        "attempt": intent.attempt,
        "held": intent.held,
        "reserved": intent.reserved,
        "reason": intent.reason,
        "broker_order_id": intent.broker_order_id,
        "sent_at": intent.sent_at,
    }


def _decided(intent: Intent) -> tuple[str, ...] | None:
    """Give the names of what was decided of an intent when it was written down."""
    if intent.waits_here is None:
        return None
    return tuple(name for name in _DECIDED if getattr(intent, name))


def _value(row: Any) -> Intent:
    decided = terms.decided(row.payload)
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
        **({} if decided is None else {name: name in decided for name in _DECIDED}),
    )
