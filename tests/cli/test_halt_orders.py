"""`puffling halt` beside a running Puffling: everything stops, then open orders are cancelled."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from puffling.core.core import Core
from puffling.puffin.orders import Kind
from puffling.trading.values import TradingState
from tests.cli.conftest import environment
from tests.controllers.test_safety import connected, far_limit, wish


async def halt(core: Core, checkout: Path, *words: str) -> tuple[int, str]:
    """Run `puffling halt` beside this core, and give how it ended and what it said."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "puffling", "halt", *words),
        cwd=checkout,
        env=environment(core.paths.data),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    said, _ = await process.communicate()
    assert process.returncode is not None
    return process.returncode, said.decode()


@pytest.mark.parametrize(
    ("words", "status", "told"),
    [
        (("--json",), "canceled", {"cancelled": 1, "not_cancelled": []}),
        (("--json", "--keep-orders"), "accepted", {}),
    ],
)
async def test_open_orders_are_cancelled_unless_they_are_to_stay(
    core: Core, checkout: Path, words: tuple[str, ...], status: str, told: dict[str, Any]
) -> None:
    broker = await connected(core)
    await core.desk.place(wish(core, kind=Kind.LIMIT, limit=far_limit(core)))
    code, said = await halt(core, checkout, *words)
    answer = json.loads(said)
    assert code == 0
    assert answer == {"trading": "HALTED", "reason": "Halted by hand.", "owner_told": True, **told}
    assert core.safety.look().trading is TradingState.HALTED
    assert [row["status"] for row in broker.accepted()] == [status]


async def test_what_could_not_be_cancelled_is_named(core: Core, checkout: Path) -> None:
    broker = await connected(core)
    await core.desk.place(wish(core, kind=Kind.LIMIT, limit=far_limit(core)))
    await core.desk.place(wish(core, "two", kind=Kind.LIMIT, limit=far_limit(core) + 1))
    broker.fault("cancel_order", "refuse")
    code, said = await halt(core, checkout, "too", "wild")
    assert code == 0
    assert "Trading is halted: too wild" in said
    assert "Open orders cancelled: 1" in said
    assert "Not cancelled: Buy 1 SPY" in said
