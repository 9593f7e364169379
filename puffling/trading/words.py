"""How amounts and orders are written where the desk speaks to people: verdicts, titles, the audit trail."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from puffling.puffin.orders import Side
from puffling.runtime.text import tr
from puffling.settings.model import Trading
from puffling.store.orders import OrderState
from puffling.trading.limits import limits_of
from puffling.trading.values import OrderLine

_SO_FAR = {
    OrderState.INTENT: "written down",
    OrderState.SENDING: "on its way",
    OrderState.UNKNOWN: "not heard of yet",
    OrderState.ACKED: "working",
    OrderState.PARTIAL: "partly filled",
    OrderState.PENDING_CANCEL: "being cancelled",
    OrderState.PENDING_REPLACE: "being changed",
    OrderState.FILLED: "filled",
    OrderState.CANCELED: "cancelled",
    OrderState.EXPIRED: "expired",
    OrderState.REJECTED: "rejected",
    OrderState.REPLACED: "replaced",
    OrderState.ABANDONED_WATCH: "not found at the broker",
    OrderState.EXTERNAL: "placed elsewhere",
}


def money(amount: Decimal) -> str:
    """Write an amount of money as people read it."""
    return f"{'-' if amount < 0 else ''}${abs(amount):,.2f}"


def percent(share: Decimal) -> str:
    """Write a share as percent, without needless zeros."""
    return f"{plain(round(share * 100, 2))}%"


def plain(number: Decimal) -> str:
    """Write a number with the digits it has and no others."""
    text = f"{number:,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def seconds(count: float | Decimal) -> str:
    """Write a stretch of time as people say it."""
    whole = round(count)
    return tr("{count} s", count=whole) if whole < 120 else tr("{count} min", count=round(whole / 60))


def deed(side: Side, quantity: Decimal, symbol: str) -> str:
    """Say what an order does: "Buy 10 SPY"."""
    words = tr("Buy") if side is Side.BUY else tr("Sell")
    return f"{words} {plain(quantity)} {symbol}"


def so_far(state: OrderState) -> str:
    """Say in a sentence how far an order is."""
    return tr(_SO_FAR[state])


def stage_of(line: OrderLine) -> str:
    """Say how far the order of a line is, and what of it this computer holds."""
    if line.waits_for_entry:
        return tr("waiting for its entry")
    if line.done_by_stop:
        return tr("done by its stop")
    if line.held and line.state is OrderState.INTENT:
        return tr("held here")
    stage = so_far(line.state)
    return tr("{stage}, exits held here", stage=stage) if line.exits_here and line.is_open else stage


def kept_here(*, held: bool, exits: bool) -> str:
    """Say what this computer holds of an order and what that means, empty when it holds nothing."""
    if not held and not exits:
        return ""
    what = tr("This computer holds it until its price is met.") if held else ""
    if exits:
        here = tr("The broker holds no brackets: this computer holds the exits, for what has filled.")
        what = f"{what} {here}".strip()
    return tr("{what} Nothing held here is watched while Puffling does not run.", what=what)


def only_ways_out(reason: str) -> str:
    """Say that nothing leaves now that makes a position larger, and why."""
    return tr("Only orders that make a position smaller leave now: {reason}", reason=reason)


def limits_said(trading: Trading) -> Iterator[str]:
    """Say in sentences what the limits let through, to whoever is asked whether something may trade."""
    limits = limits_of(trading)
    yield tr("At most {count} orders a day are entered, by everybody together.", count=limits.orders_per_day)
    yield tr("One symbol may make up at most {share} of the account.", share=percent(limits.position_share))
    yield tr("Orders above {amount} wait for your approval.", amount=money(limits.approval_above))
