"""A walk through every bar: for what waits at the market, costs of holding, and strategies with a memory.

Each bar goes the same way: time is paid for, splits and dividends happen, what was decided on the last close
trades at the open, what waits at the market meets the bar's prices, the bar closes, and only then the
strategy is asked. It never sees more than the bars until then.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from puffling.frozen import frozen
from puffling.puffin.backtest.costs import Terms
from puffling.puffin.backtest.days import DayOf, usual_day_of
from puffling.puffin.backtest.fills import Candle, Intrabar, Touch, paid
from puffling.puffin.backtest.orders import Steps, Ticket, Wanted
from puffling.puffin.backtest.panel import Floats, Mask, Panel
from puffling.puffin.backtest.simulation import FillColumns, schedule
from puffling.puffin.backtest.splits import Actions, Past, by_bar
from puffling.puffin.backtest.trades import Resized
from puffling.puffin.backtest.turns import DUST, SLACK, Book, Leg, Openings, quantity_at, turn
from puffling.puffin.backtest.view import Said, Trader, View
from puffling.puffin.backtest.waiting import Guard, Protection, Waiting, met, settle
from puffling.puffin.data.instants import US_PER_DAY
from puffling.puffin.orders import Kind, Lasting, Side

if TYPE_CHECKING:
    from puffling.puffin.backtest.own_sizes import Sizes

_DAYS_A_YEAR = 365.0
_BARS_BETWEEN_PULSES = 100


@frozen
class Refusal:
    """An order that never reached the market, and why."""

    bar: int
    ticket: Ticket
    reason: str


@frozen(eq=False)
class Walked:
    """What a walk came to: fills with their reasons, and cash and holdings at every close."""

    panel: Panel
    fills: FillColumns
    reasons: tuple[str, ...]
    slippage: Floats
    cash: Floats
    held: Floats
    carry: Floats
    refusals: tuple[Refusal, ...]
    resized: tuple[Resized, ...]
    said: tuple[Said, ...]

    @property
    def equity(self) -> Floats:
        """What everything was worth at every close."""
        worth = self.cash.copy()
        for place in range(self.held.shape[1]):
            worth += self.held[:, place] * self.panel.marks[:, place]
        return worth


def walk(
    panel: Panel,
    terms: Terms,
    *,
    targets: Floats | None = None,
    rebalance: Mask | None = None,
    trader: Trader | None = None,
    protection: Protection | None = None,
    intrabar: Intrabar = Intrabar.PESSIMISTIC,
    actions: Actions | None = None,
    day_of: DayOf = usual_day_of,
    past: Past | None = None,
    late: int = 0,
    sizes: Sizes | None = None,
    steps: Steps | None = None,
    pulse: Callable[[], None] = lambda: None,
) -> Walked:
    """Walk through a panel with targets, (bars, symbols), or with a strategy that has a memory, or both.

    Corporate actions are for prices as they were traded; adjusted prices hold them already. `day_of` says to
    which session an instant belongs, `past` what a strategy may look back on, where that is more than the
    panel; one that is `late` hears of every close so many bars later. `sizes` tells how large an order is
    that leaves its quantity open, `steps` to which prices its orders are brought. Now and then `pulse` is
    called, a place to stop.
    """
    past = past or Past(panel, actions)
    going = Walk(panel, terms, protection, intrabar, actions or {}, day_of, past, sizes, steps)
    asked = np.zeros(panel.close.shape) if targets is None else targets
    due, changed = schedule(panel, asked[None], rebalance)
    turning = changed[0].any(axis=1)
    for bar in range(len(panel)):
        if bar % _BARS_BETWEEN_PULSES == 0:
            pulse()
        going.begin(bar)
        if turning[bar]:
            going.turn(bar, due[0, bar], changed[0, bar])
        if going.aims:
            going.follow_aims(bar)
        if going.waiting or going.guards:
            going.meet(bar)
        going.end(bar)
        if trader is not None and bar >= late:
            trader.on_bar(View(going, bar, bar - late))
    return going.walked()


class Walk:
    """The state of a walk; it changes with every bar."""

    def __init__(
        self,
        panel: Panel,
        terms: Terms,
        protection: Protection | None,
        intrabar: Intrabar,
        actions: Actions,
        day_of: DayOf,
        past: Past,
        sizes: Sizes | None,
        steps: Steps | None,
    ) -> None:
        self.panel = panel
        self.steps: Steps = steps or {}
        self.sizes = sizes
        self.terms = terms
        self.past = past
        self.book = Book.opened(terms, 1, len(panel.symbols))
        self.waiting: list[Waiting] = []
        self.guards: dict[int, Guard] = {}
        self.aims: dict[int, float] = {}
        self.said: list[Said] = []
        self._protection = protection
        self._intrabar = intrabar
        self._actions = by_bar(panel, actions)
        self._day_of = day_of
        self._taken = np.zeros(len(panel.symbols))
        self._places = {symbol: place for place, symbol in enumerate(panel.symbols)}
        self._candles: dict[int, list[Candle | None]] = {}
        self._fills: list[tuple[int, int, float, float, float]] = []
        self._reasons: list[str] = []
        self._slippage: list[float] = []
        self._refusals: list[Refusal] = []
        self._resized: list[Resized] = []
        self._cash, self._carry = np.empty(len(panel)), np.zeros(len(panel))
        self._held = np.empty((len(panel), len(panel.symbols)))
        self._plain = not (terms.volume_cap or terms.slippage.depends_on_size)
        # Where bars are missing this is too long for none of them.
        self._width_us = int(np.diff(panel.time).min()) if len(panel) > 1 else US_PER_DAY

    def worth(self, prices: Floats) -> float:
        """Give what everything is worth at these prices."""
        return float(self.book.cash[0]) + float(np.sum(self.book.held[0] * prices))

    def quantity_at(self, wanted: Wanted, side: Side, price: float, marks: Floats) -> float | None:
        """Give how many an order of open quantity is for at a price, when all else is worth its marks."""
        gross = float(np.sum(np.abs(self.book.held[0]) * marks))
        return quantity_at(wanted, side, price, equity=self.worth(marks), gross=gross, terms=self.terms)

    def begin(self, bar: int) -> None:
        """Pay for the time since the last bar, let splits and dividends happen, and days begin."""
        self._taken[:] = 0.0
        for order in [*self.waiting]:
            if order.ticket.lasting is Lasting.DAY:
                day = self._day_of(order.ticket.symbol, int(self.panel.time[bar]))
                order.day = day if order.day is None else order.day
                if order.day < day:
                    self.drop(order)
        if bar and not self.terms.carry.is_free:
            self._carry[bar] = self._cost_of_time(bar)
            self.book.cash[0] += self._carry[bar]
        for place, action in self._actions.get(bar, ()):
            held = self.book.held[0, place]
            self.book.cash[0] += held * action.dividend
            self.book.held[0, place] = held * action.split_ratio
            if action.split_ratio != 1.0:
                self._split(bar, place, action.split_ratio)

    def turn(self, bar: int, target: Floats, changed: Mask) -> None:
        """Bring what changed to its target at the open."""
        self._give_up(changed)
        price = np.where(self.panel.present[bar], self.panel.open[bar], self._marks(bar))[None]
        opening = Openings.of(price, target[None], changed[None], self.terms)
        if self._plain:
            for leg in turn(self.book, opening, self.terms):
                self._record(bar, leg)
        else:
            plan = Book(self.book.cash.copy(), self.book.held.copy())
            for leg in turn(plan, opening, self.terms):
                for place in np.flatnonzero(leg.quantity[0]).tolist():
                    self._order(bar, place, float(leg.quantity[0, place]))
        for place in np.flatnonzero(changed).tolist():
            self._guard(bar, place)

    def follow_aims(self, bar: int) -> None:
        """Turn to what the strategy aimed at on the last close, as far as it can be traded now."""
        target, changed = np.zeros(len(self.panel.symbols)), np.zeros(len(self.panel.symbols), dtype=bool)
        for place in [place for place in self.aims if self.panel.present[bar, place]]:
            target[place], changed[place] = self.aims.pop(place), True
        if changed.any():
            self.turn(bar, target, changed)

    def meet(self, bar: int) -> None:
        """Let what waits meet the prices of the bar: what protects first, then the oldest."""
        for place, guard in [*self.guards.items()]:
            candle = self._candle(bar, place)
            found = None if candle is None else guard.met(candle, self._intrabar)
            if found is not None:
                held = float(self.book.held[0, place])
                self._execute(bar, place, -held, found.touch, found.reason)
                self._guard(bar, place)
        # An order that fills lets others loose, so each is looked up again when its turn has come.
        for order in sorted(self.waiting, key=lambda each: each.urgency(self._intrabar)):
            place = self._places[order.ticket.symbol]
            candle = self._candle(bar, place)
            if candle is not None and order.loose and order.since <= bar and order in self.waiting:
                self._meet_one(bar, place, order, candle)

    def end(self, bar: int) -> None:
        """Close the bar: days end, stops trail, and the state is written down."""
        for order in [*self.waiting]:
            candle = self._candle(bar, self._places[order.ticket.symbol])
            if candle is not None:
                order.trail(candle)
            if order.since < bar and order.over(self._ends_day(bar, order, candle is not None)):
                self.drop(order)
        for place, guard in self.guards.items():
            candle = self._candle(bar, place)
            if candle is not None:
                guard.trail(candle)
        self._cash[bar], self._held[bar] = self.book.cash[0], self.book.held[0]

    def take(
        self,
        ticket: Ticket,
        bar: int,
        take_profit: float | None,
        stop_loss: float | None,
        reason: str,
        wanted: Wanted | None = None,
    ) -> Waiting:
        """Put an order on the market from the next open on, with the legs of its bracket behind it."""
        entry = Waiting(ticket, ticket.quantity or 0.0, since=bar, reason=reason, wanted=wanted)
        back = Side.SELL if ticket.side is Side.BUY else Side.BUY
        if stop_loss is not None:
            stop = Ticket(ticket.symbol, back, ticket.quantity, Kind.STOP, stop=stop_loss)
            entry.legs.append(Waiting(stop, 0.0, since=bar, reason="stop loss", parent=entry))
        if take_profit is not None:
            limit = Ticket(ticket.symbol, back, ticket.quantity, Kind.LIMIT, limit=take_profit)
            entry.legs.append(Waiting(limit, 0.0, since=bar, reason="take profit", parent=entry))
        self.waiting += [entry, *entry.legs]
        return entry

    def drop(self, order: Waiting) -> None:
        """Take an order off the market; what was never let loose by it goes too."""
        if order in self.waiting:
            self.waiting.remove(order)
        for leg in order.legs:
            if not leg.loose:
                self.drop(leg)

    def walked(self) -> Walked:
        """Give what came of it."""
        columns = list(zip(*self._fills, strict=True)) or [()] * 5
        bar, symbol = (np.array(column, dtype=np.int64) for column in columns[:2])
        quantity, price, commission = (np.array(column, dtype=np.float64) for column in columns[2:])
        return Walked(
            self.panel,
            FillColumns(bar, symbol, quantity, price, commission),
            tuple(self._reasons),
            np.array(self._slippage),
            self._cash,
            self._held,
            self._carry,
            tuple(self._refusals),
            tuple(self._resized),
            tuple(self.said),
        )

    def _meet_one(self, bar: int, place: int, order: Waiting, candle: Candle) -> None:
        first = candle.open if order.first is None or order.since < bar else order.first
        sized = order.wanted is not None
        if sized and not self._size(bar, order, first):
            self.drop(order)
            return
        found = met(order, candle, first)
        if found is None:
            if order.ticket.lasting in {Lasting.IOC, Lasting.FOK}:
                self.drop(order)
            return
        room = self._room(bar, place)
        if order.ticket.lasting is Lasting.FOK and room < order.remaining:
            self.drop(order)
            return
        wanted = order.ticket.side.sign * min(order.remaining, self._closable(order, place))
        # What was sized at this price fits, as a turn does.
        if wanted and not sized and not self._affords(bar, place, wanted, found.price):
            self._refusals.append(Refusal(bar, order.ticket, "Not enough buying power"))
            self.drop(order)
            return
        done = abs(self._execute(bar, place, wanted, found, order.reason or order.ticket.kind.value))
        order.remaining -= done
        if done:
            for each in settle(order, done, found, bar, self._intrabar):
                if each in self.waiting:
                    self.waiting.remove(each)
        if order.spent or not wanted or order.ticket.lasting is Lasting.IOC:
            self.drop(order)

    def _size(self, bar: int, order: Waiting, price: float) -> bool:
        """Size what left its quantity open at the price it meets; False when that comes to nothing."""
        assert order.wanted is not None
        marks = np.where(self.panel.present[bar], self.panel.open[bar], self._marks(bar))
        quantity = self.quantity_at(order.wanted, order.ticket.side, price, marks)
        if quantity is None:
            self._refusals.append(Refusal(bar, order.ticket, "Its stop lies beyond the price it met"))
        elif quantity:
            order.size(quantity)
        return bool(quantity)

    def _closable(self, order: Waiting, place: int) -> float:
        """The leg of a bracket never turns a position round."""
        if order.parent is None:
            return order.remaining
        return max(-order.ticket.side.sign * float(self.book.held[0, place]), 0.0)

    def _affords(self, bar: int, place: int, quantity: float, price: float) -> bool:
        held = self.book.held[0]
        after = abs(held[place] + quantity) - abs(held[place])
        if after <= 0.0:
            return True
        marks = np.where(self.panel.present[bar], self.panel.open[bar], self._marks(bar))
        room = self.terms.leverage * self.worth(marks) - float(np.sum(np.abs(held) * marks))
        return bool(after * price + self.terms.commission.least <= max(room, 0.0) * SLACK)

    def _order(self, bar: int, place: int, quantity: float) -> None:
        """Trade what a turn planned; what the cap on volume leaves over waits for the next bars."""
        touch = Touch(float(self.panel.open[bar, place]), None, at_once=True)
        done = self._execute(bar, place, quantity, touch, "target")
        left = abs(quantity) - abs(done)
        if left > DUST * abs(quantity):
            side = Side.BUY if quantity > 0.0 else Side.SELL
            ticket = Ticket(self.panel.symbols[place], side, left)
            self.waiting.append(Waiting(ticket, left, since=bar, reason="target"))

    def _execute(self, bar: int, place: int, quantity: float, touch: Touch, reason: str) -> float:
        """Trade at the market as much as its volume allows; gives the signed quantity."""
        size = min(abs(quantity), self._room(bar, place))
        if size <= 0.0:
            return 0.0
        sign = 1.0 if quantity > 0.0 else -1.0
        worse = self.terms.slippage.calculate(touch.price, size, float(self.panel.volume[bar, place]))
        price = paid(touch, float(worse), buys=sign > 0.0)
        commission = float(self.terms.commission.calculate(price, size))
        self.book.cash[0] -= sign * size * price + commission
        held = float(self.book.held[0, place]) + sign * size
        # What is left after as many left as came is a rounding error, and nothing to trade.
        self.book.held[0, place] = held if abs(held) > DUST * size else 0.0
        self._taken[place] += size
        self._fills.append((bar, place, sign * size, price, commission))
        self._reasons.append(reason)
        self._slippage.append(abs(price - touch.price) * size)
        return sign * size

    def _record(self, bar: int, leg: Leg) -> None:
        for place in np.flatnonzero(leg.quantity[0]).tolist():
            quantity, paid = float(leg.quantity[0, place]), float(leg.price[0, place])
            self._fills.append((bar, place, quantity, paid, float(leg.commission[0, place])))
            self._reasons.append("target")
            self._slippage.append(abs(paid - float(self.panel.open[bar, place])) * abs(quantity))

    def _room(self, bar: int, place: int) -> float:
        """Give how much of the bar's volume may still be taken, in whole lots."""
        cap, lot = self.terms.volume_cap, self.terms.lot
        if not cap:
            return np.inf
        room = max(cap * float(self.panel.volume[bar, place]) - float(self._taken[place]), 0.0)
        return room if lot == 0.0 else float(np.floor(room / lot) * lot)

    def _guard(self, bar: int, place: int) -> None:
        """Protect a position that a target opened or changed; one that is gone needs none."""
        if self._protection is None:
            return
        held = float(self.book.held[0, place])
        known = self.guards.get(place)
        if held == 0.0:
            self.guards.pop(place, None)
        elif known is None or known.quantity * held < 0.0:
            paid = next(fill[3] for fill in reversed(self._fills) if fill[1] == place)
            self.guards[place] = Guard(self._protection, held, paid)
        else:
            known.quantity = held

    def _give_up(self, changed: Mask) -> None:
        """A new target replaces what an older one still waits for."""
        for order in [*self.waiting]:
            if order.reason == "target" and changed[self._places[order.ticket.symbol]]:
                self.waiting.remove(order)

    def _cost_of_time(self, bar: int) -> float:
        carry, cash = self.terms.carry, float(self.book.cash[0])
        years = float(self.panel.time[bar] - self.panel.time[bar - 1]) / (US_PER_DAY * _DAYS_A_YEAR)
        short = float(np.sum(np.maximum(-self.book.held[0], 0.0) * self.panel.marks[bar - 1]))
        interest = cash * (carry.cash_rate if cash > 0.0 else carry.margin_rate)
        return (interest - short * carry.borrow_rate) * years

    def _split(self, bar: int, place: int, ratio: float) -> None:
        self._resized.append(Resized(bar, place, ratio))
        for order in self.waiting:
            if self._places[order.ticket.symbol] == place:
                order.split(ratio)
        if place in self.guards:
            self.guards[place].split(ratio)

    def _ends_day(self, bar: int, order: Waiting, present: bool) -> bool:
        """Tell whether the session an order is good for is over with this bar, whatever comes next."""
        if order.day is None:
            return False
        ends_us = int(self.panel.time[bar]) + self._width_us
        whole_day = self._width_us >= US_PER_DAY and present
        return whole_day or self._day_of(order.ticket.symbol, ends_us) > order.day

    def _marks(self, bar: int) -> Floats:
        return self.panel.marks[bar - 1] if bar else np.zeros(len(self.panel.symbols))

    def _candle(self, bar: int, place: int) -> Candle | None:
        """Give the bar of a symbol, None where it has none."""
        candles = self._candles.get(place)
        if candles is None:
            # Once for all bars: numbers one by one out of a matrix would be most of a walk.
            panel = self.panel
            columns = (panel.open, panel.high, panel.low, panel.close, panel.volume)
            rows = zip(*(column[:, place].tolist() for column in columns), strict=True)
            there = panel.present[:, place].tolist()
            candles = [Candle(*row) if here else None for row, here in zip(rows, there, strict=True)]
            self._candles[place] = candles
        return candles[bar]
