"""Takes back what a strategy with orders of its own wants no more, and narrows what leads out of less."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from decimal import Decimal
from typing import TYPE_CHECKING

from puffling.automation.runner.activation import Running, tell
from puffling.automation.runner.own import own_book
from puffling.automation.runner.standing import (
    Placed,
    find_placed,
    growing_of,
    note_entered,
    to_cancel,
    waiting_of,
)
from puffling.puffin.backtest.aims import LEAVE
from puffling.puffin.backtest.heard import key_of
from puffling.puffin.data.instants import from_us
from puffling.runtime.actor import UserId
from puffling.runtime.errors import PufflingError
from puffling.runtime.text import tr
from puffling.store.database import Store
from puffling.store.decisions import STRATEGY, Decision, Fate
from puffling.store.orders import ApprovalState, OrderState
from puffling.trading.approvals import decline
from puffling.trading.desk import OrderDesk
from puffling.trading.parts import titled
from puffling.trading.states import ENDED
from puffling.trading.words import plain

if TYPE_CHECKING:
    from puffling.store.database import Unit

# The broker was asked, or it is cancelled as soon as it appears there.
_ON_ITS_WAY_OUT = frozenset({OrderState.PENDING_CANCEL, OrderState.ABANDONED_WATCH})

_log = logging.getLogger(__name__)


class TakingBack:
    """Cancels and narrows orders that a strategy sent by itself; never anybody else's."""

    def __init__(self, store: Store, desk: OrderDesk, user: UserId) -> None:
        self._store = store
        self._desk = desk
        self._user = user
        # Brackets of which the person was told that they lead too far.
        self._told: set[str] = set()

    async def take_back(self, decision: Decision) -> bool:
        """Cancel what a decision takes back; tells whether none of that waits any more."""
        for key in decision.cancels:
            placed = await self._store.run(self._user, _found, decision.strategy_id, key)
            if placed is not None:
                await self._cancel(to_cancel(placed, key))
        left = await self._store.read(self._user, _left, decision)
        return not left

    async def finish(self, run: Running, *, for_good: bool = False) -> None:
        """Take back what a strategy left that was deactivated, and tell what could not be, once.

        `for_good` says that nobody has to look again.
        """
        await self.withdraw(run)
        await self._store.run(self._user, conclude, run, for_good=for_good)

    async def withdraw(self, run: Running) -> None:
        """Cancel what would still open a position of a strategy that runs no more; ways out stay."""
        await self._store.run(self._user, note_entered, run)
        growing = await self._store.read(self._user, growing_of, run)
        await self._cancel(tuple(intent.id for intent in growing))
        for placed in await self._store.read(self._user, waiting_of, run):
            if placed.order.leg != LEAVE and not await self._store.read(self._user, _is_against, run, placed):
                found = await self._store.run(self._user, _found, run.config.id, placed.key)
                await self._cancel(to_cancel(found or placed, placed.key))
        for placed, left in await self._store.read(self._user, _beyond, run):
            await self._keep(run, placed, left)

    async def narrow(self, run: Running) -> None:
        """Let no way out stand for more than the strategy still has: the person may have sold some."""
        for placed, left in await self._store.read(self._user, _too_large, run):
            await self._keep(run, placed, left)
        for placed, held in await self._store.read(self._user, _brackets_too_large, run):
            if held <= 0:
                await self._cancel(tuple(each.id for each in placed.legs if each.state not in ENDED))
            elif placed.key not in self._told:
                self._told.add(placed.key)
                await self._store.run(self._user, _tell_bracket, run, placed, held)

    async def _keep(self, run: Running, placed: Placed, left: Decimal) -> None:
        """Let an order stand for so much and no more."""
        assert placed.intent is not None
        try:
            if left <= 0:
                await self._desk.cancel(placed.intent.id)
            else:
                await self._desk.replace(
                    placed.intent.id,
                    slot=f"{placed.key}:{left:f}",
                    source=STRATEGY,
                    quantity=placed.filled + left,
                )
        except PufflingError as error:
            _log.warning("A way out of %s could not be narrowed: %s", run.config.name, error)

    async def _cancel(self, ids: tuple[str, ...]) -> None:
        for id in ids:
            try:
                await self._desk.cancel(id)
            except PufflingError as error:
                # Whether it waits still is looked at again.
                _log.warning("An order of a strategy could not be cancelled: %s", error)


def _found(unit: Unit, strategy_id: str, key: str) -> Placed | None:
    """Give an order to take back; what only waits for the person's yes is not asked any more."""
    placed = find_placed(unit, strategy_id, key)
    if placed is not None and placed.asked and placed.order.fate is Fate.ASKED:
        approval = unit.approvals.get(placed.order.approval_id)
        if approval.state is not ApprovalState.DECLINED:
            decline(unit, approval.id)
        return find_placed(unit, strategy_id, key)
    return placed


def _left(unit: Unit, decision: Decision) -> tuple[str, ...]:
    found = ((key, find_placed(unit, decision.strategy_id, key)) for key in decision.cancels)
    return tuple(id for key, placed in found if placed is not None for id in to_cancel(placed, key))


def _too_large(unit: Unit, run: Running) -> list[tuple[Placed, Decimal]]:
    """Give the ways out that stand for more than the strategy has, with what it has."""
    ways = [
        placed
        for placed in waiting_of(unit, run)
        if placed.intent is not None and not placed.over and _leads_out(unit, run, placed)
    ]
    return [(each, held) for each, held in _with_held(unit, run, ways) if each.remaining > held]


def _beyond(unit: Unit, run: Running) -> list[tuple[Placed, Decimal]]:
    """Give what together would lead beyond what the strategy has, with what of each does not."""
    ways = [placed for placed in waiting_of(unit, run) if placed.intent is not None and not placed.over]
    taken: dict[str, Decimal] = {}
    found = []
    # What was sent to leave comes first.
    for each, held in _with_held(unit, run, sorted(ways, key=lambda each: each.order.leg != LEAVE)):
        symbol = each.order.symbol
        left = min(each.remaining, max(held - taken.get(symbol, Decimal(0)), Decimal(0)))
        taken[symbol] = taken.get(symbol, Decimal(0)) + left
        if left < each.remaining:
            found.append((each, left))
    return found


def _with_held(unit: Unit, run: Running, ways: Iterable[Placed]) -> list[tuple[Placed, Decimal]]:
    """Give orders with what the strategy has that they lead out of."""
    made, symbols = run.activation, run.config.symbols
    book = own_book(unit, run.config.id, made.account, symbols, Decimal(repr(made.capital)), made.since)
    return [
        (each, max(-int(each.order.side.sign) * book.parts[each.order.symbol].held, Decimal(0)))
        for each in ways
    ]


def _is_against(unit: Unit, run: Running, placed: Placed) -> bool:
    """Tell whether an order is on the other side of what the strategy has."""
    [(_, held)] = _with_held(unit, run, [placed])
    return placed.intent is not None and held > 0


def _leads_out(unit: Unit, run: Running, placed: Placed) -> bool:
    """Tell whether an order leads out of what was held, or of what was filled of the same close's orders."""
    order = placed.order
    if order.leg == LEAVE:
        return True
    slot_us = int(placed.key.split(".")[0])
    decision = unit.decisions.find(run.config.id, from_us(slot_us))
    assert decision is not None
    assert decision.heard is not None
    reach = -int(order.side.sign) * Decimal(repr(decision.heard.held[order.symbol]))
    for each in decision.orders:
        if each.symbol == order.symbol and each.side is not order.side and each.number:
            before = find_placed(unit, run.config.id, key_of(slot_us, each.number))
            if before is None or not before.over:
                return False
            reach += before.filled
    return order.quantity <= reach


def _brackets_too_large(unit: Unit, run: Running) -> list[tuple[Placed, Decimal]]:
    """Give the brackets whose exits at the broker stand for more than the strategy has, with what it has."""
    filled = [
        each
        for each in waiting_of(unit, run)
        if each.over and each.filled and any(leg.state not in ENDED for leg in each.legs)
    ]
    made, symbols = run.activation, run.config.symbols
    book = own_book(unit, run.config.id, made.account, symbols, Decimal(repr(made.capital)), made.since)
    found = []
    for each in filled:
        held = max(int(each.order.side.sign) * book.parts[each.order.symbol].held, Decimal(0))
        if each.filled - sum((leg.filled for leg in each.legs), Decimal(0)) > held:
            found.append((each, held))
    return found


def _tell_bracket(unit: Unit, run: Running, placed: Placed, held: Decimal) -> None:
    text = tr(
        "{name} has {held} {symbol} left, and the exits at your broker are for more: change them there, or"
        " cancel them and order others.",
        name=run.config.name,
        held=plain(held),
        symbol=placed.order.symbol,
    )
    tell(unit, run, text, placed.order.symbol, severity="error")


def conclude(unit: Unit, run: Running, *, for_good: bool = False) -> None:
    """Tell what of a strategy that was deactivated could not be cancelled: nobody else looks after it.

    The same transaction keeps that it was told.
    """
    assert run.ended_at is not None
    kept = next((job for job in unit.scheduled_jobs.all() if job.id == run.job.id), None)
    if kept is None:
        return
    told = False
    if not kept.failures:
        left = [placed.intent for placed, _ in _beyond(unit, run) if placed.intent is not None]
        for intent in (*left, *growing_of(unit, run)):
            if intent.state not in _ON_ITS_WAY_OUT:
                told = True
                text = tr(
                    "{name} was stopped, and its order could not be cancelled: {order}. Cancel it among your"
                    " orders, or at your broker.",
                    name=run.config.name,
                    order=titled(intent.terms),
                )
                tell(unit, run, text, intent.terms.symbol, severity="error")
    if for_good:
        unit.scheduled_jobs.remove(kept.id)
    elif told:
        outcome = tr("Not all of it could be cancelled.")
        unit.scheduled_jobs.ran(kept.id, run.ended_at, outcome, failed=True)


def tell_stuck(unit: Unit, run: Running) -> None:
    """Tell once that nobody can say what a strategy that was deactivated left."""
    assert run.ended_at is not None
    for job in unit.scheduled_jobs.all():
        if job.id == run.job.id and not job.failures:
            text = tr(
                "{name} was stopped, and what it left could not be taken back: look whether orders of it wait"
                " among yours, or at your broker.",
                name=run.config.name,
            )
            tell(unit, run, text, severity="error")
            outcome = tr("It could not be taken back.")
            unit.scheduled_jobs.ran(job.id, run.ended_at, outcome, failed=True)
