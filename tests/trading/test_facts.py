"""What the gate judges by is read in the transaction that would write the order down."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from puffling.market.values import AssetClass, Instrument, SessionState
from puffling.puffin.orders import Kind, Side
from puffling.store.database import Unit
from puffling.store.orders import OrderState
from puffling.trading.days import trading_day
from puffling.trading.facts import GateFacts, Used, Waiting, gather, session_of
from puffling.trading.flags import Standing, write_live, write_standing
from puffling.trading.gate import SafetyGate
from puffling.trading.limits import LimitReader
from puffling.trading.proposals import Proposal
from puffling.trading.values import TradingState
from tests.trading.cases import LIVE, NOW, WISH, wish
from tests.trading.stored import Records, intent, opened, order


@pytest.fixture
async def records(home: Path) -> AsyncIterator[Records]:
    """Records that are closed again."""
    async with opened(home) as found:
        yield found


async def facts(records: Records, proposal: Proposal = WISH, **live: Any) -> GateFacts:
    """Gather the facts of a proposal."""
    reader = LimitReader({})
    known = replace(LIVE, **live)
    return await records.do(lambda unit: gather(unit, proposal, known, switch=records.switch, reader=reader))


async def used(records: Records, proposal: Proposal = WISH, **live: Any) -> Used:
    """Give what is used up."""
    found = (await facts(records, proposal, **live)).used
    assert found is not None
    return found


async def test_an_account_that_never_traded_has_used_nothing(records: Records) -> None:
    found = await facts(records)
    assert found.now == NOW
    assert found.standing.state is TradingState.ACTIVE
    assert found.session is SessionState.OPEN
    assert not found.live_granted
    assert found.used == Used(
        0, 0, Decimal(0), (), Decimal(0), Decimal(0), False, None, Decimal(100_000), Decimal(0), None
    )


async def test_limits_are_those_of_this_transaction(records: Records) -> None:
    def work(unit: Unit) -> tuple[int | None, bool]:
        reader = LimitReader({})
        unit.settings.put("trading.orders_per_day", 3)
        first = gather(unit, WISH, LIVE, switch=records.switch, reader=reader)
        unit.settings.put("trading.orders_per_day", "many")
        second = gather(unit, WISH, LIVE, switch=records.switch, reader=reader)
        return (
            first.limits.orders_per_day if first.limits else None
        ), second.limits is None and second.used is None

    assert await records.do(work) == (3, True)


class TestStanding:
    """Either the file or the database halts."""

    async def test_the_halt_file_is_read_anew_each_time(self, records: Records) -> None:
        records.switch.press("now", "you", NOW)
        assert (await facts(records)).standing == Standing(TradingState.HALTED, "now", "you", NOW)
        records.switch.lift()
        assert (await facts(records)).standing.state is TradingState.ACTIVE

    async def test_the_flag_of_the_database_halts_by_itself(self, records: Records) -> None:
        flag = Standing(TradingState.HALTED, "flag", "you", NOW)
        await records.do(lambda unit: write_standing(unit, flag))
        assert (await facts(records)).standing == flag
        await records.do(lambda unit: write_standing(unit, Standing(TradingState.ACTIVE)))
        await records.do(lambda unit: write_standing(unit, Standing(TradingState.ACTIVE)))
        assert (await facts(records)).standing.state is TradingState.ACTIVE

    async def test_the_file_outweighs_what_the_database_says(self, records: Records) -> None:
        await records.do(lambda unit: write_standing(unit, Standing(TradingState.REDUCING, "slowly")))
        assert (await facts(records)).standing == Standing(TradingState.REDUCING, "slowly", "", NOW)
        records.switch.press("now", "you", NOW)
        assert (await facts(records)).standing.state is TradingState.HALTED

    @pytest.mark.parametrize("value", [None, "HALTED", {}, {"state": "ASLEEP"}, {"state": "ACTIVE"}, 7, []])
    async def test_a_flag_that_cannot_be_read_halts(self, records: Records, value: Any) -> None:
        await records.do(lambda unit: unit.settings.put("state.trading", value))
        assert (await facts(records)).standing.state is TradingState.HALTED

    @pytest.mark.parametrize(
        ("state", "halted", "may_grow", "may_shrink"),
        [
            (TradingState.ACTIVE, False, True, True),
            (TradingState.REDUCING, False, False, True),
            (TradingState.HALTED, False, False, False),
            (TradingState.ACTIVE, True, False, False),
            (TradingState.REDUCING, True, False, False),
        ],
    )
    async def test_the_last_look_says_why_nothing_leaves(
        self, records: Records, state: TradingState, halted: bool, may_grow: bool, may_shrink: bool
    ) -> None:
        gate = SafetyGate(records.switch, LimitReader({}))
        await records.do(lambda unit: write_standing(unit, Standing(state, "because")))
        if halted:
            records.switch.press("now", "you", NOW)
        grows, shrinks = await records.do(
            lambda unit: (gate.stops(unit, shrinks=False), gate.stops(unit, shrinks=True))
        )
        assert (not grows, not shrinks) == (may_grow, may_shrink)
        for said in (grows, shrinks):
            assert not said or "because" in said or "now" in said


async def test_the_gate_judges_in_the_transaction(records: Records) -> None:
    gate = SafetyGate(records.switch, LimitReader({}))
    found = await records.do(lambda unit: gate.judge(unit, WISH, LIVE))
    assert not found.refusals
    records.switch.press("now", "you", NOW)
    found = await records.do(lambda unit: gate.judge(unit, WISH, LIVE))
    assert {check.code for check in found.refusals} == {"halted"}


async def test_going_live_is_remembered_for_one_account(records: Records) -> None:
    await records.do(lambda unit: write_live(unit, "paper", True))
    assert (await facts(records)).live_granted
    assert not (await facts(records, wish(account="other"))).live_granted
    for _ in range(2):
        await records.do(lambda unit: write_live(unit, "paper", False))
    assert not (await facts(records)).live_granted


class TestHours:
    """Each instrument has the hours of its own calendar."""

    @pytest.mark.parametrize(
        ("moment", "state"),
        [
            (datetime(2026, 3, 4, 14, 29, tzinfo=UTC), SessionState.PRE),
            (datetime(2026, 3, 4, 14, 30, tzinfo=UTC), SessionState.OPEN),
            (datetime(2026, 3, 4, 21, 0, tzinfo=UTC), SessionState.POST),
            (datetime(2026, 3, 7, 16, 0, tzinfo=UTC), SessionState.CLOSED),
            # Thanksgiving, and the half day after it.
            (datetime(2026, 11, 26, 16, 0, tzinfo=UTC), SessionState.CLOSED),
            (datetime(2026, 11, 27, 17, 59, tzinfo=UTC), SessionState.OPEN),
            (datetime(2026, 11, 27, 18, 0, tzinfo=UTC), SessionState.POST),
            # The sun moved, New York's clocks did too.
            (datetime(2026, 3, 9, 13, 30, tzinfo=UTC), SessionState.OPEN),
        ],
    )
    def test_of_shares_know_holidays_and_half_days(self, moment: datetime, state: SessionState) -> None:
        assert session_of(LIVE, moment) is state

    def test_of_coins_never_end(self) -> None:
        coin = Instrument("BTC/USD", "Bitcoin", AssetClass.CRYPTO, "CRYPTO", calendar="24/7")
        assert (
            session_of(replace(LIVE, instrument=coin), datetime(2026, 12, 25, 3, tzinfo=UTC))
            is SessionState.OPEN
        )

    @pytest.mark.parametrize("calendar", ["unknown", "XTKS"])
    def test_that_nobody_knows_are_none(self, calendar: str) -> None:
        foreign = Instrument("7203", "Toyota", AssetClass.EQUITY, "TSE", calendar=calendar)
        assert session_of(replace(LIVE, instrument=foreign), NOW) is None
        assert session_of(replace(LIVE, instrument=None), NOW) is None


class TestCounts:
    """Orders are counted by the date in New York, entered and not filled."""

    async def test_each_entered_order_counts_however_it_ended(self, records: Records) -> None:
        await records.keep(
            intent("a"),
            intent("b", state=OrderState.REJECTED),
            intent("c", state=OrderState.CANCELED),
            intent("d", state=OrderState.FILLED, terms={"symbol": "QQQ"}),
        )
        assert (await used(records)).entered_today == 4

    async def test_a_way_out_a_leg_and_another_account_do_not_count(self, records: Records) -> None:
        await records.keep(
            intent("a"),
            intent("b", shrinks=True),
            intent("c", parent_id="a", leg="stop_loss"),
            intent("d", terms={"account": "other"}),
        )
        assert (await used(records)).entered_today == 1

    async def test_the_count_begins_anew_at_midnight_in_new_york(self, records: Records) -> None:
        late = datetime(2026, 3, 5, 4, 59, tzinfo=UTC)
        await records.keep(intent("a", created_at=late))
        records.clock.set(late)
        assert (await used(records)).entered_today == 1
        records.clock.set(late + timedelta(minutes=1))
        assert (await used(records)).entered_today == 0
        assert (trading_day(late), trading_day(late + timedelta(minutes=1))) == ("2026-03-04", "2026-03-05")

    async def test_exits_are_counted_by_the_hour(self, records: Records) -> None:
        await records.keep(
            intent("a", shrinks=True, created_at=NOW - timedelta(minutes=59)),
            intent("b", shrinks=True, created_at=NOW - timedelta(minutes=60)),
            intent("c"),
        )
        assert (await used(records)).exits_last_hour == 1


class TestWaiting:
    """What is open, unknown or not even sent counts in the exposure."""

    @pytest.mark.parametrize(
        "state",
        [
            OrderState.INTENT,
            OrderState.SENDING,
            OrderState.UNKNOWN,
            OrderState.ACKED,
            OrderState.PARTIAL,
            OrderState.PENDING_CANCEL,
            OrderState.PENDING_REPLACE,
            OrderState.ABANDONED_WATCH,
        ],
    )
    async def test_counts_until_it_is_over(self, records: Records, state: OrderState) -> None:
        await records.keep(intent("a", state=state))
        assert (await used(records)).waiting == (Waiting(Side.BUY, Decimal(2), None, None),)

    @pytest.mark.parametrize(
        "state",
        [
            OrderState.FILLED,
            OrderState.CANCELED,
            OrderState.EXPIRED,
            OrderState.REJECTED,
            OrderState.REPLACED,
        ],
    )
    async def test_does_not_count_once_it_is_over(self, records: Records, state: OrderState) -> None:
        await records.keep(intent("a", state=state), order("x", intent_id="a", state=state))
        assert (await used(records)).waiting == ()

    async def test_counts_for_its_own_symbol_and_account(self, records: Records) -> None:
        await records.keep(
            intent("a", terms={"symbol": "QQQ"}),
            intent("b", terms={"account": "other"}),
            order("x", symbol="QQQ", state=OrderState.EXTERNAL),
        )
        assert (await used(records)).waiting == ()

    async def test_counts_for_what_is_left_of_it_at_the_broker(self, records: Records) -> None:
        await records.keep(
            intent("a", state=OrderState.PARTIAL, terms={"kind": Kind.LIMIT, "limit": Decimal(399)}),
            order("x", intent_id="a", quantity=Decimal(2), filled=Decimal("0.5"), state=OrderState.PARTIAL),
        )
        assert (await used(records)).waiting == (Waiting(Side.BUY, Decimal("1.5"), Decimal(399), None),)

    async def test_counts_the_orders_of_a_bracket_on_their_own_sides(self, records: Records) -> None:
        await records.keep(
            intent("a"),
            order("x", intent_id="a"),
            order("y", intent_id="a", side=Side.SELL, parent_order_id="broker-x"),
        )
        assert (await used(records)).waiting == (Waiting(Side.BUY, Decimal(2), None, None),)

    async def test_counts_what_was_found_at_the_broker(self, records: Records) -> None:
        await records.keep(
            order("x", state=OrderState.EXTERNAL, limit=Decimal(390), quantity=Decimal(7)),
            intent("gone", state=OrderState.EXPIRED),
            order("y", intent_id="gone", stop=Decimal(420)),
        )
        assert set((await used(records)).waiting) == {
            Waiting(Side.BUY, Decimal(7), Decimal(390), None),
            Waiting(Side.BUY, Decimal(2), None, Decimal(420)),
        }

    async def test_of_orders_of_which_one_cancels_the_other_counts_the_largest(
        self, records: Records
    ) -> None:
        sell = {"side": Side.SELL}
        await records.keep(
            intent("entry", state=OrderState.FILLED),
            intent("profit", parent_id="entry", terms=sell | {"quantity": Decimal(2)}),
            intent("loss", parent_id="entry", terms=sell | {"quantity": Decimal(3)}),
            intent("less", parent_id="entry", terms=sell | {"quantity": Decimal(1)}),
            order("x", side=Side.SELL, parent_order_id="p", state=OrderState.EXTERNAL),
            order("y", side=Side.SELL, parent_order_id="p", state=OrderState.EXTERNAL),
        )
        assert sorted(each.quantity for each in (await used(records)).waiting) == [2, 3]

    async def test_the_legs_beside_the_order_itself_are_its_siblings(self, records: Records) -> None:
        sell = {"side": Side.SELL, "quantity": Decimal(3)}
        await records.keep(
            intent("entry", state=OrderState.FILLED),
            intent("profit", parent_id="entry", terms=sell),
        )
        found = await used(records, wish(side=Side.SELL), parent_id="entry")
        assert (found.siblings, found.waiting) == (Decimal(3), ())
        assert (await used(records, wish(side=Side.SELL), parent_id="other")).siblings == 0
        assert (await used(records, WISH, parent_id="entry")).siblings == 0

    async def test_what_is_replaced_does_not_count_beside_what_replaces_it(self, records: Records) -> None:
        old = intent("old")
        await records.keep(old, order("x", intent_id="old"), order("y", state=OrderState.EXTERNAL))
        found = await used(records, WISH, replaces=old)
        assert len(found.waiting) == 1
        assert found.repeated_at is None
        assert found.unheard == 0

    async def test_orders_that_stand_in_each_others_place_are_counted_once(self, records: Records) -> None:
        one, other = "broker-x", "broker-y"
        old = intent("old", broker_order_id=one)
        await records.keep(
            old, order("x", intent_id="old", replaces=other), order("y", intent_id="old", replaces=one)
        )
        assert (await used(records, WISH, replaces=old)).filled == 0

    async def test_what_is_held_is_what_the_fills_made(self, records: Records) -> None:
        await records.do(lambda unit: unit.holdings.put("paper", "SPY", Decimal("-3.5"), Decimal(400)))
        assert (await used(records)).held == Decimal("-3.5")


class TestUnclear:
    """A symbol is frozen while nobody knows what became of an order in it."""

    async def test_by_an_intent_or_an_order_nobody_knows_of(self, records: Records) -> None:
        await records.keep(order("x", state=OrderState.UNKNOWN))
        assert (await used(records)).unclear
        assert not (await used(records, wish(symbol="QQQ"))).unclear
        await records.keep(intent("a", state=OrderState.UNKNOWN, terms={"symbol": "QQQ"}))
        assert (await used(records, wish(symbol="QQQ"))).unclear

    async def test_by_one_that_has_been_under_way_for_too_long(self, records: Records) -> None:
        await records.keep(intent("a", state=OrderState.SENDING))
        records.clock.advance(30)
        assert not (await used(records)).unclear
        records.clock.advance(1)
        assert (await used(records)).unclear


class TestRepeated:
    """The same order soon after is taken for a mistake, whoever sends it."""

    @pytest.mark.parametrize(
        ("before", "counts"),
        [
            ({}, True),
            ({"source": "strategy:one"}, True),
            ({"state": OrderState.CANCELED}, True),
            ({"state": OrderState.REJECTED}, False),
            ({"created_at": NOW - timedelta(seconds=29)}, True),
            ({"created_at": NOW - timedelta(seconds=30)}, False),
            ({"slot": "ticket-1"}, True),
            ({"slot": "ticket-1", "leg": "close"}, False),
            ({"slot": "ticket-2", "leg": "close"}, True),
            ({"terms": {"side": Side.SELL}}, False),
            ({"terms": {"quantity": Decimal(3)}}, False),
            ({"terms": {"quantity": Decimal("2.00")}}, True),
            ({"terms": {"kind": Kind.LIMIT, "limit": Decimal(400)}}, False),
            ({"terms": {"symbol": "QQQ"}}, False),
        ],
    )
    async def test_when_everything_that_matters_is_the_same(
        self, records: Records, before: dict[str, Any], counts: bool
    ) -> None:
        await records.keep(intent("a", **before))
        assert ((await used(records)).repeated_at is not None) is counts

    async def test_the_newest_says_how_long_ago(self, records: Records) -> None:
        await records.keep(
            intent("a", created_at=NOW - timedelta(seconds=20)),
            intent("b", created_at=NOW - timedelta(seconds=5)),
        )
        assert (await used(records)).repeated_at == NOW - timedelta(seconds=5)

    async def test_a_window_longer_than_an_hour_is_kept_to(self, records: Records) -> None:
        await records.keep(intent("a", created_at=NOW - timedelta(hours=3)))
        await records.do(lambda unit: unit.settings.put("trading.duplicate_seconds", 4 * 3600))
        assert (await used(records)).repeated_at == NOW - timedelta(hours=3)
