"""Records of orders, fills and accounts: what is not there is said, what is there twice is refused."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from puffling.puffin.orders import Side
from puffling.runtime.errors import Conflict, InvalidInput, NotFound
from puffling.store.database import Unit
from puffling.store.orders import Fill, FillKind
from tests.trading.cases import NOW
from tests.trading.stored import opened

FILL = Fill(
    broker_order_id="b1",
    execution_id="e1",
    account="paper",
    mode="PAPER",
    symbol="SPY",
    side=Side.BUY,
    quantity=Decimal(2),
    price=Decimal(400),
    fees=Decimal(0),
    filled_at=NOW,
    received_at=NOW,
    kind=FillKind.FILL,
)


async def test_what_is_not_there_is_named(tmp_path: Path) -> None:
    async with opened(tmp_path) as records:
        for find in (lambda unit: unit.intents.get("x9"), lambda unit: unit.orders.get("x9")):
            with pytest.raises(NotFound, match="no order x9"):
                await records.do(find)


async def test_a_fill_is_written_down_once_and_never_for_two_accounts(tmp_path: Path) -> None:
    async with opened(tmp_path) as records:
        assert await records.do(lambda unit: unit.fills.add(FILL))
        assert not await records.do(lambda unit: unit.fills.add(FILL))
        other = replace(FILL, account="another")
        with pytest.raises(Conflict, match="Two accounts"):
            await records.do(lambda unit: unit.fills.add(other))


async def test_an_account_has_an_id_and_a_name_of_its_own(tmp_path: Path) -> None:
    async with opened(tmp_path) as records:

        def add(unit: Unit, id: str, label: str) -> Any:
            return unit.accounts.add(id, broker="own", mode="PAPER", label=label)

        await records.do(lambda unit: add(unit, "mine", "Mine"))
        with pytest.raises(Conflict, match="account mine already"):
            await records.do(lambda unit: add(unit, "mine", "Another"))
        with pytest.raises(Conflict, match="called MINE already"):
            await records.do(lambda unit: add(unit, "yours", "MINE"))
        kept = await records.do(lambda unit: unit.accounts.use("mine", True))
        assert kept.active


async def test_what_is_not_plain_data_is_not_written_into_the_trail(tmp_path: Path) -> None:
    async with opened(tmp_path) as records:
        with pytest.raises(InvalidInput, match="plain data"):
            await records.do(
                lambda unit: unit.audit.append(
                    actor="you",
                    capability="a.b",
                    outcome="done",
                    summary="x",
                    details={"price": Decimal(1)},
                )
            )
