"""Orders at Alpaca, with play money or real money, through alpaca-py."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from puffling.puffin.broker.alpaca_calls import READ_SECONDS, AlpacaCalls, trading_address
from puffling.puffin.broker.alpaca_updates import (
    MUTE_SECONDS,
    PING_SECONDS,
    SHORTEST_WAIT_SECONDS,
    TradeUpdates,
)
from puffling.puffin.broker.alpaca_wire import (
    UNREAD,
    account_of,
    asset_of,
    change_body,
    clock_of,
    execution_of,
    order_body,
    order_of,
    position_of,
)
from puffling.puffin.broker.base import (
    AccountInfo,
    Asset,
    Broker,
    BrokerAbilities,
    BrokerClock,
    BrokerUpdate,
    Change,
    Execution,
    InvalidOrderError,
    Number,
    Order,
    OrderRejectedError,
    OrderStatusInfo,
    Position,
    UnclearError,
    UnknownOrderError,
)
from puffling.puffin.data.alpaca_rest import AlpacaKeys
from puffling.puffin.errors import AccessRefused, UnknownSymbol
from puffling.puffin.machine_time import machine_time
from puffling.puffin.orders import Kind, Lasting

_MOST_ORDERS = 500
_MOST_ACTIVITIES = 100
# An order that was taken and waits for the market to open: of it there may be nothing to tell for hours.
_TAKEN = "accepted"
_A_MOMENT = timedelta(microseconds=1)


class AlpacaBroker(Broker):
    """An account at Alpaca; `paper` says which, and no call of a paper account reaches a live one.

    `base_url` names a stand-in on this computer. `now` dates what Alpaca does not date.
    """

    abilities = BrokerAbilities(
        kinds=frozenset(Kind),
        lasting=frozenset(Lasting),
        brackets=True,
        one_cancels_other=True,
        fractions=True,
        notional=True,
        short=True,
        extended_hours=True,
        replaces=True,
        resizes_filled=True,
        finds_client_ids=True,
        lists_fills=True,
        streams=True,
    )

    def __init__(
        self,
        api_key: str,
        secret_key: str,
        paper: bool = True,
        stream_updates: bool = False,
        *,
        base_url: str | None = None,
        now: Callable[[], datetime] | None = None,
        read_seconds: float = READ_SECONDS,
        mute_seconds: float = MUTE_SECONDS,
        ping_seconds: float = PING_SECONDS,
        shortest_wait_seconds: float = SHORTEST_WAIT_SECONDS,
    ) -> None:
        if not api_key or not secret_key or not (api_key + secret_key).isascii():
            # What no header of a request can carry would come back in the words of an exception.
            raise AccessRefused("Alpaca wants a key: ALPACA_API_KEY and ALPACA_SECRET_KEY")
        keys = AlpacaKeys(api_key, secret_key)
        self.paper = paper
        self.address = trading_address(paper, base_url)
        self._now = now or machine_time
        self._calls = AlpacaCalls(keys, self.address, read_seconds=read_seconds)
        self._updates = TradeUpdates(
            keys,
            "ws" + self.address.removeprefix("http") + "/stream",
            mute_seconds=mute_seconds,
            ping_seconds=ping_seconds,
            shortest_wait_seconds=shortest_wait_seconds,
        )
        # What was last told of the market, to know whether an order is on its way to it.
        self._clock: BrokerClock | None = None
        if stream_updates:
            self._updates.listen(_ignore)

    def __repr__(self) -> str:
        return f"AlpacaBroker(paper={self.paper})"

    def submit_order(self, order: Order) -> str:
        """Send an order once and give Alpaca's id of it."""
        body, asked_at = order_body(order), time.monotonic()
        return self._began(self._calls.post("/orders", body), asked_at).order_id

    def cancel_order(self, order_id: str) -> bool:
        """Ask for an order to be cancelled; False when Alpaca says that it cannot be any more."""
        asked_at = time.monotonic()
        try:
            self._calls.delete(f"/orders/{order_id}")
        except InvalidOrderError:
            return False
        self._updates.expect(order_id, asked_at)
        return True

    def cancel_all_orders(self) -> dict[str, bool]:
        """Ask for all open orders to be cancelled, and give which were, by id."""
        rows = self._calls.delete("/orders")
        done = {}
        for row in _listed(rows):
            order_id = row.get("id") if isinstance(row, dict) else None
            if not isinstance(order_id, str):
                raise UnclearError(UNREAD)
            done[order_id] = _succeeded(row)
        return done

    def get_positions(self) -> dict[str, Position]:
        """Give what is held, by symbol."""
        rows = _listed(self._calls.get("/positions"))
        held = [position_of(row, self._now()) for row in rows]
        return {position.symbol: position for position in held}

    def get_position(self, symbol: str) -> Position | None:
        """Give what is held of one symbol, None when certainly nothing."""
        try:
            return position_of(self._calls.get(f"/positions/{_bare(symbol)}"), self._now())
        except UnknownOrderError:
            return None

    def get_account(self) -> AccountInfo:
        """Give what the account is worth."""
        return account_of(self._calls.get("/account"), self._now())

    def get_order_status(self, order_id: str) -> OrderStatusInfo:
        """Give an order as Alpaca knows it now, with the orders it brings."""
        return order_of(self._calls.get(f"/orders/{order_id}", nested="true"))

    def find_order(self, client_order_id: str) -> OrderStatusInfo | None:
        """Give the order of this client id, None when Alpaca says that it has none."""
        try:
            return order_of(self._calls.get("/orders:by_client_order_id", client_order_id=client_order_id))
        except UnknownOrderError:
            return None

    def get_all_orders(self, status: str | None = None, limit: int = 100) -> list[OrderStatusInfo]:
        """Give the newest orders, those that others bring among them: `open`, `closed`, or all of them."""
        found: dict[str, OrderStatusInfo] = {}
        has_families = False
        until = None
        while len(found) < limit:
            size = min(_MOST_ORDERS, limit - len(found) + (until is not None))
            rows = _listed(
                self._calls.get("/orders", status=status or "all", limit=size, direction="desc", until=until)
            )
            page = [order_of(row) for row in rows]
            fresh = [order for order in page if order.order_id not in found]
            found |= {order.order_id: order for order in fresh}
            has_families |= any(isinstance(row, dict) and row.get("order_class") for row in rows)
            oldest = page[-1].submitted_at if page else None
            if len(page) < size or not fresh or oldest is None:
                break
            # Orders of the same moment may be split between two pages: that moment is asked for again.
            until = _instant(oldest + _A_MOMENT)
        orders = list(found.values())[:limit]
        return self._with_families(orders) if has_families else orders

    def get_executions(self, since: datetime) -> list[Execution]:
        """Give every fill from a moment on, oldest first."""
        found: dict[str, Execution] = {}
        token = None
        while True:
            rows = _listed(
                self._calls.get(
                    "/account/activities/FILL",
                    after=_instant(since - _A_MOMENT),
                    direction="asc",
                    page_size=_MOST_ACTIVITIES,
                    page_token=token,
                )
            )
            if not rows:
                # Only an empty page is the end: how long a page may be is Alpaca's to change.
                break
            page = {execution.execution_id: execution for execution in map(execution_of, rows)}
            if page.keys() <= found.keys():
                raise UnclearError("Alpaca repeats a page of fills")
            found |= page
            token = rows[-1]["id"]
        # Fills of the same millisecond come in any order.
        return sorted(found.values(), key=lambda each: (each.filled_at, each.cumulative or Decimal(0)))

    def modify_order(
        self, order_id: str, qty: Number | None = None, limit_price: Number | None = None
    ) -> bool:
        """Change a working order; another stands in its place then."""
        change = Change(*(None if each is None else Decimal(str(each)) for each in (qty, limit_price)))
        self.replace_order(order_id, change)
        return True

    def replace_order(self, order_id: str, change: Change) -> OrderStatusInfo:
        """Change a working order and give the order that stands in its place."""
        body, asked_at = change_body(change), time.monotonic()
        return self._began(self._calls.patch(f"/orders/{order_id}", body), asked_at)

    def close_position(self, symbol: str, qty: Number | None = None) -> str:
        """Sell what is held of a symbol, or buy it back, all or some; gives the id of the order."""
        wanted, asked_at = None if qty is None else str(qty), time.monotonic()
        try:
            row = self._calls.delete(f"/positions/{_bare(symbol)}", qty=wanted)
            return self._began(row, asked_at).order_id
        except UnknownOrderError as error:
            raise UnknownSymbol(symbol) from error

    def close_all_positions(self) -> list[str]:
        """Cancel every order and close every position; gives the ids of the orders that do it."""
        asked_at = time.monotonic()
        rows = _listed(self._calls.delete("/positions", cancel_orders="true"))
        failed = [row.get("symbol") for row in rows if not _succeeded(row)]
        if failed:
            names = ", ".join(map(str, failed))
            raise OrderRejectedError(f"Alpaca did not close {names}")
        return [self._began(row.get("body"), asked_at).order_id for row in rows]

    def get_asset(self, symbol: str) -> Asset:
        """Give what Alpaca knows of an instrument."""
        try:
            return asset_of(self._calls.get(f"/assets/{symbol.strip().upper().replace('/', '%2F')}"))
        except UnknownOrderError as error:
            raise UnknownSymbol(symbol) from error

    def get_clock(self) -> BrokerClock:
        """Give Alpaca's own time."""
        self._clock = clock_of(self._calls.get("/clock"))
        return self._clock

    def listen(self, hear: Callable[[BrokerUpdate], None]) -> Callable[[], None]:
        """Tell news of orders from now on, from the stream's thread; the answer ends it."""
        return self._updates.listen(hear)

    def close(self) -> None:
        """End the stream and the connections."""
        self._calls.close()
        self._updates.close()

    def _began(self, row: object, asked_at: float) -> OrderStatusInfo:
        order = order_of(row)
        if order.raw_status != _TAKEN or self._trades():
            self._updates.expect(order.order_id, asked_at)
        return order

    def _trades(self) -> bool:
        """Tell whether the market is open, as far as Alpaca has told."""
        clock = self._clock
        if clock is None:
            return True
        change = clock.next_close if clock.is_open else clock.next_open
        return clock.is_open is (change is None or self._now() < change)

    def _with_families(self, orders: Sequence[OrderStatusInfo]) -> list[OrderStatusInfo]:
        """Say of each order which one brought it; the plain list does not tell."""
        rows = self._calls.get("/orders", status="all", limit=_MOST_ORDERS, direction="desc", nested="true")
        parents = {leg.order_id: order for order in map(order_of, _listed(rows)) for leg in order.legs}
        legs = {order.order_id: order.legs for order in parents.values()}
        return [
            replace(
                order,
                parent_id=parents[order.order_id].order_id if order.order_id in parents else None,
                legs=legs.get(order.order_id, ()),
            )
            for order in orders
        ]


def _listed(rows: object) -> list[Any]:
    if not isinstance(rows, list):
        raise UnclearError(UNREAD)
    return rows


def _succeeded(row: object) -> bool:
    status = row.get("status") if isinstance(row, dict) else None
    return isinstance(status, int) and 200 <= status < 300


def _bare(symbol: str) -> str:
    # Positions in crypto are named without the stroke.
    return symbol.strip().upper().replace("/", "")


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def _ignore(_: BrokerUpdate) -> None:
    """Listen for nobody, so that the stream is up when somebody does."""
