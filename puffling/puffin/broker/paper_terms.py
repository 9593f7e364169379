"""Under which conditions a paper account trades: costs, margin, and the hours of its market."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field
from datetime import datetime, timedelta
from typing import NamedTuple

from puffling.frozen import frozen
from puffling.puffin.backtest.costs import Carry, CommissionModel, SlippageModel
from puffling.puffin.backtest.fills import Intrabar
from puffling.puffin.broker.base import BrokerAbilities
from puffling.puffin.data.instants import US_PER_MINUTE, from_us, to_us
from puffling.puffin.data.sessions import Sessions
from puffling.puffin.errors import InvalidValue
from puffling.puffin.orders import Kind, Lasting


class Hours(NamedTuple):
    """One session, with the first and last moment at which orders for extended hours may fill."""

    opens: datetime
    closes: datetime
    early: datetime
    late: datetime

    def takes(self, at: datetime, *, extended: bool) -> bool:
        """Tell whether an order may fill at a moment."""
        return self.early <= at < self.late if extended else self.opens <= at < self.closes


# Gives the session of a symbol that runs at a moment, extended hours included, or the next one to come.
HoursOf = Callable[[str, datetime], Hours]


def around_the_clock(symbol: str, at: datetime) -> Hours:
    """Give the hours of a market that never rests and whose days are those of UTC."""
    opens = at.replace(hour=0, minute=0, second=0, microsecond=0)
    closes = opens + timedelta(days=1)
    return Hours(opens, closes, opens, closes)


def hours_of(sessions: Sessions, at: datetime, pre_minutes: int = 0, post_minutes: int = 0) -> Hours:
    """Give the session that runs at a moment, or the next one."""
    at_us, after_us = to_us(at), post_minutes * US_PER_MINUTE
    place = max(sessions.index_at(at_us), 0)
    while place < len(sessions) and at_us >= int(sessions.closes_us[place]) + after_us:
        place += 1
    if place == len(sessions):
        raise InvalidValue(f"No session is known after {at:%Y-%m-%d}", field="at")
    opens_us, closes_us = int(sessions.opens_us[place]), int(sessions.closes_us[place])
    return Hours(
        from_us(opens_us),
        from_us(closes_us),
        from_us(opens_us - pre_minutes * US_PER_MINUTE),
        from_us(closes_us + after_us),
    )


@frozen
class PaperTerms:
    """What a paper account pays, may borrow and may do.

    All positions together may begin up to `leverage` times the equity: 2 is Regulation T, 1 is a cash
    account. `maintenance` is the share of a position that equity must cover to keep it. No order takes more
    of the volume it meets than `volume_cap`; 0 means no cap. Prices and fees keep all digits unless
    `decimals` says how many. A broker looks at the buying power when an order is sent and when it fills; a
    backtest only when it fills, and so does a paper account that is not `strict`.
    """

    slippage: SlippageModel = field(default_factory=SlippageModel)
    commission: CommissionModel = field(default_factory=CommissionModel)
    carry: Carry = field(default_factory=Carry)
    leverage: float = 2.0
    maintenance: float = 0.25
    short_maintenance: float = 0.30
    volume_cap: float = 0.0
    short: bool = False
    strict: bool = True
    refuses_wash_trades: bool = False
    intrabar: Intrabar = Intrabar.PESSIMISTIC
    decimals: int | None = None

    def __post_init__(self) -> None:
        if not 0.0 < self.leverage <= 100.0:
            raise InvalidValue("Leverage must be above 0 and at most 100", field="leverage")
        for name in ("maintenance", "short_maintenance", "volume_cap"):
            if not 0.0 <= getattr(self, name) <= 1.0:
                words = name.replace("_", " ").capitalize()
                raise InvalidValue(f"{words} must lie between 0 and 1", field=name)
        if self.decimals is not None and not 0 <= self.decimals <= 12:
            raise InvalidValue("Decimals must lie between 0 and 12", field="decimals")


def abilities_under(terms: PaperTerms) -> BrokerAbilities:
    """Give what a paper account holds by itself: everything there is."""
    return BrokerAbilities(
        kinds=frozenset(Kind),
        lasting=frozenset(Lasting),
        brackets=True,
        one_cancels_other=True,
        fractions=True,
        notional=True,
        short=terms.short,
        extended_hours=True,
        replaces=True,
        resizes_filled=True,
        finds_client_ids=True,
        lists_fills=True,
        streams=True,
    )
