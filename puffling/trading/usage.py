"""How much of each limit is used up now, for whoever looks at the limits."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from puffling.frozen import frozen
from puffling.puffin.broker.base import AccountInfo
from puffling.runtime.text import tr
from puffling.store.database import Unit
from puffling.store.orders import Account
from puffling.trading.facts import Money, finite, money_of, tally_of
from puffling.trading.flags import read_restart
from puffling.trading.limits import Limits
from puffling.trading.words import percent


@frozen
class Use:
    """How much of a limit is used: both figures as the limit counts, and in words."""

    used: Decimal | None
    limit: Decimal
    text: str


def uses(
    unit: Unit, account: Account, info: AccountInfo | None, limits: Limits, worth: Mapping[str, Decimal]
) -> dict[str, Use]:
    """Give the use of the limits that count something, by their names; `worth` is that of each holding."""
    tally = tally_of(unit, account.id)
    money = money_of(unit, account, info, read_restart(unit, account.id))
    equity = finite(info.equity) if info is not None else None
    return {
        "orders_per_day": Use(
            Decimal(tally.entered),
            Decimal(limits.orders_per_day),
            tr("{used} of {limit} today", used=tally.entered, limit=limits.orders_per_day),
        ),
        "exits_per_hour": Use(
            Decimal(tally.exits),
            Decimal(limits.exits_per_hour),
            tr("{used} of {limit} in an hour", used=tally.exits, limit=limits.exits_per_hour),
        ),
        "position_percent": _position(limits, equity, worth),
        "daily_loss_percent": _loss(money, limits, equity),
        "drawdown_percent": _fall(money, limits, equity),
    }


def _position(limits: Limits, equity: Decimal | None, worth: Mapping[str, Decimal]) -> Use:
    general = {symbol: abs(each) for symbol, each in worth.items() if symbol not in limits.grants}
    if equity is None or equity <= 0:
        return Use(None, limits.position_share, _unknown())
    if not general:
        return Use(Decimal(0), limits.position_share, tr("Nothing is held"))
    symbol = max(general, key=lambda each: general[each])
    share = general[symbol] / equity
    text = tr("{symbol} is {share}", symbol=symbol, share=percent(share))
    return Use(share, limits.position_share, text)


def _loss(money: Money, limits: Limits, equity: Decimal | None) -> Use:
    start, moved = money.day_start, money.moved_today
    if start is None or equity is None or start + moved <= 0:
        return Use(None, limits.daily_loss, _unknown())
    gain = (equity - start - moved) / (start + moved)
    return Use(max(Decimal(0), -gain), limits.daily_loss, tr("The day is at {gain}", gain=percent(gain)))


def _fall(money: Money, limits: Limits, equity: Decimal | None) -> Use:
    if equity is None:
        return Use(None, limits.drawdown, _unknown())
    best = max(money.best or equity, equity)
    fallen = (best - equity) / best if best > 0 else Decimal(0)
    return Use(fallen, limits.drawdown, tr("{fallen} below the best", fallen=percent(fallen)))


def _unknown() -> str:
    return tr("Not known yet")
