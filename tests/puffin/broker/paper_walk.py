"""A strategy on a paper account, bar by bar, as `walk` lets it go through a backtest."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

import numpy as np

from puffling.puffin.backtest.costs import Terms
from puffling.puffin.backtest.days import DayOf, ExchangeDays
from puffling.puffin.backtest.fills import Candle, Intrabar
from puffling.puffin.backtest.orders import Ticket, Wanted, price_of
from puffling.puffin.backtest.panel import Floats, Mask, Panel
from puffling.puffin.backtest.simulation import schedule
from puffling.puffin.backtest.splits import Past, by_bar
from puffling.puffin.backtest.turns import Book, Openings, quantity_at, turn, whole
from puffling.puffin.backtest.walk import Walked
from puffling.puffin.broker.base import Asset, Order, OrderStatusInfo
from puffling.puffin.broker.paper import PaperBroker
from puffling.puffin.broker.paper_terms import PaperTerms, hours_of
from puffling.puffin.data.actions import CorporateAction
from puffling.puffin.data.bars import Bars
from puffling.puffin.data.instants import US_PER_DAY, from_us
from puffling.puffin.data.sessions import Sessions
from puffling.puffin.orders import Side


class Filled(NamedTuple):
    """One fill, as a backtest and a paper account both tell it."""

    time: datetime
    symbol: str
    quantity: float
    price: float
    commission: float


def filled_in(walked: Walked) -> list[Filled]:
    """Every fill of a backtest."""
    made, panel = walked.fills, walked.panel
    return [
        Filled(
            from_us(int(panel.time[made.bar[each]])),
            panel.symbols[int(made.symbol[each])],
            float(made.quantity[each]),
            float(made.price[each]),
            float(made.commission[each]),
        )
        for each in range(len(made))
    ]


def width_of(panel: Panel) -> int:
    """How long a bar lasts, in microseconds."""
    return int(np.diff(panel.time).min()) if len(panel) > 1 else US_PER_DAY


def sessions_in(panel: Panel) -> Sessions:
    """Sessions from the first bar of each day of UTC to the end of its last, and some days after them."""
    days, first = np.unique(panel.time // US_PER_DAY, return_index=True)
    last = np.append(first[1:], len(panel.time)) - 1
    opens, closes = panel.time[first], panel.time[last] + width_of(panel)
    later = np.arange(1, 40) * US_PER_DAY
    columns = (days * US_PER_DAY, opens, closes)
    return Sessions(*(np.concatenate([column, column[-1] + later]) for column in columns))


def days_in(panel: Panel) -> DayOf:
    """The same sessions, as a backtest asks for them."""
    sessions = sessions_in(panel)
    return ExchangeDays(dict.fromkeys(panel.symbols, sessions))


@dataclass(slots=True)
class Waits:
    """An order that waits, with the name of the market model's."""

    ticket: Ticket
    id: str


class PaperWalk:
    """Goes through a panel on a paper account; it may be killed and begun again after any bar.

    The account may have more `leverage` than a strategy that is sized by its terms makes use of.
    """

    def __init__(
        self,
        panel: Panel,
        terms: Terms,
        *,
        intrabar: Intrabar = Intrabar.PESSIMISTIC,
        actions: Mapping[str, Sequence[CorporateAction]] | None = None,
        strict: bool = False,
        leverage: float = 0.0,
        killed_every: int = 0,
    ) -> None:
        self.panel = panel
        self.terms = terms
        self.past = Past(panel, actions)
        self.width = timedelta(microseconds=width_of(panel))
        self.now = from_us(int(panel.time[0]))
        self.aims: dict[int, float] = {}
        self._actions = by_bar(panel, actions or {})
        self._killed_every = killed_every
        self._left: dict[str, list[str]] = {}
        self._paper = PaperTerms(
            slippage=terms.slippage,
            commission=terms.commission,
            carry=terms.carry,
            leverage=leverage or terms.leverage,
            maintenance=0.0,
            short_maintenance=0.0,
            volume_cap=terms.volume_cap,
            short=True,
            strict=strict,
            intrabar=intrabar,
        )
        self._sessions = sessions_in(panel)
        self.broker = self._new()

    def run(
        self, trader: Any = None, targets: Floats | None = None, rebalance: Mask | None = None
    ) -> list[Filled]:
        """Every fill of a strategy, of targets, or of both."""
        panel = self.panel
        asked = np.zeros(panel.close.shape) if targets is None else targets
        due, changed = schedule(panel, asked[None], rebalance)
        for bar in range(len(panel)):
            at = self.now = from_us(int(panel.time[bar]))
            self.broker.on_time(at)
            for place, symbol in enumerate(panel.symbols):
                due_now = [action for where, action in self._actions.get(bar, ()) if where == place]
                self.broker.on_actions(symbol, due_now, at.date())
            if changed[0, bar].any():
                self._turn(bar, due[0, bar], changed[0, bar])
            there = np.flatnonzero(panel.present[bar]).tolist()
            aims = {place: self.aims.pop(place) for place in there if place in self.aims}
            if aims:
                target, moved = np.zeros(len(panel.symbols)), np.zeros(len(panel.symbols), dtype=bool)
                for place, weight in aims.items():
                    target[place], moved[place] = weight, True
                self._turn(bar, target, moved)
            candles = {panel.symbols[place]: self._candle(bar, place) for place in there}
            self.broker.on_bars(candles, at, until=at + self.width)
            self.now = at + self.width
            if trader is not None:
                trader.on_bar(PaperView(self, bar))
            if self._killed_every and bar % self._killed_every == 0:
                book = json.loads(json.dumps(self.broker.export()))
                self.broker = self._new()
                self.broker.restore(book)
        return [
            Filled(
                made.filled_at,
                made.symbol,
                float(made.qty) * made.side.sign,
                float(made.price),
                float(made.fee),
            )
            for made in self.broker.get_executions(from_us(0))
        ]

    def _new(self) -> PaperBroker:
        step = Decimal(repr(self.terms.lot)).normalize()

        def asset(symbol: str) -> Asset:
            return Asset(symbol, shortable=True, price_step=Decimal(0), quantity_step=step)

        return PaperBroker(
            Decimal(repr(self.terms.capital)),
            now=lambda: self.now,
            terms=self._paper,
            hours=lambda symbol, at: hours_of(self._sessions, at),
            asset=asset,
        )

    def _turn(self, bar: int, target: Floats, changed: Mask) -> None:
        """Order what brings the account to its targets at this open, as somebody who sees the open would."""
        panel, broker = self.panel, self.broker
        marks = panel.marks[bar - 1] if bar else np.zeros(len(panel.symbols))
        price = np.where(panel.present[bar], panel.open[bar], marks)[None]
        for place in np.flatnonzero(changed).tolist():
            for order_id in self._left.pop(panel.symbols[place], ()):
                broker.cancel_order(order_id)
        held = [float(broker.held(symbol)) for symbol in panel.symbols]
        book = Book(np.array([float(broker.get_account().cash)]), np.array([held]))
        opening = Openings.of(price, target[None], changed[None], self.terms)
        for leg in turn(book, opening, self.terms):
            for place in np.flatnonzero(leg.quantity[0]).tolist():
                quantity = float(leg.quantity[0, place])
                side = Side.BUY if quantity > 0.0 else Side.SELL
                symbol = panel.symbols[place]
                self._left.setdefault(symbol, []).append(
                    broker.submit_order(Order(symbol, side, abs(quantity)))
                )

    def _candle(self, bar: int, place: int) -> Candle:
        panel = self.panel
        columns = (panel.open, panel.high, panel.low, panel.close, panel.volume)
        return Candle(*(float(column[bar, place]) for column in columns))


class PaperView:
    """What a strategy sees of a paper account at a close: the same as in a backtest."""

    def __init__(self, walk: PaperWalk, bar: int) -> None:
        self._walk = walk
        self.bar = bar
        self.time_us = int(walk.panel.time[bar])
        self.symbols = walk.panel.symbols

    @property
    def cash(self) -> float:
        """What is not invested."""
        return float(self._walk.broker.get_account().cash)

    @property
    def equity(self) -> float:
        """What everything is worth."""
        return float(self._walk.broker.get_account().equity)

    @property
    def waiting(self) -> tuple[Waits, ...]:
        """What waits at the market, the oldest first."""
        orders: list[OrderStatusInfo] = self._walk.broker.get_all_orders("open", 10_000)
        return tuple(
            Waits(Ticket(each.symbol, each.side, float(each.qty)), each.order_id) for each in reversed(orders)
        )

    def position(self, symbol: str) -> float:
        """What is held of a symbol."""
        return float(self._walk.broker.held(symbol))

    def history(self, symbol: str) -> Bars:
        """The bars until now."""
        return self._walk.past.until(self.bar, self.symbols.index(symbol))

    def close(self, symbol: str) -> float:
        """The newest close."""
        return float(self._walk.panel.marks[self.bar, self.symbols.index(symbol)])

    def quantity_for(self, weight: float, price: float) -> float:
        """How many a share of the equity buys."""
        terms = self._walk.terms
        opening = Openings.of(np.array([price]), np.array([weight]), np.array([True]), terms)
        base = terms.capital if terms.fixed else max(self.equity, 0.0)
        money = max(float(opening.weight[0]) * base - terms.commission.least, 0.0)
        return float(whole(np.array([money]) / opening.unit, terms.lot)[0])

    def target(self, symbol: str, weight: float) -> None:
        """Aim at a share of the equity."""
        self._walk.aims[self.symbols.index(symbol)] = weight

    def send(
        self,
        ticket: Ticket,
        *,
        take_profit: float | None = None,
        stop_loss: float | None = None,
        reason: str = "",
        share: float = 1.0,
    ) -> Waits:
        """Send an order; what leaves its quantity open is sized at its own price."""
        if ticket.quantity is None:
            price = price_of(ticket)
            assert price is not None
            quantity = self._quantity(Wanted(share / len(self.symbols)), ticket.side, price)
            if not quantity:
                return Waits(ticket, "")
            ticket = replace(ticket, quantity=quantity)
        assert ticket.quantity is not None
        behind = ticket.trail_share
        sent = Order(
            ticket.symbol,
            ticket.side,
            ticket.quantity,
            ticket.kind,
            ticket.limit,
            ticket.stop,
            ticket.lasting,
            trail_price=ticket.trail,
            trail_percent=None if behind is None else Decimal(repr(behind)) * 100,
            take_profit=take_profit,
            stop_loss=stop_loss,
        )
        return Waits(ticket, self._walk.broker.submit_order(sent))

    def _quantity(self, wanted: Wanted, side: Side, price: float) -> float | None:
        held = np.array([self.position(symbol) for symbol in self.symbols])
        gross = float(np.sum(np.abs(held) * self._walk.panel.marks[self.bar]))
        terms = self._walk.terms
        wanted = replace(wanted, weight=wanted.weight * terms.size)
        return quantity_at(wanted, side, price, equity=self.equity, gross=gross, terms=terms)

    def cancel(self, waiting: Waits) -> None:
        """Take an order back."""
        self._walk.broker.cancel_order(waiting.id)
