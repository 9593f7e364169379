"""The arguments that abilities of orders have in common, said once."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from pydantic import Field

AccountId = Annotated[
    str, Field(description="Id of the account; empty means the one orders go to.", max_length=64)
]
OrderId = Annotated[
    str, Field(description="Id of the order, ours or the broker's.", min_length=1, max_length=64)
]
Token = Annotated[
    str, Field(description="What the act answered when it was shown.", min_length=1, max_length=64)
]
Amount = Annotated[
    Decimal, Field(description="How much, in the measure that is given.", gt=0, le=10**12, decimal_places=9)
]
Price = Annotated[Decimal, Field(gt=0, le=10**9, decimal_places=6)]
Limit = Annotated[Price | None, Field(description="The worst price to fill at.")]
Stop = Annotated[Price | None, Field(description="The price at which the order wakes up.")]
Trail = Annotated[Price | None, Field(description="How far a trailing stop stays behind, in money.")]
TrailPercent = Annotated[
    Decimal | None,
    Field(description="How far a trailing stop stays behind, in percent.", gt=0, lt=100, decimal_places=4),
]
TakeProfit = Annotated[Price | None, Field(description="Leave with a gain at this price, once filled.")]
StopLoss = Annotated[Price | None, Field(description="Leave with a loss at this price, once filled.")]
StopLossLimit = Annotated[
    Price | None,
    Field(description="The worst price after the stop-loss, where one cancels the other; without it any."),
]
OneCancelsOther = Annotated[
    bool,
    Field(
        description="Two ways out of what is held: a profit at the limit, a loss at the stop-loss; "
        "the first to fill cancels the other."
    ),
]
Why = Annotated[str, Field(description="Why, in your own words; kept with the order.", max_length=500)]
Occasion = Annotated[
    str,
    Field(
        description="Your own id of this wish, such as a UUID: the same one again is the same order.",
        max_length=64,
        pattern=r"^[A-Za-z0-9._:-]*$",
    ),
]
Count = Annotated[int, Field(description="How many at the most, the newest first.", ge=1, le=1000)]
