"""The limits of trading: what they are now, and which change makes them looser.

Everybody may make a limit tighter; making one looser is for the person who is present. Whether a change is
the one or the other is said here, once, by the direction in which each limit grows tighter.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from puffling.frozen import frozen
from puffling.settings.model import Section, Trading
from puffling.settings.resolve import check_value, resolve

SECTION = "trading"
_HOURS = ("regular", "extended", "any")


@frozen
class Limits:
    """The limits in force; shares of one, not percent."""

    orders_per_day: int
    exits_per_hour: int
    position_share: Decimal
    # Symbols to which the person granted a share of their own.
    grants: Mapping[str, Decimal]
    approval_above: Decimal
    hours: str
    price_band: Decimal
    price_age_seconds: int
    duplicate_seconds: int
    daily_loss: Decimal
    drawdown: Decimal
    whitelist: frozenset[str]
    margin: bool
    clock_skew_seconds: int

    def share_of(self, symbol: str) -> Decimal:
        """Give how much of the account a symbol may make up."""
        return self.grants.get(symbol, self.position_share)


def limits_of(trading: Trading) -> Limits:
    """Give the limits a section of settings stands for."""
    return Limits(
        orders_per_day=trading.orders_per_day,
        exits_per_hour=trading.exits_per_hour,
        position_share=_share(trading.position_percent),
        grants=granted(trading.position_grants),
        approval_above=Decimal(str(trading.approval_above)),
        hours=trading.hours,
        price_band=_share(trading.price_band_percent),
        price_age_seconds=trading.price_age_seconds,
        duplicate_seconds=trading.duplicate_seconds,
        daily_loss=_share(trading.daily_loss_percent),
        drawdown=_share(trading.drawdown_percent),
        whitelist=frozenset(trading.whitelist),
        margin=trading.margin,
        clock_skew_seconds=trading.clock_skew_seconds,
    )


def granted(grants: tuple[str, ...]) -> dict[str, Decimal]:
    """Read grants such as SPY=60; the smaller one counts where a symbol stands twice."""
    shares: dict[str, Decimal] = {}
    for grant in grants:
        symbol, _, percent = grant.partition("=")
        share = Decimal(percent) / 100
        shares[symbol] = min(share, shares.get(symbol, share))
    return shares


@frozen
class Change:
    """A limit as it would be kept; `loosens` says that it lets something through that was refused before."""

    key: str
    kept: Any
    loosens: bool


class _Limits(Section):
    trading: Trading = Trading()


class LimitReader:
    """Reads the limits from stored rows; those it has read before it knows."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = dict(environment)
        self._rows: dict[str, Any] | None = None
        self._limits: Limits | None = None

    def read(self, rows: Mapping[str, Any]) -> Limits | None:
        """Give the limits in force; None when one of them cannot be read, because a default may be looser."""
        wanted = {key: value for key, value in rows.items() if key.startswith(f"{SECTION}.")}
        if self._rows is None or wanted != self._rows:
            found = resolve(_Limits, wanted, self._environment)
            self._rows = wanted
            self._limits = None if found.problems else limits_of(found.settings.trading)
        return self._limits


def changed(rows: Mapping[str, Any], environment: Mapping[str, str], name: str, value: object) -> Change:
    """Say what it means to set a limit to this value; one it cannot have is refused."""
    key = f"{SECTION}.{name}"
    kept = check_value(_Limits, key, value)
    after_rows = {**rows, key: kept}
    loosens = False
    # The environment hides a row only for as long as it is set.
    for surroundings in (environment, {}):
        before, after = resolve(_Limits, rows, surroundings), resolve(_Limits, after_rows, surroundings)
        unread = any(problem.key == key for problem in before.problems)
        loosens |= unread or bool(loosened(before.settings.trading, after.settings.trading))
    return Change(key, kept, loosens)


def loosened(before: Trading, after: Trading) -> tuple[str, ...]:
    """Name the limits that a change makes looser."""
    return tuple(
        name
        for name, is_looser in _LOOSER.items()
        if is_looser(getattr(after, name), getattr(before, name), after, before)
    )


def _share(percent: float) -> Decimal:
    return Decimal(str(percent)) / 100


Looser = Callable[[Any, Any, Trading, Trading], bool]


def _larger(after: Any, before: Any, _new: Trading, _old: Trading) -> bool:
    return bool(after > before)


def _smaller(after: Any, before: Any, _new: Trading, _old: Trading) -> bool:
    return bool(after < before)


def _later_hours(after: str, before: str, _new: Trading, _old: Trading) -> bool:
    return _HOURS.index(after) > _HOURS.index(before)


def _more_symbols(after: tuple[str, ...], before: tuple[str, ...], _new: Trading, _old: Trading) -> bool:
    return bool(before) and (not after or not set(after) <= set(before))


def _more_granted(_after: object, _before: object, new: Trading, old: Trading) -> bool:
    now, then = limits_of(new), limits_of(old)
    named = {*now.grants, *then.grants}
    # What follows from the general share is that limit's business, not of the grants.
    return any(_granted_share(now, symbol, old) > _granted_share(then, symbol, old) for symbol in named)


def _granted_share(limits: Limits, symbol: str, old: Trading) -> Decimal:
    return limits.grants.get(symbol, _share(old.position_percent))


_LOOSER: dict[str, Looser] = {
    "orders_per_day": _larger,
    "exits_per_hour": _larger,
    "position_percent": _larger,
    "position_grants": _more_granted,
    "approval_above": _larger,
    "hours": _later_hours,
    "price_band_percent": _larger,
    "price_age_seconds": _larger,
    "duplicate_seconds": _smaller,
    "daily_loss_percent": _larger,
    "drawdown_percent": _larger,
    "whitelist": _more_symbols,
    "margin": _larger,
    "clock_skew_seconds": _larger,
}
