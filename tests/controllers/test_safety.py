"""The safety console: stop, then cancel; tighter for everybody, looser for the person who is present."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from puffling.core.core import Core
from puffling.puffin.orders import Kind, Side
from puffling.runtime.actor import ALL_SCOPES, Actor, Caller, Scope, calling_as
from puffling.runtime.clock import FixedClock
from puffling.runtime.errors import InvalidInput, NotFound, Refused, Unavailable
from puffling.settings.model import Trading
from puffling.store.events import DatabaseRestored
from puffling.store.orders import Account, OrderTerms
from puffling.trading.entering import OrderRefused
from puffling.trading.events import TradingStateChanged
from puffling.trading.proposals import Proposal
from puffling.trading.values import Mode, TradingState
from puffling.trading.words import limits_said
from tests.fakes.own_broker import EVERYTHING, OwnBroker
from tests.fixtures.cores import NOON, PERSON

MINE = Account("mine", "own", "DEMO", "My own broker", NOON - timedelta(days=1))
REAL = Account("real", "own", "LIVE", "Real money", NOON - timedelta(days=1))
PROGRAMS = [
    Caller(Actor.HTTP),
    Caller(Actor.HTTP, scopes=frozenset({Scope.READ})),
    Caller(Actor.MCP),
    Caller(Actor.ASSISTANT),
    Caller(Actor.AGENT),
    Caller(Actor.SCHEDULE),
    Caller(Actor.PERSON),
]


async def connected(
    core: Core, account: Account = MINE, *, live_keys: bool = False, **options: Any
) -> OwnBroker:
    """Connect a broker that does what it is told."""
    broker = OwnBroker(now=core.clock.now, **options)
    broker.price = Decimal(repr(core.market.price("SPY").price))
    await core.desk.connect(account, broker, live_keys=live_keys)
    await core.desk.compared(account.id)
    return broker


def wish(core: Core, slot: str = "one", *, account: str = "mine", **terms: Any) -> Proposal:
    """Something small to order."""
    wanted = OrderTerms(account, "SPY", terms.pop("side", Side.BUY), Decimal(1), **terms)
    return Proposal(wanted, "person", slot, core.clock.now() + timedelta(minutes=1))


def far_limit(core: Core) -> Decimal:
    """A price at which nothing fills."""
    return (Decimal(repr(core.market.price("SPY").price)) * Decimal("0.95")).quantize(Decimal("0.01"))


class TestKill:
    """Pressing it stops new orders first, then cancels open ones."""

    @pytest.mark.usefixtures("as_person")
    async def test_cancels_what_is_open_and_lets_nothing_new_leave(self, core: Core) -> None:
        broker = await connected(core)
        placed = await core.desk.place(wish(core, kind=Kind.LIMIT, limit=far_limit(core)))
        assert placed.intent is not None
        report = await core.safety.halt("too wild")
        assert (report.trading, report.reason, report.cancelled, report.failed) == (
            TradingState.HALTED,
            "too wild",
            1,
            (),
        )
        assert [row["status"] for row in broker.accepted()] == ["canceled"]
        with pytest.raises(OrderRefused, match="halted"):
            await core.desk.place(wish(core, "two"))
        assert broker.submitted == 1

    @pytest.mark.usefixtures("as_person")
    async def test_leaves_open_orders_where_the_person_wants_them(self, core: Core) -> None:
        broker = await connected(core)
        await core.desk.place(wish(core, kind=Kind.LIMIT, limit=far_limit(core)))
        report = await core.safety.halt(cancel_open=False)
        assert (report.cancelled, report.reason) == (0, "Halted by hand.")
        assert [row["status"] for row in broker.accepted()] == ["accepted"]

    @pytest.mark.usefixtures("as_person")
    async def test_names_what_could_not_be_cancelled(self, core: Core) -> None:
        broker = await connected(core)
        await core.desk.place(wish(core, kind=Kind.LIMIT, limit=far_limit(core)))
        broker.fault("cancel_order", "refuse")
        report = await core.safety.halt()
        assert report.trading is TradingState.HALTED
        [failed] = report.failed
        assert "SPY" in failed.title
        assert "not cancelled" in failed.reason

    @pytest.mark.parametrize("caller", PROGRAMS)
    async def test_is_open_to_everybody_and_lifted_by_nobody_but_the_present_person(
        self, core: Core, caller: Caller
    ) -> None:
        with calling_as(caller):
            assert (await core.safety.halt("because")).trading is TradingState.HALTED
            with pytest.raises(Refused):
                await core.safety.resume()
            assert (await core.safety.state()).trading is TradingState.HALTED
        with calling_as(PERSON):
            assert (await core.safety.resume()).trading is TradingState.ACTIVE

    @pytest.mark.usefixtures("as_person")
    async def test_survives_a_lost_file_and_a_restart(self, core: Core) -> None:
        await core.safety.halt("too wild")
        core.switch.lift()
        assert core.safety.look().trading is TradingState.HALTED
        paths, clock = core.paths, core.clock
        await core.close()
        again = await Core.open(paths, clock=clock, environment={})
        assert (again.safety.look().trading, again.safety.look().reason) == (TradingState.HALTED, "too wild")
        await again.close()

    async def test_a_restored_backup_halts(self, core: Core) -> None:
        told: list[TradingStateChanged] = []
        core.bus.on(TradingStateChanged, told.append)
        core.bus.publish(DatabaseRestored("yesterday"))
        state = core.safety.look()
        assert state.trading is TradingState.HALTED
        assert "yesterday" in state.reason
        assert len(told) == 1


class TestWindingDown:
    """Only orders that make a position smaller leave."""

    async def test_is_open_to_everybody_and_lets_ways_out_leave(self, core: Core) -> None:
        broker = await connected(core, fills="all")
        await core.desk.place(wish(core))
        await core.desk.look_after("mine")
        with calling_as(Caller(Actor.HTTP, scopes=frozenset())):
            state = await core.safety.reduce()
        assert (state.trading, state.reason) == (TradingState.REDUCING, "Winding down.")
        with pytest.raises(OrderRefused, match="smaller"):
            await core.desk.place(wish(core, "two"))
        placed = await core.desk.place(wish(core, "three", side=Side.SELL))
        assert placed.intent is not None
        assert broker.submitted == 2

    @pytest.mark.usefixtures("as_person")
    async def test_loosens_no_halt(self, core: Core) -> None:
        await core.safety.halt("now")
        assert (await core.safety.reduce("slowly")).trading is TradingState.HALTED
        assert (await core.safety.resume()).trading is TradingState.ACTIVE


class TestClosingEverything:
    """A confirmed flatten moves HALTED to REDUCING."""

    @pytest.mark.usefixtures("as_person")
    async def test_works_while_halted_and_leaves_only_ways_out_behind(self, core: Core) -> None:
        broker = await connected(core, fills="all")
        await core.desk.place(wish(core))
        await core.desk.look_after("mine")
        await core.safety.halt("now")
        report = await core.safety.flatten()
        assert report.failed == ()
        [closing] = report.closing
        assert (closing.terms.side, closing.terms.quantity) == (Side.SELL, Decimal(1))
        assert core.safety.look().trading is TradingState.REDUCING
        assert broker.book.positions["SPY"] == "0"
        with pytest.raises(OrderRefused):
            await core.desk.place(wish(core, "two"))

    @pytest.mark.parametrize("caller", PROGRAMS)
    async def test_is_for_the_present_person(self, core: Core, caller: Caller) -> None:
        await connected(core)
        with calling_as(caller), pytest.raises(Refused):
            await core.safety.flatten()

    @pytest.mark.usefixtures("as_person")
    async def test_needs_an_account(self, core: Core) -> None:
        with pytest.raises(NotFound):
            await core.safety.flatten("nowhere")


class TestLimits:
    """Everybody tightens, the present person loosens."""

    @pytest.mark.parametrize("caller", PROGRAMS)
    async def test_everybody_may_tighten_and_nobody_else_loosen(self, core: Core, caller: Caller) -> None:
        with calling_as(caller):
            found = await core.safety.tighten("orders_per_day", 4)
            assert found.value == 4
            with pytest.raises(Refused, match="looser"):
                await core.safety.tighten("trading.orders_per_day", 5)
            with pytest.raises(Refused):
                await core.safety.loosen("orders_per_day", 20)
            if caller.actor in {Actor.HTTP, Actor.SCHEDULE, Actor.PERSON}:
                for act in (
                    core.settings.put("trading.orders_per_day", 20),
                    core.settings.reset("trading.orders_per_day"),
                ):
                    with pytest.raises(Refused):
                        await act
        assert core.settings_now.trading.orders_per_day == 4
        with calling_as(PERSON):
            assert (await core.safety.loosen("orders_per_day", 20)).value == 20
            await core.settings.put("trading.orders_per_day", 30)
            await core.settings.reset("trading.orders_per_day")
        assert core.settings_now.trading.orders_per_day == 10

    @pytest.mark.usefixtures("as_person")
    async def test_a_tightened_limit_holds_for_the_next_order(self, core: Core) -> None:
        await connected(core)
        await core.safety.tighten("orders_per_day", 0)
        with pytest.raises(OrderRefused, match="entered today"):
            await core.desk.place(wish(core))

    @pytest.mark.usefixtures("as_person")
    async def test_of_many_who_tighten_at_once_none_loosens(self, core: Core) -> None:
        tries = [core.safety.tighten("orders_per_day", value) for value in (7, 3, 9, 2, 8, 5)]
        await asyncio.gather(*tries, return_exceptions=True)
        assert core.settings_now.trading.orders_per_day == 2

    @pytest.mark.usefixtures("as_person")
    async def test_what_no_limit_can_be_is_refused(self, core: Core) -> None:
        with pytest.raises(InvalidInput):
            await core.safety.loosen("orders_per_day", -1)
        with pytest.raises(NotFound):
            await core.safety.loosen("orders", 1)

    @pytest.mark.usefixtures("as_person")
    async def test_every_limit_is_shown_with_its_use_today(self, core: Core) -> None:
        before = {limit.name: limit for limit in await core.safety.limits()}
        assert set(before) == set(type(core.settings_now.trading).model_fields)
        assert all(limit.title and limit.description for limit in before.values())
        assert before["orders_per_day"].text == "0 of 10 today"
        await connected(core, fills="all")
        await core.desk.place(wish(core))
        await core.desk.look_after("mine")
        limits = {limit.name: limit for limit in await core.safety.limits("mine")}
        assert (limits["orders_per_day"].used, limits["orders_per_day"].bound) == (Decimal(1), Decimal(10))
        assert limits["position_percent"].text.startswith("SPY is ")
        assert limits["daily_loss_percent"].used is not None
        assert limits["margin"].used is None
        with pytest.raises(NotFound):
            await core.safety.limits("nowhere")

    @pytest.mark.usefixtures("as_person")
    async def test_a_fall_is_measured_anew_when_the_person_says_so(
        self, core: Core, clock: FixedClock
    ) -> None:
        await connected(core)
        moment = clock.now() - timedelta(days=3)
        await core.store.run(
            core.user, lambda unit: unit.worth.mark("mine", moment, Decimal(900_000), Decimal(0))
        )
        with pytest.raises(OrderRefused, match="below the best"):
            await core.desk.place(wish(core))
        limits = {limit.name: limit for limit in await core.safety.measure_anew("mine")}
        assert limits["drawdown_percent"].used == 0
        assert (await core.desk.place(wish(core, "two"))).intent is not None


class TestGoingLive:
    """Real money moves once the person has typed LIVE, and not for anybody else."""

    async def real(self, core: Core, **options: Any) -> OwnBroker:
        """Connect an account with real money, and put a feed of real prices first."""
        with calling_as(PERSON):
            await core.settings.put("market.feeds", ["files"])
        broker = OwnBroker(
            now=core.clock.now, **{name: options.pop(name) for name in list(options) if name == "abilities"}
        )
        await core.desk.connect(
            replace(REAL, **options.pop("account", {})), broker, **({"live_keys": True} | options)
        )
        await core.desk.compared("real")
        return broker

    @pytest.mark.usefixtures("as_person")
    async def test_by_typing_the_word(self, core: Core) -> None:
        await self.real(core)
        plan = await core.safety.live_plan("real")
        assert (plan.missing, plan.is_live) == ((), False)
        assert any("real money" in change for change in plan.changes)
        assert set(limits_said(Trading())) < set(plan.changes)
        for word in ("live", "LIVE ", "yes", ""):
            with pytest.raises(InvalidInput):
                await core.safety.go_live("real", word)
        assert core.safety.look().mode is Mode.PAPER
        core.safety.refresh()
        told: list[TradingStateChanged] = []
        core.bus.on(TradingStateChanged, told.append)
        assert (await core.safety.go_live("real", "LIVE")).mode is Mode.LIVE
        assert (await core.safety.live_plan("real")).is_live
        with calling_as(Caller(Actor.HTTP, scopes=frozenset())):
            assert (await core.safety.go_paper()).mode is Mode.PAPER
        assert [event.state.mode for event in told] == [Mode.LIVE, Mode.PAPER]

    @pytest.mark.usefixtures("as_person")
    async def test_goes_back_for_one_account_by_its_name(self, core: Core) -> None:
        await self.real(core)
        await core.safety.go_live("real", "LIVE")
        assert (await core.safety.go_paper("other")).mode is Mode.LIVE
        assert (await core.safety.go_paper("real")).mode is Mode.PAPER

    @pytest.mark.parametrize("caller", PROGRAMS)
    async def test_is_for_nobody_else(self, core: Core, caller: Caller) -> None:
        await self.real(core)
        with calling_as(caller), pytest.raises(Refused):
            await core.safety.go_live("real", "LIVE")
        assert core.safety.look().mode is Mode.PAPER

    @pytest.mark.usefixtures("as_person")
    @pytest.mark.parametrize(
        ("options", "missing"),
        [
            ({"live_keys": False}, "keys"),
            ({"account": {"mode": "PAPER"}}, "never moves real money"),
            ({"abilities": replace(EVERYTHING, finds_client_ids=False)}, "by the name"),
        ],
    )
    async def test_needs_everything_that_is_missing(
        self, core: Core, options: dict[str, Any], missing: str
    ) -> None:
        await self.real(core, **options)
        assert any(missing in each for each in (await core.safety.live_plan("real")).missing)
        with pytest.raises(Unavailable, match=missing):
            await core.safety.go_live("real", "LIVE")
        assert core.safety.look().mode is Mode.PAPER

    @pytest.mark.usefixtures("as_person")
    async def test_needs_real_prices_and_figures_of_the_account(self, core: Core) -> None:
        broker = OwnBroker(now=core.clock.now)
        broker.fault("get_account", *["unclear"] * 10)
        await core.desk.connect(REAL, broker, live_keys=True)
        await core.desk.compared("real")
        missing = (await core.safety.live_plan("real")).missing
        assert any("made up" in each for each in missing)
        assert any("worth" in each for each in missing)

    @pytest.mark.usefixtures("as_person")
    async def test_needs_an_account(self, core: Core) -> None:
        with pytest.raises(NotFound):
            await core.safety.live_plan("nowhere")
        with pytest.raises(NotFound):
            await core.safety.go_live("nowhere", "LIVE")

    async def test_without_the_word_no_order_leaves_for_real(self, core: Core) -> None:
        broker = await self.real(core)
        with pytest.raises(OrderRefused, match="gone live"):
            await core.desk.place(wish(core, account="real"))
        assert broker.submitted == 0


async def test_the_drill_is_open_to_who_may_compute_and_stops_nothing(core: Core) -> None:
    told: list[TradingStateChanged] = []
    core.bus.on(TradingStateChanged, told.append)
    with calling_as(Caller(Actor.HTTP, scopes=ALL_SCOPES)):
        report = await core.safety.drill()
    assert report.looks > 0
    assert told == []
    assert core.safety.look().trading is TradingState.ACTIVE
