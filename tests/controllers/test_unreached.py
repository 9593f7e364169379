"""Accounts that open late or not at all: none is passed over, and nothing is done elsewhere instead."""

from __future__ import annotations

from decimal import Decimal

import pytest

from puffling.core.core import Core
from puffling.puffin.orders import Kind, Lasting, Side
from puffling.runtime.actor import DEFAULT_USER, calling_as
from puffling.runtime.clock import FixedClock
from puffling.runtime.errors import Unavailable
from puffling.runtime.paths import Paths
from tests.controllers.test_safety import connected, far_limit
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
