"""How the orders of a strategy's own stand: what waits at the broker or is held here, by the name it has."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from puffling.automation.runner.activation import Running
from puffling.automation.runner.deciding import intent_of, is_asked, slot_of, version_of
from puffling.automation.runner.earlier import is_of
from puffling.automation.runner.own import own_book
from puffling.automation.runner.series import Unfit
from puffling.automation.runner.timing import Slot
from puffling.frozen import frozen
from puffling.puffin.backtest.aims import GROW
from puffling.puffin.backtest.heard import PROFIT_LEG, STOP_LEG, Heard, Standing, key_of
from puffling.puffin.data.instants import from_us, to_us
from puffling.puffin.orders import Kind, Lasting, Side
from puffling.runtime.text import tr
from puffling.store.decisions import STRATEGY, Decision, Fate, PlannedOrder
from puffling.store.orders import BrokerOrder, Intent, OrderState
from puffling.trading.ledger import filled_of
from puffling.trading.proposals import EXITS, OTHER_WAY, is_replacement, replaced_by
from puffling.trading.states import ENDED, OPEN

if TYPE_CHECKING:
    from puffling.store.database import Unit

_NOTHING = Decimal(0)
_MOST_LOOKED_AT = 1_000


@frozen
class Placed:
    """An order of a strategy's own with what became of it; without intent it is on its way, or never was."""

    key: str
    order: PlannedOrder
    intent: Intent | None
    # What works for it at the broker, and all that ever did, its legs apart.
    working: BrokerOrder | None
    filled: Decimal
    legs: tuple[BrokerOrder, ...]
    # The exits that this computer holds for it.
    exits: tuple[Intent, ...]
    asked: bool = False

    @property
    def over(self) -> bool:
        """Whether nothing of the order itself waits any more; its legs may."""
        if self.intent is not None:
            return self.intent.state in ENDED
        return not self.asked

    @property
    def remaining(self) -> Decimal:
        """Give how much of it still waits."""
        if self.working is not None:
            return self.working.remaining
        return self.order.quantity if self.intent is None else self.intent.terms.quantity


def seen_by(unit: Unit, run: Running, slot: Slot) -> Heard:
    """Give the book of a strategy, and its orders, as it is to hear of them now.

    What was ordered for the day is over with its session; how it ended has to be known, or it were sent again
    beside a fill that is told late.
    """
    made, symbols = run.activation, run.config.symbols
    capital = Decimal(repr(made.capital))
    book = own_book(unit, run.config.id, made.account, symbols, capital, made.since)
    before = unit.decisions.last_heard(run.config.id, made.since, 1)
    day_ends = run.timing.ends_session(slot)
    placed = tuple(_known(unit, before))
    if day_ends:
        _refuse_unsettled(placed)
    known = (each for one in placed for each in _standings(one))
    orders = tuple(replace(each, over=True) if day_ends and _ends_with_day(each) else each for each in known)
    held = {symbol: float(part.held) for symbol, part in book.parts.items()}
    return Heard(to_us(slot.closes_at), to_us(slot.bar_at), float(book.cash), held, orders)


def waiting_of(unit: Unit, run: Running) -> tuple[Placed, ...]:
    """Give the orders of a strategy's own that wait, or whose legs do."""
    before = unit.decisions.last_heard(run.config.id, run.activation.since, 1, run.ended_at)
    return tuple(
        placed for placed in _known(unit, before) if any(not each.over for each in _standings(placed))
    )


def note_entered(unit: Unit, run: Running) -> None:
    """Write down what reached the desk of a strategy that ended before anybody came to write it down."""
    for last in unit.decisions.last_heard(run.config.id, run.activation.since, 1, run.ended_at):
        orders = tuple(_entered(unit, last, order) for order in last.orders)
        if orders != last.orders:
            unit.decisions.put(replace(last, orders=orders))


def growing_of(unit: Unit, run: Running) -> tuple[Intent, ...]:
    """Give what would open a position of a strategy that says what to hold, as far as it is not over."""
    since, until = run.activation.since, run.ended_at
    found = []
    for intent in unit.intents.in_states(OPEN, run.activation.account):
        if intent.leg == GROW and is_of(intent, run.config.id):
            slot_at = datetime.fromisoformat(intent.slot.partition("#")[0])
            if since < slot_at and (until is None or slot_at <= until):
                found.append(intent)
    return tuple(found)


def find_placed(unit: Unit, strategy_id: str, key: str) -> Placed | None:
    """Give an order of a strategy's own by its name, or by that of a leg of it."""
    slot_us, number = (int(part) for part in key.split(".")[:2])
    decision = unit.decisions.find(strategy_id, from_us(slot_us))
    orders = () if decision is None else decision.orders
    order = next((each for each in orders if each.number == number), None)
    return None if order is None else _placed(unit, key_of(slot_us, number), order)


def to_cancel(placed: Placed, key: str) -> tuple[str, ...]:
    """Give what the desk is to cancel so that an order, or one leg of it, waits no more."""
    leg = key.split(".")[2:]
    if not leg:
        return () if placed.intent is None or placed.over else (placed.intent.id,)
    working = (each.id for each in placed.legs if _leg_name(each.kind) == leg[0] and each.state not in ENDED)
    held = (each.id for each in placed.exits if each.state not in ENDED and leg[0] in _names_of_exit(each))
    return (*working, *held)


def _known(unit: Unit, before: Iterable[Decision]) -> Iterator[Placed]:
    """Go through what waited when a strategy last heard of a close, and what it sent then."""
    for last in before:
        assert last.heard is not None
        names = dict.fromkeys(each.entry for each in last.heard.orders if not each.over)
        slot_us = to_us(last.slot_at)
        names |= dict.fromkeys(key_of(slot_us, each.number) for each in last.orders if each.number)
        found = (find_placed(unit, last.strategy_id, name) for name in names)
        yield from (each for each in found if each is not None)


def _entered(unit: Unit, decision: Decision, order: PlannedOrder) -> PlannedOrder:
    if order.fate is not Fate.PLANNED or not order.number:
        return order
    slot, version = slot_of(decision, order), version_of(decision)
    known = unit.intents.newest(_MOST_LOOKED_AT, account=decision.account, symbol=order.symbol)
    for each in known:
        if (each.source, each.source_version, each.slot) == (STRATEGY, version, slot):
            return replace(order, fate=Fate.ENTERED, intent_id=each.id, text="")
    return order


def _placed(unit: Unit, key: str, order: PlannedOrder) -> Placed:
    if order.fate not in {Fate.ENTERED, Fate.ASKED}:
        return Placed(key, order, None, None, _NOTHING, (), ())
    intent = intent_of(unit, order)
    if intent is None:
        return Placed(key, order, None, None, _NOTHING, (), (), asked=is_asked(unit, order))
    family = (intent, *unit.intents.children(intent.id))
    newest = _newest(intent, family)
    rows = unit.orders.of_intents(each.id for each in family if each.leg not in {EXITS, OTHER_WAY})
    own = [row for row in rows if row.parent_order_id is None]
    working = next((row for row in own if row.broker_order_id == newest.broker_order_id), None)
    exits = [each for each in family if each.leg == EXITS]
    exits += [each for head in exits for each in unit.intents.children(head.id) if each.leg == OTHER_WAY]
    replaced = {row.replaces for row in rows}
    legs = tuple(
        row for row in rows if row.parent_order_id is not None and row.broker_order_id not in replaced
    )
    # By the fills: what stands in the place of another may begin with what that one had.
    fills = (unit.fills.of_order(row.account, row.broker_order_id) for row in own)
    filled = sum((filled_of(each) for each in fills), _NOTHING)
    return Placed(key, order, newest, working, filled, legs, tuple(exits))


def _newest(intent: Intent, family: Iterable[Intent]) -> Intent:
    """Give the intent that stands in the place of one, where the person changed it."""
    standing = intent
    for each in family:
        changed = is_replacement(each.leg) and replaced_by(each.leg) == standing.id
        if changed and standing.state is OrderState.REPLACED:
            standing = each
    return standing


def _standings(placed: Placed) -> Iterator[Standing]:
    order, back = placed.order, Side.SELL if placed.order.side is Side.BUY else Side.BUY
    terms = None if placed.intent is None else placed.intent.terms
    limit, stop = (order.limit, order.stop) if terms is None else (terms.limit, terms.stop)
    quantity = order.quantity if terms is None else terms.quantity
    if not quantity:
        return
    entry = Standing(
        placed.key,
        order.symbol,
        order.side,
        order.kind,
        float(quantity),
        float(placed.remaining),
        _float(limit),
        _float(stop),
        _float(order.trail),
        _float(order.trail_share),
        order.lasting,
        order.reason,
        over=placed.over,
    )
    yield entry
    for name, kind, price in (
        (STOP_LEG, Kind.STOP, order.stop_loss),
        (PROFIT_LEG, Kind.LIMIT, order.take_profit),
    ):
        if price is None:
            continue
        leg = replace(
            entry,
            key=f"{placed.key}.{name}",
            side=back,
            kind=kind,
            limit=_float(price) if kind is Kind.LIMIT else None,
            stop=_float(price) if kind is Kind.STOP else None,
            trail=None,
            trail_share=None,
            lasting=order.lasting if not placed.filled else Lasting.GTC,
            reason="stop loss" if kind is Kind.STOP else "take profit",
        )
        yield _leg(placed, leg, name)


def _leg(placed: Placed, leg: Standing, name: str) -> Standing:
    """Give a leg as it stands: it waits for no more than its entry has filled and no leg has left."""
    at_broker = next((each for each in placed.legs if _leg_name(each.kind) == name), None)
    held = [each for each in placed.exits if name in _names_of_exit(each) and each.state not in ENDED]
    left = sum((each.filled for each in placed.legs), _NOTHING)
    remaining = max(placed.filled - left, _NOTHING)
    loose = placed.filled > 0
    if at_broker is not None:
        return replace(
            leg,
            limit=_float(at_broker.limit) if name == PROFIT_LEG else None,
            stop=_float(at_broker.stop) if name == STOP_LEG else None,
            remaining=float(remaining),
            loose=loose,
            over=at_broker.state in ENDED,
        )
    if held:
        remaining = min(each.terms.quantity for each in held)
        return replace(leg, remaining=float(remaining), loose=True, over=False)
    # Before its entry fills it stands nowhere yet, and after it nowhere any more.
    return replace(leg, remaining=0.0, loose=loose, over=placed.over or loose)


def _refuse_unsettled(placed: Iterable[Placed]) -> None:
    """Refuse to say how things stand while it is not known how an order for the day that ended came out."""
    for each in placed:
        if each.intent is not None and not each.over and each.order.lasting is not Lasting.GTC:
            raise Unfit(
                tr(
                    "Whether its order of {symbol} for the day filled is not known yet.",
                    symbol=each.order.symbol,
                )
            )


def _ends_with_day(standing: Standing) -> bool:
    """Tell whether it goes with the day; a way out that stands stays, as what it came with has filled."""
    return standing.lasting is not Lasting.GTC and not (standing.is_leg and standing.loose)


def _leg_name(kind: Kind) -> str:
    return PROFIT_LEG if kind is Kind.LIMIT else STOP_LEG


def _names_of_exit(way_out: Intent) -> tuple[str, ...]:
    if way_out.leg == OTHER_WAY or not way_out.terms.one_cancels_other:
        return (_leg_name(way_out.terms.kind),)
    return (PROFIT_LEG,)


def _float(value: Decimal | None) -> float | None:
    return None if value is None else float(value)
