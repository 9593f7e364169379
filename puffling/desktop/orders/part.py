"""Orders and fills on a chart: open orders as lines one can move, fills as marks at their bars.

They belong to the present. A replay shows none of them: what was ordered later would be the future.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING

from puffling.desktop.charting.part import Part, Seat
from puffling.desktop.orders.acts import OrderActs
from puffling.market.values import History
from puffling.runtime.text import tr
from puffling.store.orders import Fill, OrderState
from puffling.trading.events import ChosenAccountChanged, LineChanged, OrderChanged, OrderFilled
from puffling.trading.values import OrderLine

if TYPE_CHECKING:
    from puffling.desktop.charts.price_lines import PriceLine

_MOST = 500
_KEY = "fills"
_MOVABLE = frozenset({OrderState.ACKED, OrderState.PARTIAL, OrderState.INTENT})


class OrdersOnChart(Part):
    """Shows what is ordered and what was filled in the symbol of this pane."""

    id = "orders"
    in_templates = False

    def __init__(self, seat: Seat) -> None:
        super().__init__(seat)
        self._history: History | None = None
        self._ears: list[Callable[[], None]] = []
        self._orders: tuple[OrderLine, ...] = ()
        self._fills: tuple[Fill, ...] = ()
        self._acts = OrderActs(seat.session)
        self.lines: list[PriceLine] = []
        self.marked = 0

    def show(self, history: History) -> None:
        other = self._history is None or self._history.key.symbol != history.key.symbol
        self._history = history
        session = self.seat.session
        if not self._ears:
            bus = session.core.bus
            self._ears = [
                bus.on(OrderChanged, self._changed),
                bus.on(OrderFilled, lambda event: self._heard(event.fill.symbol)),
                bus.on(ChosenAccountChanged, lambda _: self._fetch()),
                # As the program starts, the chart is there before the account it asks for is open.
                bus.on(LineChanged, lambda _: self._fetch()),
            ]
            other = True
        if other:
            self._orders, self._fills = (), ()
            self._fetch()
        self._draw()

    def sleep(self) -> None:
        for deafen in self._ears:
            deafen()
        self._ears.clear()

    def _changed(self, event: OrderChanged) -> None:
        symbol = event.order.symbol if event.order is not None else ""
        self._heard(symbol or (event.intent.terms.symbol if event.intent is not None else ""))

    def _heard(self, symbol: str) -> None:
        if self._history is not None and symbol == self._history.key.symbol:
            self._fetch()

    def _fetch(self) -> None:
        if self._history is None:
            return
        symbol = self._history.key.symbol
        self.seat.session.dispatch.run(
            lambda: self._read(symbol),
            name="orders on chart",
            newest=f"chart.orders.{id(self)}",
            # Without a broker there is nothing to show, which is no fault of the chart.
            failed=lambda _: None,
        )

    async def _read(self, symbol: str) -> None:
        core = self.seat.session.core
        if not core.desk.chosen:
            return
        orders = await core.broker.orders(symbol=symbol, limit=_MOST)
        fills = await core.broker.fills(limit=_MOST)
        if self._history is not None and self._history.key.symbol == symbol:
            self._orders = tuple(line for line in orders if line.is_open)
            self._fills = tuple(fill for fill in fills if fill.symbol == symbol)
            self._draw()

    def _draw(self) -> None:
        chart = self.seat.chart()
        for line in self.lines:
            # One that is being moved stays in the hand that moves it.
            if line.held:
                return
        for line in self.lines:
            chart.lines.remove(line)
        self.lines.clear()
        live = self.seat.present_us() is None
        if live and self._orders:
            from puffling.desktop.orders.lines import order_price_lines

            for order in self._orders:
                for name, line in order_price_lines(order):
                    if order.state in _MOVABLE and order.intent_id is not None and order.is_changeable:
                        line.movable = True
                        line.released = partial(self._move, order, name)
                    line.removed = partial(self._cancel, order)
                    self.lines.append(line)
                    chart.lines.add(line)
        self._mark(live)
        chart.refresh()

    def _mark(self, live: bool) -> None:
        history, chart = self._history, self.seat.chart()
        if not live or not self._fills or history is None or not len(history.bars):
            if self.marked:
                chart.marks.remove(_KEY)
            self.marked = 0
            return
        from puffling.desktop.orders.lines import fill_marks

        marks = fill_marks(self._fills, history.bars.time)
        self.marked = len(marks)
        chart.marks.put(_KEY, marks)

    def _move(self, order: OrderLine, name: str, price: float) -> None:
        """Ask for the change; a line that was not changed after all goes back to where its order is."""
        chart, moved = self.seat.chart(), Decimal(str(price))
        limit = moved if name == "limit" else None
        stop = moved if name == "stop" else None

        async def change() -> None:
            try:
                await self._acts.confirm(
                    chart,
                    lambda core: core.broker.replace(order.id, limit=limit, stop=stop),
                    tr("Change order"),
                )
            finally:
                if self._ears:
                    self._fetch()

        self.seat.session.dispatch.run(change, name="move order")

    def _cancel(self, order: OrderLine) -> None:
        self._acts.cancel(self.seat.chart(), [order])
