"""How the market treats a paper account: the same model as a backtest's, one price or bar after the other.

What `backtest.walk` does with a panel is done here with whatever comes in, by the same functions in the same
order, so that the same orders on the same bars fill alike (a property test holds the two together). Whoever
calls makes sure that one caller is here at a time.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

from puffling.puffin.backtest.fills import Candle, Touch, paid
from puffling.puffin.backtest.waiting import met, settle
from puffling.puffin.broker.base import (
    BrokerUpdate,
    Execution,
    OrderStatus,
    UpdateKind,
)
from puffling.puffin.broker.paper_book import EXACT, PaperBook, PaperOrder, exact
from puffling.puffin.broker.paper_money import (
    buying_power,
    pay_dividend,
    pay_for_time,
    split_order,
    split_stake,
)
from puffling.puffin.broker.paper_terms import Hours, HoursOf, PaperTerms
from puffling.puffin.data.actions import CorporateAction
from puffling.puffin.orders import Kind, Lasting, Side

_SLACK = 1.0 + 1e-9
_AT_ONCE = frozenset({Lasting.IOC, Lasting.FOK})
_QUOTED = frozenset({Kind.MARKET, Kind.LIMIT})
# Older ones are no longer anybody's word.
_QUOTE_LASTS = timedelta(minutes=1)
_NEVER_CALM = frozenset({Kind.MARKET, Kind.TRAILING_STOP})
_ENDINGS = {
    OrderStatus.CANCELED: "canceled",
    OrderStatus.EXPIRED: "expired",
    OrderStatus.REJECTED: "rejected",
    OrderStatus.REPLACED: "replaced",
}


class PaperMarket:
    """Lets waiting orders meet prices, and time and corporate actions happen to the book."""

    def __init__(self, book: PaperBook, terms: PaperTerms, hours: HoursOf) -> None:
        self.book = book
        self.terms = terms
        self.news: list[BrokerUpdate] = []
        self._hours = hours
        self._known_hours: dict[str, Hours] = {}
        self._quotes: dict[str, tuple[float, float, datetime]] = {}
        self._waiting: dict[str, list[PaperOrder]] = {}
        self._quiet: dict[str, tuple[float, float]] = {}
        self._next_expiry: datetime | None = None
        self._taken: dict[str, float] = {}
        self.turn = 0
        # Whether the book holds something that must not be lost.
        self.changed = False
        for order in book.open_orders():
            self._enlist(order)

    @property
    def symbols(self) -> frozenset[str]:
        """What prices are wanted of: whatever is held or ordered."""
        return frozenset(self._waiting) | frozenset(self.book.positions)

    def hours(self, symbol: str, at: datetime) -> Hours:
        """Give the session of a symbol that runs at a moment, or the next one."""
        known = self._known_hours.get(symbol)
        # Only the one that runs is kept: of a later one nobody knows yet whether another comes before it.
        if known is None or not known.early <= at < known.late:
            known = self._known_hours[symbol] = self._hours(symbol, at)
        return known

    def good_until(self, symbol: str, lasting: Lasting, at: datetime, *, extended: bool) -> datetime | None:
        """Give when an order sent at a moment expires: at the end of the first session it can fill in."""
        if lasting is not Lasting.DAY:
            return None
        session = self.hours(symbol, at)
        if extended:
            return session.late
        return session.closes if at < session.closes else self._hours(symbol, session.late).closes

    def add(self, order: PaperOrder) -> None:
        """Bring an order to the market, with the legs behind it."""
        for each in (order, *order.legs):
            self.book.orders[each.id] = each
            each.waiting.since = self.turn
            self._enlist(each)
        self.tell(order, "new")

    def take(
        self, candles: Mapping[str, Candle], at: datetime, *, whole: bool, until: datetime | None = None
    ) -> None:
        """Let orders meet bars of regular sessions (`whole`), or ticks at the hour they happened.

        A bar ends at `until`; orders that are good no longer than that expire with it.
        """
        if not whole:
            self.expire(at)
        self.changed = pay_for_time(self.book, self.terms.carry, at) or self.changed
        self.turn += 1
        self._taken.clear()
        marks = self.book.marks
        stirred = [each for each, candle in candles.items() if whole or not self._is_quiet(each, candle)]
        if stirred:
            for symbol in candles:
                marks[symbol] = candles[symbol].open
            self._meet(candles, stirred, at, whole=whole)
        for symbol, candle in candles.items():
            marks[symbol] = candle.close
        if until is not None:
            self.expire(until)

    def quote(self, symbol: str, bid: float, ask: float, at: datetime) -> None:
        """Take in who bids and asks: what may fill at once or at a limit, fills there."""
        self._quotes[symbol] = (bid, ask, at)
        mark = self.book.marks.get(symbol)
        orders = self._waiting.get(symbol, ())
        if mark is not None and any(order.waiting.ticket.kind in _QUOTED for order in orders):
            self.expire(at)
            self.turn += 1
            self._taken.clear()
            self._meet({symbol: Candle(mark, mark, mark, mark, 0.0)}, [symbol], at, whole=False, only=_QUOTED)

    def expire(self, at: datetime) -> None:
        """End what was good until this moment, and the trading day."""
        if self._next_expiry is not None and self._next_expiry <= at:
            for order in [*self.book.open_orders()]:
                if order.is_open and order.expires_at is not None and order.expires_at <= at:
                    self.end(order, OrderStatus.EXPIRED, at)
            self._next_expiry = min(
                (order.expires_at for order in self.book.open_orders() if order.expires_at is not None),
                default=None,
            )
        book = self.book
        if book.day_ends is None:
            book.day_ends = self.hours("", at).closes
        elif at >= book.day_ends:
            book.closing = exact(book.worth())
            if book.today is None:
                book.begin_day()
            session = self.hours("", at)
            book.day_ends = session.closes if at < session.closes else self._hours("", session.late).closes
        if book.unsettled and book.unsettled[0][0] <= at:
            book.unsettled = [(when, amount) for when, amount in book.unsettled if when > at]

    def pass_time(self, at: datetime) -> None:
        """Let a moment come without a price."""
        self.expire(at)
        self.changed = pay_for_time(self.book, self.terms.carry, at) or self.changed

    def end(self, order: PaperOrder, status: OrderStatus, at: datetime, reason: str | None = None) -> None:
        """Take an order off the market; what was never let loose by it goes too."""
        order.status = status
        order.reason = reason
        order.canceled_at = at
        self._strike(order)
        self.tell(order, _ENDINGS[status], at=at)
        for leg in order.legs:
            if leg.is_open and (order.order.one_cancels_other or not leg.waiting.loose):
                self.end(leg, OrderStatus.CANCELED, at)
        other = order.parent
        if other is not None and other.order.one_cancels_other and other.is_open:
            self.end(other, OrderStatus.CANCELED, at)

    def stir(self, symbol: str) -> None:
        """Look at the next price of a symbol whatever it is: its orders changed."""
        self._quiet.pop(symbol, None)

    @property
    def wakes_at(self) -> datetime | None:
        """When an order or the day ends."""
        moments = (self._next_expiry, self.book.day_ends)
        return min((moment for moment in moments if moment is not None), default=None)

    def act(self, symbol: str, actions: Iterable[CorporateAction], today: date, at: datetime) -> None:
        """Let the splits and dividends happen that came since they last were looked at."""
        since, before = self.book.acted.get(symbol), self.book.today
        self.book.today = today
        if before is not None and before != today:
            self.book.begin_day()
            self.changed = True
        if symbol in self.symbols:
            self.book.acted[symbol] = today
            self.changed = self.changed or since != today
        for action in sorted(actions, key=lambda each: each.day):
            if since is not None and since < action.day <= today:
                pay_dividend(self.book, symbol, action.dividend, at)
                if action.split_ratio != 1.0:
                    self._split(symbol, Fraction(action.split_ratio).limit_denominator(10_000), at)

    def tell(
        self, order: PaperOrder, event: str, made: Execution | None = None, at: datetime | None = None
    ) -> None:
        """Note what happened to an order, for whoever listens."""
        self.changed = True
        when = at or order.submitted_at
        self.news.append(BrokerUpdate(UpdateKind.ORDER, order.info(), made, event, when))

    def waiting(self, symbol: str) -> tuple[PaperOrder, ...]:
        """Give what waits of a symbol, the oldest first."""
        return tuple(self._waiting.get(symbol, ()))

    def _split(self, symbol: str, ratio: Fraction, at: datetime) -> None:
        split_stake(self.book, symbol, ratio, at)
        self._quotes.pop(symbol, None)
        for order in self._waiting.get(symbol, ()):
            split_order(order, ratio)
            self.tell(order, "restated", at=at)
        self.stir(symbol)

    def _enlist(self, order: PaperOrder) -> None:
        self._waiting.setdefault(order.symbol, []).append(order)
        self.book.acted.setdefault(order.symbol, self.book.today or order.submitted_at.date())
        self.stir(order.symbol)
        expires = order.expires_at
        if expires is not None and (self._next_expiry is None or expires < self._next_expiry):
            self._next_expiry = expires

    def _strike(self, order: PaperOrder) -> None:
        waiting = self._waiting[order.symbol]
        waiting.remove(order)
        if not waiting:
            self._waiting.pop(order.symbol, None)
            if order.symbol not in self.book.positions:
                # What happens to a share while none is held does not happen to those bought later.
                self.book.acted.pop(order.symbol, None)
        self.stir(order.symbol)

    def _is_quiet(self, symbol: str, candle: Candle) -> bool:
        """Tell whether a price lies where no order of the symbol would stir."""
        if symbol not in self._waiting:
            return True
        band = self._quiet.get(symbol)
        return band is not None and band[0] < candle.low and candle.high < band[1]

    def _meet(
        self,
        candles: Mapping[str, Candle],
        symbols: list[str],
        at: datetime,
        *,
        whole: bool,
        only: frozenset[Kind] | None = None,
    ) -> None:
        orders = [order for symbol in symbols for order in self._waiting.get(symbol, ())]
        if len(symbols) > 1:
            orders.sort(key=lambda each: int(each.id.rpartition("-")[2]))
        orders.sort(key=lambda each: each.waiting.urgency(self.terms.intrabar))
        for order in orders:
            waiting = order.waiting
            if not (order.is_open and waiting.loose and waiting.since <= self.turn):
                continue
            if only is not None and waiting.ticket.kind not in only:
                continue
            if whole or self.hours(order.symbol, at).takes(at, extended=order.order.extended_hours):
                self._meet_one(order, candles[order.symbol], at, whole=whole)
        if only is None:
            for symbol in symbols:
                self._trail(symbol, candles[symbol], at, whole=whole)

    def _trail(self, symbol: str, candle: Candle, at: datetime, *, whole: bool) -> None:
        """Let trailing stops follow, and find between which prices no order of the symbol would stir."""
        low, high, calm = 0.0, float("inf"), True
        for order in self._waiting.get(symbol, ()):
            waiting, ticket = order.waiting, order.waiting.ticket
            if not waiting.loose:
                continue
            met_it = whole or self.hours(symbol, at).takes(at, extended=order.order.extended_hours)
            if met_it:
                waiting.trail(candle)
            calm = calm and met_it and ticket.kind not in _NEVER_CALM and waiting.since <= self.turn
            for level in (ticket.limit, ticket.stop):
                if level is not None and level <= candle.close:
                    low = max(low, level)
                if level is not None and level >= candle.close:
                    high = min(high, level)
        if calm and low < high:
            self._quiet[symbol] = (low, high)
        else:
            self._quiet.pop(symbol, None)

    def _meet_one(self, order: PaperOrder, candle: Candle, at: datetime, *, whole: bool) -> None:
        waiting, ticket = order.waiting, order.waiting.ticket
        seen = candle if whole else self._seen(order, candle, at)
        first = seen.open if waiting.first is None or waiting.since < self.turn else waiting.first
        was_armed = waiting.armed
        found = met(waiting, seen, first)
        self.changed = self.changed or waiting.armed is not was_armed
        if found is None:
            if ticket.lasting in _AT_ONCE:
                self.end(order, OrderStatus.CANCELED, at, "No price was met at once")
            return
        room = self._room(order.symbol, seen)
        if ticket.lasting is Lasting.FOK and room < waiting.remaining:
            self.end(order, OrderStatus.CANCELED, at, "Not all of it could be filled at once")
            return
        wanted = min(order.remaining, self._closable(order))
        refused = self._refusal(order, wanted, found.price)
        if refused:
            self.end(order, OrderStatus.REJECTED if not order.filled else OrderStatus.CANCELED, at, refused)
            return
        done = self._execute(order, wanted, room, found, seen.volume, at)
        if done:
            self._settle(order, done, found, at)
        if order.is_open and (not wanted or ticket.lasting is Lasting.IOC):
            reason = "The rest was not met at once" if wanted else "Nothing is left to close"
            self.end(order, OrderStatus.CANCELED, at, reason)

    def _seen(self, order: PaperOrder, candle: Candle, at: datetime) -> Candle:
        """Give what a tick is to an order: who buys at once or at a limit, buys where somebody asks."""
        quote = self._quotes.get(order.symbol)
        if quote is None or at - quote[2] > _QUOTE_LASTS or order.waiting.ticket.kind not in _QUOTED:
            return candle
        price = quote[1] if order.order.side is Side.BUY else quote[0]
        return Candle(price, price, price, price, candle.volume) if price > 0.0 else candle

    def _room(self, symbol: str, candle: Candle) -> float:
        """Give how much of the volume may still be taken, in whole steps."""
        cap = self.terms.volume_cap
        if not cap or (candle.volume <= 0.0 and symbol in self._quotes):
            return float("inf")
        room = max(cap * candle.volume - self._taken.get(symbol, 0.0), 0.0)
        step = float(self.book.steps.get(symbol, 0))
        return room if step == 0.0 else math.floor(room / step) * step

    def _closable(self, order: PaperOrder) -> Decimal:
        """The leg of a bracket never turns a position round."""
        if order.waiting.parent is None:
            return order.remaining
        held = self.book.held(order.symbol)
        return max(held if order.order.side is Side.SELL else -held, Decimal(0))

    def _refusal(self, order: PaperOrder, wanted: Decimal, price: float) -> str:
        """Say why an order cannot fill now; empty when it can."""
        held, size = float(self.book.held(order.symbol)), float(wanted)
        after = held + order.order.side.sign * size
        growth = abs(after) - abs(held)
        if after < 0.0 and after < held and not self.terms.short:
            return "Not enough is held, and this account does not sell short"
        if growth <= 0.0:
            return ""
        needed = growth * price + self.terms.commission.least
        return "" if needed <= buying_power(self.book, self.terms) * _SLACK else "Not enough buying power"

    def _execute(
        self, order: PaperOrder, wanted: Decimal, room: float, found: Touch, volume: float, at: datetime
    ) -> Decimal:
        """Trade as much as the volume allows; gives how much."""
        size = min(float(wanted), room)
        if size <= 0.0:
            return Decimal(0)
        terms, side = self.terms, order.order.side
        quantity = wanted if size == float(wanted) else exact(size)
        worse = terms.slippage.calculate(found.price, size, volume)
        price = paid(found, float(worse), buys=side is Side.BUY)
        fee = float(terms.commission.calculate(price, size))
        self._taken[order.symbol] = self._taken.get(order.symbol, 0.0) + size
        order.fills += 1
        made = Execution(
            execution_id=f"{order.id}-{order.fills}",
            order_id=order.id,
            symbol=order.symbol,
            side=side,
            qty=quantity,
            price=self._rounded(price),
            filled_at=at,
            fee=self._rounded(fee),
            cumulative=EXACT.add(order.filled, quantity),
        )
        self._enter(order, made)
        return quantity

    def _enter(self, order: PaperOrder, made: Execution) -> None:
        """Write a fill into the book."""
        book, sells = self.book, made.side is Side.SELL
        book.trade(made.symbol, -made.qty if sells else made.qty, made.price, made.fee)
        book.executions.append(made)
        if sells:
            value = EXACT.multiply(made.qty, made.price)
            session = self.hours("", made.filled_at)
            settles = self._hours("", session.late).closes
            if book.unsettled and book.unsettled[-1][0] == settles:
                value = EXACT.add(value, book.unsettled.pop()[1])
            book.unsettled.append((settles, value))
        order.filled = EXACT.add(order.filled, made.qty)
        order.value = EXACT.add(order.value, EXACT.multiply(made.qty, made.price))
        order.filled_at = made.filled_at
        order.left(EXACT.subtract(order.remaining, made.qty))
        over = order.remaining <= 0
        order.status = OrderStatus.FILLED if over else OrderStatus.PARTIALLY_FILLED
        if over:
            self._strike(order)
        self.tell(order, "fill" if over else "partial_fill", made, made.filled_at)

    def _settle(self, order: PaperOrder, done: Decimal, found: Touch, at: datetime) -> None:
        """Let loose what waited for this fill, and end what it leaves nothing to do for."""
        settle(order.waiting, float(done), found, self.turn, self.terms.intrabar)
        for leg in () if order.order.one_cancels_other else order.legs:
            first = not leg.remaining
            leg.left(EXACT.add(leg.remaining, done))
            if first:
                self.stir(leg.symbol)
                self.tell(leg, "new", at=at)
        entry = None if order.parent is None or order in order.parent.beside else order.parent
        for each in order.beside:
            each.left(EXACT.subtract(each.remaining, done))
            # The market model settles the same; what is left is known exactly only here.
            if each.is_open and each.remaining <= 0:
                self.end(each, OrderStatus.CANCELED, at, "Another way out was filled")
        if entry is not None and entry.is_open:
            self.end(entry, OrderStatus.CANCELED, at, "What was entered was left already")

    def _rounded(self, value: float) -> Decimal:
        decimals = self.terms.decimals
        number = exact(value)
        return number if decimals is None else round(number, decimals).normalize(EXACT)
