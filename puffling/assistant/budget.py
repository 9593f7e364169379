"""What a model may cost: money is promised to a call before it is made, and settled after it.

Looking at what was spent and promising more is one transaction, so that any number of calls at once never
spend more than there is. A call that ends without a price, or with its process, is charged in full. A run
makes its calls on the day it began, to which all of them are charged.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from puffling.frozen import frozen
from puffling.runtime.actor import UserId
from puffling.runtime.errors import Refused
from puffling.runtime.text import tr
from puffling.settings.model import Assistant
from puffling.store.database import Store, Unit
from puffling.trading.days import day_began


@frozen
class Spending:
    """What was spent and promised in dollars, and the most that may be."""

    today: Decimal
    most_a_day: Decimal
    this_month: Decimal
    most_a_month: Decimal
    most_a_run: Decimal


@dataclass(slots=True)
class Call:
    """One call of a model; whoever learns its price writes it here."""

    cost: Decimal


class Budget:
    """Lets calls be made for as long as there is money for them."""

    def __init__(self, store: Store, caps: Callable[[], Assistant]) -> None:
        self._store = store
        self._caps = caps

    async def begin(self, user: UserId, trigger: str, model: str) -> str:
        """Begin a run, and give its id."""
        return await self._store.run(user, lambda unit: unit.runs.begin(trigger, model))

    async def spending(self, user: UserId) -> Spending:
        """Say what was spent, and what may be."""
        return await self._store.read(user, _spending, self._caps())

    @asynccontextmanager
    async def call(self, user: UserId, run: str, most: Decimal | None) -> AsyncIterator[Call]:
        """Promise a call the most that it can cost; None, where nobody knows its price, is refused."""
        if most is None or not _is_price(most):
            raise Refused(
                tr("Nobody knows what a call of this model costs."),
                hint=tr("Choose a model whose price is known."),
            )
        await self._store.run(user, _promise, self._caps(), run, most)
        made = Call(most)
        try:
            yield made
        finally:
            # What is no price may not make room for more.
            cost = made.cost if _is_price(made.cost) else most
            await self._store.run(user, lambda unit: unit.runs.settle(run, most, cost))


def month_began(moment: datetime) -> datetime:
    """Give the midnight in New York at which the month of a moment began."""
    return day_began(moment).replace(day=1)


def _spending(unit: Unit, caps: Assistant) -> Spending:
    today, this_month = unit.runs.spent_since(day_began(unit.now), month_began(unit.now))
    return Spending(
        today, _money(caps.most_a_day), this_month, _money(caps.most_a_month), _money(caps.most_a_run)
    )


def _promise(unit: Unit, caps: Assistant, run: str, most: Decimal) -> None:
    if unit.runs.began(run) < day_began(unit.now):
        raise Refused(
            tr("The run began on another day, whose bound it was counted against."),
            hint=tr("Ask again: a new run begins."),
        )
    now = _spending(unit, caps)
    for spent, cap, whose in (
        (unit.runs.spent(run), now.most_a_run, tr("a run")),
        (now.today, now.most_a_day, tr("a day")),
        (now.this_month, now.most_a_month, tr("a month")),
    ):
        if spent + most > cap:
            raise Refused(
                tr(
                    "The assistant may cost ${cap} {whose}: ${spent} are spent, and a call can cost ${most}.",
                    cap=cap,
                    whose=whose,
                    spent=spent,
                    most=most,
                ),
                hint=tr("Raise the bound in the preferences, under Assistant, or wait."),
            )
    unit.runs.promise(run, most)


def _is_price(amount: Decimal) -> bool:
    return amount.is_finite() and amount >= 0


def _money(amount: float) -> Decimal:
    return Decimal(str(amount))
