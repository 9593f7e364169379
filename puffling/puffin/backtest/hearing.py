"""Asks a strategy with a memory about the newest close of a book that is kept elsewhere.

What it remembers is in no file: it lives again through every close it has heard of, each with the book as it
was then, and so comes to the newest one as it was. It looks at the very walk of a backtest, so that the
same closes and the same book make it say the same.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from puffling.frozen import frozen
from puffling.puffin.backtest.costs import Terms
from puffling.puffin.backtest.days import usual_day_of
from puffling.puffin.backtest.engine import Backtester, bars_a_year
from puffling.puffin.backtest.fills import Intrabar
from puffling.puffin.backtest.heard import PROFIT_LEG, STOP_LEG, Heard, Standing, key_of
from puffling.puffin.backtest.orders import Steps, Ticket, Wanted
from puffling.puffin.backtest.own_sizes import Rule, Sizes
from puffling.puffin.backtest.panel import Panel
from puffling.puffin.backtest.splits import Past
from puffling.puffin.backtest.targets import panel_of
from puffling.puffin.backtest.view import Trader, View
from puffling.puffin.backtest.waiting import Waiting
from puffling.puffin.backtest.walk import Walk
from puffling.puffin.data.bars import Bars


@frozen
class Sent:
    """An order that was sent: which of its close, its terms, and for an open quantity what it is to take."""

    number: int
    ticket: Ticket
    take_profit: float | None = None
    stop_loss: float | None = None
    reason: str = ""
    wanted: Wanted | None = None


@frozen
class Acts:
    """What a strategy said at a close: shares to aim at, orders, and the names of those it takes back."""

    aims: dict[str, float]
    sent: tuple[Sent, ...]
    cancelled: tuple[str, ...]


def acts_of(
    trader: Trader,
    series: Mapping[str, Bars],
    heard: Sequence[Heard],
    terms: Terms,
    rule: Rule,
    *,
    first_us: int,
    steps: Steps,
) -> Acts:
    """Let a strategy live through what it heard, and give what it says to the last of it.

    `first_us` is the first bar it could have heard of; what it heard of bars that are gone is passed over.
    Prices of orders are brought to the `steps` of the market.
    """
    panel = panel_of(series)
    since = int(np.searchsorted(panel.time, first_us))
    # With bars that are gone it begins at the first there is.
    since = min(since, len(panel) - 1)
    tester = Backtester(terms=terms, rule=rule)
    before = copy.deepcopy(trader)
    sizes = Sizes(
        rule,
        panel,
        terms,
        bars_a_year=bars_a_year(panel),
        since=since,
        stood=lambda: tester.stood(before, panel),
    )
    going = _Room(panel, terms, since, sizes, steps)
    for each in heard:
        bar = int(np.searchsorted(panel.time, each.bar_us)) - since
        if 0 <= bar < len(panel) - since and int(panel.time[since + bar]) == each.bar_us:
            going.hear(each, bar)
            trader.on_bar(View(going, bar, bar))
    return going.acts()


class _Room(Walk):
    """A walk whose book is set before every close, and that notes what is said."""

    def __init__(self, panel: Panel, terms: Terms, since: int, sizes: Sizes, steps: Steps) -> None:
        traded, past = panel.part(since, len(panel)), Past(panel, since=since)
        super().__init__(traded, terms, None, Intrabar.PESSIMISTIC, {}, usual_day_of, past, sizes, steps)
        self._slot_us = 0
        self._known: dict[str, Waiting] = {}
        self._names: dict[int, str] = {}
        self._sent: dict[int, Sent] = {}
        self._count = 0
        self._cancelled: list[str] = []

    def hear(self, heard: Heard, bar: int) -> None:
        """Become as it was at a close."""
        self._slot_us, self._count = heard.slot_us, 0
        self._sent, self._cancelled = {}, []
        self.aims.clear()
        self.book.cash[0] = heard.cash
        for place, symbol in enumerate(self.panel.symbols):
            self.book.held[0, place] = heard.held.get(symbol, 0.0)
        self.waiting = []
        for standing in heard.orders:
            order = self._as_it_stands(standing, bar)
            if not standing.over:
                self.waiting.append(order)

    def acts(self) -> Acts:
        """Give what was said at the last close."""
        aims = {self.panel.symbols[place]: weight for place, weight in self.aims.items()}
        return Acts(aims, tuple(self._sent.values()), tuple(self._cancelled))

    def take(
        self,
        ticket: Ticket,
        bar: int,
        take_profit: float | None,
        stop_loss: float | None,
        reason: str,
        wanted: Wanted | None = None,
    ) -> Waiting:
        """Note an order that is sent."""
        order = super().take(ticket, bar, take_profit, stop_loss, reason, wanted)
        self._count += 1
        self._sent[self._count] = Sent(self._count, ticket, take_profit, stop_loss, reason, wanted)
        self._name(order, key_of(self._slot_us, self._count))
        legs = [STOP_LEG] * (stop_loss is not None) + [PROFIT_LEG] * (take_profit is not None)
        for leg, name in zip(order.legs, legs, strict=True):
            self._name(leg, key_of(self._slot_us, self._count, name))
        return order

    def drop(self, order: Waiting) -> None:
        """Note an order that is taken back; one of this very close is never sent."""
        waited, name = order in self.waiting, self._names.get(id(order), "")
        with_it = [leg for leg in order.legs if not leg.loose]
        for each in (order, *with_it):
            if each in self.waiting:
                self.waiting.remove(each)
        if not waited or not name:
            return
        slot, number, *leg = name.split(".")
        sent = self._sent.get(int(number)) if slot == str(self._slot_us) else None
        if sent is None:
            self._cancelled.append(name)
        elif not leg:
            del self._sent[int(number)]
        elif leg == [STOP_LEG]:
            self._sent[int(number)] = replace(sent, stop_loss=None)
        else:
            self._sent[int(number)] = replace(sent, take_profit=None)

    def _as_it_stands(self, standing: Standing, bar: int) -> Waiting:
        ticket = Ticket(
            standing.symbol,
            standing.side,
            standing.quantity,
            standing.kind,
            standing.limit,
            standing.stop,
            standing.trail,
            standing.trail_share,
            standing.lasting,
        )
        order = self._known.get(standing.key)
        if order is None:
            parent = self._known.get(standing.entry) if standing.is_leg else None
            order = Waiting(ticket, standing.remaining, bar, standing.reason, parent)
            if parent is not None:
                parent.legs.append(order)
            self._name(order, standing.key)
        order.ticket, order.remaining, order.wanted = ticket, standing.remaining, None
        order.loose = standing.loose
        return order

    def _name(self, order: Waiting, key: str) -> None:
        self._known[key] = order
        self._names[id(order)] = key
