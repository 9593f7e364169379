"""How orders read: what they do, how far they are, who wanted them."""

from __future__ import annotations

from puffling.desktop import numbers
from puffling.desktop.amounts import quantity_words
from puffling.desktop.theme import Tone
from puffling.puffin.orders import Kind, Lasting, Side
from puffling.runtime.text import tr
from puffling.store.orders import OrderState
from puffling.trading.values import OrderLine

_STATES = {
    OrderState.INTENT: ("Waiting", Tone.MUTED, "It has not been sent yet."),
    OrderState.SENDING: ("Sending", Tone.ACCENT, "It is on its way to the broker."),
    OrderState.UNKNOWN: (
        "Unknown",
        Tone.DANGER,
        "Nobody knows whether it arrived. It is looked up every few seconds; the symbol is frozen meanwhile.",
    ),
    OrderState.ACKED: ("Working", Tone.ACCENT, "The broker has it."),
    OrderState.PARTIAL: ("Partly filled", Tone.ACCENT, "The rest still works."),
    OrderState.PENDING_CANCEL: ("Cancelling", Tone.WARN, "The broker was asked; it may still fill."),
    OrderState.PENDING_REPLACE: ("Changing", Tone.WARN, "The broker was asked; it may still fill."),
    OrderState.FILLED: ("Filled", Tone.TEXT, ""),
    OrderState.CANCELED: ("Cancelled", Tone.MUTED, ""),
    OrderState.EXPIRED: ("Expired", Tone.MUTED, ""),
    OrderState.REJECTED: ("Rejected", Tone.DANGER, ""),
    OrderState.REPLACED: ("Replaced", Tone.MUTED, ""),
    OrderState.ABANDONED_WATCH: (
        "Watched for",
        Tone.WARN,
        "It was not found at the broker in time. Should it appear within a day, it is cancelled on sight.",
    ),
    OrderState.EXTERNAL: ("Placed elsewhere", Tone.WARN, "It was found at the broker; its risk counts."),
}
_KINDS = {
    Kind.MARKET: "Market",
    Kind.LIMIT: "Limit",
    Kind.STOP: "Stop",
    Kind.STOP_LIMIT: "Stop limit",
    Kind.TRAILING_STOP: "Trailing stop",
}
_LASTING = {
    Lasting.DAY: "Today",
    Lasting.GTC: "Until cancelled",
    Lasting.IOC: "At once, or the rest not",
    Lasting.FOK: "At once and whole, or not",
}
_SOURCES = {
    "person": "you",
    "assistant": "the assistant",
    "agent": "the agent",
    "schedule": "a scheduled job",
    "http": "a program over HTTP",
    "mcp": "a program over MCP",
    "leg": "the order before it",
    "external": "elsewhere",
}


def state_words(line: OrderLine) -> str:
    """Say how far an order is."""
    if line.waits_for_entry:
        return tr("Waits for its entry")
    if line.done_by_stop:
        return tr("Done by its stop")
    if line.held and line.state is OrderState.INTENT:
        return tr("Held here")
    return stage_words(line.state)


def stage_words(state: OrderState) -> str:
    """Say how far an order is that is not held here."""
    return tr(_STATES[state][0])


def state_tone(line: OrderLine) -> Tone:
    """Give the colour of how far an order is."""
    if line.waits_for_entry:
        return Tone.MUTED
    return Tone.WARN if line.held and line.state is OrderState.INTENT else _STATES[line.state][1]


def state_help(line: OrderLine) -> str:
    """Say what the state means, and why it came to it where that is known."""
    said = tr(_STATES[line.state][2])
    if line.held and line.state is OrderState.INTENT:
        said = tr("The broker does not hold such orders. This computer does, and must run for it to be sent.")
    elif line.waits_for_entry:
        said = tr("The broker has it, and begins to work it when its entry has filled.")
    elif line.done_by_stop:
        said = ""
    elif line.exits_here and line.is_open:
        said = f"{said} {tr('This computer holds its exits, and must run for them to be sent.')}"
    return " ".join(part for part in (line.reason, said) if part)


def kind_words(kind: Kind) -> str:
    """Say when an order may fill."""
    return tr(_KINDS[kind])


def order_words(line: OrderLine) -> str:
    """Say what kind an order is, and that it belongs to the one above it."""
    words = tr("OCO exit") if line.one_cancels_other else kind_words(line.kind)
    if line.exits_here:
        words = tr("{kind}, exits here", kind=words)
    return f"\N{BOX DRAWINGS LIGHT UP AND RIGHT} {words}" if line.parent_id is not None else words


def lasting_words(lasting: Lasting) -> str:
    """Say how long an order waits."""
    return tr(_LASTING[lasting])


def side_words(side: Side) -> str:
    """Say which way an order goes."""
    return tr("Buy") if side is Side.BUY else tr("Sell")


def side_tone(side: Side) -> Tone:
    """Give the colour of buying and selling."""
    return Tone.UP if side is Side.BUY else Tone.DOWN


def source_words(source: str) -> str:
    """Say who wanted an order."""
    known, _, name = source.partition(":")
    words = tr(_SOURCES[known]) if known in _SOURCES else known
    return f"{words} ({name})" if name else words


def price_words(line: OrderLine) -> str:
    """Say at which prices an order acts: its stop, then its limit, or how far it trails."""
    parts = [numbers.price(price) for price in (line.stop, line.limit) if price is not None]
    if line.trail_share is not None:
        parts.append(f"{quantity_words(line.trail_share * 100)}%")
    elif line.trail is not None:
        parts.append(numbers.price(line.trail))
    return " / ".join(parts)


def filled_words(line: OrderLine) -> str:
    """Say how much of an order is filled."""
    return tr("{filled} of {whole}", filled=quantity_words(line.filled), whole=quantity_words(line.quantity))
