"""Trades and flows of money as they are shown, and what the person chose of them as it is stored."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from puffling.puffin.orders import Side
from puffling.store.orders import CashFlow, Trade
from puffling.trading.portfolio.values import MoneyFlow, TradeLine


def trade_line(trade: Trade, strategies: Mapping[str, str]) -> TradeLine:
    """Give a trade as it is shown; strategies are called by their names."""
    signed = trade.quantity if trade.side is Side.BUY else -trade.quantity
    return TradeLine(
        id=trade.id,
        traded_at=trade.traded_at,
        account=trade.account,
        mode=trade.mode,
        symbol=trade.symbol,
        side=trade.side.value,
        quantity=trade.quantity,
        price=trade.price,
        fees=trade.fees,
        amount=-(signed * trade.price) - trade.fees,
        realized=trade.realized,
        source=trade.source,
        note=trade.note,
        tags=trade.tags,
        strategy=strategies.get(trade.strategy_id or "", ""),
        strategy_id=trade.strategy_id,
        order_id=trade.order_id,
        intent_id=trade.intent_id,
    )


def holds(trade: TradeLine, text: str) -> bool:
    """Tell whether a trade holds all the words, in its symbol, note, tags, source or strategy."""
    known = " ".join((trade.symbol, trade.note, *trade.tags, trade.source, trade.strategy, trade.side))
    known = known.casefold()
    return all(word in known for word in text.casefold().split())


def money_flow(flow: CashFlow) -> MoneyFlow:
    """Give a flow as it is shown."""
    return MoneyFlow(
        flow.id,
        flow.account,
        flow.kind.value,
        flow.amount,
        flow.at,
        flow.symbol,
        flow.note,
        flow.broker_id is None,
    )


def read_choices(stored: object) -> dict[str, dict[str, Decimal]]:
    """Give the lots the person chose as they were stored; what does not read as such counts as none."""
    found: dict[str, dict[str, Decimal]] = {}
    if isinstance(stored, Mapping):
        for trade, lots in stored.items():
            if isinstance(lots, Mapping):
                found[str(trade)] = {
                    str(lot): Decimal(quantity)
                    for lot, quantity in lots.items()
                    if isinstance(quantity, str) and quantity.replace(".", "", 1).isdecimal()
                }
    return found
