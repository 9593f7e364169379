"""How questions for the person's yes read."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from puffling.desktop.amounts import Amounts, quantity_words
from puffling.desktop.columns import Column, Kind
from puffling.desktop.orders.words import kind_words, lasting_words, side_tone, side_words, source_words
from puffling.desktop.theme import Tone
from puffling.runtime.text import tr
from puffling.trading.values import ApprovalView, ShownApproval

# From here on the countdown is told in amber.
SHORT_SECONDS = 60
FIGURES = {
    "account": "Account",
    "wanted": "Wanted by",
    "quantity": "Pieces",
    "kind": "Order",
    "lasting": "Good",
    "worst": "Worst price",
    "cost": "Cost",
    "fees": "Fees",
    "after": "Held and on order then",
}


def seconds_left(approval: ApprovalView, now: datetime) -> float | None:
    """Give how much of the five minutes is left; None while nobody has looked, or when they are over."""
    if approval.expires_at is None or now >= approval.expires_at:
        return None
    return (approval.expires_at - now).total_seconds()


def left_words(approval: ApprovalView, now: datetime) -> str:
    """Say how long a yes would still be good: 4:32, or that it waits to be looked at."""
    seconds = seconds_left(approval, now)
    if seconds is None:
        return tr("Look again") if approval.expires_at is not None else tr("Waits")
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes}:{rest:02}"


def left_tone(approval: ApprovalView, now: datetime) -> Tone:
    """Give the colour of the time that is left."""
    seconds = seconds_left(approval, now)
    if seconds is None:
        return Tone.MUTED
    return Tone.WARN if seconds < SHORT_SECONDS else Tone.TEXT


def approval_columns(
    time: Callable[[datetime], str], now: Callable[[], datetime]
) -> list[Column[ApprovalView]]:
    """Give the columns of the queue."""
    return [
        Column("symbol", tr("Symbol"), lambda each: each.terms.symbol, Kind.STRONG, width=84),
        Column(
            "side",
            tr("Side"),
            lambda each: side_words(each.terms.side),
            width=52,
            tone=lambda each: side_tone(each.terms.side),
        ),
        Column(
            "quantity",
            tr("Pieces"),
            lambda each: each.terms.quantity,
            Kind.NUMBER,
            width=72,
            text=lambda each: quantity_words(each.terms.quantity),
        ),
        Column(
            "left",
            tr("Left"),
            lambda each: left_words(each, now()),
            width=84,
            tone=lambda each: left_tone(each, now()),
        ),
        Column(
            "source",
            tr("Wanted by"),
            lambda each: source_words(each.source),
            Kind.MUTED,
            width=104,
            stretch=True,
            tooltip=lambda each: each.why,
        ),
        Column(
            "created",
            tr("Asked"),
            lambda each: each.created_at,
            Kind.TIME,
            width=92,
            text=lambda each: time(each.created_at),
            optional=True,
        ),
    ]


def terms_figures(shown: ShownApproval, account: str, amounts: Amounts) -> dict[str, str]:
    """Give every figure of the exact order, as it is bound by the yes."""
    terms, preview = shown.approval.terms, shown.preview
    worst = shown.approval.worst_price
    return {
        "account": account,
        "wanted": source_words(shown.approval.source),
        "quantity": quantity_words(terms.quantity),
        "kind": _kind(shown),
        "lasting": lasting_words(terms.lasting),
        "worst": "" if worst is None else f"{worst:,.2f}",
        "cost": amounts.money(preview.cost),
        "fees": amounts.money(preview.fees),
        "after": amounts.money(preview.exposure_after),
    }


def _kind(shown: ShownApproval) -> str:
    """Say what kind the order is, and what of it this computer would hold."""
    terms, preview = shown.approval.terms, shown.preview
    kind = tr("OCO exit") if terms.one_cancels_other else kind_words(terms.kind)
    if preview.held:
        return tr("{kind}, held here", kind=kind)
    return tr("{kind}, exits held here", kind=kind) if preview.exits_here else kind
