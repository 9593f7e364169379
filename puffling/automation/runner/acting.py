"""From what a strategy with orders of its own says to a decision, and to the very orders it sends."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import ROUND_DOWN, Decimal
from typing import TYPE_CHECKING

from puffling.puffin.backtest.aims import LEAVE
from puffling.puffin.backtest.orders import Sizing, Wanted
from puffling.puffin.backtest.sizing import BY_TERMS
from puffling.puffin.backtest.turns import SLACK, quantity_at
from puffling.puffin.orders import Kind
from puffling.runtime.text import tr
from puffling.store.decisions import Aim, Decision, DecisionState, Fate, PlannedOrder

if TYPE_CHECKING:
    from puffling.automation.runner.own import OwnBook
    from puffling.puffin.backtest.costs import Terms
    from puffling.puffin.backtest.heard import Heard
    from puffling.puffin.backtest.hearing import Acts, Sent
    from puffling.puffin.broker.base import Asset

# The leg of an order that a strategy sends by itself, and that is no way out.
SENT = "sent"
_NOTHING = Decimal(0)


def acted(drawn: Decision, heard: Heard, acts: Acts, closes: Mapping[str, float]) -> Decision:
    """Give the decision that says so, with what is held as what is wanted of symbols nobody aimed at."""
    worth = heard.cash + sum(heard.held[symbol] * close for symbol, close in closes.items())
    aims = []
    for symbol, close in closes.items():
        stands = heard.held[symbol] * close / worth if worth > 0.0 else 0.0
        changed = symbol in acts.aims
        aims.append(Aim(symbol, acts.aims.get(symbol, stands), stands, changed, close))
    orders = tuple(_planned(each, heard) for each in acts.sent)
    says = bool(orders or acts.aims or acts.cancelled)
    return replace(
        drawn,
        state=DecisionState.DUE if says else DecisionState.DONE,
        reason="" if says else tr("Nothing changes."),
        aims=tuple(aims),
        orders=orders,
        heard=heard,
        cancels=acts.cancelled,
    )


def _planned(sent: Sent, heard: Heard) -> PlannedOrder:
    ticket = sent.ticket
    quantity = ticket.quantity or 0.0
    held = heard.held[ticket.symbol]
    # What leads out of what is held, and no further, is never to become something else.
    leaves = held * ticket.side.sign < 0.0 and 0.0 < quantity <= abs(held)
    return PlannedOrder(
        symbol=ticket.symbol,
        side=ticket.side,
        quantity=_exact(quantity),
        leg=LEAVE if leaves else SENT,
        price=_NOTHING,
        number=sent.number,
        kind=ticket.kind,
        limit=_maybe(ticket.limit),
        stop=_maybe(ticket.stop),
        trail=_maybe(ticket.trail),
        trail_share=_maybe(ticket.trail_share),
        lasting=ticket.lasting,
        take_profit=_maybe(sent.take_profit),
        stop_loss=_maybe(sent.stop_loss),
        share=None if sent.wanted is None else sent.wanted.weight,
        reason=sent.reason,
    )


class Finishing:
    """Gives orders their last terms as the market opens, one after the other, as each leaves the book."""

    def __init__(self, book: OwnBook, prices: Mapping[str, float], terms: Terms, sizing: Sizing) -> None:
        self._book = book
        self._prices = prices
        self._terms = terms
        self._sizing = sizing
        self._cash = float(book.cash)
        self._held = {symbol: part.held for symbol, part in book.parts.items()}

    def finish(self, order: PlannedOrder, asset: Asset) -> PlannedOrder:
        """Give an order as it goes to the desk; what cannot go there says why."""
        price = self._prices[order.symbol]
        order = replace(order, price=_exact(price))
        quantity = self._sized(order, price) if order.share is not None else order.quantity
        if quantity is None:
            return _not(order, Fate.DROPPED, tr("Its stop lies beyond the price it met."))
        if order.leg == LEAVE:
            quantity = min(quantity, abs(self._held[order.symbol]))
        quantity = (quantity / asset.quantity_step).to_integral_value(ROUND_DOWN) * asset.quantity_step
        if quantity <= 0:
            left = order.leg == LEAVE
            text = tr("Nothing is left to leave.") if left else tr("By its rule of sizes it is nothing now.")
            return _not(order, Fate.DROPPED, text)
        order = _on_steps(replace(order, quantity=quantity), asset.price_step)
        sign = int(order.side.sign)
        if order.leg != LEAVE and self._book.parts[order.symbol].others * sign < 0:
            # It would sell what the person holds, or buy back what they sold short.
            text = tr("You hold {symbol} the other way on this account: it would trade yours.",
                      symbol=order.symbol)  # fmt: skip
            return _not(order, Fate.REFUSED, text)
        if not self._affords(order, price):
            return _not(order, Fate.REFUSED, tr("It has not so much money."))
        order = _met(order, self._prices[order.symbol])
        if order.kind is Kind.MARKET:
            self._trade(order, price)
        return order

    def _sized(self, order: PlannedOrder, price: float) -> Decimal | None:
        assert order.share is not None
        by_risk = self._sizing is Sizing.RISK and order.stop_loss is not None
        stop = float(order.stop_loss) if by_risk and order.stop_loss is not None else None
        most = float("inf") if self._sizing in BY_TERMS else self._terms.leverage
        wanted = Wanted(order.share, stop, most)
        equity, gross = self._worth()
        size = quantity_at(wanted, order.side, price, equity=equity, gross=gross, terms=self._terms)
        return None if size is None else _exact(size)

    def _worth(self) -> tuple[float, float]:
        held = {symbol: float(quantity) for symbol, quantity in self._held.items()}
        equity = self._cash + sum(held[symbol] * self._prices[symbol] for symbol in held)
        return equity, sum(abs(held[symbol]) * self._prices[symbol] for symbol in held)

    def _affords(self, order: PlannedOrder, price: float) -> bool:
        held = self._held[order.symbol]
        after = abs(held + int(order.side.sign) * order.quantity) - abs(held)
        if after <= 0 or order.share is not None:
            return True
        own = order.stop if order.kind is Kind.STOP else order.limit
        at = price if own is None else float(own)
        equity, gross = self._worth()
        room = max(self._terms.leverage * equity - gross, 0.0)
        return float(after) * at + self._terms.commission.least <= room * SLACK

    def _trade(self, order: PlannedOrder, price: float) -> None:
        """Let what trades at the opening change the book for the orders after it."""
        sign, size = order.side.sign, float(order.quantity)
        paid = price + sign * float(self._terms.slippage.calculate(price))
        self._cash -= sign * size * paid + float(self._terms.commission.calculate(paid, size))
        self._held[order.symbol] += int(sign) * order.quantity


def words_of(order: PlannedOrder) -> str:
    """Say what kind of order it is, with its prices."""
    parts = [
        {
            Kind.MARKET: tr("at the market"),
            Kind.LIMIT: tr("at {limit} or better", limit=_text(order.limit)),
            Kind.STOP: tr("from {stop} on", stop=_text(order.stop)),
            Kind.STOP_LIMIT: tr("from {stop} on, at {limit} or better",
                                stop=_text(order.stop), limit=_text(order.limit)),
            Kind.TRAILING_STOP: tr("behind the best price"),
        }[order.kind]
    ]  # fmt: skip
    if order.stop_loss is not None:
        parts.append(tr("stop loss {price}", price=_text(order.stop_loss)))
    if order.take_profit is not None:
        parts.append(tr("take profit {price}", price=_text(order.take_profit)))
    return ", ".join(parts)


def _met(order: PlannedOrder, price: float) -> PlannedOrder:
    """Give what an order has become whose stop the market opened beyond: brokers take no such stop."""
    if order.kind not in {Kind.STOP, Kind.STOP_LIMIT} or order.stop is None:
        return order
    if order.side.sign * (price - float(order.stop)) < 0.0:
        return order
    kind = Kind.MARKET if order.kind is Kind.STOP else Kind.LIMIT
    return replace(order, kind=kind, stop=None)


def _on_steps(order: PlannedOrder, step: Decimal | None) -> PlannedOrder:
    """Bring prices to the broker's steps, where it has some of its own."""
    if not step:
        return order
    names = ("limit", "stop", "trail", "take_profit", "stop_loss")
    limit, stop, trail, take_profit, stop_loss = (
        None if price is None else (price / step).to_integral_value() * step
        for price in (getattr(order, name) for name in names)
    )
    return replace(order, limit=limit, stop=stop, trail=trail, take_profit=take_profit, stop_loss=stop_loss)


def _not(order: PlannedOrder, fate: Fate, text: str) -> PlannedOrder:
    return replace(order, fate=fate, text=text)


def _exact(value: float) -> Decimal:
    return Decimal(repr(float(value)))


def _maybe(value: float | None) -> Decimal | None:
    return None if value is None else _exact(value)


def _text(value: Decimal | None) -> str:
    return "" if value is None else f"{value:f}"
