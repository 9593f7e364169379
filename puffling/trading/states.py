"""Which state of an order may follow which: one table, for intents and for orders at the broker alike."""

from __future__ import annotations

from datetime import timedelta

from puffling.puffin.broker.base import OrderStatus
from puffling.store.orders import OrderState

_S = OrderState

# What a broker may say of an order that it has.
_AT_BROKER = frozenset(
    {
        _S.ACKED,
        _S.PARTIAL,
        _S.PENDING_CANCEL,
        _S.PENDING_REPLACE,
        _S.FILLED,
        _S.CANCELED,
        _S.EXPIRED,
        _S.REJECTED,
        _S.REPLACED,
    }
)

FOLLOWING: dict[OrderState, frozenset[OrderState]] = {
    # Whoever said that it was not looked at may have been wrong: what the broker has, it has.
    _S.INTENT: _AT_BROKER | {_S.SENDING},
    # Back to INTENT: the broker did not look. Over before it was sent: halted, or too late, at the last look.
    _S.SENDING: _AT_BROKER | {_S.INTENT, _S.UNKNOWN},
    _S.UNKNOWN: _AT_BROKER | {_S.SENDING, _S.ABANDONED_WATCH, _S.EXTERNAL},
    _S.ABANDONED_WATCH: _AT_BROKER,
    _S.EXTERNAL: (_AT_BROKER - {_S.ACKED}) | {_S.UNKNOWN},
    _S.ACKED: (_AT_BROKER - {_S.ACKED}) | {_S.UNKNOWN},
    # News of the beginning may come again after a fill, and changes nothing.
    _S.PARTIAL: (_AT_BROKER - {_S.ACKED, _S.PARTIAL}) | {_S.UNKNOWN},
    _S.PENDING_CANCEL: (_AT_BROKER - {_S.PENDING_CANCEL}) | {_S.UNKNOWN, _S.EXTERNAL},
    _S.PENDING_REPLACE: (_AT_BROKER - {_S.PENDING_REPLACE}) | {_S.UNKNOWN, _S.EXTERNAL},
    # A fill may be told after the end it came before.
    _S.CANCELED: frozenset({_S.PARTIAL, _S.FILLED}),
    _S.EXPIRED: frozenset({_S.PARTIAL, _S.FILLED}),
    _S.FILLED: frozenset(),
    _S.REJECTED: frozenset(),
    _S.REPLACED: frozenset(),
}

ENDED = frozenset({_S.FILLED, _S.CANCELED, _S.EXPIRED, _S.REJECTED, _S.REPLACED})
OPEN = frozenset(_S) - ENDED
# The broker has not said that it has it.
UNHEARD = frozenset({_S.INTENT, _S.SENDING, _S.UNKNOWN})
# Nothing at the broker is known to be it.
UNSEEN = UNHEARD | {_S.ABANDONED_WATCH}
# Whether it is at the broker nobody knows; it is looked for there.
IN_DOUBT = frozenset({_S.SENDING, _S.UNKNOWN, _S.ABANDONED_WATCH})
# At the broker, as far as is known, and not over.
WORKING = frozenset({_S.ACKED, _S.PARTIAL, _S.PENDING_CANCEL, _S.PENDING_REPLACE, _S.EXTERNAL})

# What arrived at a broker though nobody heard of it has shown itself by then.
APPEARS = timedelta(seconds=60)

_SAID = {
    OrderStatus.PENDING: _S.ACKED,
    OrderStatus.ACCEPTED: _S.ACKED,
    OrderStatus.PARTIALLY_FILLED: _S.PARTIAL,
    OrderStatus.FILLED: _S.FILLED,
    OrderStatus.PENDING_CANCEL: _S.PENDING_CANCEL,
    OrderStatus.PENDING_REPLACE: _S.PENDING_REPLACE,
    OrderStatus.CANCELED: _S.CANCELED,
    OrderStatus.EXPIRED: _S.EXPIRED,
    OrderStatus.REJECTED: _S.REJECTED,
    OrderStatus.REPLACED: _S.REPLACED,
    OrderStatus.UNKNOWN: _S.UNKNOWN,
}


def advance(old: OrderState, new: OrderState) -> OrderState:
    """Give the state after this news: the new one where it may follow, otherwise the old one."""
    return new if new in FOLLOWING[old] else old


def state_of(status: OrderStatus, *, filled: bool) -> OrderState:
    """Give the state for what a broker says; what is filled in part is so whatever the word."""
    state = _SAID[status]
    return _S.PARTIAL if filled and state is _S.ACKED else state
