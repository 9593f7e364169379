"""kill -9 in the middle of trading: no fill of a paper account is lost or counted twice."""

from __future__ import annotations

import subprocess
import sys
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

from puffling.puffin.broker.base import Execution, Number
from puffling.runtime.clock import FixedClock
from puffling.store.orders import Fill
from tests.trading.cases import NOW
from tests.trading.paper_rooms import DEMO, PaperRoom, open_paper

# How many orders each life is let enter before it is killed in the middle of the next.
LIVES = (1, 4, 2)


async def test_who_is_killed_again_and_again_has_every_fill_once(tmp_path: Path, checkout: Path) -> None:
    for life, orders in enumerate(LIVES):
        live(tmp_path, checkout, life, orders)
    clock = FixedClock(NOW + timedelta(hours=1))
    async with open_paper(tmp_path, clock=clock) as room:
        assert (await room.desk.reconcile(DEMO.id)).agrees
        made, cash = await _as_one(room)
        fills = await room.desk.fills(DEMO.id)
        assert {each.execution_id: _of_broker(each) for each in made} == {
            each.execution_id: _of_ledger(each) for each in fills
        }
        assert len({each.execution_id for each in made}) == len(made) >= sum(LIVES) - len(LIVES)
        orders_there = await room.port.thread(room.paper.broker.get_all_orders, None, 1_000)
        names = [each.client_order_id for each in orders_there]
        assert len(set(names)) == len(names)
        paid = sum((each.qty * each.price * int(each.side.sign) + each.fee for each in made), Decimal(0))
        assert cash == 100_000 - paid
        assert room.alarms == []


async def _as_one(room: PaperRoom) -> tuple[list[Execution], Number]:
    """Give what was filled and the money of one moment: what still waits may be filled meanwhile."""
    broker, since = room.paper.broker, NOW - timedelta(days=1)
    while True:
        made = await room.port.thread(broker.get_executions, since)
        info = await room.port.thread(broker.get_account)
        if made == await room.port.thread(broker.get_executions, since):
            return made, info.cash


def live(folder: Path, checkout: Path, life: int, orders: int) -> None:
    """Let a process enter so many orders, and kill it in the middle of the next."""
    command = [sys.executable, "-m", "tests.trading.child_paper", str(folder), str(life)]
    with subprocess.Popen(command, cwd=checkout, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        told = [child.stdout.readline() for _ in range(orders)]
        child.kill()
    assert told == [f"{place}\n" for place in range(orders)]


def _of_broker(made: Execution) -> tuple[str, Decimal, Decimal]:
    return made.order_id, made.qty, made.price


def _of_ledger(fill: Fill) -> tuple[str, Decimal, Decimal]:
    return fill.broker_order_id, fill.quantity, fill.price
