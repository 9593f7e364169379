"""What strategies decided on each bar, and which orders are theirs."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import asdict
from datetime import datetime
from decimal import Decimal
from itertools import islice, takewhile
from typing import Any

from sqlmodel import col, select

from puffling.puffin.backtest.heard import Heard, Standing
from puffling.puffin.orders import Kind, Lasting, Side
from puffling.runtime.errors import NotFound
from puffling.runtime.text import tr
from puffling.store.decisions import (
    STRATEGY,
    UNDER_WAY,
    Aim,
    Decision,
    DecisionState,
    Fate,
    PlannedOrder,
    StrategyMode,
)
from puffling.store.events import StrategyDecided
from puffling.store.repositories.base import Repository, checked_json
from puffling.store.tables.automation import StrategyDecisionRow
from puffling.store.tables.trading import IntentRow, OrderRow

# What of an order is an exact number.
_EXACT = ("quantity", "price", "limit", "stop", "trail", "trail_share", "take_profit", "stop_loss")


class StrategyDecisions(Repository):
    """Keeps decisions, one for each bar of a strategy at most; nothing is ever taken out."""

    def add(self, decision: Decision) -> Decision:
        """Write a decision down, or give the one that is there for this bar already."""
        known = self.find(decision.strategy_id, decision.slot_at)
        if known is not None:
            return known
        row = StrategyDecisionRow(
            id=decision.id,
            user_id=self._user,
            strategy_id=decision.strategy_id,
            strategy=decision.strategy,
            version=decision.version,
            mode=decision.mode.value,
            account=decision.account,
            slot_at=decision.slot_at,
            bar_at=decision.bar_at,
            opens_at=decision.opens_at,
            valid_until=decision.valid_until,
            state=decision.state.value,
            aims=[],
            orders=[],
            decided_at=decision.decided_at,
            updated_at=self._now,
        )
        return self._moved(row, decision)

    def put(self, decision: Decision) -> Decision:
        """Keep how far a decision has come."""
        return self._moved(self._row(decision.id), decision)

    def get(self, id: str) -> Decision:
        """Give one decision."""
        return _value(self._row(id))

    def find(self, strategy_id: str, slot_at: datetime) -> Decision | None:
        """Give the decision on one bar, or None."""
        wanted = self._of(strategy_id).where(StrategyDecisionRow.slot_at == slot_at)
        row = self._session.exec(wanted).one_or_none()
        return None if row is None else _value(row)

    def newest(self, strategy_id: str, limit: int = 50) -> tuple[Decision, ...]:
        """Give the newest decisions of a strategy first."""
        ordered = self._of(strategy_id).order_by(col(StrategyDecisionRow.slot_at).desc()).limit(limit)
        return tuple(_value(row) for row in self._session.exec(ordered))

    def last_said(
        self, strategy_id: str, *, since: datetime, before: datetime | None = None
    ) -> Decision | None:
        """Give the newest decision in which a strategy said something, however many without lie after it."""
        wanted = self._of(strategy_id).where(col(StrategyDecisionRow.slot_at) > since)
        if before is not None:
            wanted = wanted.where(col(StrategyDecisionRow.slot_at) < before)
        ordered = wanted.order_by(col(StrategyDecisionRow.slot_at).desc()).execution_options(yield_per=50)
        return next((_value(row) for row in self._session.exec(ordered) if row.aims), None)

    def last_heard(
        self, strategy_id: str, since: datetime, limit: int, until: datetime | None = None
    ) -> tuple[Decision, ...]:
        """Give the newest decisions after a moment on what a strategy heard, the oldest of them first."""
        wanted = self._of(strategy_id).where(col(StrategyDecisionRow.slot_at) > since)
        if until is not None:
            wanted = wanted.where(col(StrategyDecisionRow.slot_at) <= until)
        ordered = wanted.order_by(col(StrategyDecisionRow.slot_at).desc()).execution_options(yield_per=50)
        # Those without aims heard of nothing; who says what to hold never does.
        spoke = (row for row in self._session.exec(ordered) if row.aims)
        heard = takewhile(lambda row: any("heard" in each for each in row.aims), spoke)
        return tuple(_value(row) for row in islice(heard, limit))[::-1]

    def under_way(self, strategy_id: str) -> tuple[Decision, ...]:
        """Give the decisions that are not over, the oldest first."""
        states = [state.value for state in UNDER_WAY]
        wanted = self._of(strategy_id).where(col(StrategyDecisionRow.state).in_(states))
        return tuple(
            _value(row) for row in self._session.exec(wanted.order_by(col(StrategyDecisionRow.slot_at)))
        )

    def orders_of(self, strategy_id: str, account: str, changed: Callable[[str], str]) -> frozenset[str]:
        """Give the broker's ids of all orders that a strategy ever placed.

        `changed` gives the leg of an intent that stands in the place of another one: what a person changed of
        a strategy's order is the strategy's still.
        """
        intents = self._intents(
            IntentRow.account == account,
            IntentRow.source == STRATEGY,
            col(IntentRow.source_version).startswith(f"{strategy_id}.", autoescape=True),
        )
        newer = intents
        while newer:
            newer = self._intents(col(IntentRow.leg).in_([changed(id) for id in newer])) - intents
            intents |= newer
        mine = select(OrderRow.broker_order_id).where(
            OrderRow.user_id == self._user, OrderRow.account == account
        )
        return frozenset(self._session.exec(mine.where(col(OrderRow.intent_id).in_(intents))))

    def _intents(self, *wanted: Any) -> frozenset[str]:
        mine = select(IntentRow.id).where(IntentRow.user_id == self._user)
        return frozenset(self._session.exec(mine.where(*wanted)))

    def _of(self, strategy_id: str) -> Any:
        return select(StrategyDecisionRow).where(
            StrategyDecisionRow.user_id == self._user, StrategyDecisionRow.strategy_id == strategy_id
        )

    def _moved(self, row: StrategyDecisionRow, decision: Decision) -> Decision:
        row.state, row.reason = decision.state.value, decision.reason[:500]
        row.aims = checked_json([asdict(aim) for aim in decision.aims] + _heard(decision), "aims")
        row.orders = checked_json([_written(order) for order in decision.orders], "orders")
        row.decided_at, row.updated_at = decision.decided_at, self._now
        self._session.add(row)
        self._session.flush()
        self._tell(StrategyDecided(self._user, row.strategy_id))
        return _value(row)

    def _row(self, id: str) -> StrategyDecisionRow:
        wanted = select(StrategyDecisionRow).where(
            StrategyDecisionRow.user_id == self._user, StrategyDecisionRow.id == id
        )
        row = self._session.exec(wanted).one_or_none()
        if row is None:
            raise NotFound(tr("There is no decision {id}.", id=id))
        return row


def _written(order: PlannedOrder) -> dict[str, Any]:
    return {
        name: f"{value:f}" if isinstance(value, Decimal) else value for name, value in asdict(order).items()
    }


def _heard(decision: Decision) -> list[dict[str, Any]]:
    """Write what was heard behind what is wanted: there it needs no column of its own."""
    if decision.heard is None:
        return []
    return [{"heard": asdict(decision.heard), "cancels": list(decision.cancels)}]


def _heard_of(row: dict[str, Any]) -> Heard:
    orders = (
        Standing(
            **{
                **each,
                "side": Side(each["side"]),
                "kind": Kind(each["kind"]),
                "lasting": Lasting(each["lasting"]),
            }
        )
        for each in row["orders"]
    )
    return Heard(**{**row, "orders": tuple(orders)})


def _orders(rows: Iterable[dict[str, Any]]) -> tuple[PlannedOrder, ...]:
    return tuple(
        PlannedOrder(
            **{
                **row,
                **{name: Decimal(row[name]) for name in _EXACT if row.get(name) is not None},
                "side": Side(row["side"]),
                "fate": Fate(row["fate"]),
                "kind": Kind(row.get("kind", Kind.MARKET)),
                "lasting": Lasting(row.get("lasting", Lasting.DAY)),
            }
        )
        for row in rows
    )


def _value(row: StrategyDecisionRow) -> Decision:
    said = next((each for each in row.aims if "heard" in each), None)
    return Decision(
        id=row.id,
        strategy_id=row.strategy_id,
        strategy=row.strategy,
        version=row.version,
        mode=StrategyMode(row.mode),
        account=row.account,
        slot_at=row.slot_at,
        bar_at=row.bar_at,
        opens_at=row.opens_at,
        valid_until=row.valid_until,
        state=DecisionState(row.state),
        reason=row.reason,
        aims=tuple(Aim(**aim) for aim in row.aims if "heard" not in aim),
        orders=_orders(row.orders),
        decided_at=row.decided_at,
        updated_at=row.updated_at,
        heard=None if said is None else _heard_of(said["heard"]),
        cancels=() if said is None else tuple(said["cancels"]),
    )
