"""What a strategy with a memory heard at a close of a book kept elsewhere; light, for it is stored."""

from __future__ import annotations

from puffling.frozen import frozen
from puffling.puffin.orders import Kind, Lasting, Side

# The legs of a bracket are named after the order they come with.
STOP_LEG = "stop"
PROFIT_LEG = "profit"


@frozen
class Standing:
    """An order of a strategy as it stood at a close; `over` says that it waits no more.

    `key` names it: the close at which it was sent, which of that close it was, and which leg of it.
    """

    key: str
    symbol: str
    side: Side
    kind: Kind
    quantity: float
    remaining: float
    limit: float | None = None
    stop: float | None = None
    trail: float | None = None
    trail_share: float | None = None
    lasting: Lasting = Lasting.GTC
    reason: str = ""
    loose: bool = True
    over: bool = False

    @property
    def entry(self) -> str:
        """Give the key of the order it came with, its own where it is no leg."""
        return ".".join(self.key.split(".")[:2])

    @property
    def is_leg(self) -> bool:
        """Tell whether it is a way out that came with another order."""
        return self.key != self.entry


@frozen
class Heard:
    """A close as a strategy heard of it: its cash, what it held by symbol, its orders, the oldest first."""

    slot_us: int
    bar_us: int
    cash: float
    held: dict[str, float]
    orders: tuple[Standing, ...] = ()


def key_of(slot_us: int, number: int, leg: str = "") -> str:
    """Give the name of an order, or of a leg of it."""
    return f"{slot_us}.{number}" + (f".{leg}" if leg else "")
