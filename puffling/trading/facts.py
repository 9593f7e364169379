"""What the gate judges an order by: what the database says in this transaction, and what was handed in.

Whatever can change because another order is entered is read here, inside the transaction that would write
the order down: state, limits, counts, what is held and what waits. What cannot be read is None, and the gate
refuses what it does not know.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from puffling.frozen import frozen
from puffling.market.calendar import calendar
from puffling.market.values import SessionState
from puffling.puffin.broker.base import AccountInfo, Number
from puffling.puffin.orders import Side
from puffling.runtime.errors import NotFound
from puffling.store.database import Unit
from puffling.store.orders import Account, BrokerOrder, Counted, Intent, OrderState, Paid, Tally
from puffling.trading.days import day_began, trading_day
from puffling.trading.flags import FLAGS, LIVE, Standing, restart_of, standing_of, strictest
from puffling.trading.halt import HaltSwitch
from puffling.trading.judging import LiveFacts
from puffling.trading.limits import SECTION, LimitReader, Limits
from puffling.trading.proposals import EXITS, WAYS_OUT, Proposal
from puffling.trading.states import APPEARS, OPEN, UNHEARD

HOUR = timedelta(hours=1)
# Longer than any broker is waited for.
SENDING_PATIENCE = timedelta(seconds=30)
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)

_NEVER_CAME = frozenset({OrderState.REJECTED, OrderState.REPLACED})
# Nothing is reserved for them; what they had filled before is paid.
_CUT_SHORT = frozenset({OrderState.CANCELED, OrderState.EXPIRED})


@frozen
class Waiting:
    """What of an order may still be filled."""

    side: Side
    quantity: Decimal
    limit: Decimal | None
    stop: Decimal | None


@frozen
class Used:
    """What has been used up already of what an account may do.

    `siblings` is what the other legs of the same order may still fill on its side: of them all only one does.
    `unheard` is the money of buys of which the broker's figure of cash cannot know yet. `best` is the most
    the account was worth, None before the first mark of its worth.
    """

    entered_today: int
    exits_last_hour: int
    held: Decimal
    waiting: tuple[Waiting, ...]
    siblings: Decimal
    unheard: Decimal
    unclear: bool
    repeated_at: datetime | None
    day_start: Decimal | None
    moved_today: Decimal
    best: Decimal | None
    # What of the order that is changed has been filled already: it is held, and not ordered again.
    filled: Decimal = Decimal(0)


@frozen
class GateFacts:
    """Everything the gate knows when it judges; None is what could not be read."""

    now: datetime
    standing: Standing
    limits: Limits | None
    live: LiveFacts
    live_granted: bool
    session: SessionState | None
    used: Used | None


def finite(number: Number | None) -> Decimal | None:
    """Give the number as a decimal, None when there is none or it is not finite."""
    if number is None:
        return None
    found = number if isinstance(number, Decimal) else Decimal(str(number))
    return found if found.is_finite() else None


def gather(
    unit: Unit, proposal: Proposal, live: LiveFacts, *, switch: HaltSwitch, reader: LimitReader
) -> GateFacts:
    """Give what is known of this order at this instant."""
    rows = unit.usage.rows_under(f"{SECTION}.", FLAGS)
    limits = reader.read(rows)
    return GateFacts(
        now=unit.now,
        standing=strictest(switch.read(), standing_of(rows)),
        limits=limits,
        live=live,
        live_granted=LIVE + proposal.terms.account in rows,
        session=session_of(live, unit.now),
        used=None
        if limits is None
        else _used(unit, proposal, live, limits, restart_of(rows, live.account.id)),
    )


def session_of(live: LiveFacts, now: datetime) -> SessionState | None:
    """Give what the exchange of the instrument does now, None when nobody knows its hours."""
    if live.instrument is None:
        return None
    try:
        hours = calendar(live.instrument.calendar)
    except NotFound:
        return None
    return hours.state(now) if hours.is_exact else None


def _used(unit: Unit, proposal: Proposal, live: LiveFacts, limits: Limits, restart: datetime | None) -> Used:
    terms, now = proposal.terms, unit.now
    account, symbol = terms.account, terms.symbol
    replaced = live.replaces.id if live.replaces is not None else None
    window = timedelta(seconds=limits.duplicate_seconds)
    since = min(live.info_at or now, now - window)
    known = unit.usage.counted(account, day=trading_day(since), since=since, states=OPEN)
    lately = [each for each in known if each.symbol == symbol and each.id != replaced]
    working = [each for each in lately if each.state in OPEN]
    orders = [
        each
        for each in unit.orders.in_states(OPEN, account, symbol)
        if replaced is None or each.intent_id != replaced
    ]
    holding = unit.holdings.find(account, symbol)
    groups = {} if live.clears else _groups(working, orders, now)
    own = groups.pop((live.parent_id, terms.side), None) if live.parent_id is not None else None
    tally, money = tally_of(unit, account), money_of(unit, live.account, live.info, restart)
    return Used(
        entered_today=tally.entered,
        exits_last_hour=tally.exits,
        held=holding.quantity if holding is not None else Decimal(0),
        waiting=tuple(groups.values()),
        siblings=own.quantity if own is not None else Decimal(0),
        unheard=_unheard(unit, (each for each in known if each.id != replaced), live),
        unclear=any(_is_unclear(each, now) for each in working)
        or any(each.state is OrderState.UNKNOWN for each in orders),
        repeated_at=_repeated(proposal, lately, now - window),
        day_start=money.day_start,
        moved_today=money.moved_today,
        best=money.best,
        filled=filled_before(unit, live.replaces),
    )


def filled_before(unit: Unit, replaced: Intent | None) -> Decimal:
    """Give how much of the order that is changed has been filled."""
    if replaced is None or replaced.broker_order_id is None:
        return Decimal(0)
    # Loaded with the desk, long before an order can be changed.
    from puffling.trading.ledger import filled_in_all

    return filled_in_all(unit, replaced.terms.account, replaced.broker_order_id)


def tally_of(unit: Unit, account: str) -> Tally:
    """Count the orders of the day, legs and replacements with their first, and the ways out of an hour."""
    an_hour_ago = unit.now - HOUR
    return unit.usage.tally(
        account,
        today=trading_day(unit.now),
        day=trading_day(an_hour_ago),
        since=an_hour_ago,
        besides=WAYS_OUT,
    )


def _is_unclear(intent: Counted, now: datetime) -> bool:
    """Tell whether nobody knows what became of it; one that is being sent just now will be told of."""
    if intent.state is OrderState.SENDING:
        return now - intent.updated_at > SENDING_PATIENCE
    return intent.state is OrderState.UNKNOWN


def family_of(intent: Intent | Counted) -> str:
    """Give the name under which orders of which only one fills count together."""
    return intent.id if intent.leg == EXITS else intent.parent_id or intent.id


def free_of(unit: Unit, intent: Intent) -> Decimal:
    """Give how much of a position an exit may lead out of: what is held and not promised to other orders."""
    terms, now = intent.terms, unit.now
    known = unit.usage.counted(terms.account, day=trading_day(now), since=now, states=OPEN)
    working = (each for each in known if each.symbol == terms.symbol and each.state in OPEN)
    groups = _groups(working, unit.orders.in_states(OPEN, terms.account, terms.symbol), now)
    groups.pop((family_of(intent), terms.side), None)
    promised = sum((each.quantity for each in groups.values() if each.side is terms.side), Decimal(0))
    holding = unit.holdings.find(terms.account, terms.symbol)
    held = Decimal(0) if holding is None else holding.quantity
    return max(Decimal(0), (held if terms.side is Side.SELL else -held) - promised)


def _groups(
    intents: Iterable[Counted], orders: Iterable[BrokerOrder], now: datetime
) -> dict[tuple[str | None, Side], Waiting]:
    """Give what waits, of orders of which one cancels the other only the largest."""
    at_broker: dict[str, list[BrokerOrder]] = {}
    groups: dict[tuple[str | None, Side], Waiting] = {}
    known = tuple(intents)
    ours = {intent.id for intent in known}
    for order in orders:
        if order.intent_id in ours:
            at_broker.setdefault(order.intent_id or "", []).append(order)
        else:
            found = Waiting(order.side, order.remaining, order.limit, order.stop)
            _take(groups, order.parent_order_id or order.broker_order_id, found)
    for intent in known:
        sent = [each for each in at_broker.get(intent.id, ()) if each.side is intent.side]
        if not sent and _never_came(intent, now):
            continue
        left = _left(sent) if sent else intent.quantity
        _take(groups, family_of(intent), Waiting(intent.side, left, intent.limit, intent.stop))
    return groups


def _never_came(intent: Counted, now: datetime) -> bool:
    """Tell whether a way out was given up so long ago that what it would lead out of is free again."""
    given_up = intent.state is OrderState.ABANDONED_WATCH and intent.shrinks
    return given_up and now >= intent.updated_at + APPEARS


def _take(groups: dict[tuple[str | None, Side], Waiting], name: str, found: Waiting) -> None:
    before = groups.get((name, found.side))
    if before is None or found.quantity > before.quantity:
        groups[name, found.side] = found


def _left(orders: Iterable[BrokerOrder]) -> Decimal:
    """Give what orders of one intent may still fill; of two that cancel each other only the larger."""
    families: dict[str, Decimal] = {}
    for order in orders:
        family = order.parent_order_id or order.broker_order_id
        families[family] = max(order.remaining, families.get(family, Decimal(0)))
    return sum(families.values(), Decimal(0))


def _unheard(unit: Unit, known: Iterable[Counted], live: LiveFacts) -> Decimal:
    """Give the money of buys that are younger than the figure of cash, or may never have been heard of."""
    heard_until = live.info_at or unit.now
    buys = [
        each
        for each in known
        if each.side is Side.BUY
        and not each.shrinks
        and each.state not in _NEVER_CAME
        and (each.state in UNHEARD or each.created_at >= heard_until)
    ]
    reserved = {each.id: each.reserved for each in buys if each.reserved and each.state not in _CUT_SHORT}
    # What was reserved is released once it is paid.
    paid = unit.usage.paid_for(each.id for each in buys if each.id not in reserved)
    return sum(reserved.values(), Decimal(0)) + paid


def _repeated(proposal: Proposal, lately: Iterable[Counted], since: datetime) -> datetime | None:
    """Give when such an order was last entered; another leg of the same wish is no repetition."""
    terms, wish = proposal.terms, (proposal.source, proposal.slot)
    mine = (terms.side, terms.quantity, terms.kind, terms.limit, terms.stop)
    found = [
        each.created_at
        for each in lately
        if each.created_at > since
        and each.state is not OrderState.REJECTED
        and ((each.source, each.slot) != wish or each.leg == proposal.leg)
        and (each.side, each.quantity, each.kind, each.limit, each.stop) == mine
    ]
    return max(found, default=None)


@frozen
class Money:
    """What the losses of an account are measured by.

    What it was worth when the day began and what was paid in or out since; and the most it was worth, None
    before the first mark of its worth.
    """

    day_start: Decimal | None
    moved_today: Decimal
    best: Decimal | None


def money_of(unit: Unit, account: Account, info: AccountInfo | None, restart: datetime | None) -> Money:
    """Give what an account was worth; its best counts from the restart, where the person asked for one."""
    midnight, begin = day_began(unit.now), restart or _LONG_AGO
    paid = unit.flows.by_hand(account.id, since=min(midnight, begin))
    moved = sum((each.amount for each in paid if each.at > midnight), Decimal(0))
    start, moved = _day_start(unit, account, info, midnight, moved)
    return Money(start, moved, _best(unit, account.id, begin, [each for each in paid if each.at > begin]))


def _day_start(
    unit: Unit, account: Account, info: AccountInfo | None, midnight: datetime, moved: Decimal
) -> tuple[Decimal | None, Decimal]:
    start = finite(info.last_equity) if info is not None else None
    if start is not None and start <= 0:
        # On the first day of an account some brokers say nothing as zero.
        start = None
    if start is None and (mark := unit.worth.last(account.id, before=midnight)) is not None:
        start = mark.equity
    if start is None and info is not None and account.created_at >= midnight:
        # There was no day before, so what was paid in today is where it began.
        return finite(info.equity), Decimal(0)
    return start, moved


def _best(unit: Unit, account: str, since: datetime, flows: list[Paid]) -> Decimal | None:
    """Give the best the account was worth, as if what was paid in or out since had been so then."""
    later = sum((each.amount for each in flows), Decimal(0))
    best: Decimal | None = None
    for begin, end, paid in _stretches(since, unit.now, flows):
        found = unit.worth.best(account, begin, end)
        if found is not None:
            best = max(found + later, best) if best is not None else found + later
        later -= paid
    return best


def _stretches(
    since: datetime, now: datetime, flows: list[Paid]
) -> Iterable[tuple[datetime, datetime, Decimal]]:
    """Give the stretches between flows, each with what was paid at its end."""
    begin = since
    for each in flows:
        yield begin, each.at - timedelta(microseconds=1), each.amount
        begin = each.at
    yield begin, now, Decimal(0)
