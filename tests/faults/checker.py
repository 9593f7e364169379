"""Compares three logs: what was meant (intents), what the broker did (its truth), what we have (ledger).

Each invariant is a function from the three to the sentences that say how it is broken; no sentences mean that
it holds. They know nothing of how the truth was kept: whoever runs a campaign hands it in as values.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

from puffling.puffin.orders import Side
from puffling.store.database import Unit
from puffling.store.orders import BrokerOrder, Fill, FillKind, Holding, Intent, OrderState
from puffling.trading.events import OrderChanged
from puffling.trading.proposals import EXITS, OTHER_WAY, is_ours, is_replacement, replaced_by
from puffling.trading.states import ENDED, FOLLOWING

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class TrueOrder:
    """An order the broker accepted. A leg came with another one and has no name of ours."""

    id: str
    client_id: str | None
    symbol: str
    side: Side
    quantity: Decimal
    accepted_at: datetime | None = None
    leg: bool = False
    over: bool = False
    came_at: datetime | None = None
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class TrueFill:
    """A fill the broker did; `corrects` names the one that a bust or a correction undoes."""

    id: str
    order_id: str
    symbol: str
    side: Side
    quantity: Decimal
    price: Decimal
    fee: Decimal = ZERO
    kind: FillKind = FillKind.FILL
    corrects: str | None = None


@dataclass(frozen=True, slots=True)
class Truth:
    """Everything a broker did, by its own log."""

    orders: tuple[TrueOrder, ...]
    fills: tuple[TrueFill, ...]
    positions: Mapping[str, Decimal]
    cash_before: Decimal
    cash: Decimal


@dataclass(frozen=True, slots=True)
class Ours:
    """Everything we have of one account."""

    intents: tuple[Intent, ...]
    orders: tuple[BrokerOrder, ...]
    fills: tuple[Fill, ...]
    holdings: tuple[Holding, ...]


@dataclass
class Steps:
    """Every step that was told of intents and orders, in order; give `hear` to the bus."""

    states: dict[str, list[OrderState]] = field(default_factory=lambda: defaultdict(list))

    def hear(self, event: OrderChanged) -> None:
        """Note a step."""
        if event.intent is not None:
            self.states[f"intent {event.intent.id}"].append(event.intent.state)
        if event.order is not None:
            self.states[f"order {event.order.id}"].append(event.order.state)


@dataclass(frozen=True, slots=True)
class Allowed:
    """What was allowed: orders a day, worth of a symbol, and the stretches in which trading was halted."""

    orders_per_day: int | None = None
    most_in_symbol: Decimal | None = None
    prices: Mapping[str, Decimal] = field(default_factory=dict)
    halted: Sequence[tuple[datetime, datetime]] = ()


def ours_of(unit: Unit, account: str) -> Ours:
    """Read everything we have of an account."""
    return Ours(
        unit.intents.newest(1_000_000, account=account),
        unit.orders.newest(1_000_000, account=account),
        unit.fills.of(account),
        unit.holdings.of(account),
    )


def broken(
    truth: Truth,
    ours: Ours,
    *,
    steps: Steps | None = None,
    allowed: Allowed | None = None,
    mode: str = "PAPER",
) -> list[str]:
    """Give every sentence that any invariant says."""
    rules = allowed or Allowed()
    return [
        *one_order_each(truth, ours),
        *nothing_unknown(truth, ours),
        *fills_agree(truth, ours),
        *one_way_out(truth, ours),
        *no_more_out_than_in(truth, ours),
        *within_limits(ours, rules),
        *not_while_halted(truth, rules),
        *(() if steps is None else never_back(steps)),
        *in_its_mode(truth, mode),
    ]


def one_order_each(truth: Truth, ours: Ours) -> Iterator[str]:
    """I1: an intent has at most one order at the broker; a changed one is an intent of its own."""
    names = Counter(order.client_id for order in truth.orders if is_ours(order.client_id))
    for name, count in names.items():
        if count > 1:
            yield f"I1 {count} orders of the name {name}"
    taken = Counter(order.intent_id for order in ours.orders if order.parent_order_id is None)
    for intent in ours.intents:
        if taken[intent.id] > 1:
            yield f"I1 {taken[intent.id]} orders of the intent {intent.id}"


def nothing_unknown(truth: Truth, ours: Ours) -> Iterator[str]:
    """I2: every order at the broker is known here, and ours belongs to the intent of its name."""
    intents = {intent.client_id: intent for intent in ours.intents}
    known = {order.broker_order_id: order for order in ours.orders}
    for order in truth.orders:
        mine = known.get(order.id)
        if mine is None:
            yield f"I2 the order {order.id} is not known here"
            continue
        if (mine.symbol, mine.side) != (order.symbol, order.side):
            yield f"I2 the order {order.id} is written down as another one"
        if not is_ours(order.client_id):
            continue
        intent = intents.get(order.client_id or "")
        if intent is None:
            yield f"I2 the order {order.id} has the name {order.client_id} of no intent"
        elif mine.intent_id != intent.id:
            yield f"I2 the order {order.id} does not belong to its intent"
        elif order.over is not (intent.state in ENDED):
            still = "over" if order.over else "not over"
            yield f"I2 the intent {intent.id} is {intent.state}, its order is {still}"
    for intent in ours.intents:
        if intent.state in {OrderState.SENDING, OrderState.UNKNOWN}:
            yield f"I2 nobody knows what became of {intent.id}"


def fills_agree(truth: Truth, ours: Ours) -> Iterator[str]:
    """I3: the fills are the broker's, each once; what is held and the money follow from them exactly."""
    done = Counter((fill.order_id, fill.id) for fill in truth.fills)
    have = Counter(
        (fill.broker_order_id, fill.execution_id) for fill in ours.fills if fill.kind is not FillKind.OPENING
    )
    for key in done - have:
        yield f"I3 the fill {key} is lost"
    for key in have - done:
        yield f"I3 the fill {key} never was"
    held: dict[str, Decimal] = defaultdict(lambda: ZERO)
    for opening in ours.fills:
        if opening.kind is FillKind.OPENING:
            held[opening.symbol] += opening.signed
    money = truth.cash_before
    for fill in _standing(truth.fills):
        signed = fill.quantity if fill.side is Side.BUY else -fill.quantity
        held[fill.symbol] += signed
        money -= signed * fill.price + fill.fee
    if money != truth.cash:
        yield f"I3 the broker's cash is {truth.cash}, its fills make {money}"
    here = {holding.symbol: holding.quantity for holding in ours.holdings}
    for symbol in sorted(held.keys() | here.keys() | truth.positions.keys()):
        three = held[symbol], here.get(symbol, ZERO), truth.positions.get(symbol, ZERO)
        if len(set(three)) > 1:
            yield f"I3 {symbol}: fills {three[0]}, ledger {three[1]}, broker {three[2]}"


def one_way_out(truth: Truth, ours: Ours) -> Iterator[str]:
    """Of two ways out that are held here one is at the broker at a time, and together they are no more."""
    orders = {order.client_id: order for order in truth.orders}
    filled: dict[str, Decimal] = defaultdict(lambda: ZERO)
    for fill in _standing(truth.fills):
        filled[fill.order_id] += fill.quantity
    for head in ours.intents:
        stops = [each for each in ours.intents if each.leg == OTHER_WAY and each.parent_id == head.id]
        if not stops:
            continue
        meant = head.terms.quantity
        waiting = [each.terms.quantity for each in stops if each.held]
        if len(waiting) > 1:
            yield f"I1 {len(waiting)} stops wait beside the intent {head.id}"
        sent = [orders[each.client_id] for each in (head, *stops) if each.client_id in orders]
        done = sum((filled[order.id] for order in sent), ZERO)
        if done > meant:
            yield f"I4 {done} were filled on the two ways out of {meant} of {head.id}"
        for earlier, later in pairwise(sorted(sent, key=_came)):
            if not earlier.over or (earlier.ended_at is not None and _came(later)[1] < earlier.ended_at):
                yield f"I1 the order {later.id} came while {earlier.id}, its other way out, was not over"
            elif filled[earlier.id] + later.quantity > meant:
                yield f"I4 the order {later.id} is for more than {earlier.id} had left of {meant}"
        taken = filled[orders[head.client_id].id] if head.client_id in orders else ZERO
        if waiting and waiting[0] + taken > meant:
            yield f"I4 the stop beside {head.id} waits for {waiting[0]}, while {taken} of {meant} are filled"


def no_more_out_than_in(truth: Truth, ours: Ours) -> Iterator[str]:
    """The exits of an entry that are held here never take out more than it brought, taken back or not."""
    names = {order.id: order.client_id for order in truth.orders}
    brought: dict[str | None, Decimal] = defaultdict(lambda: ZERO)
    taken: dict[str | None, Decimal] = defaultdict(lambda: ZERO)
    for fill in truth.fills:
        if fill.kind is FillKind.FILL:
            brought[names.get(fill.order_id)] += fill.quantity
    for fill in _standing(truth.fills):
        taken[names.get(fill.order_id)] += fill.quantity
    changed = {replaced_by(intent.leg) for intent in ours.intents}
    for entry in ours.intents:
        heads = [each for each in ours.intents if each.leg == EXITS and each.parent_id == entry.id]
        if not heads or entry.id in changed or is_replacement(entry.leg):
            continue
        ids = {each.id for each in heads}
        exits = heads + [each for each in ours.intents if each.leg == OTHER_WAY and each.parent_id in ids]
        out = sum((taken[each.client_id] for each in exits), ZERO)
        if out > brought[entry.client_id]:
            yield f"I4 the exits of {entry.id} took out {out}, it brought {brought[entry.client_id]}"


def _came(order: TrueOrder) -> tuple[bool, datetime]:
    at = order.came_at or order.accepted_at
    return at is None, at or datetime.min.replace(tzinfo=UTC)


def within_limits(ours: Ours, allowed: Allowed) -> Iterator[str]:
    """I4: the orders of a day and what a symbol takes never pass their limits."""
    if allowed.orders_per_day is not None:
        days = Counter(
            intent.trading_day for intent in ours.intents if not intent.shrinks and intent.parent_id is None
        )
        for day, count in days.items():
            if count > allowed.orders_per_day:
                yield f"I4 {count} orders on {day}"
    if allowed.most_in_symbol is None:
        return
    open_buys: dict[str, Decimal] = defaultdict(lambda: ZERO)
    for holding in ours.holdings:
        open_buys[holding.symbol] += holding.quantity
    for intent in ours.intents:
        replaced = is_replacement(intent.leg) and intent.state not in {OrderState.ACKED, OrderState.PARTIAL}
        if intent.state not in ENDED and intent.terms.side is Side.BUY and not replaced:
            open_buys[intent.terms.symbol] += intent.terms.quantity
    for symbol, quantity in open_buys.items():
        worth = quantity * allowed.prices[symbol]
        if worth > allowed.most_in_symbol:
            yield f"I4 {symbol} takes {worth}"


def not_while_halted(truth: Truth, allowed: Allowed) -> Iterator[str]:
    """I5: no order left while trading was halted."""
    for order in truth.orders:
        for since, until in allowed.halted:
            if order.accepted_at is not None and since <= order.accepted_at < until:
                yield f"I5 the order {order.id} left while halted"


def never_back(steps: Steps) -> Iterator[str]:
    """I6: every step is one that may follow; what has ended stays so."""
    for name, states in steps.states.items():
        for old, new in pairwise(states):
            if old is not new and new not in FOLLOWING[old]:
                yield f"I6 {name} went from {old} to {new}"


def in_its_mode(truth: Truth, mode: str) -> Iterator[str]:
    """I7: an order of one mode never reaches the broker of the other."""
    letter = "l" if mode == "LIVE" else "p"
    for order in truth.orders:
        if is_ours(order.client_id) and not (order.client_id or "").startswith(f"pf1-{letter}-"):
            yield f"I7 the order {order.id} with the name {order.client_id} is at a broker in {mode}"


def secrets_in(folders: Iterable[Path], secrets: Iterable[str]) -> Iterator[str]:
    """I8: no byte of a secret is in any file."""
    wanted = [secret.encode() for secret in secrets]
    for folder in folders:
        for file in sorted(path for path in folder.rglob("*") if path.is_file()):
            content = file.read_bytes()
            for secret in wanted:
                if secret in content:
                    yield f"I8 a secret is in {file.name}"


def _standing(fills: Sequence[TrueFill]) -> Iterator[TrueFill]:
    undone = {fill.corrects for fill in fills if fill.corrects is not None}
    for fill in fills:
        if fill.kind is not FillKind.BUST and fill.id not in undone:
            yield fill
