"""The history of trades, written in the transaction that writes the fill."""

from __future__ import annotations

from puffling.store.database import Unit
from puffling.store.orders import Fill, FillKind, Trade

# Who stands behind what was held before we first looked, and behind what was taken from the broker since.
OPENING = "opening"
ADJUSTMENT = "adjustment"
_SOURCES = {FillKind.OPENING: OPENING, FillKind.ADJUSTMENT: ADJUSTMENT}


def write_trade(
    unit: Unit, fill: Fill, *, source: str = "", intent_id: str | None = None, strategy_id: str | None = None
) -> Trade | None:
    """Write a fill into the history and give its trade; a bust takes the trade away that it undoes.

    What the trade earned is told later: it depends on all trades of the symbol before it. A fill that is in
    the history already changes nothing.
    """
    trades = unit.trades
    corrected = None if fill.corrects is None else trades.of_execution(fill.account, fill.corrects)
    if fill.kind is FillKind.BUST:
        return None if corrected is None else trades.remove(corrected.id)
    if corrected is not None:
        # Under its new name, so that the correction itself can be corrected.
        return trades.correct(
            corrected.id,
            execution_id=fill.execution_id,
            quantity=fill.quantity,
            price=fill.price,
            fees=fill.fees,
        )
    known = trades.of_execution(fill.account, fill.execution_id)
    if known is not None:
        return known
    return trades.add(
        account=fill.account,
        mode=fill.mode,
        source=_SOURCES.get(fill.kind, source),
        symbol=fill.symbol,
        side=fill.side,
        quantity=fill.quantity,
        price=fill.price,
        fees=fill.fees,
        traded_at=fill.filled_at,
        execution_id=fill.execution_id,
        order_id=fill.order_id,
        intent_id=intent_id,
        strategy_id=strategy_id,
    )
