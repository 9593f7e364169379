"""When strategies begin to run: with the first one that is active; until then nothing is loaded for it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING

from puffling.automation.runner.values import ENDED_TYPE
from puffling.automation.strategies import StrategyShelf
from puffling.market.market import Market
from puffling.runtime.actor import UserId
from puffling.runtime.bus import Bus
from puffling.runtime.clock import Clock
from puffling.runtime.errors import PufflingError, Unavailable
from puffling.runtime.tasks import TaskScope
from puffling.store.database import Store
from puffling.store.events import DatabaseRestored, StrategiesChanged
from puffling.trading.accounts.shelf import AccountShelf
from puffling.trading.desk import OrderDesk

if TYPE_CHECKING:
    from puffling.puffin.backtest.costs import CommissionModel, SlippageModel
    from puffling.store.database import Unit

_AGAIN_SECONDS = 60.0
# Loaded one by one, so that the loop does not feel it.
_PIECES = (
    "puffling.puffin.backtest.costs",
    "puffling.puffin.backtest.waiting",
    "puffling.puffin.backtest.walk",
    "puffling.puffin.backtest.metrics",
    "puffling.puffin.backtest.engine",
    "puffling.puffin.backtest.aims",
    "puffling.trading.entering",
    "puffling.automation.runner.placing",
    "puffling.automation.runner.runner",
)

_log = logging.getLogger(__name__)


async def begin_strategies(
    scope: TaskScope,
    *,
    store: Store,
    market: Market,
    clock: Clock,
    bus: Bus,
    user: UserId,
    shelf: StrategyShelf,
    desk: OrderDesk,
    accounts: AccountShelf,
) -> Callable[[], None]:
    """Wait until a strategy is to run by itself, and begin to run what is active; the answer stops it."""
    of_a_backup = await _until_active(store, bus, clock, user)
    from puffling.automation.runner.runner import StrategyRunner

    runner = StrategyRunner(
        store=store,
        market=market,
        clock=clock,
        bus=bus,
        user=user,
        shelf=shelf,
        desk=desk,
        costs=partial(costs_on, accounts),
        opened=accounts.opened,
    )
    return runner.start(scope, of_a_backup=of_a_backup)


async def _until_active(store: Store, bus: Bus, clock: Clock, user: UserId) -> bool:
    """Wait until a strategy is to run, and load what runs it; tells whether a restored backup says so."""
    changed, restored = asyncio.Event(), asyncio.Event()

    def brought_back(_: DatabaseRestored) -> None:
        restored.set()
        changed.set()

    ends = [bus.on(StrategiesChanged, lambda _: changed.set()), bus.on(DatabaseRestored, brought_back)]
    try:
        while not await any_to_run(store, clock, user):
            restored.clear()
            await changed.wait()
            changed.clear()
    finally:
        for end in ends:
            end()
    for name in _PIECES:
        import_module(name)
        await asyncio.sleep(0)
    return restored.is_set()


def costs_on(shelf: AccountShelf, account: str) -> tuple[SlippageModel, CommissionModel]:
    """Give what an order costs on an account, as far as that is known beforehand: on paper it is."""
    from puffling.puffin.backtest.costs import CommissionModel, SlippageModel

    try:
        paper = shelf.paper
    except Unavailable:
        return SlippageModel(), CommissionModel()
    if paper.account.id != account:
        return SlippageModel(), CommissionModel()
    terms = paper.broker.terms
    return terms.slippage, terms.commission


async def any_to_run(store: Store, clock: Clock, user: UserId) -> bool:
    """Tell whether a strategy is active, or left something that is to be taken back."""
    while True:
        try:
            return await store.read(user, _any)
        except PufflingError as error:
            _log.warning("Whether strategies are active cannot be read: %s", error)
            await clock.sleep(_AGAIN_SECONDS)


def _any(unit: Unit) -> bool:
    if any(config.enabled for config in unit.strategies.all()):
        return True
    return any(job.job_type == ENDED_TYPE for job in unit.scheduled_jobs.all())
