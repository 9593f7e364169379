"""Accepting what a broker holds, where no fill explains it: a transfer, a split, another symbol, a gift.

The broker is right about what is held, and only a person can say that this is no mistake. What was held here
goes out at what it cost, so that nothing is earned or lost by it; what the broker holds comes in at the
broker's average price. Both are fills of a kind of their own, so that the books still explain every share.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal

from puffling.puffin.orders import Side
from puffling.runtime.errors import Conflict
from puffling.runtime.text import tr
from puffling.store.database import Unit
from puffling.store.orders import Account, BrokerOrder, Fill, FillKind, OrderState
from puffling.trading.ledger import take_fill
from puffling.trading.line import BrokerLine
from puffling.trading.parts import DeskParts
from puffling.trading.reconcile import Reconciling, agreed_until
from puffling.trading.states import IN_DOUBT, OPEN
from puffling.trading.taking import awaits_fills, lacks_fills
from puffling.trading.values import Difference, Differences, ReconcileReport
from puffling.trading.words import plain

# Fills come so long after the word of them at most; what never comes must not keep the books wrong for good.
_PATIENCE = timedelta(minutes=15)
_LATELY = 50


class Accepting:
    """Shows where an account and its broker differ, and takes the broker's word for it."""

    def __init__(self, parts: DeskParts, reconciling: Reconciling) -> None:
        self._parts = parts
        self._reconciling = reconciling

    async def differences(self, line: BrokerLine) -> Differences:
        """Give where the two differed when they were last compared."""
        since = await self._parts.read(lambda unit: agreed_until(unit, line.account.id))
        return Differences(
            line.account.id,
            line.account.label,
            line.state,
            line.reason,
            since,
            line.apart,
            _seal(line.account.id, line.apart) if line.apart else "",
        )

    async def accept(self, line: BrokerLine, seal: str, by: str) -> ReconcileReport:
        """Take what the broker holds for true, when it is what was shown; then compare again."""
        await self._reconciling.compare(line)
        if not line.apart:
            raise Conflict(
                tr("{account} and its broker do not differ.", account=line.account.label),
                hint=tr("There is nothing to accept. Look at the account again."),
            )
        if seal != _seal(line.account.id, line.apart):
            raise Conflict(
                tr("What differs is not what you were shown."),
                hint=tr("Look at it again, then accept it."),
            )
        await self._parts.run(_adjust, line.account, line.apart, by)
        return await self._reconciling.compare(line)


def _seal(account: str, apart: Iterable[Difference]) -> str:
    rows = [[each.symbol, *map(_digits, (each.here, each.there, each.price))] for each in apart]
    return hashlib.sha256(json.dumps([account, rows]).encode()).hexdigest()[:16]


def _digits(number: Decimal | None) -> str:
    return "" if number is None else f"{number.normalize():f}"


def _adjust(unit: Unit, account: Account, apart: tuple[Difference, ...], by: str) -> None:
    for each in apart:
        holding = unit.holdings.find(account.id, each.symbol)
        if (Decimal(0) if holding is None else holding.quantity) != each.here:
            raise Conflict(
                tr("{symbol} was filled meanwhile.", symbol=each.symbol),
                hint=tr("Look at it again, then accept it."),
            )
        _refuse_what_is_under_way(unit, account, each.symbol)
        name = f"{unit.now:%Y%m%dT%H%M%S%f}-{each.symbol}"
        if holding is not None and each.here:
            # At what it cost: nothing was sold, so nothing was earned.
            _take(unit, account, each, f"{name}-1-out", -each.here, holding.average_price)
        if each.there:
            _take(unit, account, each, f"{name}-2-in", each.there, each.price or Decimal(0))
        unit.audit.append(
            actor=by,
            capability="desk.adjustment",
            outcome="accepted",
            summary=_why(each),
            details={
                "account": account.id,
                "symbol": each.symbol,
                "here": _digits(each.here),
                "there": _digits(each.there),
                "price": _digits(each.price),
            },
        )


def _refuse_what_is_under_way(unit: Unit, account: Account, symbol: str) -> None:
    """What is still to be learned of an order would be counted beside what is accepted now."""
    intents = unit.intents.in_states(OPEN, account.id, symbol)
    orders = unit.orders.in_states({OrderState.UNKNOWN}, account.id, symbol)
    # Legs and orders placed elsewhere have no intent that waits for their fills.
    lately = unit.orders.newest(_LATELY, account=account.id, symbol=symbol)
    if (
        orders
        or any(each.state in IN_DOUBT or awaits_fills(unit, each) for each in intents)
        or any(_is_late(unit, account, each) for each in lately)
    ):
        raise Conflict(
            tr("What became of an order of {symbol} is not known yet.", symbol=symbol),
            hint=tr("It is looked up every few seconds. Accept what is left when it is known."),
        )


def _is_late(unit: Unit, account: Account, order: BrokerOrder) -> bool:
    """Tell whether fills of an order may still come; those of before the first look never do."""
    if order.submitted_at is None or order.submitted_at < account.created_at:
        return False
    return unit.now - order.updated_at < _PATIENCE and lacks_fills(unit, order)


def _take(
    unit: Unit, account: Account, difference: Difference, name: str, signed: Decimal, price: Decimal
) -> None:
    fill = Fill(
        broker_order_id=f"adjustment-{account.id}",
        execution_id=name,
        account=account.id,
        mode=account.mode,
        symbol=difference.symbol,
        side=Side.BUY if signed > 0 else Side.SELL,
        quantity=abs(signed),
        price=price,
        fees=Decimal(0),
        filled_at=_after_all(unit, account.id, difference.symbol),
        received_at=unit.now,
        kind=FillKind.ADJUSTMENT,
    )
    take_fill(unit, fill)
    trade = unit.trades.of_execution(account.id, name)
    assert trade is not None
    unit.trades.annotate(trade.id, note=_why(difference))


def _after_all(unit: Unit, account: str, symbol: str) -> datetime:
    """Give now, or the moment of the newest fill where the broker's clock runs ahead."""
    newest = unit.fills.newest(1, account=account, symbol=symbol)
    return max(unit.now, newest[0].filled_at) if newest else unit.now


def _why(each: Difference) -> str:
    basis = (
        tr("what it cost is not known")
        if not each.price
        else tr("at the broker's average price of {price}", price=plain(each.price))
    )
    return tr(
        "{symbol}: {here} held here, {there} at the broker without a fill that explains it; taken from the "
        "broker, {basis}.",
        symbol=each.symbol,
        here=plain(each.here),
        there=plain(each.there),
        basis=basis,
    )
