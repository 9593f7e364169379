"""Money the gate judges by: what is gone already, how the day began, the best the account was worth."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from puffling.puffin.orders import Side
from puffling.store.database import Unit
from puffling.store.orders import FlowKind, OrderState
from puffling.trading.facts import GateFacts, Used, finite, gather
from puffling.trading.flags import write_restart
from puffling.trading.limits import LimitReader
from puffling.trading.proposals import Proposal
from tests.trading.cases import ACCOUNT, INFO, LIVE, NOW, WISH, wish
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


class TestUnheard:
    """Money that is gone already, though the broker's figure does not know it yet."""

    @pytest.mark.parametrize(
        ("change", "money"),
        [
            ({}, 800),
            ({"state": OrderState.FILLED}, 800),
            ({"state": OrderState.REJECTED}, 0),
            ({"state": OrderState.CANCELED}, 0),
            ({"shrinks": True}, 0),
            ({"terms": {"side": Side.SELL}}, 0),
            ({"terms": {"account": "other"}}, 0),
            ({"created_at": NOW - timedelta(minutes=1)}, 0),
            ({"created_at": LIVE.info_at}, 800),
            ({"created_at": NOW - timedelta(minutes=1), "state": OrderState.UNKNOWN}, 800),
            ({"created_at": NOW - timedelta(minutes=1), "state": OrderState.INTENT}, 800),
            ({"terms": {"symbol": "QQQ"}}, 800),
        ],
    )
    async def test_is_that_of_young_and_unsent_buys(
        self, records: Records, change: dict[str, Any], money: int
    ) -> None:
        await records.keep(intent("a", **change))
        assert (await used(records)).unheard == money

    async def test_is_what_was_paid_once_nothing_is_reserved_any_more(self, records: Records) -> None:
        filled: dict[str, Any] = {"intent_id": "a", "filled": Decimal(2), "state": OrderState.FILLED}
        await records.keep(
            intent("a", state=OrderState.FILLED, reserved=Decimal(0)),
            order("x", **filled, average_price=Decimal(401)),
            order("y", **filled),
        )
        assert (await used(records)).unheard == 802

    @pytest.mark.parametrize("state", [OrderState.CANCELED, OrderState.EXPIRED])
    async def test_what_filled_of_an_order_before_it_was_cancelled_is_paid(
        self, records: Records, state: OrderState
    ) -> None:
        await records.keep(
            intent("a", state=state, reserved=Decimal(0)),
            order("x", intent_id="a", filled=Decimal(1), state=state, average_price=Decimal(401)),
        )
        assert (await used(records)).unheard == 401

    async def test_without_a_moment_of_the_figure_the_unsent_count(self, records: Records) -> None:
        await records.keep(
            intent("a", state=OrderState.SENDING), intent("b", created_at=NOW - timedelta(seconds=1))
        )
        assert (await used(records, WISH, info=None, info_at=None)).unheard == 800


class TestTheDay:
    """What the day began with, and what was paid in or out since."""

    async def test_is_what_the_broker_says(self, records: Records) -> None:
        assert (await used(records)).day_start == 100_000

    async def test_is_the_last_mark_before_it_where_the_broker_is_silent(self, records: Records) -> None:
        midnight = datetime(2026, 3, 4, 5, 0, tzinfo=UTC)

        def work(unit: Unit) -> None:
            for hours, equity in ((-30, 90_000), (-1, 95_000), (3, 70_000)):
                unit.worth.mark("paper", midnight + timedelta(hours=hours), Decimal(equity), Decimal(0))

        await records.do(work)
        for nothing in (None, 0, Decimal("NaN")):
            silent = replace(INFO, last_equity=nothing)
            assert (await used(records, WISH, info=silent)).day_start == 95_000

    async def test_of_an_account_that_began_today_is_what_it_has(self, records: Records) -> None:
        fresh = {"account": replace(ACCOUNT, created_at=NOW), "info": replace(INFO, last_equity=None)}
        await records.do(lambda unit: unit.flows.add("paper", FlowKind.DEPOSIT, Decimal(500), NOW))
        found = await used(records, WISH, **fresh)
        assert (found.day_start, found.moved_today) == (Decimal(100_000), Decimal(0))

    async def test_of_an_account_nobody_ever_looked_at_is_not_known(self, records: Records) -> None:
        assert (await used(records, WISH, info=replace(INFO, last_equity=None))).day_start is None
        assert (await used(records, WISH, info=None)).day_start is None

    async def test_knows_what_was_paid_in_or_out_and_leaves_dividends_a_gain(self, records: Records) -> None:
        def work(unit: Unit) -> None:
            for kind, amount, hours in (
                (FlowKind.DEPOSIT, 500, 1),
                (FlowKind.WITHDRAWAL, -200, 2),
                (FlowKind.DIVIDEND, 70, 3),
                (FlowKind.DEPOSIT, 9_000, 12),
            ):
                unit.flows.add("paper", kind, Decimal(amount), NOW - timedelta(hours=hours))

        await records.do(work)
        assert (await used(records)).moved_today == 300


class TestTheBest:
    """The most an account was worth, as if money paid in or out since had been so then."""

    async def marks(self, records: Records, *marks: tuple[int, int]) -> None:
        def work(unit: Unit) -> None:
            for days, equity in marks:
                unit.worth.mark("paper", NOW - timedelta(days=days), Decimal(equity), Decimal(0))

        await records.do(work)

    async def test_is_the_highest_mark(self, records: Records) -> None:
        await self.marks(records, (9, 99_000), (5, 120_000), (1, 101_000))
        assert (await used(records)).best == 120_000

    async def test_moves_with_money_that_is_no_gain(self, records: Records) -> None:
        await self.marks(records, (9, 120_000), (5, 100_000), (1, 60_000))

        def work(unit: Unit) -> None:
            unit.flows.add("paper", FlowKind.WITHDRAWAL, Decimal(-50_000), NOW - timedelta(days=3))
            unit.flows.add("paper", FlowKind.DEPOSIT, Decimal(5_000), NOW - timedelta(days=7))

        await records.do(work)
        assert (await used(records)).best == 75_000

    async def test_is_measured_anew_when_the_person_says_so(self, records: Records) -> None:
        await self.marks(records, (9, 120_000), (1, 60_000))
        records.clock.set(NOW - timedelta(days=4))
        await records.do(lambda unit: write_restart(unit, "paper"))
        records.clock.set(NOW)
        assert (await used(records)).best == 60_000
        other = replace(ACCOUNT, id="other")
        assert (await used(records, wish(account="other"), account=other)).best is None


@pytest.mark.parametrize(
    ("number", "found"),
    [
        (None, None),
        (0.1, Decimal("0.1")),
        (7, Decimal(7)),
        (Decimal("1.10"), Decimal("1.10")),
        (float("nan"), None),
        (float("inf"), None),
        (Decimal("-Infinity"), None),
    ],
)
def test_numbers_of_brokers_become_exact_or_nothing(number: Any, found: Decimal | None) -> None:
    assert finite(number) == found
