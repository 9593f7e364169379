"""The kinds of arguments that several domains take, described once."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field

from puffling.puffin.data.interval import Interval
from puffling.runtime import lists
from puffling.runtime.text import tr


def is_symbol(text: str) -> bool:
    """Tell whether a text in capitals can be the symbol of something."""
    # An index such as ^GSPC begins with its mark.
    begins = text[:2].lstrip("^")[:1].isalnum()
    return begins and len(text) <= _LONGEST and ".." not in text and set(text) <= _ALLOWED


def _one_symbol(text: str) -> str:
    symbol = text.strip().upper()
    if not is_symbol(symbol):
        raise ValueError(tr("{text} is not a ticker symbol, such as SPY or BTC/USD", text=repr(text[:40])))
    return symbol


_LONGEST = 20
_ALLOWED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789./-^=")

Symbol = Annotated[
    str,
    Field(description="Ticker symbol, such as SPY or BTC/USD.", min_length=1, max_length=_LONGEST),
    AfterValidator(_one_symbol),
]


# Lists of symbols are taken as people write them: one by one, or with commas or spaces between.
parted = BeforeValidator(lists.parted)

Limit = Annotated[int, Field(description="How many at the most.", ge=1, le=10_000)]

Step = Annotated[Interval, Field(description="Length of a bar: 1m 5m 15m 30m 1h 1d 1w 1M.")]
Source = Annotated[
    str | None,
    Field(description="The feed to ask, such as demo or samples; empty means the first.", max_length=40),
]
Adjusted = Annotated[
    bool, Field(description="Correct prices for splits and dividends; no gives them as they were traded.")
]
LongHours = Annotated[
    bool,
    Field(description="With the hours before and after the sessions, where the feed has them."),
]
Day = Annotated[date | None, Field(description="A day, such as 2025-03-14.")]

Choices = Annotated[
    dict[str, int | float | str],
    Field(description="Its parameters by name; what is not given keeps its default.", max_length=20),
]

# As text, more bars than these would hold up whoever writes and whoever reads them.
Newest = Annotated[
    int, Field(description="How many bars at the most: the newest of the range.", ge=1, le=20_000)
]
