"""An order with nothing against it, from which tests take away one thing at a time."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from puffling.market.values import AssetClass, Instrument, SessionState
from puffling.puffin.broker.base import AccountInfo, Asset, BrokerAbilities
from puffling.puffin.orders import Kind, Lasting, Side
from puffling.settings.model import Trading
from puffling.store.orders import Account, OrderTerms
from puffling.trading.facts import GateFacts, Used, Waiting
from puffling.trading.flags import ACTIVE, Standing
from puffling.trading.gate import judge
from puffling.trading.judging import LiveFacts, PriceSeen
from puffling.trading.limits import limits_of
from puffling.trading.proposals import Proposal
from puffling.trading.values import Mode, TradingState
from puffling.trading.verdicts import Check, Verdict

# A Wednesday, eleven in the morning in New York: everything is open.
NOW = datetime(2026, 3, 4, 16, 0, tzinfo=UTC)
ACCOUNT = Account("paper", "paper", "PAPER", "Paper account", NOW - timedelta(days=90))
TERMS = OrderTerms("paper", "SPY", Side.BUY, Decimal(2))
WISH = Proposal(TERMS, "person", "ticket-1", NOW + timedelta(minutes=10))
PRICE = PriceSeen(
    Decimal(400),
    NOW - timedelta(seconds=2),
    Decimal("399.99"),
    Decimal("400.01"),
    previous_close=Decimal(398),
)
ABILITIES = BrokerAbilities(
    kinds=frozenset(Kind),
    lasting=frozenset(Lasting),
    brackets=True,
    fractions=True,
    short=True,
    extended_hours=True,
    finds_client_ids=True,
)
INFO = AccountInfo(
    equity=Decimal(100_000),
    cash=Decimal(50_000),
    buying_power=Decimal(80_000),
    portfolio_value=Decimal(100_000),
    margin_used=Decimal(0),
    maintenance_margin=Decimal(0),
    last_update=NOW,
    last_equity=Decimal(100_000),
)
LIVE = LiveFacts(
    ACCOUNT,
    Mode.PAPER,
    ABILITIES,
    info=INFO,
    info_at=NOW - timedelta(seconds=3),
    asset=Asset("SPY", shortable=True, fractionable=True),
    price=PRICE,
    skew_seconds=0.4,
    instrument=Instrument("SPY", "SPDR S&P 500", AssetClass.ETF, "ARCA"),
)
USED = Used(
    entered_today=0,
    exits_last_hour=0,
    held=Decimal(0),
    waiting=(),
    siblings=Decimal(0),
    unheard=Decimal(0),
    unclear=False,
    repeated_at=None,
    day_start=Decimal(100_000),
    moved_today=Decimal(0),
    best=Decimal(100_000),
)
FACTS = GateFacts(
    NOW, ACTIVE, limits_of(Trading()), LIVE, live_granted=False, session=SessionState.OPEN, used=USED
)


def wish(**terms: Any) -> Proposal:
    """Give the sound order with other terms."""
    return replace(WISH, terms=replace(TERMS, **terms))


def facts(**changes: Any) -> GateFacts:
    """Give the sound facts with some changed: of the limits, of what is used, of what was handed in."""
    found = FACTS
    limits = {name: changes.pop(name) for name in list(changes) if hasattr(found.limits, name)}
    used = {name: changes.pop(name) for name in list(changes) if hasattr(found.used, name)}
    price = {name: changes.pop(name) for name in list(changes) if hasattr(PRICE, name)}
    info = {name: changes.pop(name) for name in list(changes) if hasattr(INFO, name)}
    live = {name: changes.pop(name) for name in list(changes) if hasattr(LIVE, name)}
    if price:
        live["price"] = replace(PRICE, **price)
    if info:
        live["info"] = replace(INFO, **info)
    assert found.limits is not None
    assert found.used is not None
    return replace(
        found,
        limits=replace(found.limits, **limits),
        used=replace(found.used, **used),
        live=replace(found.live, **live),
        **changes,
    )


def answer(code: str, proposal: Proposal = WISH, /, **changes: Any) -> Check:
    """Give what one check says to the order, which must have been asked."""
    found = [check for check in verdict(proposal, **changes).checks if check.code == code]
    assert len(found) == 1, code
    return found[0]


def verdict(proposal: Proposal = WISH, /, **changes: Any) -> Verdict:
    """Give what all gates say."""
    return judge(proposal, facts(**changes))


def waiting(side: Side, quantity: int | str, limit: int | None = None) -> Waiting:
    """Give an order that waits."""
    return Waiting(side, Decimal(quantity), None if limit is None else Decimal(limit), None)


# What is wrong with the state of trading, orders that are often wanted, and an account with real money.
HALTED = Standing(TradingState.HALTED, "too wild", "you", NOW)
REDUCING = Standing(TradingState.REDUCING, "winding down", "you", NOW)
LONG = {"held": Decimal(10)}
SELL = wish(side=Side.SELL)
REAL = {
    "account": replace(ACCOUNT, id="paper", broker="alpaca", mode="LIVE"),
    "mode": Mode.LIVE,
    "live_granted": True,
    "live_keys": True,
}
LIMIT_BUY = wish(kind=Kind.LIMIT, limit=Decimal(400))


def limit_at(price: str, **terms: Any) -> Proposal:
    """Give a limit order at a price."""
    return wish(kind=Kind.LIMIT, limit=Decimal(price), **terms)
