"""One order before the gate: what it wants, what is known, and the figures every check needs."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property

from puffling.puffin.broker.base import AccountInfo
from puffling.puffin.orders import Kind, Side
from puffling.store.orders import OrderTerms
from puffling.trading.facts import GateFacts, Used, Waiting, finite
from puffling.trading.judging import LiveFacts, PriceSeen
from puffling.trading.limits import Limits
from puffling.trading.proposals import Proposal
from puffling.trading.verdicts import Check, Outcome
from puffling.trading.wire import is_bracket

# How much worse than what is seen an order without a price of its own may fill.
SLIPPAGE = Decimal("0.02")
_NONE = Decimal(0)


def worst_price(terms: OrderTerms, price: PriceSeen | None) -> Decimal | None:
    """Give the worst price the order should fill at; None when nobody knows one."""
    buys = terms.side is Side.BUY
    if terms.one_cancels_other:
        # Of the two ways out the loss is the worse one.
        if terms.stop_loss_limit is not None:
            return terms.stop_loss_limit
        seen = terms.stop_loss
    elif terms.kind in {Kind.LIMIT, Kind.STOP_LIMIT}:
        return terms.limit
    elif terms.kind is Kind.STOP:
        seen = terms.stop
    elif price is None:
        seen = None
    elif buys:
        seen = max(price.last, price.ask or price.last)
    else:
        seen = min(price.last, price.bid or price.last)
    if seen is None:
        return None
    return seen * (1 + SLIPPAGE) if buys else seen * (1 - SLIPPAGE)


@dataclass(frozen=True)
class Case:
    """An order with everything known about it, all limits readable and all its numbers sound."""

    proposal: Proposal
    facts: GateFacts
    limits: Limits
    used: Used

    @property
    def terms(self) -> OrderTerms:
        """What is wanted."""
        return self.proposal.terms

    @property
    def live(self) -> LiveFacts:
        """What was handed in."""
        return self.facts.live

    @cached_property
    def price(self) -> PriceSeen | None:
        """The newest price, None when it is none that can be counted with."""
        seen = self.facts.live.price
        if seen is None:
            return None
        numbers = (seen.last, seen.bid, seen.ask)
        return seen if all(number is None or _is_price(number) for number in numbers) else None

    @property
    def info(self) -> AccountInfo | None:
        """What the broker says the account is worth."""
        return self.facts.live.info

    @property
    def buys(self) -> bool:
        """Whether it buys."""
        return self.terms.side is Side.BUY

    @cached_property
    def quantity(self) -> Decimal:
        """What it may fill, together with the other legs of its order, of which one cancels the other."""
        return max(self.terms.quantity - self.used.filled, self.used.siblings)

    @cached_property
    def same_way(self) -> tuple[Waiting, ...]:
        """What waits to be filled on the same side."""
        return tuple(each for each in self.used.waiting if each.side is self.terms.side)

    @cached_property
    def held(self) -> Decimal:
        """What is held, positive when the order would add to it."""
        return self.used.held if self.buys else -self.used.held

    @cached_property
    def shrinks(self) -> bool:
        """Whether all it can do is make a position smaller, whatever else on its side is filled first."""
        if is_bracket(self.terms):
            return False
        waiting = sum((each.quantity for each in self.same_way), _NONE)
        return self.held < 0 and self.quantity + waiting <= -self.held

    @cached_property
    def each(self) -> Decimal | None:
        """The price at which one piece counts."""
        return self.counted_at(self.terms.limit, self.terms.stop)

    def counted_at(self, limit: Decimal | None, stop: Decimal | None) -> Decimal | None:
        """Give the price at which an order on this side counts: the highest it may have to be paid at."""
        if self.price is None:
            return None
        last = max(self.price.last, self.price.ask or _NONE) if self.buys else self.price.last
        asked = limit if limit is not None else stop
        if asked is None:
            return last
        return asked if self.buys else max(asked, self.price.last)

    @cached_property
    def growth(self) -> Decimal | None:
        """The money by which it makes a position larger at most; None without a price."""
        if self.each is None:
            return None
        waiting = sum((each.quantity for each in self.same_way), _NONE)
        over = self.quantity + waiting + min(self.held, _NONE)
        return max(_NONE, min(self.quantity, over)) * self.each

    @cached_property
    def exposure(self) -> Decimal | None:
        """The money in the symbol once this and all that waits on its side is filled."""
        if self.each is None or self.price is None:
            return None
        if self.held < 0:
            waiting = sum((each.quantity for each in self.same_way), _NONE)
            return max(_NONE, self.held + waiting + self.quantity) * max(self.each, self.price.last)
        waiting_worth = sum(
            (each.quantity * (self.counted_at(each.limit, each.stop) or _NONE) for each in self.same_way),
            _NONE,
        )
        return self.held * self.price.last + waiting_worth + self.quantity * self.each

    @cached_property
    def worth(self) -> Decimal | None:
        """The most money the order itself may move; None without a price."""
        worst = worst_price(self.terms, self.price)
        if worst is None or self.each is None:
            return None
        return self.terms.quantity * max(worst, self.each)

    @cached_property
    def equity(self) -> Decimal | None:
        """What the account is worth; None when that is not known."""
        return finite(self.info.equity) if self.info is not None else None


def _is_price(number: Decimal) -> bool:
    return number.is_finite() and number > 0


def passed(
    code: str, text: str, *, used: Decimal | int | None = None, limit: Decimal | int | None = None
) -> Check:
    """Give the answer of a check that has nothing against it."""
    return Check(code, Outcome.PASS, text, "", _figure(used), _figure(limit))


def refused(
    code: str,
    text: str,
    hint: str,
    *,
    used: Decimal | int | None = None,
    limit: Decimal | int | None = None,
) -> Check:
    """Give the answer of a check that does not let the order through."""
    return Check(code, Outcome.REFUSE, text, hint, _figure(used), _figure(limit))


def asked(
    code: str, text: str, hint: str, *, used: Decimal | None = None, limit: Decimal | None = None
) -> Check:
    """Give the answer of a check that wants the person's yes."""
    return Check(code, Outcome.ASK, text, hint, used, limit)


def _figure(number: Decimal | int | None) -> Decimal | None:
    return None if number is None else Decimal(number)
