"""Accounts as the person has them: the one that is always there, and those at brokers."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from puffling.core.core import Core
from puffling.trading.values import LineState, Mode


async def until(condition: Callable[[], Awaitable[object]]) -> None:
    """Wait for a condition; it fails when it never comes."""
    for _ in range(10_000):
        if await condition():
            return
        await asyncio.sleep(0.001)
    raise AssertionError("it never came")


async def ready(core: Core) -> None:
    """Wait until the account of play money stands."""

    async def there() -> bool:
        return core.desk.ready

    await until(there)


async def test_an_account_of_play_money_is_there_from_the_first_start(core: Core, as_person: None) -> None:
    await ready(core)
    [state] = await core.accounts.all()
    assert state.account.id == "demo"
    assert state.account.mode == Mode.DEMO
    assert state.chosen
    assert state.line is LineState.READY
    view = await core.desk.account("demo")
    assert view.info is not None
    assert view.info.cash == 100_000
