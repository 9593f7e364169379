"""What the hostile Alpaca truly did, as the checker reads it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from puffling.puffin.orders import Side
from puffling.store.orders import FillKind
from puffling.trading.proposals import is_ours
from tests.fakes.alpaca_orders import OVER
from tests.faults.checker import TrueFill, TrueOrder, Truth

_KINDS = {"trade_bust": FillKind.BUST, "trade_correct": FillKind.CORRECTION}


Looks = Mapping[str, Sequence[datetime]]


def truth_of(told: Mapping[str, Any], looks: Looks) -> Truth:
    """Read what the stand-in tells of itself; an order of ours left when the halt was last looked at before.

    Left out is what somebody else ordered and what ended without a fill: nobody need ever hear of it.
    """
    legs = {entry["order"] for entry in told["log"] if entry["kind"] == "accepted" and entry["leg"]}
    orders = [
        TrueOrder(
            id=row["id"],
            client_id=row["client_order_id"],
            symbol=row["symbol"],
            side=Side(row["side"]),
            quantity=Decimal(row["qty"]),
            # When somebody else orders, no switch of ours is asked.
            accepted_at=_left_at(row, looks) if is_ours(row["client_order_id"]) else None,
            leg=row["id"] in legs,
            over=row["status"] in OVER,
            came_at=datetime.fromisoformat(row["submitted_at"]),
            ended_at=_ended_at(row),
        )
        for row in told["orders"]
    ]
    filled = {row["order_id"] for row in told["fills"]}
    return Truth(
        orders=tuple(
            order for order in orders if not order.over or order.id in filled or is_ours(order.client_id)
        ),
        fills=tuple(
            TrueFill(
                id=row["execution_id"],
                order_id=row["order_id"],
                symbol=row["symbol"],
                side=Side(row["side"]),
                quantity=Decimal(row["qty"]),
                price=Decimal(row["price"]),
                kind=_KINDS.get(row["type"], FillKind.FILL),
                corrects=row.get("previous_execution_id"),
            )
            for row in told["fills"]
        ),
        positions={symbol: Decimal(qty) for symbol, qty in told["positions"].items()},
        cash_before=Decimal(told["start_cash"]),
        cash=Decimal(told["cash"]),
    )


def _ended_at(row: Mapping[str, Any]) -> datetime | None:
    """Give when it was over; what fills later than that filled too late."""
    names = ("canceled_at", "expired_at", "failed_at", "replaced_at")
    at = next((row[name] for name in names if row[name]), None)
    at = row["filled_at"] if at is None and row["status"] == "filled" else at
    return None if at is None else datetime.fromisoformat(at)


def _left_at(row: Mapping[str, Any], looks: Looks) -> datetime:
    """Give the look after which it left; the way to the broker may take long where much is going on."""
    arrived = datetime.fromisoformat(row["submitted_at"])
    return max((at for at in looks.get(row["client_order_id"], ()) if at <= arrived), default=arrived)
