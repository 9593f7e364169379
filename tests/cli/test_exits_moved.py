"""An exit that waits in a running Puffling is moved from terminal and HTTP: shown first, then done."""

from __future__ import annotations

import asyncio
import json
import sys
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx2
import pytest

from puffling.core.core import Core
from puffling.runtime.actor import Scope, calling_as
from puffling.server.serve import Server
from tests.cli.conftest import environment
from tests.controllers.test_safety import connected, wish
from tests.fakes.own_broker import EVERYTHING, OwnBroker
from tests.fixtures.cores import PERSON

PROFIT, LOSS = Decimal(760), Decimal(620)
MOVED = "Sell 1 SPY at 760 or better, or once it trades at 641: one cancels the other"


@pytest.fixture
async def broker(core: Core) -> OwnBroker:
    """One that holds no brackets; of one SPY both ways out wait here."""
    broker = await connected(core, abilities=replace(EVERYTHING, brackets=False))
    await core.desk.place(wish(core, take_profit=PROFIT, stop_loss=LOSS))
    broker.fill(broker.accepted()[0]["id"])
    await core.desk.look_after("mine")
    return broker


async def waiting(core: Core) -> dict[str, Decimal]:
    """What waits here, by its id, and where."""
    with calling_as(PERSON):
        held = [line for line in await core.broker.orders("mine") if line.held]
    return {line.id: line.stop or line.limit or Decimal(0) for line in held}


async def verb(core: Core, checkout: Path, *words: str) -> Any:
    """What `puffling broker ...` answers beside this core."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "puffling", "broker", *words, "--json"),
        cwd=checkout,
        env=environment(core.paths.data),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    said, wrong = await process.communicate()
    assert process.returncode == 0, wrong.decode()
    return json.loads(said)


async def test_the_stop_is_moved_from_the_terminal(core: Core, broker: OwnBroker, checkout: Path) -> None:
    _, stop = await waiting(core)
    shown = await verb(core, checkout, "replace", stop, "--stop", "641")
    assert (shown["title"], shown["held"]) == (MOVED, True)
    # Nothing moves before the yes.
    assert list((await waiting(core)).values()) == [PROFIT, LOSS]
    done = await verb(core, checkout, "confirm", shown["token"])
    assert done["summary"] == f"{MOVED}: held here"
    assert list((await waiting(core)).values()) == [PROFIT, Decimal(641)]
    assert len(broker.accepted()) == 1


async def test_the_stop_is_moved_over_http_once(core: Core, broker: OwnBroker) -> None:
    with calling_as(PERSON):
        made = await core.access.create("test", tuple(Scope))
    server = Server(core, port=0)
    await server.start()
    headers = {"Authorization": f"Bearer {made.token}"}
    try:
        async with httpx2.AsyncClient(base_url=server.address, headers=headers, trust_env=False) as client:
            _, stop = await waiting(core)
            body = {"order": stop, "stop": "641"}
            shown = (await client.post("/api/broker/order/replace", json=body)).json()
            assert (shown["title"], shown["held"]) == (MOVED, True)
            assert list((await waiting(core)).values()) == [PROFIT, LOSS]
            token = {"token": shown["token"]}
            done = (await client.post("/api/broker/order/confirm", json=token)).json()
            assert done["summary"] == f"{MOVED}: held here"
            moved = await waiting(core)
            assert list(moved.values()) == [PROFIT, Decimal(641)]
            # Neither the same yes again nor the exit of before moves anything.
            assert (await client.post("/api/broker/order/confirm", json=token)).status_code in {404, 409}
            late = await client.post("/api/broker/order/replace", json=body)
            assert late.status_code == 409
            assert await waiting(core) == moved
    finally:
        await server.close()
    assert len(broker.accepted()) == 1
