"""What an account is worth where something of it is not known: it is left open, and never guessed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from puffling.core.core import Core
from puffling.runtime.clock import FixedClock
from puffling.runtime.paths import Paths
from puffling.store.orders import Account
from tests.fakes.own_broker import OwnBroker
from tests.fixtures.portfolios import TellingBroker

pytestmark = pytest.mark.usefixtures("as_person")


async def mine(core: Core, broker: OwnBroker) -> None:
    """Connect somebody's own broker beside the account that is always there."""
    await core.account_shelf.opened()
    await core.desk.connect(Account("mine", "own", "DEMO", "Mine", core.clock.now()), broker)
    await core.desk.compared("mine")


async def test_what_has_no_price_stays_in_sight_and_leaves_the_sum_open(core: Core) -> None:
    broker = OwnBroker(now=core.clock.now)
    broker.book.positions["NOBODYKNOWS"] = "4"
    await mine(core, broker)
    shown = await core.portfolio.show("mine")
    [held] = shown.positions
    assert (held.quantity, held.average_price, held.value) == (Decimal(4), Decimal(100), None)
    assert shown.unrealized is None
    # What the broker says it is worth stands.
    assert shown.equity == Decimal(100_400)


async def test_what_it_is_worth_now_is_the_newest_point(core: Core) -> None:
    await mine(core, TellingBroker(Decimal(1_000), Decimal(1_000), now=core.clock.now))
    before = core.clock.now() - timedelta(days=40)
    await core.store.run(core.user, lambda unit: unit.worth.mark("mine", before, Decimal(800), Decimal(200)))
    gains = await core.monitor.pnl("mine")
    assert (gains.since, gains.year) == (before, Decimal(200))
    curve = await core.portfolio.curve("mine")
    assert curve.times == (before, core.clock.now())
    assert curve.equity[-1] == Decimal(1_000)


async def test_a_benchmark_that_did_not_trade_yet_leaves_the_curve_by_itself(paths: Paths) -> None:
    core = await Core.open(paths, clock=FixedClock(datetime(2000, 3, 6, 16, tzinfo=UTC)), environment={})
    try:
        alone = await core.portfolio.curve(benchmark="GOOG")
        beside = await core.portfolio.curve(benchmark="SPY")
    finally:
        await core.close()
    assert (len(alone.times), alone.benchmark) == (1, ())
    assert beside.benchmark == (1.0,)
