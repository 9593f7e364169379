"""The terms of an order as text, and back, to the last digit."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import fields
from decimal import Decimal
from enum import StrEnum
from typing import Any

from puffling.puffin.orders import Kind, Lasting, Side
from puffling.store.orders import LATER_TERMS, OrderTerms

_NUMBERS = (
    "quantity", "limit", "stop", "trail", "trail_share", "take_profit", "stop_loss", "stop_loss_limit",
)  # fmt: skip
_FACTS = "decided"


def written(terms: OrderTerms, decided: Iterable[str] | None = None) -> str:
    """Write the terms as text, with what was decided of them; numbers keep every digit they have."""
    named = {field.name: _plain(getattr(terms, field.name)) for field in fields(terms)}
    known = {name: value for name, value in named.items() if value or name not in LATER_TERMS}
    return json.dumps(known if decided is None else known | {_FACTS: list(decided)})


def read(text: str) -> OrderTerms:
    """Read terms that were written here."""
    values: dict[str, Any] = json.loads(text)
    values.pop(_FACTS, None)
    for name in _NUMBERS:
        if values.get(name) is not None:
            values[name] = Decimal(values[name])
    values["side"] = Side(values["side"])
    values["kind"] = Kind(values["kind"])
    values["lasting"] = Lasting(values["lasting"])
    return OrderTerms(**values)


def decided(text: str) -> frozenset[str] | None:
    """Give the names of what was decided of terms that were written here, None where nothing was said."""
    facts = json.loads(text).get(_FACTS)
    return None if facts is None else frozenset(facts)


def _plain(value: object) -> object:
    if isinstance(value, Decimal):
        return format(value, "f")
    return value.value if isinstance(value, StrEnum) else value
