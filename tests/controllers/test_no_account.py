"""Where no account is connected, or what one is asked for fails: it is said, and nothing reads as nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from puffling.core.core import Core
from puffling.puffin.orders import Kind, Side
from puffling.runtime.actor import UserId
from puffling.runtime.clock import FixedClock
from puffling.runtime.errors import Conflict, InvalidInput, NotFound, Unavailable
from puffling.runtime.paths import Paths
from puffling.store.database import Unit
from puffling.store.events import SettingChanged
from puffling.store.orders import Account, FlowKind, OrderState, OrderTerms
from puffling.trading.accounts.records import CHOSEN, choose, let_go
from puffling.trading.events import ChosenAccountChanged
from puffling.trading.proposals import Proposal
from puffling.trading.values import LineState
from tests.controllers.test_portfolio import BOUGHT, SOLD, write
from tests.fakes.own_broker import OwnBroker
from tests.trading.cases import WISH

pytestmark = pytest.mark.usefixtures("as_person")


async def until(core: Core, clock: FixedClock, condition: Callable[[], Awaitable[object]]) -> None:
    """Let time pass until a condition holds; it fails when it never does."""
    for _ in range(10_000):
        if await condition():
            return
        clock.advance(0.1)
        await asyncio.sleep(0.001)
    raise AssertionError("it never came")


async def mine(core: Core, broker: OwnBroker) -> None:
    """Connect somebody's own broker beside the account that is always there."""
    await core.account_shelf.opened()
    await core.desk.connect(Account("mine", "own", "DEMO", "Mine", core.clock.now()), broker)
    await core.desk.compared("mine")


async def nobody(core: Core) -> None:
    """Let go of every line."""
    await core.account_shelf.opened()
    for view in await core.desk.accounts():
        await core.desk.disconnect(view.account.id)


async def test_without_an_account_nothing_is_shown_as_if_it_were_empty(core: Core) -> None:
    await nobody(core)
    with pytest.raises(NotFound, match="not connected"):
        await core.broker.positions()
    for act in (core.safety.flatten, core.safety.live_plan):
        with pytest.raises(NotFound, match="No account is connected"):
            await act()
    limits = await core.safety.limits()
    assert limits
    assert {limit.used for limit in limits} == {None}


async def test_closing_everything_on_one_account_leaves_the_others(core: Core) -> None:
    broker = OwnBroker(now=core.clock.now, fills="all")
    await mine(core, broker)
    await _buy(core, "SPY")
    report = await core.safety.flatten("demo")
    assert (report.closing, report.failed) == ((), ())
    assert broker.book.positions["SPY"] == "1"


async def _buy(core: Core, symbol: str, **terms: Any) -> str:
    wanted = OrderTerms("mine", symbol, Side.BUY, Decimal(1), **terms)
    placed = await core.desk.place(Proposal(wanted, "person", symbol, WISH.valid_until))
    assert placed.intent is not None
    return placed.intent.id


async def test_orders_that_are_not_cancelled_are_named(core: Core) -> None:
    broker = OwnBroker(now=core.clock.now)
    await mine(core, broker)
    price = await core.market.latest("SPY")
    limit = (Decimal(repr(price.price)) * Decimal("0.99")).quantize(Decimal("0.01"))
    id = await _buy(core, "SPY", kind=Kind.LIMIT, limit=limit)
    assert (await core.store.read(core.user, lambda unit: unit.intents.get(id))).state is OrderState.ACKED
    broker.fault("cancel_order", "refuse")
    shown = await core.broker.cancel_all("mine")
    done = await core.broker.confirm(shown.token)
    assert "Not cancelled: Buy 1 SPY" in done.summary
    assert [each.title for each in done.failed] == ["Buy 1 SPY"]


async def test_fills_of_an_account_are_shown(core: Core) -> None:
    broker = OwnBroker(now=core.clock.now, fills="all")
    await mine(core, broker)
    id = await _buy(core, "SPY")

    async def there() -> bool:
        return bool(await core.broker.fills("mine"))

    assert isinstance(core.clock, FixedClock)
    await until(core, core.clock, there)
    [fill] = await core.broker.fills("mine")
    order = await core.store.read(core.user, lambda unit: unit.orders.get(fill.order_id or ""))
    assert (order.intent_id, fill.quantity) == (id, Decimal(1))


async def test_what_a_broker_holds_is_accepted_by_the_id_and_shown_by_the_name(
    core: Core, clock: FixedClock
) -> None:
    broker = OwnBroker(now=clock.now)
    await mine(core, broker)
    assert (await core.accounts.differences("Demo account")).positions == ()
    broker.book.positions["SPY"] = "7"

    async def differs() -> bool:
        await core.desk.look_after("mine")
        return bool((await core.accounts.differences("mine")).positions)

    comparing = core.scope.spawn(until(core, clock, differs), name="differs")

    async def compared() -> bool:
        return comparing.done()

    await until(core, clock, compared)
    shown = await core.accounts.differences("mine")
    accepting = core.scope.spawn(_accepted(core, shown.seal), name="accepts")

    async def accepted() -> bool:
        return accepting.done()

    await until(core, clock, accepted)
    assert (await core.desk.account("mine")).state is LineState.READY
    assert [each.quantity for each in await core.broker.positions("mine")] == [Decimal(7)]


async def _accepted(core: Core, seal: str) -> None:
    assert (await core.accounts.accept("mine", seal)).agrees


async def test_what_a_symbol_without_a_price_takes_is_counted_at_what_it_cost(core: Core) -> None:
    broker = OwnBroker(now=core.clock.now)
    broker.book.positions["NOBODYKNOWS"] = "40"
    await mine(core, broker)
    used = {limit.name: limit.used for limit in await core.safety.limits("mine")}
    assert used["position_percent"] is not None
    assert float(used["position_percent"]) > 0


async def test_lots_that_a_sale_may_close_are_shown_as_they_stood_before_it(core: Core) -> None:
    await write(core, *BOUGHT, SOLD)
    trades = await core.monitor.trades(account="paper")
    sale = next(each for each in trades if each.side == Side.SELL)
    shown = await core.portfolio.lots_for(sale.id)
    assert (shown.quantity, [lot.quantity for lot in shown.lots]) == (Decimal(5), [Decimal(10), Decimal(10)])
    assert [lot.cost / lot.quantity for lot in shown.lots] == [Decimal("500.1"), Decimal("520.1")]
    with pytest.raises(InvalidInput, match="more than nothing"):
        await core.portfolio.choose_lots(sale.id, {shown.lots[0].id: Decimal(0)})


async def test_money_is_written_down_for_an_account_only_and_brought_back_as_it_was(core: Core) -> None:
    await nobody(core)
    await core.store.run(core.user, lambda unit: unit.accounts.use("demo", False))
    assert await core.portfolio.accounts() == ()
    with pytest.raises(Conflict, match="no account yet"):
        await core.portfolio.add_flow(FlowKind.DEPOSIT, Decimal(100), core.portfolio.today())
    await mine(core, OwnBroker(now=core.clock.now))
    added = await core.portfolio.add_flow(
        FlowKind.DEPOSIT, Decimal(100), core.portfolio.today(), account="mine"
    )
    await core.portfolio.remove_flow(added.id)
    assert await core.portfolio.flows("mine") == ()
    assert (await core.portfolio.restore(added)).amount == Decimal(100)
    assert [each.amount for each in await core.portfolio.flows("mine")] == [Decimal(100)]


async def test_a_portfolio_is_shown_at_newer_prices_at_a_glance(core: Core) -> None:
    broker = OwnBroker(now=core.clock.now)
    broker.book.positions["SPY"] = "10"
    await mine(core, broker)
    shown = await core.portfolio.glance("mine")
    price = await core.market.latest("SPY")
    newer = core.portfolio.repriced(shown, {"SPY": price})
    [position] = newer.positions
    assert position.price == Decimal(repr(price.price))
    assert position.value == position.price * 10
    assert core.portfolio.repriced(shown, {}).positions == shown.positions


async def test_the_log_is_shown_newest_first_and_feeds_say_how_they_are(core: Core) -> None:
    entries = await core.monitor.log(limit=5)
    numbers = [each.number for each in entries]
    assert numbers == sorted(numbers, reverse=True)
    assert core.monitor.feeds()[0].source == "demo"


async def test_the_account_that_orders_go_to_is_given(core: Core) -> None:
    assert (await core.account_shelf.chosen()).account.id == "demo"


async def test_what_others_choose_and_set_is_not_ours(core: Core) -> None:
    await core.account_shelf.opened()
    another = UserId("another")
    there = await core.store.read(core.user, lambda unit: unit.accounts.get("demo"))
    core.bus.publish(ChosenAccountChanged(another, replace(there, id="theirs")))
    core.bus.publish(SettingChanged(another, "market.feeds", ["samples"]))
    assert core.desk.chosen == "demo"
    assert core.account_shelf.paper.account.id == "demo"


async def test_an_account_that_is_not_open_yet_says_so(paths: Paths, clock: FixedClock) -> None:
    core = await Core.open(paths, clock=clock, environment={}, hold_accounts=True)
    try:
        with pytest.raises(Unavailable, match="not open yet"):
            _ = core.account_shelf.paper
    finally:
        await core.close()


async def test_an_account_that_was_let_go_is_not_chosen_and_a_chosen_one_stays_so_when_reset(
    core: Core,
) -> None:
    await core.account_shelf.opened()

    def add(unit: Unit) -> None:
        unit.accounts.add("gone", broker="own", mode="PAPER", label="Gone")
        choose(unit, "demo", "demo", live=False)
        let_go(unit, "gone")

    await core.store.run(core.user, add)
    with pytest.raises(Conflict, match="was let go"):
        await core.accounts.choose("gone")
    assert (await core.accounts.reset(Decimal(500))).account.id == "demo-2"
    assert core.desk.chosen == "demo-2"
    chosen = await core.store.read(core.user, lambda unit: unit.settings.find(CHOSEN))
    assert chosen is not None
    assert chosen.value == "demo-2"
