"""A paper account in a market that does what a test says."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from puffling.puffin.backtest.fills import Candle
from puffling.puffin.broker.base import Asset, BrokerUpdate, Execution, Order, OrderStatusInfo, UpdateKind
from puffling.puffin.broker.paper import PaperBroker
from puffling.puffin.broker.paper_terms import Hours, PaperTerms
from puffling.puffin.orders import Kind, Side

# Ten in the morning of a Monday on which the market is open from half past nine to four.
TEN = datetime(2026, 3, 2, 10, tzinfo=UTC)


def office_hours(symbol: str, at: datetime) -> Hours:
    """Half past nine to four on every day, with half an hour before and an hour after."""
    midnight = at.replace(hour=0, minute=0, second=0, microsecond=0)
    late = midnight + timedelta(hours=17)
    if at >= late:
        midnight, late = midnight + timedelta(days=1), late + timedelta(days=1)
    return Hours(
        midnight + timedelta(hours=9.5), midnight + timedelta(hours=16), midnight + timedelta(hours=9), late
    )


class Paper:
    """The account, its clock, what it told and what was kept."""

    def __init__(self, cash: int = 10_000, *, keeps: bool = False, **terms: Any) -> None:
        self.now = TEN
        self.told: list[BrokerUpdate] = []
        self.kept: list[dict[str, Any]] = []
        self.fails = False
        self.known: dict[str, Decimal] = {}
        self.assets: dict[str, Asset] = {}
        self.terms = PaperTerms(**{"leverage": 2.0, "short": True, **terms})
        self.keeps = keeps
        self.broker = self.opened(cash)

    def opened(self, cash: int = 10_000) -> PaperBroker:
        """Another broker of the same account."""
        broker = PaperBroker(
            cash,
            now=lambda: self.now,
            terms=self.terms,
            hours=office_hours,
            price=self.known.get,
            asset=self._asset,
            keep=self._keep if self.keeps else None,
        )
        broker.listen(self.told.append)
        return broker

    def later(self, **spans: float) -> None:
        """Let time pass."""
        self.now += timedelta(**spans)

    def trade(self, price: float, size: float = 100.0, symbol: str = "X") -> bool:
        """Let somebody trade."""
        return self.broker.on_prices({symbol: (price, size)}, self.now)

    def bar(self, open_: float, high: float, low: float, close: float, volume: float = 1_000.0) -> bool:
        """Let a bar pass."""
        candle = Candle(open_, high, low, close, volume)
        return self.broker.on_bars({"X": candle}, self.now)

    def send(self, side: Side = Side.BUY, qty: Any = 10, type: Kind = Kind.MARKET, **terms: Any) -> str:
        """Send an order."""
        return self.broker.submit_order(Order("X", side, qty, type, **terms))

    def order(self, order_id: str) -> OrderStatusInfo:
        """An order as it stands."""
        return self.broker.get_order_status(order_id)

    @property
    def fills(self) -> list[tuple[float, float]]:
        """Signed quantity and price of every fill."""
        return [(float(each.qty) * each.side.sign, float(each.price)) for each in self.executions]

    @property
    def executions(self) -> list[Execution]:
        """Every fill."""
        return self.broker.get_executions(TEN - timedelta(days=9))

    @property
    def events(self) -> list[str]:
        """What was told, in one word each."""
        return [each.event for each in self.told if each.kind is UpdateKind.ORDER]

    def _asset(self, symbol: str) -> Asset:
        return self.assets.get(symbol, Asset(symbol, shortable=True, quantity_step=Decimal(1)))

    def _keep(self, book: dict[str, Any]) -> None:
        if self.fails:
            raise OSError("the disk is full")
        self.kept.append(book)


def revived(paper: Paper) -> PaperBroker:
    """The same account after its book went through JSON."""
    book = json.loads(json.dumps(paper.broker.export()))
    broker = paper.opened()
    broker.restore(book)
    return broker
