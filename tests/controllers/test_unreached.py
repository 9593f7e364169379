"""Accounts that open late or not at all: none is passed over, and nothing is done elsewhere instead."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from decimal import Decimal

import pytest

from puffling.core.core import Core
from puffling.puffin.orders import Kind, Lasting, Side
from puffling.runtime.actor import DEFAULT_USER, calling_as
from puffling.runtime.clock import FixedClock
from puffling.runtime.errors import Unavailable
from puffling.runtime.paths import Paths
from puffling.trading.values import TradingState
from tests.controllers.test_safety import connected, far_limit, wish
from tests.fixtures.cores import PERSON


async def taken_on(core: Core) -> None:
    """Have an account at a broker whose keys are not there."""
    await core.store.run(
        DEFAULT_USER,
        lambda unit: unit.accounts.add(
            "alpaca-paper-1", broker="alpaca", mode="PAPER", label="Away", details={"offer": "alpaca-paper"}
        ),
    )


@pytest.mark.usefixtures("as_person")
async def test_halting_and_closing_everything_name_the_accounts_nobody_here_can_reach(core: Core) -> None:
    await taken_on(core)
    halted = await core.safety.halt("Enough")
    assert [(each.id, each.title) for each in halted.failed] == [("alpaca-paper-1", "Away")]
    closed = await core.safety.flatten()
    assert [each.id for each in closed.failed] == ["alpaca-paper-1"]


def damage(paths: Paths, table: str, column: str) -> None:
    """Put bytes that are no text into a column of every row."""
    with closing(sqlite3.connect(paths.data / "puffling.db")) as connection, connection:
        assert connection.execute(f"UPDATE {table} SET {column} = CAST(x'ff' AS TEXT)").rowcount


@pytest.mark.usefixtures("as_person")
async def test_a_halt_stands_and_names_the_account_whose_orders_are_damaged(core: Core, paths: Paths) -> None:
    broker = await connected(core)
    await core.desk.place(wish(core, kind=Kind.LIMIT, limit=far_limit(core)))
    broker.halts = lambda: damage(paths, "orders", "symbol")
    # Nobody but the halt asks for orders meanwhile.
    async with core.desk._parts.line("mine").comparing:
        broker.fault("get_all_orders", "halts")
        report = await core.safety.halt("Enough")
    assert report.trading is TradingState.HALTED
    # Whether the other account was read before the damage or after it, is nobody's promise.
    assert "mine" in {each.id for each in report.failed}
    assert all("damaged" in each.reason for each in report.failed)


@pytest.mark.usefixtures("as_person")
async def test_a_halt_cancels_what_it_can_while_the_list_of_accounts_is_damaged(
    core: Core, paths: Paths
) -> None:
    broker = await connected(core)
    await taken_on(core)
    await core.desk.place(wish(core, kind=Kind.LIMIT, limit=far_limit(core)))
    damage(paths, "accounts", "label")
    report = await core.safety.halt("Enough")
    assert (report.trading, report.cancelled, report.failed) == (TradingState.HALTED, 1, ())
    assert [row["status"] for row in broker.accepted()] == ["canceled"]


@pytest.mark.usefixtures("as_person")
async def test_an_order_never_goes_to_another_account_than_the_chosen_one(core: Core) -> None:
    await taken_on(core)
    await core.accounts.choose("alpaca-paper-1")
    with pytest.raises(Unavailable, match="not connected: alpaca-paper-1"):
        await core.broker.order("SPY", Side.BUY, Decimal(1))
    with pytest.raises(Unavailable, match="not connected"):
        await core.broker.positions()
    assert (await core.broker.account("demo")).account.id == "demo"


async def test_a_command_of_its_own_finds_the_orders_and_the_questions(
    paths: Paths, clock: FixedClock
) -> None:
    with calling_as(PERSON):
        core = await Core.open(paths, clock=clock, environment={})
        try:
            limit = far_limit(core)
            shown = await core.broker.order(
                "SPY", Side.BUY, Decimal(1), kind=Kind.LIMIT, limit=limit, lasting=Lasting.GTC
            )
            await core.broker.confirm(shown.token)
            waiting = (await core.broker.propose("SPY", Side.BUY, Decimal(1), "It is cheap")).approval
            assert waiting is not None
        finally:
            await core.close()
        core = await Core.open(paths, clock=clock, environment={}, hold_accounts=True)
        try:
            looked = await core.approvals.show(waiting.id)
            assert looked.seal
        finally:
            await core.close()
        core = await Core.open(paths, clock=clock, environment={}, hold_accounts=True)
        try:
            assert (await core.approvals.approve(waiting.id, looked.seal)).intent is not None
        finally:
            await core.close()
        core = await Core.open(paths, clock=clock, environment={}, hold_accounts=True)
        try:
            assert (await core.safety.halt("Enough")).cancelled == 1
        finally:
            await core.close()


async def test_closing_everything_reaches_the_accounts_that_open_while_one_stands_already(
    paths: Paths, clock: FixedClock
) -> None:
    with calling_as(PERSON):
        core = await Core.open(paths, clock=clock, environment={})
        try:
            limit = far_limit(core)
            shown = await core.broker.order(
                "SPY", Side.BUY, Decimal(1), kind=Kind.LIMIT, limit=limit, lasting=Lasting.GTC
            )
            await core.broker.confirm(shown.token)
        finally:
            await core.close()
        core = await Core.open(paths, clock=clock, environment={}, hold_accounts=True)
        try:
            await connected(core)
            assert [view.account.id for view in await core.desk.accounts()] == ["mine"]
            closed = await core.safety.flatten()
            assert (closed.cancelled, closed.failed) == (1, ())
        finally:
            await core.close()
