"""Strategies that run by themselves: who may let them, what they decide, and how their orders are told."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from decimal import Decimal

import httpx2
import pytest

from puffling.automation.runner.activation import deactivate, ended
from puffling.core.core import Core
from puffling.puffin.backtest.orders import Sizing
from puffling.puffin.data.interval import Interval
from puffling.puffin.orders import Side
from puffling.runtime.actor import Actor, Caller, Scope, calling_as
from puffling.runtime.clock import FixedClock
from puffling.runtime.errors import Conflict, InvalidInput, NotFound, PufflingError, Refused
from puffling.runtime.paths import Paths
from puffling.server.serve import Server
from puffling.settings.model import Trading
from puffling.store.database import Unit
from puffling.store.decisions import Decision, DecisionState, Fate, StrategyMode
from puffling.store.orders import OrderState
from puffling.trading.words import limits_said
from tests.automation.runner.test_own_orders_kept import STOPPED
from tests.controllers.test_own_strategies import trust, write
from tests.fixtures.cores import PERSON

# Bars of a minute close a minute after the clock of these tests begins.
MINUTE = Interval.M1
_TURNS = 20_000


async def until(core: Core, condition: Callable[[], Awaitable[object]]) -> None:
    """Wait for a condition; it fails when it never comes."""
    for _ in range(_TURNS):
        if await condition():
            return
        await core.port.thread(int)
    raise AssertionError("it never came")


async def decided(core: Core, name: str, count: int = 1) -> tuple[Decision, ...]:
    """Wait until so many decisions are over, and give them, the oldest first."""
    found: list[Decision] = []

    async def enough() -> bool:
        found[:] = (await core.live_strategies.decisions(name))[::-1]
        over = [each for each in found if each.state not in {DecisionState.DUE, DecisionState.PLACING}]
        return len(over) >= count

    await until(core, enough)
    return tuple(found)


async def next_minute(core: Core, clock: FixedClock) -> None:
    """Let the minute end, and the strategy hear of it."""
    # Whoever is still on the way to sleep would sleep over it.
    for _ in range(50):
        await core.port.thread(int)
    clock.advance(63)


async def minded(core: Core, name: str = "Mine", kind: str = "buy_and_hold") -> None:
    """Keep a strategy on bars of a minute."""
    await core.strategies.create(name, kind, ("SPY",), MINUTE)


@pytest.mark.usefixtures("as_person")
async def test_what_is_monitored_is_recorded_and_shown(core: Core, clock: FixedClock) -> None:
    await minded(core)
    active = await core.live_strategies.activate("mine")
    assert (active.name, active.activation.mode) == ("Mine", StrategyMode.MONITOR)
    assert (await core.strategies.show("Mine")).enabled
    await next_minute(core, clock)
    [first] = await decided(core, "Mine")
    assert (first.state, first.orders, first.reason) == (DecisionState.DONE, (), "")
    assert [(aim.symbol, aim.target, aim.changed) for aim in first.aims] == [("SPY", 1.0, True)]
    await next_minute(core, clock)
    _, second = await decided(core, "Mine", 2)
    assert (second.aims[0].changed, second.reason) == (False, "Nothing changes.")
    [shown] = await core.live_strategies.active()
    assert shown.decision == second
    assert shown.next_at is not None
    assert shown.next_at > clock.now()
    [job] = [job for job in await core.scheduler.all() if job.name == "Mine"]
    assert (job.schedule, job.enabled, job.next_run_at) == ("1m XNYS", True, shown.next_at)
    assert await core.alerts.history() == ()
    assert await core.broker.orders() == ()


@pytest.mark.usefixtures("as_person")
async def test_what_is_to_alert_tells_when_it_changes_its_mind(core: Core, clock: FixedClock) -> None:
    await minded(core)
    await core.live_strategies.activate("Mine", "alert")
    for count in (1, 2):
        await next_minute(core, clock)
        await decided(core, "Mine", count)
    [note] = await core.alerts.history()
    assert note.message == "Mine: SPY long 100% (was out) on the bar of 2026-03-04 16:00 UTC"
    assert note.symbol == "SPY"


@pytest.mark.usefixtures("as_person")
async def test_a_strategy_trades_within_the_limits_and_its_order_tells_why(
    core: Core, clock: FixedClock
) -> None:
    await core.open_accounts()
    await minded(core)
    active = await core.live_strategies.let_trade("Mine", 900.0)
    assert (active.activation.account, active.account_label) == ("demo", "Demo account")
    await next_minute(core, clock)
    [made] = await decided(core, "Mine")
    [order] = made.orders
    assert (order.symbol, order.quantity, order.leg, order.fate) == ("SPY", Decimal(1), "grow", Fate.ENTERED)

    async def filled() -> bool:
        return (await core.broker.why(order.intent_id)).intent.state is OrderState.FILLED

    await until(core, filled)
    story = await core.broker.why(order.intent_id)
    titles = [step.title for step in story.steps]
    assert titles[0] == "Wanted by strategy"
    assert story.steps[0].text.startswith(
        "Mine wants +100% of its money in SPY (before: +0%), decided on the"
    )
    assert "Gate: passed" in titles
    assert titles[-1] == "Filled"
    assert story.intent.slot == made.slot_at.isoformat()
    # What it wants it has by now, and nothing more is ordered.
    await next_minute(core, clock)
    _, second = await decided(core, "Mine", 2)
    assert (second.aims[0].before, second.aims[0].changed, second.orders) == (1.0, False, ())
    assert len(await core.broker.orders()) == 1


@pytest.mark.usefixtures("as_person")
async def test_above_the_threshold_its_order_waits_for_a_yes(core: Core, clock: FixedClock) -> None:
    await core.open_accounts()
    await minded(core)
    await core.live_strategies.let_trade("Mine", 5_000.0)
    await next_minute(core, clock)
    [made] = await decided(core, "Mine")
    assert [order.fate for order in made.orders] == [Fate.ASKED]
    [waiting] = await core.approvals.all()
    assert (waiting.id, waiting.source) == (made.orders[0].approval_id, "strategy")
    await core.approvals.decline(waiting.id)
    await next_minute(core, clock)
    _, second = await decided(core, "Mine", 2)
    # A no is a no for as long as it wants the same.
    assert (second.aims[0].changed, second.orders) == (False, ())


@pytest.mark.usefixtures("as_person")
async def test_who_deactivates_it_is_not_asked_about_its_orders_any_more(
    core: Core, clock: FixedClock
) -> None:
    await core.open_accounts()
    await minded(core)
    await core.live_strategies.let_trade("Mine", 5_000.0)
    await next_minute(core, clock)
    await decided(core, "Mine")
    [waiting] = await core.approvals.all()
    await core.live_strategies.deactivate("Mine")
    assert await core.approvals.all() == ()
    with pytest.raises(Conflict):
        await core.approvals.show(waiting.id)


@pytest.mark.usefixtures("as_person")
async def test_a_halt_stops_its_orders_and_what_it_decides_goes_on(core: Core, clock: FixedClock) -> None:
    await core.open_accounts()
    await minded(core)
    await core.live_strategies.let_trade("Mine", 900.0)
    await core.safety.halt("now")
    await next_minute(core, clock)
    [made] = await decided(core, "Mine")
    assert [order.fate for order in made.orders] == [Fate.REFUSED]
    assert "halted" in made.reason
    assert await core.broker.orders() == ()
    assert any("halted" in note.message for note in await core.alerts.history())
    await core.safety.resume()
    await next_minute(core, clock)
    _, second = await decided(core, "Mine", 2)
    assert [order.fate for order in second.orders] == [Fate.ENTERED]


@pytest.mark.parametrize(
    "caller",
    [
        Caller(Actor.PERSON),
        Caller(Actor.HTTP, present=True),
        Caller(Actor.SCHEDULE, present=True),
        Caller(Actor.ASSISTANT, present=True),
        Caller(Actor.AGENT, present=True),
        Caller(Actor.MCP, present=True),
    ],
    ids=["absent", "http", "schedule", "assistant", "agent", "mcp"],
)
async def test_only_a_person_who_is_present_lets_a_strategy_trade(core: Core, caller: Caller) -> None:
    with calling_as(PERSON):
        await core.open_accounts()
        await minded(core)
    with calling_as(caller), pytest.raises(Refused, match="person at the machine only"):
        await core.live_strategies.let_trade("Mine", 900.0)
    with calling_as(caller), pytest.raises(PufflingError):
        await core.live_strategies.activate("Mine", "auto-trade")
    with calling_as(PERSON):
        assert await core.live_strategies.active() == ()
        assert not (await core.strategies.show("Mine")).enabled


async def test_programs_may_monitor_and_deactivate(core: Core) -> None:
    with calling_as(PERSON):
        await minded(core)
        token = (await core.access.create("test", (Scope.READ, Scope.WRITE))).token
    server = Server(core, port=0)
    await server.start()
    async with httpx2.AsyncClient(
        base_url=server.address, headers={"Authorization": f"Bearer {token}"}, trust_env=False
    ) as client:
        body = {"mode": "auto-trade"}
        assert (await client.post("/api/strategies/Mine/activate", json=body)).status_code == 403
        made = await client.post("/api/strategies/Mine/activate", json={"mode": "alert"})
        assert (made.status_code, made.json()["activation"]["mode"]) == (200, "alert")
        assert [each["name"] for each in (await client.get("/api/strategies/active")).json()] == ["Mine"]
        assert (await client.get("/api/strategies/Mine/decisions")).json() == []
        assert (await client.put("/api/strategies/Mine", json={"interval": "1d"})).status_code == 409
        assert (await client.post("/api/strategies/Mine/deactivate", json={})).status_code == 200
        assert (await client.get("/api/strategies/active")).json() == []
        assert (await client.post("/api/strategies/Mine/deactivate", json={})).status_code == 404
    await server.close()


@pytest.mark.usefixtures("as_person")
async def test_an_active_strategy_is_neither_changed_nor_deleted_by_name(core: Core) -> None:
    await minded(core)
    await core.live_strategies.activate("Mine")
    with pytest.raises(Conflict, match="Mine is active"):
        await core.strategies.change("Mine", interval=Interval.D1)
    with pytest.raises(Conflict, match="Mine is active"):
        await core.strategies.delete("Mine")
    with pytest.raises(Conflict, match="Mine is active"):
        await core.live_strategies.activate("Mine", "alert")
    await core.live_strategies.deactivate("Mine")
    assert (await core.strategies.change("Mine", interval=Interval.D1)).interval == "1d"
    assert not (await core.strategies.show("Mine")).enabled


@pytest.mark.usefixtures("as_person")
async def test_what_cannot_run_is_named_before_it_is_activated(core: Core) -> None:
    await core.open_accounts()
    await core.strategies.create("Empty", "momentum")
    await core.strategies.create("Mixed", "momentum", ("SPY", "BTC/USD"))
    await core.strategies.create("Own orders", "bracket_breakout", ("SPY",))
    await core.strategies.create("Signals", "momentum", ("QQQ",))
    for name, field in (("Empty", "symbols"), ("Mixed", "symbols")):
        with pytest.raises(InvalidInput) as caught:
            await core.live_strategies.activate(name)
        assert caught.value.field == field
    with pytest.raises(InvalidInput, match="Sizes by risk need a stop loss"):
        await core.live_strategies.let_trade("Signals", 1_000.0, sizing=Sizing.RISK)
    assert (await core.live_strategies.activate("Own orders", "alert")).name == "Own orders"
    await core.live_strategies.deactivate("Own orders")
    terms = await core.live_strategies.terms("Own orders")
    assert (terms.sends_orders, terms.troubles) == (True, ())
    await core.live_strategies.let_trade("Own orders", 1_000.0, sizing=Sizing.RISK)
    with pytest.raises(NotFound):
        await core.live_strategies.activate("Nobody")


@pytest.mark.usefixtures("as_person")
async def test_two_strategies_do_not_trade_the_same_symbol_on_one_account(core: Core) -> None:
    await core.open_accounts()
    await minded(core)
    await minded(core, "Other")
    await core.live_strategies.let_trade("Mine", 900.0)
    with pytest.raises(Conflict, match="Mine trades SPY on this account already"):
        await core.live_strategies.let_trade("Other", 900.0)
    await core.live_strategies.activate("Other", "monitor")


@pytest.mark.usefixtures("as_person")
async def test_real_money_takes_the_word_for_each_strategy(core: Core) -> None:
    await core.open_accounts()
    await minded(core)

    def keep(unit: Unit) -> None:
        unit.accounts.add("real", broker="own", mode="LIVE", label="Real money")

    await core.store.run(core.user, keep)
    for word in ("", "live", "yes"):
        with pytest.raises(Refused, match="moves real money"):
            await core.live_strategies.let_trade("Mine", 900.0, "real", live=word)
    active = await core.live_strategies.let_trade("Mine", 900.0, "real", live="LIVE")
    assert active.activation.account == "real"


@pytest.mark.usefixtures("as_person")
@pytest.mark.parametrize("how", ["changed", "deleted and restored"])
async def test_a_grant_is_for_what_was_seen(core: Core, clock: FixedClock, how: str) -> None:
    await core.open_accounts()
    await minded(core)
    seen = await core.strategies.show("Mine")
    clock.advance(1)
    # A program puts another symbol into it while the person reads what binds it.
    if how == "changed":
        await core.strategies.change("Mine", symbols=("AMZN",))
    else:
        await core.strategies.delete("Mine")
        await core.strategies.restore(
            seen.id, "Mine", seen.strategy, seen.created_at, ("AMZN",), MINUTE, {}, seen.version
        )
    with pytest.raises(Conflict, match="Mine was changed meanwhile"):
        await core.live_strategies.let_trade("Mine", 900.0, seen=seen.updated_at)
    assert await core.live_strategies.active() == ()
    there = await core.strategies.show("Mine")
    active = await core.live_strategies.let_trade("Mine", 900.0, seen=there.updated_at)
    assert active.activation.version == there.version


@pytest.mark.usefixtures("as_person")
async def test_what_binds_it_is_told_before(core: Core) -> None:
    await core.open_accounts()
    await minded(core)
    told = await core.live_strategies.terms("Mine")
    assert (told.account, told.account_mode, told.troubles) == ("demo", "DEMO", ())
    assert told.capital == pytest.approx(10_000.0)
    assert any("10 orders a day" in each for each in told.sentences)
    assert any("$1,000.00 wait for your approval" in each for each in told.sentences)
    assert set(limits_said(Trading())) < set(told.sentences)


@pytest.mark.usefixtures("as_person")
async def test_an_earlier_way_out_is_named_before_and_keeps_it_from_trading_until_it_is_cancelled(
    core: Core, clock: FixedClock, paths: Paths
) -> None:
    write(paths, STOPPED.replace("10.0", "1.0"), "stopped")
    await trust(core, "stopped")
    await core.open_accounts()
    await minded(core, kind="own:stopped")
    await core.live_strategies.let_trade("Mine", 5_000.0)

    async def sells() -> bool:
        return [each.side for each in await core.broker.orders() if each.is_open] == [Side.SELL]

    while not await sells():
        count = len(await core.live_strategies.decisions("Mine"))
        await next_minute(core, clock)
        await decided(core, "Mine", count + 1)
    await core.live_strategies.deactivate("Mine")
    assert await sells()
    [trouble] = (await core.live_strategies.terms("Mine")).troubles[:1]
    assert "from an earlier time still wait: Sell 1 SPY from" in trouble
    with pytest.raises(Conflict, match="Orders of Mine from an earlier time still wait: Sell 1 SPY from"):
        await core.live_strategies.let_trade("Mine", 5_000.0)
    await core.desk.cancel_all("demo")
    assert not any("earlier" in each for each in (await core.live_strategies.terms("Mine")).troubles)
    await core.live_strategies.let_trade("Mine", 5_000.0)


@pytest.mark.usefixtures("as_person")
async def test_what_one_left_that_was_stopped_just_before_the_end_is_looked_after_at_the_next_start(
    core: Core, clock: FixedClock, paths: Paths
) -> None:
    await core.open_accounts()
    await minded(core)
    await core.live_strategies.let_trade("Mine", 900.0)
    # As far as a process comes that is killed then.
    await core.store.run(core.user, deactivate, (await core.strategies.show("Mine")).id, "Deactivated.")
    await core.strategies.delete("Mine")
    await core.close()
    again = await Core.open(paths, clock=clock, environment={})
    try:
        assert await again.store.read(again.user, ended) != ()
        await again.open_accounts()

        async def nothing_left() -> bool:
            return await again.store.read(again.user, ended) == ()

        await until(again, nothing_left)
        assert await again.live_strategies.active() == ()
        assert await again.alerts.history() == ()
    finally:
        await again.close()


@pytest.mark.usefixtures("as_person")
async def test_once_a_backup_is_restored_nothing_trades_that_traded_when_it_was_made(core: Core) -> None:
    await core.open_accounts()
    await minded(core)
    await core.live_strategies.let_trade("Mine", 900.0)
    backup = await core.backups.create()
    await core.live_strategies.deactivate("Mine")
    await core.backups.restore(backup.name)
    # At once, not when something that runs strategies comes to it: a terminal ends before.
    assert await core.live_strategies.active() == ()
    assert not (await core.strategies.show("Mine")).enabled
