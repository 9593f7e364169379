"""A broker for play money: it fills orders at real or simulated prices and knows nothing of who uses it.

Prices come in from outside: bars (`on_bars`), trades (`on_prices`) and quotes (`on_quote`). Orders fill by
the market model of the backtests, at the earliest at the next price after they were sent; what is sent while
the market is closed waits for it to open. Nothing is asked of a clock but `now`.

Nothing lost, nothing twice. The book of this broker is the truth of its side of the wire, as another broker's
is in its own house; what whoever uses it writes down (the ledger) is only ever a copy of it by execution id.
So there is one rule: *nothing of the book is told before the book that holds it was kept.* Kept means that
`keep` came back, or that whoever drives the broker kept an `unkept()` book and said so with `kept`.

* Killed before the book was kept: it did not happen. Nobody was told, the order waits still, and the next
  price fills it. An order whose sending was cut off is not there when its client id is looked up, and is sent
  again under the same name.
* Killed after it was kept and before it was told: it did happen. The order is found by its client id, the
  fill is in `get_executions`, and the ledger counts it once, because it counts by execution id.
* The ledger cannot be ahead of the book, because questions are answered from a kept book too: an answer that
  holds something new keeps it first. When it cannot be kept (a full disk), the answer is UnclearError.

One transaction therefore holds the book with all that it caused by itself (interest, dividends); the fills
follow from it. Client ids are refused for ever once used, also when the order itself is long forgotten.

The lock is never held while a book is kept or news are told, so that whoever drives the broker from an event
loop waits for it no longer than one order takes to be looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from puffling.puffin.backtest.fills import Candle
from puffling.puffin.backtest.orders import Ticket
from puffling.puffin.backtest.waiting import Waiting
from puffling.puffin.broker.base import (
    AccountInfo,
    Asset,
    Broker,
    BrokerClock,
    BrokerError,
    Change,
    DuplicateOrderError,
    Execution,
    InsufficientFundsError,
    InvalidOrderError,
    Number,
    Order,
    OrderStatus,
    OrderStatusInfo,
    Position,
    UnknownOrderError,
)
from puffling.puffin.broker.paper_book import PaperBook, PaperOrder, bring, exact
from puffling.puffin.broker.paper_keeping import Keeping
from puffling.puffin.broker.paper_market import PaperMarket
from puffling.puffin.broker.paper_money import account, pay_in, positions
from puffling.puffin.broker.paper_plain import exported, restored
from puffling.puffin.broker.paper_rules import (
    changed,
    checked,
    exits_of,
    promised,
    refuse_wash_trade,
    refuse_what_is_not_there,
    ticket_of,
)
from puffling.puffin.broker.paper_terms import HoursOf, PaperTerms, abilities_under, around_the_clock
from puffling.puffin.data.actions import CorporateAction
from puffling.puffin.orders import Kind, Lasting, Side


class PaperBroker(Keeping, Broker):
    """An account of play money at a broker of one's own."""

    def __init__(
        self,
        cash: Number = 100_000,
        *,
        now: Callable[[], datetime],
        name: str = "paper",
        terms: PaperTerms | None = None,
        price: Callable[[str], Decimal | None] = lambda symbol: None,
        hours: HoursOf = around_the_clock,
        asset: Callable[[str], Asset] | None = None,
        keep: Callable[[dict[str, Any]], None] | None = None,
    ) -> None:
        """Open an account, or say with `restore` how an older one stood.

        `price` may give the newest price of what nobody asked for yet, `asset` what is known of a symbol (it
        raises what the order is refused with). `keep` keeps a book for good before it comes back; without it
        the book lives as long as this object.
        """
        super().__init__(now, keep)
        self._price = price
        self._asset = asset or self._any_asset
        self._hours = hours
        self._use(PaperBook(name, exact(cash), last_equity=exact(cash)), terms or PaperTerms())

    @property
    def terms(self) -> PaperTerms:
        """Under which conditions it trades."""
        return self._market.terms

    @terms.setter
    def terms(self, terms: PaperTerms) -> None:
        with self._lock:
            self._use(self._market.book, terms)

    @property
    def symbols(self) -> frozenset[str]:
        """What prices are wanted of: whatever is held or ordered."""
        with self._lock:
            return self._market.symbols

    @property
    def trails(self) -> bool:
        """Whether a trailing stop waits, which every price may move."""
        with self._lock:
            return any(order.order.type is Kind.TRAILING_STOP for order in self._market.book.open_orders())

    def mark(self, symbol: str) -> float | None:
        """Give the newest price that came in, None before the first."""
        with self._lock:
            return self._market.book.marks.get(symbol)

    @property
    def wakes_at(self) -> datetime | None:
        """When `on_time` has something to do without a price: an order or the day ends."""
        with self._lock:
            return self._market.wakes_at

    def submit_order(self, order: Order) -> str:
        """Take an order, keep it, and give its id."""
        with self._lock:
            self._refuse_duplicate(order.client_order_id)
        asset, price = self._asset(order.symbol), self._price_of(order.symbol)
        order = checked(order, asset, price)

        def take() -> str:
            self._refuse_duplicate(order.client_order_id)
            now, terms = self._now(), self.terms
            self._market.expire(now)
            if terms.refuses_wash_trades:
                refuse_wash_trade(order, self._market)
            if terms.strict:
                refuse_what_is_not_there(order, self._market, terms, asset, price)
            self._market.book.steps[order.symbol] = asset.quantity_step
            return self._add(order, now).id

        return self._answer(take)

    def cancel_order(self, order_id: str) -> bool:
        """Cancel an order with what hangs on it; False when it is over already."""

        def cancel() -> bool:
            self._market.expire(self._now())
            order = self._order(order_id)
            if not order.is_open:
                return False
            self._market.end(order, OrderStatus.CANCELED, self._now())
            return True

        return self._answer(cancel)

    def modify_order(
        self, order_id: str, qty: Number | None = None, limit_price: Number | None = None
    ) -> bool:
        """Change a working order in place; False when it is over already."""

        def modify() -> bool:
            old = self._order(order_id)
            if not old.is_open:
                return False
            change = Change(_exact_or_none(qty), _exact_or_none(limit_price))
            order = checked(changed(old, change), self._asset(old.symbol), None)
            old.quantity = old.filled + exact(order.qty)
            old.waiting.ticket = ticket_of(order)
            old.left(exact(order.qty))
            self._market.stir(old.symbol)
            self._market.tell(old, "restated", at=self._now())
            return True

        return self._answer(modify)

    def replace_order(self, order_id: str, change: Change) -> OrderStatusInfo:
        """Put another order in the place of a working one.

        `qty` is how much is wanted in all: what the old order filled is not ordered again.
        """
        with self._lock:
            self._refuse_duplicate(change.client_order_id)

        def put() -> OrderStatusInfo:
            now = self._now()
            self._market.expire(now)
            self._refuse_duplicate(change.client_order_id)
            old = self._order(order_id)
            if not old.is_open:
                raise InvalidOrderError(f"{order_id} is over already: {old.status.value}", code="not_open")
            if any(each.waiting.loose for each in old.legs) or (old.parent and old in old.parent.beside):
                raise InvalidOrderError("Its ways out stand already: they are changed", code="bracket")
            order = checked(changed(old, change), self._asset(old.symbol), None)
            parent = old.parent
            self._market.end(old, OrderStatus.REPLACED, now)
            new = self._add(order, now, replaces=old.id) if parent is None else self._instead(old, order, now)
            new.waiting.armed, new.waiting.best = old.waiting.armed, old.waiting.best
            old.replaced_by = new.id
            return new.info()

        return self._answer(put)

    def get_positions(self) -> dict[str, Position]:
        """Give what is held, by symbol."""
        return self._answer(self._positions)

    def held(self, symbol: str) -> Decimal:
        """Give how much is held of a symbol."""
        return self._answer(lambda: self._market.book.held(symbol))

    def get_account(self) -> AccountInfo:
        """Give what the account is worth at the newest prices."""
        return self._answer(self._account)

    def get_order_status(self, order_id: str) -> OrderStatusInfo:
        """Give an order as it stands."""
        return self._answer(lambda: self._order(order_id).info())

    def find_order(self, client_order_id: str) -> OrderStatusInfo | None:
        """Give the order of this client id, None when there never was one."""

        def find() -> OrderStatusInfo | None:
            book = self._market.book
            found = book.by_client_id(client_order_id)
            if found is None and book.was_used(client_order_id):
                raise BrokerError(
                    f"The order {client_order_id} ended long ago and is no longer known in full"
                )
            return None if found is None else found.info()

        return self._answer(find)

    def get_all_orders(self, status: str | None = None, limit: int = 100) -> list[OrderStatusInfo]:
        """Give the newest orders, legs of brackets beside the others: `open`, `closed`, or all of them."""

        def look() -> list[OrderStatusInfo]:
            wanted = {"open": True, "closed": False}.get(status or "")
            newest = [
                order
                for order in reversed([*self._market.book.orders.values()])
                if wanted is None or order.is_open is wanted
            ]
            return [order.info() for order in newest[:limit]]

        return self._answer(look)

    def get_executions(self, since: datetime) -> list[Execution]:
        """Give every fill from a moment on, oldest first."""
        return self._answer(
            lambda: [made for made in self._market.book.executions if made.filled_at >= since]
        )

    def get_asset(self, symbol: str) -> Asset:
        """Give what is known of an instrument."""
        return self._asset(symbol)

    def get_clock(self) -> BrokerClock:
        """Give the time, and the session that runs or comes."""
        now = self._now()
        session = self._hours("", now)
        is_open = session.opens <= now < session.closes
        following = session if now < session.opens else self._hours("", session.late)
        ending = session if now < session.closes else following
        return BrokerClock(now, is_open, following.opens, ending.closes)

    def on_bars(self, candles: Mapping[str, Candle], at: datetime, *, until: datetime | None = None) -> bool:
        """Let orders meet bars of a regular session that began at a moment and ended at another.

        Fills carry the time at which the bar began. Tells whether there is something to keep.
        """
        with self._lock:
            self._market.take(candles, at, whole=True, until=until or self._now())
        return self._moved()

    def on_prices(self, prices: Mapping[str, tuple[float, float]], at: datetime) -> bool:
        """Let orders meet trades, each a price and a size; tells whether there is something to keep."""
        candles = {
            symbol: Candle(price, price, price, price, size) for symbol, (price, size) in prices.items()
        }
        with self._lock:
            self._market.take(candles, at, whole=False)
        return self._moved()

    def on_quote(self, symbol: str, bid: float, ask: float, at: datetime) -> bool:
        """Take in who bids and asks (0 for nobody); tells whether there is something to keep."""
        with self._lock:
            self._market.quote(symbol, bid, ask, at)
        return self._moved()

    def on_time(self, at: datetime) -> bool:
        """Let time pass without a price: days end, and interest falls due."""
        with self._lock:
            self._market.pass_time(at)
        return self._moved()

    def on_actions(self, symbol: str, actions: Iterable[CorporateAction], today: date) -> bool:
        """Let splits and dividends until today happen to what is held and what waits, each once.

        Those of days before the symbol first mattered here are in its price already.
        """
        with self._lock:
            self._market.act(symbol, actions, today, self._now())
        return self._moved()

    def on_cash(self, amount: Number) -> bool:
        """Take in money that is paid in, or with an amount below 0 out; tells whether it is to be kept."""
        money = exact(amount)
        with self._lock:
            if money < 0 and -money > self._market.book.cash:
                raise InsufficientFundsError("There is not so much cash", code="cash")
            self._market.expire(self._now())
            self._market.changed = pay_in(self._market.book, money, self._now()) or self._market.changed
        return self._moved()

    def reset(self, cash: Number) -> None:
        """Begin anew with so much cash: nothing held, nothing waiting; what was used stays used."""

        def begin() -> None:
            old = self._market.book
            for order in [*old.open_orders()]:
                if order.is_open:
                    self._market.end(order, OrderStatus.CANCELED, self._now(), "The account was reset")
            book = PaperBook(
                old.name,
                exact(cash),
                orders=old.orders,
                executions=old.executions,
                last_equity=exact(cash),
            )
            book.numbers, book.version, book.used = old.numbers, old.version, old.used
            self._note()
            self._use(book, self.terms)
            self._market.changed = True

        self._answer(begin)

    def export(self) -> dict[str, Any]:
        """Give the book as plain data, whether kept or not."""
        with self._lock:
            return exported(self._market.book)

    def restore(self, book: dict[str, Any]) -> None:
        """Take over a book that was exported; its orders wait again."""
        with self._lock:
            self._use(restored(book), self.terms)
            self._kept_version = self._market.book.version

    def _use(self, book: PaperBook, terms: PaperTerms) -> None:
        self._market = PaperMarket(book, terms, self._hours)
        self.abilities = abilities_under(terms)

    def _add(self, order: Order, now: datetime, replaces: str | None = None) -> PaperOrder:
        book = self._market.book
        entry = self._made(order, now, exact(order.qty))
        entry.replaces = replaces
        for ticket in exits_of(order):
            # A protection that ended with the day would leave the night without one.
            lasting = order.time_in_force if order.one_cancels_other else Lasting.GTC
            wish = Order(order.symbol, ticket.side, order.qty, ticket.kind, time_in_force=lasting)
            leg = self._made(wish, now, exact(order.qty if order.one_cancels_other else 0), ticket)
            leg.waiting.loose = False
            bring(entry, leg)
        if order.client_order_id is not None:
            book.use(order.client_order_id)
        self._market.add(entry)
        return entry

    def _instead(self, old: PaperOrder, order: Order, now: datetime) -> PaperOrder:
        """Put another way out in the place of one."""
        assert old.parent is not None
        new = self._made(order, now, old.remaining)
        new.replaces = old.id
        new.waiting.loose = old.waiting.loose
        bring(old.parent, new)
        old.parent.legs.remove(old)
        old.parent.waiting.legs.remove(old.waiting)
        if order.client_order_id is not None:
            self._market.book.use(order.client_order_id)
        self._market.add(new)
        return new

    def _made(
        self,
        order: Order,
        now: datetime,
        remaining: Decimal,
        ticket: Ticket | None = None,
    ) -> PaperOrder:
        waiting = Waiting(ticket or ticket_of(order), float(remaining), since=self._market.turn)
        return PaperOrder(
            id=self._market.book.next_id(),
            order=order,
            quantity=exact(order.qty),
            waiting=waiting,
            submitted_at=now,
            expires_at=self._market.good_until(
                order.symbol, order.time_in_force, now, extended=order.extended_hours
            ),
            remaining=remaining,
        )

    def _positions(self) -> dict[str, Position]:
        return positions(self._market.book, self._now())

    def _account(self) -> AccountInfo:
        self._market.expire(self._now())
        # What open orders may still take is not there for others.
        taken, bought = promised(self._market), promised(self._market, (Side.BUY,))
        return account(self._market.book, self.terms, self._now(), taken=taken, bought=bought)

    def _order(self, order_id: str) -> PaperOrder:
        found = self._market.book.orders.get(order_id)
        if found is None:
            raise UnknownOrderError(f"There is no order {order_id}")
        return found

    def _refuse_duplicate(self, client_id: str | None) -> None:
        if client_id is not None and self._market.book.was_used(client_id):
            raise DuplicateOrderError(f"There is an order {client_id} already")

    def _price_of(self, symbol: str) -> float | None:
        given = self._price(symbol)
        if given is not None:
            return float(given)
        with self._lock:
            return self._market.book.marks.get(symbol)

    def _any_asset(self, symbol: str) -> Asset:
        return Asset(symbol, shortable=True, fractionable=True, marginable=True, quantity_step=Decimal(0))


def _exact_or_none(value: Number | None) -> Decimal | None:
    return None if value is None else exact(value)
