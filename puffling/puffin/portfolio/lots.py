"""Lots: each purchase is remembered by itself, and each sale closes some of them. Exact, in decimals.

One number makes the accounts of long and short alike: the cost of a lot is what was paid for it, fees
included, and of a lot sold short it is what came in for it, fees taken off, as a negative number. A fill of
a signed quantity at a price therefore costs `quantity * price + fees`, whichever way it goes, and a lot is
worth `quantity * price`, whichever way it stands. Where a cost has to be divided, the part that leaves is
rounded and the rest stays, so that no fraction of a cent is ever lost: realised and unrealised gains always
add up to the money that came in less what was paid, plus what is held.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from enum import StrEnum

from puffling.frozen import frozen
from puffling.puffin.errors import InvalidValue

_FINEST_MONEY = Decimal("1e-10")
_FINEST_QUANTITY = Decimal("1e-9")
# Enough digits that no product of a price and a quantity is ever rounded.
_DIGITS = 60
_NOTHING = Decimal(0)


class Matching(StrEnum):
    """Which lots a sale closes: the oldest, the newest, or those somebody chose (then the oldest)."""

    FIFO = "fifo"
    LIFO = "lifo"
    CHOSEN = "chosen"


@frozen
class Deal:
    """A fill as the accounts see it: bought is positive, sold negative; fees are what it cost beside."""

    id: str
    at: datetime
    symbol: str
    quantity: Decimal
    price: Decimal
    fees: Decimal = _NOTHING
    # What it closes goes at what it cost: nothing is earned by it.
    at_cost: bool = False

    @property
    def cost(self) -> Decimal:
        """Give what was paid, fees included; what came in is negative."""
        return self.quantity * self.price + self.fees


@frozen
class Split:
    """From this moment on, `ratio` shares are what was one."""

    at: datetime
    symbol: str
    ratio: Decimal


@frozen
class Lot:
    """What is left of one purchase or short sale; `id` is that of the deal that opened it."""

    id: str
    symbol: str
    opened: datetime
    quantity: Decimal
    cost: Decimal

    @property
    def price(self) -> Decimal:
        """Give what one share cost, fees included."""
        return self.cost / self.quantity

    def unrealised(self, price: Decimal) -> Decimal:
        """Give what closing it at this price would bring, before the fees of doing so."""
        return self.quantity * price - self.cost


@frozen
class Closed:
    """A lot, or a part of one, that was closed; `quantity` is negative where it was sold short."""

    lot: str
    closed_by: str
    symbol: str
    quantity: Decimal
    opened: datetime
    closed: datetime
    # What came in and what was paid, both after fees; for a short sale the money came in first.
    proceeds: Decimal
    basis: Decimal

    @property
    def gain(self) -> Decimal:
        """Give what it brought."""
        return self.proceeds - self.basis

    @property
    def is_short(self) -> bool:
        """Tell whether it was sold before it was bought."""
        return self.quantity < 0


# The lots a deal should close and how much of each, by the id of the deal; what is left goes by age.
Choices = Mapping[str, Mapping[str, Decimal]]


class LotBook:
    """The lots of any number of symbols, kept up to date by deals and splits in the order they happened."""

    def __init__(self, matching: Matching = Matching.FIFO, choices: Choices | None = None) -> None:
        self._matching = matching
        self._choices = choices or {}
        # By symbol and id, the oldest first.
        self._lots: dict[str, dict[str, Lot]] = {}

    def take(self, deal: Deal) -> tuple[Closed, ...]:
        """Take in a deal and give what it closed; what it does not close opens a lot."""
        if not deal.quantity:
            raise InvalidValue("A deal of nothing is no deal", field="quantity")
        with localcontext() as context:
            context.prec = _DIGITS
            held = self._lots.setdefault(deal.symbol, {})
            left, cost = deal.quantity, deal.cost
            closed = []
            for lot, most in self._to_close(deal, held):
                size = min(abs(left), abs(lot.quantity), most)
                going = size if lot.quantity > 0 else -size
                taken, paid = _share(lot.cost, going, lot.quantity), _share(cost, -going, left)
                ours = -taken if deal.at_cost else paid
                # Held long, what was paid came first; sold short, what came in did.
                proceeds, basis = (-ours, taken) if going > 0 else (-taken, ours)
                closed.append(
                    Closed(lot.id, deal.id, deal.symbol, going, lot.opened, deal.at, proceeds, basis)
                )
                left, cost = left + going, cost - paid
                if going == lot.quantity:
                    del held[lot.id]
                else:
                    held[lot.id] = replace(lot, quantity=lot.quantity - going, cost=lot.cost - taken)
                if not left:
                    return tuple(closed)
            held[deal.id] = Lot(deal.id, deal.symbol, deal.at, left, cost)
            return tuple(closed)

    def split(self, split: Split) -> None:
        """Make `ratio` shares of every one; what they cost stays what it was."""
        if split.ratio <= 0:
            raise InvalidValue("A split needs a ratio above 0", field="ratio")
        self._lots[split.symbol] = {
            lot.id: replace(lot, quantity=_plain((lot.quantity * split.ratio).quantize(_FINEST_QUANTITY)))
            for lot in self.lots(split.symbol)
        }

    def lots(self, symbol: str | None = None) -> tuple[Lot, ...]:
        """Give the open lots, of one symbol or of all, the oldest first."""
        if symbol is not None:
            return tuple(self._lots.get(symbol, {}).values())
        return tuple(lot for lots in self._lots.values() for lot in lots.values())

    def quantity(self, symbol: str) -> Decimal:
        """Give how much is held; negative when sold short."""
        return sum((lot.quantity for lot in self.lots(symbol)), _NOTHING)

    def cost(self, symbol: str) -> Decimal:
        """Give what is held of a symbol has cost; negative when sold short."""
        return sum((lot.cost for lot in self.lots(symbol)), _NOTHING)

    def unrealised(self, prices: Mapping[str, Decimal]) -> Decimal:
        """Give what all lots would bring at these prices."""
        return sum((lot.unrealised(prices[lot.symbol]) for lot in self.lots()), _NOTHING)

    def _to_close(self, deal: Deal, held: dict[str, Lot]) -> Iterator[tuple[Lot, Decimal]]:
        """Give the lots on the other side of a deal in their turn, each with how much of it may be closed."""
        if self._matching is Matching.CHOSEN:
            for id, most in self._choices.get(deal.id, {}).items():
                chosen = held.get(id)
                if chosen is not None and most > 0 and chosen.quantity * deal.quantity < 0:
                    yield chosen, most
        newest_first = self._matching is Matching.LIFO
        # Looked up anew each time, because whoever asks takes the lots away meanwhile.
        while held:
            lot = held[next(reversed(held) if newest_first else iter(held))]
            if lot.quantity * deal.quantity > 0:
                return
            yield lot, abs(lot.quantity)


def settle(
    deals: Iterable[Deal],
    splits: Iterable[Split] = (),
    *,
    matching: Matching = Matching.FIFO,
    choices: Choices | None = None,
) -> tuple[LotBook, tuple[Closed, ...]]:
    """Take deals and splits in their order; give what is held after them, and all they closed.

    A split happens before the deals of its moment; deals of one moment stay in the order they are given.
    """
    book = LotBook(matching, choices)
    closed: list[Closed] = []
    waiting = sorted(splits, key=lambda split: split.at)
    for deal in sorted(deals, key=lambda deal: deal.at):
        while waiting and waiting[0].at <= deal.at:
            book.split(waiting.pop(0))
        closed += book.take(deal)
    for split in waiting:
        book.split(split)
    return book, tuple(closed)


def _share(whole: Decimal, part: Decimal, of: Decimal) -> Decimal:
    return whole if part == of else (whole * part / of).quantize(_FINEST_MONEY, ROUND_HALF_EVEN)


def _plain(number: Decimal) -> Decimal:
    """Give a number without the zeros at its end, and never as a power of ten."""
    return number.quantize(Decimal(1)) if number == number.to_integral_value() else number.normalize()
