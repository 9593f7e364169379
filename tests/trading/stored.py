"""Records of the order desk for tests that need some."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

from puffling.puffin.orders import Kind, Lasting, Side
from puffling.runtime.actor import DEFAULT_USER, UserId
from puffling.runtime.bus import Bus
from puffling.runtime.clock import FixedClock
from puffling.runtime.paths import Paths
from puffling.runtime.port import Port
from puffling.store.database import Store, Unit
from puffling.store.orders import BrokerOrder, Intent, OrderState
from puffling.trading.days import trading_day
from puffling.trading.halt import HaltSwitch
from puffling.trading.proposals import order_hash
from tests.trading.cases import NOW, TERMS, WISH

R = TypeVar("R")


def intent(id: str = "first", *, terms: dict[str, Any] | None = None, **changes: Any) -> Intent:
    """Give an intent that was entered just now, with whatever is different about it."""
    wanted = replace(TERMS, **(terms or {}))
    moment = changes.get("created_at", NOW)
    found = Intent(
        id=id,
        client_id=f"pf1-p-{id}",
        slot_id=id,
        terms=wanted,
        mode="PAPER",
        source="person",
        source_version="",
        slot=id,
        leg="",
        payload_hash=order_hash(wanted),
        verdicts=(),
        state=OrderState.ACKED,
        shrinks=False,
        reserved=wanted.quantity * 400,
        trading_day=trading_day(moment),
        valid_until=WISH.valid_until,
        created_at=moment,
        updated_at=moment,
    )
    return replace(found, **changes)


def order(id: str = "one", **changes: Any) -> BrokerOrder:
    """Give an order that works at the broker."""
    found = BrokerOrder(
        id=id,
        broker_order_id=f"broker-{id}",
        account="paper",
        mode="PAPER",
        symbol="SPY",
        side=Side.BUY,
        kind=Kind.MARKET,
        lasting=Lasting.DAY,
        quantity=Decimal(2),
        filled=Decimal(0),
        state=OrderState.ACKED,
        updated_at=NOW,
        submitted_at=NOW,
    )
    return replace(found, **changes)


@dataclass
class Records:
    """An open store on a clock that is set by hand, with the halt switch beside it."""

    store: Store
    clock: FixedClock
    switch: HaltSwitch
    bus: Bus
    data: Path
    user: UserId = DEFAULT_USER

    async def do(self, work: Callable[[Unit], R]) -> R:
        """Do work in one transaction."""
        return await self.store.run(self.user, work)

    async def spoil(self) -> None:
        """Let the next write fail."""

        def work(unit: Unit) -> None:
            unit.settings._session.connection().exec_driver_sql("PRAGMA query_only=1")

        await self.do(work)

    async def keep(self, *records: Intent | BrokerOrder) -> None:
        """Write intents and orders down."""

        def work(unit: Unit) -> None:
            for record in records:
                if isinstance(record, Intent):
                    unit.intents.add(record)
                else:
                    unit.orders.put(record)

        await self.do(work)


@asynccontextmanager
async def opened(home: Path) -> AsyncIterator[Records]:
    """Give records in this folder, closed again."""
    paths, clock, bus = Paths.under(home), FixedClock(NOW), Bus()
    paths.prepare()
    port = Port(clock)
    try:
        store = await Store.open(paths, port=port, bus=bus, clock=clock)
        try:
            yield Records(store, clock, HaltSwitch(paths.data), bus, paths.data)
        finally:
            await store.close()
    finally:
        await port.close()
