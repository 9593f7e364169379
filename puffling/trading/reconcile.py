"""Compares an account with its broker: orders, fills, positions, money, clocks.

What the broker has is true. What is found there and not here is taken in, whoever ordered it; what the fills
do not explain is a problem, and nothing leaves until it is explained: a broker that does not answer and a
position that does not fit are both no reason to believe that nothing is held.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TypeVar

from puffling.frozen import frozen
from puffling.puffin.broker.base import (
    AccountInfo,
    Broker,
    Execution,
    OrderStatus,
    OrderStatusInfo,
    Position,
    UnknownOrderError,
)
from puffling.puffin.errors import NotOffered, PuffinError
from puffling.runtime.text import tr
from puffling.store.database import Unit
from puffling.store.orders import Account, BrokerOrder
from puffling.trading.events import AccountChanged, Reconciled
from puffling.trading.ledger import opening, take_execution
from puffling.trading.line import BrokerLine
from puffling.trading.parts import DeskParts, reason_of
from puffling.trading.states import OPEN, WORKING
from puffling.trading.taking import Taken, settle, take_order
from puffling.trading.values import Difference, LineState, ReconcileReport
from puffling.trading.wire import exact

R = TypeVar("R")

# A fill may be listed later than it was done.
_OVERLAP = timedelta(minutes=15)
_KEEP_AGREED = timedelta(minutes=10)
_AGREED = "state.agreed."
_ATTEMPTS = 4
_SETTLING_SECONDS = 1.0
_MOST_ORDERS = 500


@frozen
class Found:
    """What a broker answered, all of it asked from `asked_at` on."""

    asked_at: datetime
    info: AccountInfo
    positions: dict[str, Position]
    orders: tuple[OrderStatusInfo, ...]
    # Orders written down here that the broker says it does not have.
    gone: tuple[BrokerOrder, ...]
    executions: tuple[Execution, ...]
    skew_seconds: float | None


@dataclass
class Compared:
    """What came of taking it in; what is held at the broker and here where the two differ."""

    first: bool = False
    orders: int = 0
    fills: int = 0
    adopted: int = 0
    alarms: list[str] = field(default_factory=list)
    # Whether the broker said the same as when it was asked just before.
    steady: bool = False
    apart: tuple[Difference, ...] = ()


class Reconciling:
    """Compares accounts, and reads single orders again."""

    def __init__(self, parts: DeskParts) -> None:
        self._parts = parts

    async def compare(self, line: BrokerLine) -> ReconcileReport:
        """Compare an account with its broker; orders may leave from then on if they agree."""
        async with line.comparing:
            try:
                asked_at, compared = await self._compared(line)
            except PuffinError as error:
                return self._unanswered(line, error)
            problems = tuple(compared.alarms) + tuple(
                tr(
                    "{symbol}: the broker has {theirs}, the fills make {ours}.",
                    symbol=each.symbol,
                    theirs=f"{each.there.normalize():f}",
                    ours=f"{each.here.normalize():f}",
                )
                for each in compared.apart
            )
            self._conclude(line, asked_at, compared, problems)
            return ReconcileReport(
                line.account.id, asked_at, compared.orders, compared.fills, compared.adopted, problems
            )

    async def read(self, line: BrokerLine, broker_order_id: str) -> Taken:
        """Read one order again, with the fills it has had."""
        asked_at = self._parts.clock.now()
        info = await line.call(lambda broker: broker.get_order_status(broker_order_id))
        return await self.adopt(line, info, asked_at)

    async def adopt(self, line: BrokerLine, info: OrderStatusInfo, asked_at: datetime) -> Taken:
        """Take an order in that was just read, with the fills it has had."""
        executions: list[Execution] = []
        begun = [info.submitted_at or asked_at]
        unseen = await self._parts.read(stands_in_unseen, line.account.id, info)
        if unseen:
            begun += await self._parts.read(_begun, line.account.id, str(info.replaces))
        if line.abilities.lists_fills and (unseen or exact(info.filled_qty) > 0):
            since = min(begun) - _OVERLAP
            executions = await line.call(lambda broker: broker.get_executions(since))
        mine = [each for each in executions if each.order_id == info.order_id]
        before = [each for each in executions if each.order_id == info.replaces] if unseen else []

        def take(unit: Unit) -> Taken:
            # It is judged by what the one before it left.
            _took(unit, line.account, before)
            taken = take_order(unit, line.account, line.abilities, info, asked_at=asked_at)
            _took(unit, line.account, mine)
            settle(unit, line.account.id, info.order_id)
            return taken

        taken = await self._parts.run(take)
        if taken.alarm:
            self._parts.alarm(line.account.id, taken.alarm, halt=True)
        return taken

    async def _compared(self, line: BrokerLine) -> tuple[datetime, Compared]:
        since = await self._parts.read(_since, line)
        found, compared = await self._once(line, since, None)
        for attempt in range(1, _ATTEMPTS):
            if not compared.apart:
                break
            # At once for a fill between two questions, then for a broker with one hand slower than the other.
            if attempt > 1 and not compared.first:
                await self._parts.clock.sleep(_SETTLING_SECONDS)
                since = line.account.created_at
            found, compared = await self._once(line, since, found)
        return found.asked_at, compared

    async def _once(self, line: BrokerLine, since: datetime, before: Found | None) -> tuple[Found, Compared]:
        found = await self._ask(line, since)
        steady = before is not None and _said(before) == _said(found)
        compared = await self._parts.run(take_all, line, found, steady=steady)
        line.info, line.info_at, line.skew_seconds = found.info, found.asked_at, found.skew_seconds
        return found, compared

    async def _ask(self, line: BrokerLine, since: datetime) -> Found:
        clock = self._parts.clock
        asked_at = clock.now()
        info = await line.call(lambda broker: broker.get_account())
        positions = await line.call(lambda broker: broker.get_positions())
        skew = await self._skew(line)
        listed = await _offered(line, lambda broker: broker.get_all_orders("open", _MOST_ORDERS))
        orders = {info.order_id: info for info in listed or ()}
        nested = {leg.order_id for order in orders.values() for leg in order.legs}
        known = await self._parts.read(_unfinished, line.account.id)
        gone: list[BrokerOrder] = []
        for order in known:
            if order.broker_order_id not in orders and order.broker_order_id not in nested:
                info_of = await _one(line, order.broker_order_id)
                if info_of is None:
                    gone.append(order)
                else:
                    orders[info_of.order_id] = info_of
        executions: tuple[Execution, ...] = ()
        if line.abilities.lists_fills:
            executions = tuple(await line.call(lambda broker: broker.get_executions(since)))
            await self._orders_of(line, executions, orders)
        return Found(asked_at, info, positions, tuple(orders.values()), tuple(gone), executions, skew)

    async def _orders_of(
        self, line: BrokerLine, executions: Iterable[Execution], orders: dict[str, OrderStatusInfo]
    ) -> None:
        """Ask for the orders of fills that nobody told of: they came and went unseen."""
        names = {each.order_id for each in executions} - orders.keys()

        def unknown(unit: Unit) -> list[str]:
            account = line.account.id
            return sorted(name for name in names if unit.orders.by_broker_id(account, name) is None)

        for name in await self._parts.read(unknown):
            info = await _one(line, name)
            if info is not None:
                orders[name] = info

    async def _skew(self, line: BrokerLine) -> float | None:
        before = self._parts.clock.now()
        told = await _offered(line, lambda broker: broker.get_clock())
        if told is None:
            # It has no clock to compare with; real money wants one that has.
            return None if line.live_keys else 0.0
        now = self._parts.clock.now()
        return (before + (now - before) / 2 - told.now).total_seconds()

    def _unanswered(self, line: BrokerLine, error: PuffinError) -> ReconcileReport:
        text = tr(
            "{account} could not be compared with its broker: {reason}",
            account=line.account.label,
            reason=reason_of(error),
        )
        self._parts.set_line(line, LineState.LOST, text)
        self._parts.bus.publish(Reconciled(line.account.id, (text,)))
        return ReconcileReport(line.account.id, self._parts.clock.now(), problems=(text,))

    def _conclude(
        self, line: BrokerLine, asked_at: datetime, compared: Compared, problems: tuple[str, ...]
    ) -> None:
        parts = self._parts
        beginning = line.state is LineState.STARTING
        reason = tr(
            "{account} does not agree with its broker: {problems}",
            account=line.account.label,
            problems=" ".join(problems),
        )
        line.apart = compared.apart if compared.steady else ()
        if not problems:
            line.agreed_at = asked_at
            parts.set_line(line, LineState.READY)
        elif not compared.steady and not compared.alarms:
            # The account changes faster than it can be asked about: nothing leaves, and it is asked again.
            parts.set_line(line, LineState.STARTING if beginning else LineState.LOST, reason)
        else:
            if line.state is not LineState.DIVERGED:
                parts.alarm(line.account.id, reason, halt=beginning or bool(compared.alarms))
            parts.set_line(line, LineState.DIVERGED, reason)
        parts.bus.publish(AccountChanged(line.account.id))
        parts.bus.publish(Reconciled(line.account.id, problems))


def take_all(unit: Unit, line: BrokerLine, found: Found, *, steady: bool) -> Compared:
    """Take in everything a broker answered, and say where what is held differs.

    What is held at the very first look is where the ledger begins, once the broker has said the same twice.
    """
    account, compared = line.account, Compared(steady=steady)
    compared.first = unit.settings.find(_AGREED + account.id) is None
    executions = sorted(found.executions, key=lambda each: each.filled_at)
    replaced = {info.replaces for info in found.orders} - {None}
    # An order that stands in the place of another is judged by what that one left.
    compared.fills += _took(unit, account, (each for each in executions if each.order_id in replaced))
    for info in found.orders:
        taken = take_order(unit, account, line.abilities, info, asked_at=found.asked_at)
        compared.orders += 1
        compared.adopted += taken.adopted
        if taken.alarm:
            compared.alarms.append(taken.alarm)
    for order in found.gone:
        take_order(unit, account, line.abilities, _vanished(order), asked_at=found.asked_at)
    compared.fills += _took(unit, account, executions)
    for name in {each.order_id for each in found.executions} | {each.order_id for each in found.orders}:
        settle(unit, account.id, name)
    compared.apart = _apart(unit, account.id, found.positions)
    if compared.first and steady:
        for each in compared.apart:
            more = each.there - each.here
            opening(unit, account, each.symbol, more, each.price or Decimal(0), f"opening-{each.symbol}")
        compared.apart = ()
    if not compared.apart:
        _remember(unit, account.id, found.asked_at)
    return compared


def stands_in_unseen(unit: Unit, account: str, info: OrderStatusInfo) -> bool:
    """Tell whether an order stands in the place of another one, and was never seen here."""
    return info.replaces is not None and unit.orders.by_broker_id(account, info.order_id) is None


def _begun(unit: Unit, account: str, broker_order_id: str) -> list[datetime]:
    order = unit.orders.by_broker_id(account, broker_order_id)
    return [] if order is None or order.submitted_at is None else [order.submitted_at]


def _took(unit: Unit, account: Account, executions: Iterable[Execution]) -> int:
    return sum(take_execution(unit, account, each) is not None for each in executions)


def _apart(unit: Unit, account: str, positions: dict[str, Position]) -> tuple[Difference, ...]:
    theirs = {symbol: exact(position.qty) for symbol, position in positions.items()}
    ours = {holding.symbol: holding.quantity for holding in unit.holdings.of(account)}
    zero = Decimal(0)
    return tuple(
        Difference(
            symbol,
            ours.get(symbol, zero),
            theirs.get(symbol, zero),
            exact(positions[symbol].avg_price) if symbol in positions else None,
        )
        for symbol in sorted(theirs.keys() | ours.keys())
        if theirs.get(symbol, zero) != ours.get(symbol, zero)
    )


def _said(found: Found) -> tuple[object, ...]:
    held = {symbol: exact(position.qty) for symbol, position in found.positions.items()}
    return held, {each.execution_id for each in found.executions}


def _unfinished(unit: Unit, account: str) -> list[BrokerOrder]:
    """Give the orders that are not over, and those that are while their intent still waits for fills."""
    found = {order.broker_order_id: order for order in unit.orders.in_states(OPEN, account)}
    for intent in unit.intents.in_states(WORKING, account):
        # A fill that was taken back before the others came makes less of an order than it once told of.
        name = intent.broker_order_id
        if name is not None and name not in found:
            order = unit.orders.by_broker_id(account, name)
            found |= {} if order is None else {name: order}
    return list(found.values())


def _since(unit: Unit, line: BrokerLine) -> datetime:
    """Give from when on fills are asked for: everything before was seen to agree."""
    known = agreed_until(unit, line.account.id)
    if known is None:
        return line.account.created_at
    return max(line.account.created_at, known - _OVERLAP)


def agreed_until(unit: Unit, account: str) -> datetime | None:
    """Give when an account and its broker were last kept as agreeing, None before the first time."""
    known = unit.settings.find(_AGREED + account)
    return None if known is None else datetime.fromisoformat(str(known.value))


def _remember(unit: Unit, account: str, agreed_at: datetime) -> None:
    known = unit.settings.find(_AGREED + account)
    if known is None or agreed_at - datetime.fromisoformat(str(known.value)) > _KEEP_AGREED:
        unit.settings.put(_AGREED + account, agreed_at.isoformat())


async def _one(line: BrokerLine, broker_order_id: str) -> OrderStatusInfo | None:
    try:
        return await line.call(lambda broker: broker.get_order_status(broker_order_id))
    except UnknownOrderError:
        return None


async def _offered(line: BrokerLine, ask: Callable[[Broker], R]) -> R | None:
    try:
        return await line.call(ask)
    except NotOffered:
        return None


def _vanished(order: BrokerOrder) -> OrderStatusInfo:
    """Give an order the broker does not know any more: it may be anything."""
    return OrderStatusInfo(
        order_id=order.broker_order_id,
        client_order_id=order.client_id,
        symbol=order.symbol,
        side=order.side,
        qty=order.quantity,
        filled_qty=order.filled,
        type=order.kind,
        status=OrderStatus.UNKNOWN,
        limit_price=order.limit,
        stop_price=order.stop,
        avg_fill_price=order.average_price,
        submitted_at=order.submitted_at,
        time_in_force=order.lasting,
        raw_status="gone",
        replaces=order.replaces,
        parent_id=order.parent_order_id,
    )
