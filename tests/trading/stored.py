"""Records of the order desk for tests that need some."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

from puffling.puffin.orders import Kind, Lasting, Side
from puffling.store.orders import BrokerOrder, Intent, OrderState
from puffling.trading.facts import trading_day
from puffling.trading.proposals import order_hash
from tests.trading.cases import NOW, TERMS, WISH


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
