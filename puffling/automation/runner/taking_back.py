"""Takes back what a strategy with orders of its own wants no more, and narrows what leads out of less."""

from __future__ import annotations

import logging
from decimal import Decimal
from typing import TYPE_CHECKING

from puffling.automation.runner.activation import Running
from puffling.automation.runner.own import own_book
from puffling.automation.runner.standing import Placed, find_placed, to_cancel, waiting_of
from puffling.puffin.backtest.aims import LEAVE
from puffling.runtime.actor import UserId
from puffling.runtime.errors import PufflingError
from puffling.store.database import Store
from puffling.store.decisions import STRATEGY, Decision, Fate
from puffling.store.orders import ApprovalState
from puffling.trading.approvals import decline
from puffling.trading.desk import OrderDesk

if TYPE_CHECKING:
    from puffling.store.database import Unit

_log = logging.getLogger(__name__)


class TakingBack:
    """Cancels and narrows orders that a strategy sent by itself; never anybody else's."""

    def __init__(self, store: Store, desk: OrderDesk, user: UserId) -> None:
        self._store = store
        self._desk = desk
        self._user = user

    async def take_back(self, decision: Decision) -> bool:
        """Cancel what a decision takes back; tells whether none of that waits any more."""
        for key in decision.cancels:
            placed = await self._store.run(self._user, _found, decision.strategy_id, key)
            if placed is not None:
                await self._cancel(to_cancel(placed, key))
        left = await self._store.read(self._user, _left, decision)
        return not left

    async def withdraw(self, run: Running) -> None:
        """Cancel what would still open a position of a strategy that runs no more; ways out stay."""
        for placed in await self._store.read(self._user, waiting_of, run):
            if placed.order.leg != LEAVE:
                await self._cancel(to_cancel(placed, placed.key))

    async def narrow(self, run: Running) -> None:
        """Let no way out stand for more than the strategy still has: the person may have sold some."""
        for placed, held in await self._store.read(self._user, _too_large, run):
            assert placed.intent is not None
            try:
                if held <= 0:
                    await self._desk.cancel(placed.intent.id)
                else:
                    await self._desk.replace(
                        placed.intent.id,
                        slot=f"{placed.key}:{held:f}",
                        source=STRATEGY,
                        quantity=placed.filled + held,
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
    made, symbols = run.activation, run.config.symbols
    ways = [
        placed
        for placed in waiting_of(unit, run)
        if placed.order.leg == LEAVE and placed.intent is not None and not placed.over
    ]
    if not ways:
        return []
    book = own_book(unit, run.config.id, made.account, symbols, Decimal(repr(made.capital)), made.since)
    found = []
    for placed in ways:
        held = max(-int(placed.order.side.sign) * book.parts[placed.order.symbol].held, Decimal(0))
        if placed.remaining > held:
            found.append((placed, held))
    return found
