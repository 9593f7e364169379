"""What a strategy may do once it runs by itself, in sentences a person reads before they let it."""

from __future__ import annotations

from collections.abc import Iterator

from puffling.automation.runner.values import ActivationTerms
from puffling.puffin.broker.base import AccountInfo
from puffling.puffin.data.interval import Interval
from puffling.runtime.text import tr
from puffling.settings.model import Trading
from puffling.store.orders import Account, Holding
from puffling.store.research import StrategyConfig
from puffling.trading.facts import finite
from puffling.trading.limits import limits_of
from puffling.trading.values import Mode
from puffling.trading.words import limits_said


def terms_for(
    config: StrategyConfig,
    account: Account,
    info: AccountInfo | None,
    holdings: tuple[Holding, ...],
    limits: Trading,
    *,
    sends_orders: bool,
    earlier: tuple[str, ...] = (),
) -> ActivationTerms:
    """Put together what binds a strategy on an account; `earlier` are orders of it that wait there still."""
    equity = finite(info.equity) if info is not None else None
    known = limits_of(limits)
    share = min((known.share_of(symbol) for symbol in config.symbols), default=known.position_share)
    # As much as the limits let through, where every symbol may be held at once.
    capital = float(equity * share) * max(len(config.symbols), 1) if equity is not None else 10_000.0
    return ActivationTerms(
        name=config.name,
        account=account.id,
        account_label=account.label,
        account_mode=account.mode,
        capital=round(min(capital, float(equity) if equity is not None else capital), -2) or 100.0,
        sentences=tuple(_sentences(config, account, limits, sends_orders=sends_orders)),
        troubles=tuple(_troubles(config, account, holdings, earlier)),
        sends_orders=sends_orders,
    )


def _sentences(
    config: StrategyConfig, account: Account, limits: Trading, *, sends_orders: bool
) -> Iterator[str]:
    if Interval(config.interval).is_intraday:
        yield tr("It decides once after each bar of {interval} and trades at once.", interval=config.interval)
    else:
        yield tr("It decides once after each close and trades in the half hour after the next open.")
    if sends_orders:
        yield tr("It sends its own orders: they wait for their prices, and what it takes back is cancelled.")
    yield tr("It sells only what it bought itself; what you hold of a symbol stays yours.")
    yield from limits_said(limits)
    yield tr("A halt stops it, and {count} failures in a row switch it off.", count=5)
    if sends_orders:
        yield tr("When it is deactivated, what it holds stays held, with the orders that lead out of it.")
    else:
        yield tr("When it is deactivated, what it holds stays held.")
    if account.mode == Mode.LIVE.value:
        yield tr("This account moves real money: type LIVE to let it.")


def _troubles(
    config: StrategyConfig, account: Account, holdings: tuple[Holding, ...], earlier: tuple[str, ...]
) -> Iterator[str]:
    if not config.symbols:
        yield tr("It has no symbols.")
    if earlier:
        yield tr("Orders of it from an earlier time still wait: {orders}. Cancel them first.",
                 orders=", ".join(earlier))  # fmt: skip
    for holding in holdings:
        if holding.symbol in config.symbols and holding.quantity:
            yield tr("You hold {symbol} on {account} already: that is not counted as the strategy's.",
                     symbol=holding.symbol, account=account.label)  # fmt: skip
