"""How money is spread: what each position and each kind of asset weighs."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from puffling.frozen import frozen

_NOTHING = Decimal(0)


@frozen
class Exposed:
    """The positions of one kind together, as money and as a share of the equity (None without any)."""

    name: str
    long: Decimal
    short: Decimal
    share: Decimal | None

    @property
    def net(self) -> Decimal:
        """Give what is held less what is owed."""
        return self.long + self.short

    @property
    def gross(self) -> Decimal:
        """Give everything that moves, whichever way it stands."""
        return self.long - self.short


def weight(value: Decimal, equity: Decimal) -> Decimal | None:
    """Give a value as a share of the equity, None when there is none to share."""
    return value / equity if equity > 0 else None


def exposure(values: Iterable[tuple[str, Decimal]], equity: Decimal) -> tuple[Exposed, ...]:
    """Add up values, negative ones sold short, by the names they come with; the largest first."""
    sides: dict[str, list[Decimal]] = {}
    for name, value in values:
        both = sides.setdefault(name, [_NOTHING, _NOTHING])
        both[value < 0] += value
    found = [
        Exposed(name, long, short, weight(long + short, equity)) for name, (long, short) in sides.items()
    ]
    return tuple(sorted(found, key=lambda each: (-each.gross, each.name)))
