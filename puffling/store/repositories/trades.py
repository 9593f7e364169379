"""The history of trades: what was bought and sold, what it earned, and what the person says of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal

from sqlmodel import col, func, select

from puffling.puffin.orders import Side
from puffling.runtime.errors import InvalidInput, NotFound
from puffling.runtime.text import tr
from puffling.store.events import TradesChanged
from puffling.store.orders import Trade
from puffling.store.repositories.base import Repository, checked_text, new_id

# A trade may point at a strategy, and no row is written before that table is known.
from puffling.store.tables import research  # noqa: F401
from puffling.store.tables.trading import TradeRow

LONGEST_NOTE = 2_000
MOST_TAGS = 20


class Trades(Repository):
    """Keeps one user's trades; what they were cannot be changed by the person, only noted and tagged."""

    def add(
        self,
        *,
        account: str,
        mode: str,
        source: str,
        symbol: str,
        side: Side,
        quantity: Decimal,
        price: Decimal,
        fees: Decimal,
        traded_at: datetime,
        execution_id: str | None = None,
        order_id: str | None = None,
        intent_id: str | None = None,
        strategy_id: str | None = None,
    ) -> Trade:
        """Keep a new trade; what it earned is told later."""
        row = TradeRow(
            id=self._id_at(traded_at),
            user_id=self._user,
            order_id=order_id,
            strategy_id=strategy_id,
            account=account,
            mode=mode,
            source=source,
            symbol=symbol,
            side=side,
            quantity=quantity,
            price=price,
            fees=fees,
            realized=None,
            note="",
            tags=[],
            intent_id=intent_id,
            execution_id=execution_id,
            traded_at=traded_at,
        )
        return self._changed(row)

    def newest(
        self,
        limit: int,
        *,
        account: str | None = None,
        symbol: str | None = None,
        side: Side | None = None,
        source: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> tuple[Trade, ...]:
        """Give the newest trades from one moment until before another, the newest first."""
        wanted = select(TradeRow).where(TradeRow.user_id == self._user)
        for column, value in (
            (TradeRow.account, account),
            (TradeRow.symbol, symbol),
            (TradeRow.side, side),
            (TradeRow.source, source),
        ):
            if value is not None:
                wanted = wanted.where(col(column) == value)
        if since is not None:
            wanted = wanted.where(col(TradeRow.traded_at) >= since)
        if until is not None:
            wanted = wanted.where(col(TradeRow.traded_at) < until)
        wanted = wanted.order_by(col(TradeRow.traded_at).desc(), col(TradeRow.id).desc()).limit(limit)
        return tuple(_value(row) for row in self._session.exec(wanted))

    def of(self, account: str, symbol: str | None = None) -> tuple[Trade, ...]:
        """Give all trades of an account, or of one of its symbols, the oldest first."""
        wanted = select(TradeRow).where(TradeRow.user_id == self._user, TradeRow.account == account)
        if symbol is not None:
            wanted = wanted.where(TradeRow.symbol == symbol)
        wanted = wanted.order_by(col(TradeRow.traded_at), col(TradeRow.id))
        return tuple(_value(row) for row in self._session.exec(wanted))

    def places(self, newest: int | None = None) -> tuple[tuple[str, str], ...]:
        """Give every account and symbol that was traded, or those of the newest trades only."""
        wanted = select(col(TradeRow.account), col(TradeRow.symbol)).where(TradeRow.user_id == self._user)
        if newest is None:
            return tuple((account, symbol) for account, symbol in self._session.exec(wanted.distinct()))
        rows = self._session.exec(wanted.order_by(col(TradeRow.traded_at).desc()).limit(newest))
        return tuple(dict.fromkeys((account, symbol) for account, symbol in rows))

    def get(self, id: str) -> Trade:
        """Give one trade."""
        return _value(self._row(id))

    def of_execution(self, account: str, execution_id: str) -> Trade | None:
        """Give the trade an execution made, None when it made none."""
        wanted = select(TradeRow).where(
            TradeRow.user_id == self._user,
            TradeRow.account == account,
            TradeRow.execution_id == execution_id,
        )
        row = self._session.exec(wanted).first()
        return None if row is None else _value(row)

    def annotate(self, id: str, *, note: str | None = None, tags: Iterable[str] | None = None) -> Trade:
        """Change what the person says of a trade; what is not given stays."""
        row = self._row(id)
        if note is not None:
            if len(note) > LONGEST_NOTE:
                raise InvalidInput(
                    tr("A note holds {most} characters at most.", most=LONGEST_NOTE), field="note"
                )
            row.note = note
        if tags is not None:
            row.tags = list(dict.fromkeys(checked_text(tag, "tags", longest=40) for tag in tags))
            if len(row.tags) > MOST_TAGS:
                raise InvalidInput(tr("A trade has {most} tags at most.", most=MOST_TAGS), field="tags")
        return self._changed(row)

    def correct(
        self, id: str, *, execution_id: str, quantity: Decimal, price: Decimal, fees: Decimal
    ) -> Trade:
        """Put a trade right as its broker says; what it earned has to be told anew."""
        row = self._row(id)
        row.execution_id = execution_id
        row.quantity, row.price, row.fees, row.realized = quantity, price, fees, None
        return self._changed(row)

    def remove(self, id: str) -> Trade:
        """Take away a trade that its broker says never was."""
        row = self._row(id)
        removed = _value(row)
        self._session.delete(row)
        self._session.flush()
        self._tell(TradesChanged(self._user, removed.account, removed.symbol))
        return removed

    def realize(self, account: str, symbol: str, earned: Mapping[str, Decimal | None]) -> None:
        """Tell what trades of a symbol earned, by their ids; None for one that closed nothing."""
        changed = False
        for id, amount in earned.items():
            row = self._row(id)
            if row.realized != amount:
                row.realized = amount
                self._session.add(row)
                changed = True
        if changed:
            self._session.flush()
            self._tell(TradesChanged(self._user, account, symbol))

    def _id_at(self, at: datetime) -> str:
        """Make an id after which trades of one moment stand in the order they were written."""
        wanted = select(func.count()).where(TradeRow.user_id == self._user, TradeRow.traded_at == at)
        return f"{self._session.exec(wanted).one():04x}{new_id()[4:]}"

    def _changed(self, row: TradeRow) -> Trade:
        self._session.add(row)
        self._session.flush()
        self._tell(TradesChanged(self._user, row.account, row.symbol))
        return _value(row)

    def _row(self, id: str) -> TradeRow:
        wanted = select(TradeRow).where(TradeRow.user_id == self._user, TradeRow.id == id)
        row = self._session.exec(wanted).one_or_none()
        if row is None:
            raise NotFound(
                tr("There is no trade {id}.", id=id), hint=tr("The list of trades shows what is there.")
            )
        return row


def _value(row: TradeRow) -> Trade:
    return Trade(
        row.id,
        row.account,
        row.mode,
        row.source,
        row.symbol,
        Side(row.side),
        row.quantity,
        row.price,
        row.fees,
        row.realized,
        row.traded_at,
        row.order_id,
        row.intent_id,
        row.execution_id,
        row.strategy_id,
        row.note,
        tuple(row.tags),
    )
