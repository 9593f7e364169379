"""Practising on past bars: an account of play money that is led along history bar by bar, and back.

Bars are taken in when they are over, by the market model of the backtests: what is ordered at a bar fills at
the next open at the earliest. Nothing that ends after the moment of whoever practises is read. Gone back to a
moment, the book is what it was then to the last digit: a copy is kept whenever something happened to it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

import numpy as np

from puffling.puffin.backtest.fills import Candle
from puffling.puffin.broker.base import (
    Asset,
    BrokerUpdate,
    Change,
    Execution,
    InsufficientFundsError,
    InvalidOrderError,
    Order,
    OrderStatusInfo,
    Position,
    UpdateKind,
)
from puffling.puffin.broker.paper import PaperBroker
from puffling.puffin.broker.paper_terms import PaperTerms
from puffling.puffin.broker.practice_score import PracticeFill, PracticeScore, score_of
from puffling.puffin.data.bars import Bars
from puffling.puffin.data.instants import from_us
from puffling.puffin.orders import Kind, Lasting, Side

EndOf = Callable[[int], int]
# So many bars are taken in at a time: whoever shows them has other things to do as well.
AT_A_TIME = 200


class Point(NamedTuple):
    """What there was when a bar was over."""

    time_us: int
    equity: float
    price: float


class PracticeState(NamedTuple):
    """How a practice stood when it was left, as plain data: all it takes to go on."""

    begun_us: int
    at_us: int
    rewinds: int
    bars: int
    exits: list[str]
    book: dict[str, Any]


class _Kept(NamedTuple):
    """How things stood at a moment."""

    at_us: int
    points: int
    fills: int
    exits: frozenset[str]
    book: dict[str, Any]


class Practice:
    """Orders of play money in one symbol, on bars of the past."""

    def __init__(
        self, symbol: str, *, cash: Decimal, at_us: int, price: float, terms: PaperTerms | None = None
    ) -> None:
        """Begin at a moment, with the price of the bar that was over then."""
        self.symbol = symbol
        self.begun_us = at_us
        self.rewinds = 0
        self.fills: list[PracticeFill] = []
        self.points = [Point(at_us, float(cash), price)]
        self._at_us = at_us
        self._stirred = False
        self._undone_us: int | None = None
        self._left_out = 0
        self._open = price
        # Orders that only shrink what is held, such as a stop and a limit for the same shares: several may
        # wait for it, which is why the account is not strict and looks itself, and go when nothing is held.
        self._exits: frozenset[str] = frozenset()
        self._broker = PaperBroker(
            cash,
            now=self._now,
            name="practice",
            terms=replace(terms or PaperTerms(), strict=False),
            price=self._price,
            asset=_asset,
        )
        self._broker.listen(self._heard)
        self._kept: list[_Kept] = []
        self._keep()

    @classmethod
    def resumed(
        cls,
        symbol: str,
        state: PracticeState,
        points: Sequence[Point],
        fills: Sequence[PracticeFill],
        terms: PaperTerms | None = None,
    ) -> Practice:
        """Take up a practice where it was left; to before that it cannot go back."""
        first = points[0]
        made = cls(
            symbol, cash=Decimal(repr(first.equity)), at_us=state.begun_us, price=first.price, terms=terms
        )
        made.points, made.fills, made.rewinds = [*points], [*fills], state.rewinds
        made._left_out = state.bars - (len(points) - 1)
        made._at_us, made._exits = state.at_us, frozenset(state.exits)
        made._broker.restore(state.book)
        made._kept.clear()
        made._keep()
        return made

    @property
    def state(self) -> PracticeState:
        """How it stands, to be taken up again."""
        bars = len(self.points) - 1 + self._left_out
        return PracticeState(
            self.begun_us, self._at_us, self.rewinds, bars, sorted(self._exits), self._broker.export()
        )

    @property
    def earliest_us(self) -> int:
        """To when one can go back."""
        return self._kept[0].at_us

    @property
    def at_us(self) -> int:
        """Until when bars were taken in."""
        return self._at_us

    @property
    def equity(self) -> Decimal:
        """What there is, at the price of the last bar."""
        return Decimal(self._broker.get_account().equity)

    @property
    def position(self) -> Position | None:
        """What is held; None when nothing is."""
        return self._broker.get_positions().get(self.symbol)

    @property
    def orders(self) -> tuple[OrderStatusInfo, ...]:
        """What waits, the oldest first."""
        return tuple(reversed(self._broker.get_all_orders("open")))

    @property
    def score(self) -> PracticeScore:
        """How well it goes so far."""
        scored = score_of(self.symbol, self.points, self.fills, self.rewinds)
        return replace(scored, bars=scored.bars + self._left_out) if self._left_out else scored

    def order(self, side: Side, quantity: Decimal, kind: Kind = Kind.MARKET, at: float | None = None) -> str:
        """Order so much; a limit or a stop waits at its price until it fills or is cancelled."""
        price = None if at is None else Decimal(repr(at))
        shrinks = self._shrinks(side, quantity, price)
        id = self._broker.submit_order(
            Order(
                self.symbol,
                side,
                quantity,
                kind,
                limit_price=price if kind is Kind.LIMIT else None,
                stop_price=price if kind is Kind.STOP else None,
                time_in_force=Lasting.GTC,
            )
        )
        if shrinks:
            self._exits |= {id}
        self._keep()
        return id

    def close(self) -> None:
        """Let nothing wait any more, and close what is held at the next open."""
        for waiting in self.orders:
            self._broker.cancel_order(waiting.order_id)
        held = self.position
        if held is not None:
            side = Side.SELL if held.qty > 0 else Side.BUY
            self.order(side, abs(Decimal(held.qty)))
        self._keep()

    def cancel(self, order_id: str) -> bool:
        """Let an order wait no more; False when it is over already."""
        cancelled = self._broker.cancel_order(order_id)
        self._keep()
        return cancelled

    def move(self, order_id: str, price: float) -> None:
        """Let an order wait at another price."""
        to = Decimal(repr(price))
        info = self._broker.get_order_status(order_id)
        if info.type not in (Kind.LIMIT, Kind.STOP):
            raise InvalidOrderError("An order at the market has no price", code="no_price")
        change = Change(limit_price=to) if info.type is Kind.LIMIT else Change(stop_price=to)
        new = self._broker.replace_order(order_id, change)
        if order_id in self._exits:
            self._exits |= {new.order_id}
        self._keep()

    def follow(self, bars: Bars, end_of: EndOf, until_us: int) -> bool:
        """Take in bars that were over by then, some at a time; tells whether there are more."""
        first = int(np.searchsorted(bars.time, self._at_us))
        for place in range(first, len(bars)):
            begun_us = int(bars.time[place])
            ended_us = end_of(begun_us)
            if ended_us > until_us:
                return False
            if place - first == AT_A_TIME:
                return True
            self._meet(Candle(*(float(column[place]) for column in bars.columns())), begun_us, ended_us)
        return False

    def rewind(self, to_us: int) -> None:
        """Be what it was at an earlier moment; bars from there on are taken in anew."""
        if to_us < self.earliest_us:
            raise InvalidOrderError("The practice began later than that", code="before")
        if to_us >= self._at_us:
            return
        # What happened since is undone, and that it was undone is not.
        lost = sum(each.at_us > to_us for each in self._kept)
        # Several bars back in one go are one time.
        if lost and self._undone_us is None:
            self.rewinds += 1
        self._undone_us = to_us
        del self._kept[len(self._kept) - lost :]
        kept = self._kept[-1]
        self._at_us, self._exits = kept.at_us, kept.exits
        del self.points[kept.points :], self.fills[kept.fills :]
        self._broker.restore(kept.book)

    def _meet(self, candle: Candle, begun_us: int, ended_us: int) -> None:
        self._at_us, self._open = ended_us, candle.open
        if self._undone_us is not None and ended_us > self._undone_us:
            self._undone_us = None
        self._broker.on_bars({self.symbol: candle}, from_us(begun_us), until=from_us(ended_us))
        self.points.append(Point(ended_us, float(self.equity), candle.close))
        if self._stirred and self._exits and self.position is None:
            for id in sorted(self._exits):
                self._broker.cancel_order(id)
            self._exits = frozenset()
        if self._stirred:
            self._keep()

    def _shrinks(self, side: Side, quantity: Decimal, price: Decimal | None) -> bool:
        """Tell whether an order only shrinks what is held; what it needs besides must be there."""
        held = self.position
        signed = Decimal(0) if held is None else Decimal(held.qty)
        after = signed + (quantity if side is Side.BUY else -quantity)
        if signed * (after - signed) < 0 and after * signed >= 0:
            return True
        if after < 0 and not self._broker.terms.short:
            raise InsufficientFundsError(
                f"{max(signed, Decimal(0)):f} of {self.symbol} can be sold, not {quantity:f}: "
                "this account does not sell short",
                code="not_enough_held",
            )
        needed = (abs(after) - abs(signed)) * (price or Decimal(repr(self.points[-1].price)))
        room = Decimal(self._broker.get_account().buying_power)
        if needed > room:
            raise InsufficientFundsError(
                f"This order needs {needed:,.2f} and the buying power is {room:,.2f}", code="buying_power"
            )
        return False

    def _keep(self) -> None:
        self._stirred, self._undone_us = False, None
        kept = _Kept(self._at_us, len(self.points), len(self.fills), self._exits, self._broker.export())
        if self._kept and self._kept[-1].at_us == self._at_us:
            self._kept.pop()
        self._kept.append(kept)

    def _heard(self, update: BrokerUpdate) -> None:
        if update.kind is UpdateKind.ORDER:
            self._stirred = True
        if update.execution is not None and update.order is not None:
            self.fills.append(_fill(update.order, update.execution, Decimal(repr(self._open))))

    def _now(self) -> datetime:
        return from_us(self._at_us)

    def _price(self, symbol: str) -> Decimal | None:
        return Decimal(repr(self.points[-1].price)) if symbol == self.symbol else None


def _fill(order: OrderStatusInfo, made: Execution, opened: Decimal) -> PracticeFill:
    """Note a fill beside the price it met: the open, or its own where the bar only came to it later."""
    buys, met = made.side is Side.BUY, opened
    if order.limit_price is not None:
        met = (min if buys else max)(opened, Decimal(order.limit_price))
    elif order.stop_price is not None:
        met = (max if buys else min)(opened, Decimal(order.stop_price))
    slipped = abs(made.price - met) * made.qty
    return PracticeFill(made.execution_id, made.filled_at, made.side, made.qty, made.price, made.fee, slipped)


def _asset(symbol: str) -> Asset:
    """Say that everything trades in any step: prices that were adjusted are no whole cents."""
    return Asset(
        symbol,
        shortable=True,
        fractionable=True,
        marginable=True,
        price_step=Decimal(0),
        quantity_step=Decimal(0),
    )
