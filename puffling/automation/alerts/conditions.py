"""What alerts can wait for: a union of conditions, told apart by their `kind`; another kind joins it here.

A condition on prices is a pure function: of what it remembers and the price that came it makes what it
remembers next, and whether it was met. What it remembers is kept with the alert, so that a crossing is told
once, also when the program was closed while it happened.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from functools import cache
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from puffling.automation.alerts.values import Way
from puffling.market.parameters import Symbol
from puffling.runtime.text import tr

Level = Annotated[float, Field(description="The price to watch.", gt=0, le=1e12, allow_inf_nan=False)]
Percent = Annotated[
    float,
    Field(
        description="How far the price moves from the last close before, in percent.",
        gt=0,
        le=1000,
        allow_inf_nan=False,
    ),
]
WayTo = Annotated[Way, Field(description="Which way the price has to go.")]
Once = Annotated[bool, Field(description="Raise it once; otherwise every time.")]


class Seen(NamedTuple):
    """A price as conditions see it: beside the close before its day, and the trading day it belongs to."""

    price: float
    previous_close: float
    day: str


class Met(NamedTuple):
    """What a condition remembers after a price, and whether that price met it."""

    memory: dict[str, Any]
    met: bool


class Condition(BaseModel):
    """What all conditions have; `kind` tells them apart."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    once: Once = False

    @property
    @abstractmethod
    def words(self) -> str:
        """Say what is waited for."""

    def plain(self) -> dict[str, Any]:
        """Give it as plain data that can be kept."""
        return self.model_dump(mode="json")


class PriceCondition(Condition):
    """A condition on the price of one symbol."""

    symbol: Symbol
    way: WayTo = Way.EITHER

    @abstractmethod
    def begin(self, seen: Seen | None) -> dict[str, Any]:
        """Give what it remembers at first, knowing the price that stands."""

    @abstractmethod
    def see(self, memory: Mapping[str, Any], seen: Seen) -> Met:
        """Take in a price."""

    @abstractmethod
    def tell(self, seen: Seen) -> str:
        """Say that it was met, by which price."""


class PriceCrosses(PriceCondition):
    """The price crosses a level."""

    kind: Literal["price"] = "price"
    level: Level

    @property
    def words(self) -> str:
        """Say what is waited for."""
        return {
            Way.ABOVE: tr("{symbol} rises to {level}", symbol=self.symbol, level=_number(self.level)),
            Way.BELOW: tr("{symbol} falls to {level}", symbol=self.symbol, level=_number(self.level)),
            Way.EITHER: tr("{symbol} crosses {level}", symbol=self.symbol, level=_number(self.level)),
        }[self.way]

    def begin(self, seen: Seen | None) -> dict[str, Any]:
        """Remember on which side of the level the price stands."""
        return {} if seen is None else _sided(self._side(None, seen.price))

    def see(self, memory: Mapping[str, Any], seen: Seen) -> Met:
        """Compare the side the price is on with the one it came from."""
        before = memory.get("side")
        after = self._side(before, seen.price)
        crossed = before is not None and after != before
        return Met(_sided(after), met=crossed and self.way in (after, Way.EITHER))

    def tell(self, seen: Seen) -> str:
        """Say that it was met, by which price."""
        price, level = _number(seen.price), _number(self.level)
        if self._side(None, seen.price) == Way.ABOVE:
            return tr(
                "{symbol} rose to {price} (alert at {level})", symbol=self.symbol, price=price, level=level
            )
        return tr("{symbol} fell to {price} (alert at {level})", symbol=self.symbol, price=price, level=level)

    def _side(self, before: str | None, price: float) -> str | None:
        """Give the side: who waits for a rise or a fall counts the level itself, a crossing goes past it."""
        if price == self.level:
            return before if self.way is Way.EITHER else self.way.value
        return Way.ABOVE.value if price > self.level else Way.BELOW.value


class PriceMoves(PriceCondition):
    """The price moves by so much in a day, told once on each."""

    kind: Literal["move"] = "move"
    percent: Percent

    @property
    def words(self) -> str:
        """Say what is waited for."""
        percent = f"{self.percent:g}"
        return {
            Way.ABOVE: tr("{symbol} gains {percent}% in a day", symbol=self.symbol, percent=percent),
            Way.BELOW: tr("{symbol} loses {percent}% in a day", symbol=self.symbol, percent=percent),
            Way.EITHER: tr("{symbol} moves {percent}% in a day", symbol=self.symbol, percent=percent),
        }[self.way]

    def begin(self, seen: Seen | None) -> dict[str, Any]:
        """Remember that today is over when the price has moved so far already."""
        return {"day": seen.day} if seen is not None and self._reached(seen) else {}

    def see(self, memory: Mapping[str, Any], seen: Seen) -> Met:
        """Look how far the price has come since the close before."""
        if memory.get("day") == seen.day or not self._reached(seen):
            return Met(dict(memory), met=False)
        return Met({"day": seen.day}, met=True)

    def tell(self, seen: Seen) -> str:
        """Say that it was met, by which price."""
        percent = _change(seen)
        sign = "+" if percent > 0 else "\N{MINUS SIGN}"
        return tr(
            "{symbol} moved {change}% today, to {price}",
            symbol=self.symbol,
            change=f"{sign}{abs(percent):.2f}",
            price=_number(seen.price),
        )

    def _reached(self, seen: Seen) -> bool:
        change = _change(seen)
        if self.way is Way.ABOVE:
            return change >= self.percent
        return -change >= self.percent if self.way is Way.BELOW else abs(change) >= self.percent


AnyCondition = Annotated[
    PriceCrosses | PriceMoves,
    Field(discriminator="kind", description="What to wait for: a price crossed, or a move in a day."),
]


@cache
def _reader() -> TypeAdapter[PriceCrosses | PriceMoves]:
    return TypeAdapter(AnyCondition)


def condition_of(plain: Mapping[str, Any]) -> PriceCrosses | PriceMoves:
    """Give the condition that was kept."""
    return _reader().validate_python(dict(plain))


def _sided(side: str | None) -> dict[str, Any]:
    return {} if side is None else {"side": side}


def _change(seen: Seen) -> float:
    """Give how far the price has come since the close before, in percent, to a millionth."""
    if not seen.previous_close:
        return 0.0
    return round(100.0 * (seen.price / seen.previous_close - 1.0), 6)


def _number(price: float) -> str:
    digits = f"{price:,.6f}".rstrip("0")
    whole, _, fraction = digits.partition(".")
    return f"{whole}.{fraction:0<2}"
