"""The kinds of arguments that several domains take, described once."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

from puffling.runtime.text import tr


def _one_symbol(text: str) -> str:
    symbol = text.strip().upper()
    if ".." in symbol or not symbol[:1].isalnum() or not set(symbol) <= _ALLOWED:
        raise ValueError(tr("{text} is not a ticker symbol, such as SPY or BTC/USD", text=repr(text[:40])))
    return symbol


_ALLOWED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789./-^=")

Symbol = Annotated[
    str,
    Field(description="Ticker symbol, such as SPY or BTC/USD.", min_length=1, max_length=20),
    AfterValidator(_one_symbol),
]

Limit = Annotated[int, Field(description="How many at the most.", ge=1, le=10_000)]
