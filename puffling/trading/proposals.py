"""What somebody wants to order, and the names that follow from it: the same wish has the same name for ever.

`slot` says which occasion it is: the scheduled moment for a job, the ticket's own id for a person or program.
Two jobs that see the same signal on the same bar therefore make one order, and a retry is never a second one.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from dataclasses import fields
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from puffling.frozen import frozen
from puffling.runtime.actor import Actor
from puffling.store.orders import LATER_TERMS, OrderTerms
from puffling.trading.values import Mode

PREFIX = "pf1-"
# Who acts on what a model wrote: such a wish is a question to the person, however small.
MODELS = frozenset({Actor.ASSISTANT.value, Actor.MCP.value})
# The leg of an intent that stands in the place of another one, whose id comes behind it.
_REPLACEMENT = "replacement"
# The leg of an order that closes a position: whatever works for its symbol is cancelled before it.
CLOSE = "close"
# The same, when as much is opened on the other side after it.
TURN = "turn"
CLOSINGS = frozenset({CLOSE, TURN})
# The stop of two ways out that this computer holds: of it and of its parent only one goes out at a time.
OTHER_WAY = "other way"
# The exits of a bracket that this computer holds, and what stands in the place of such a way out.
EXITS = "exits"
# They lead out of what is held and came with another order, so that they are not counted again.
WAYS_OUT = frozenset({OTHER_WAY, EXITS})
# By which a strategy makes a position of its own smaller; what it was worked out of may be gone by then.
LEAVINGS = frozenset({"leave", "shrink"})
_LETTERS_OF_DIGEST = 40


@frozen
class Proposal:
    """An order somebody wants, with who wants it, why, and until when it is worth sending."""

    terms: OrderTerms
    source: str
    slot: str
    valid_until: datetime
    source_version: str = ""
    leg: str = ""
    why: str = ""
    # It is for the person to decide, however small it is.
    is_question: bool = False
    # Until when a question about it waits to be looked at; otherwise for as long as it is worth sending.
    asked_until: datetime | None = None


def order_hash(terms: OrderTerms) -> str:
    """Give the hash of exactly this order: what a confirmation and an approval are bound to."""
    named = [[field.name, _plain(getattr(terms, field.name))] for field in fields(terms)]
    return _digest([[name, value] for name, value in named if value or name not in LATER_TERMS])


def slot_id(proposal: Proposal, mode: Mode) -> str:
    """Give the name of the occasion: who wants what, where and when."""
    terms = proposal.terms
    parts = [
        terms.account,
        mode.value,
        proposal.source,
        proposal.source_version,
        proposal.slot,
        terms.symbol,
        terms.side.value,
        proposal.leg,
        order_hash(terms),
    ]
    return _digest(parts)[:_LETTERS_OF_DIGEST]


def client_id(slot: str, mode: Mode) -> str:
    """Give the name under which the broker knows the order, the same for every retry."""
    return f"{PREFIX}{'l' if mode is Mode.LIVE else 'p'}-{slot}"


def replacement_of(id: str) -> str:
    """Give the leg of an intent that stands in the place of this one."""
    return f"{_REPLACEMENT}:{id}"


def is_replacement(leg: str) -> bool:
    """Tell whether an intent of this leg stands in the place of another one."""
    return leg.partition(":")[0] == _REPLACEMENT


def replaced_by(leg: str) -> str:
    """Give the id of the intent in whose place one of this leg stands, empty for every other leg."""
    return leg.partition(":")[2] if is_replacement(leg) else ""


def new_id() -> str:
    """Make a name for an intent or an order that nobody can guess and a person can still copy."""
    return secrets.token_hex(8)


def is_ours(client_id: str | None) -> bool:
    """Tell whether an order at the broker carries our name."""
    return client_id is not None and client_id.startswith(PREFIX)


def _plain(value: object) -> object:
    if isinstance(value, Decimal):
        # 1 and 1.00 are the same order.
        return format(value.normalize(), "f")
    return value.value if isinstance(value, StrEnum) else value


def _digest(parts: object) -> str:
    text = json.dumps(parts, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
