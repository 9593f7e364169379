"""Tests a connection to a broker before it is relied on: keys, account, what may be done, news, clocks.

Nothing is ordered, cancelled or changed. What is missing is said with what to do about it, and whatever
cannot be asked any more is named too, so that nobody takes silence for a yes.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from puffling.puffin.broker.base import (
    AccountInfo,
    Broker,
    BrokerRefusedError,
    BrokerUpdate,
    UpdateKind,
)
from puffling.puffin.errors import NotOffered, PuffinError
from puffling.runtime.text import tr
from puffling.trading.accounts.values import BrokerCheck, BrokerOffer, Finding, Result
from puffling.trading.values import Mode
from puffling.trading.wire import exact

STREAM_SECONDS = 12.0
_NOTED_SKEW_SECONDS = 2.0
_PAPER_KEY, _LIVE_KEY = "PK", "AK"
_MOST_ORDERS = 100


def steps() -> dict[str, str]:
    """Give the titles of all steps by their code, in the order they are taken."""
    return {
        "keys": tr("Keys"),
        "account": tr("Account"),
        "permissions": tr("Permissions"),
        "orders": tr("Orders and positions"),
        "look-up": tr("Finding an order again"),
        "clock": tr("Clock"),
        "stream": tr("News of orders"),
    }


def no_keys(known: BrokerOffer, keys: Mapping[str, str]) -> BrokerCheck:
    """Say which keys are missing; nothing can be asked without them."""
    missing = [name for name in known.keys if not keys.get(name)]
    what = Finding(
        "keys",
        steps()["keys"],
        Result.MISSING,
        tr("{names} not kept yet.", names=", ".join(missing)),
        tr("Make a pair of keys at {link} and keep them here.", link=known.link),
    )
    return _told(known, [what])


def check_broker(
    broker: Broker,
    known: BrokerOffer,
    keys: Mapping[str, str],
    now: Callable[[], datetime],
    *,
    skew_seconds: float,
    stream_seconds: float = STREAM_SECONDS,
) -> BrokerCheck:
    """Ask a broker everything that a desk will rely on, in the caller's thread.

    Orders of a computer whose clock is more than `skew_seconds` off would be refused.
    """
    going = _Going(broker, known, keys, now, skew_seconds, stream_seconds)
    try:
        going.ask()
    except _Ended:
        pass
    finally:
        broker.close()
    return _told(known, going.findings, going.info, going.positions, going.orders)


class _Ended(Exception):
    """What comes after this step cannot be asked."""


@dataclass
class _Going:
    broker: Broker
    known: BrokerOffer
    keys: Mapping[str, str]
    now: Callable[[], datetime]
    skew_seconds: float
    stream_seconds: float
    findings: list[Finding] = field(default_factory=list)
    info: AccountInfo | None = None
    positions: int = 0
    orders: int = 0

    def ask(self) -> None:
        self._permissions(self._account())
        self._orders()
        self._look_up()
        self._clock()
        self._stream()

    def _account(self) -> AccountInfo:
        try:
            info = self.broker.get_account()
        except BrokerRefusedError as error:
            self._find("keys", Result.MISSING, f"{error}.", self._whose_keys())
            raise _Ended from error
        except PuffinError as error:
            self._find("keys", Result.GOOD, tr("They are kept; whether they are accepted is not known."))
            self._find("account", Result.MISSING, f"{error}.", tr("Check your network, and try again."))
            raise _Ended from error
        self._find("keys", Result.GOOD, tr("The broker accepts them."))
        self.info = info
        self._find(
            "account",
            Result.GOOD,
            tr("Account {number}, worth {equity}.", number=info.number, equity=f"{exact(info.equity):,.2f}"),
        )
        return info

    def _permissions(self, info: AccountInfo) -> None:
        if info.blocked:
            self._find(
                "permissions",
                Result.MISSING,
                tr("The broker lets nothing through: {reason}.", reason=info.blocked),
                tr("Sign in at {link} and see what the broker asks of you.", link=self.known.link),
            )
        elif exact(info.equity) <= 0:
            self._find(
                "permissions",
                Result.NOTE,
                tr("There is no money in the account yet."),
                tr("Pay something in before you order."),
            )
        elif not info.may_short:
            self._find("permissions", Result.NOTE, tr("It may trade, and not sell short."))
        else:
            self._find("permissions", Result.GOOD, tr("It may trade, and sell short."))

    def _orders(self) -> None:
        try:
            positions = self.broker.get_positions()
            orders = self.broker.get_all_orders("open", _MOST_ORDERS)
        except PuffinError as error:
            self._find("orders", Result.MISSING, f"{error}.", tr("The keys may not read orders."))
            return
        self.positions, self.orders = len(positions), len(orders)
        text = tr(
            "{positions} positions and {orders} open orders are there.",
            positions=len(positions),
            orders=len(orders),
        )
        there = bool(positions or orders)
        self._find(
            "orders",
            Result.NOTE if there else Result.GOOD,
            text,
            tr("They count against every limit from the first moment on.") if there else "",
        )

    def _look_up(self) -> None:
        abilities = self.broker.abilities
        if not abilities.finds_client_ids:
            live = self.known.mode is Mode.LIVE
            self._find(
                "look-up",
                Result.MISSING if live else Result.NOTE,
                tr("The broker cannot find an order by the name it was given."),
                tr("It may be watched and used on paper, never with real money."),
            )
            return
        try:
            self.broker.find_order("pf1-check-of-the-connection")
        except PuffinError as error:
            self._find("look-up", Result.MISSING, f"{error}.", tr("Try again in a minute."))
        else:
            self._find("look-up", Result.GOOD, tr("An order is found again by the name it was given."))

    def _clock(self) -> None:
        try:
            before = self.now()
            told = self.broker.get_clock()
            behind = abs((told.now - before).total_seconds())
        except NotOffered:
            self._find("clock", Result.NOTE, tr("The broker does not tell the time."))
            return
        except PuffinError as error:
            self._find("clock", Result.MISSING, f"{error}.", tr("Try again in a minute."))
            return
        text = tr("This computer and the broker are {seconds} seconds apart.", seconds=f"{behind:.1f}")
        if behind > self.skew_seconds:
            self._find("clock", Result.MISSING, text, tr("Let this computer set its clock by the network."))
        else:
            self._find("clock", Result.NOTE if behind > _NOTED_SKEW_SECONDS else Result.GOOD, text)

    def _stream(self) -> None:
        if not self.broker.abilities.streams:
            self._find(
                "stream", Result.NOTE, tr("The broker tells no news; orders are asked after on a timer.")
            )
            return
        there = threading.Event()

        def hear(update: BrokerUpdate) -> None:
            if update.kind is UpdateKind.CONNECTED:
                there.set()

        end = self.broker.listen(hear)
        try:
            heard = there.wait(self.stream_seconds)
        finally:
            end()
        if heard:
            self._find("stream", Result.GOOD, tr("News of orders arrive by themselves."))
        else:
            self._find(
                "stream",
                Result.MISSING,
                tr("No line for news of orders came up."),
                tr("A firewall or proxy may keep WebSockets out; another program may use the same keys."),
            )

    def _whose_keys(self) -> str:
        """Say what the keys themselves tell: those for play money begin with other letters."""
        begins = self.keys.get(self.known.keys[0], "")[:2].upper()
        if self.known.mode is Mode.LIVE and begins == _PAPER_KEY:
            return tr("These are keys of a paper account. Real money has keys of its own.")
        if self.known.mode is not Mode.LIVE and begins == _LIVE_KEY:
            return tr("These are keys of a live account. The paper account has keys of its own.")
        return tr("Make a new pair at {link}: a secret is shown only once.", link=self.known.link)

    def _find(self, code: str, result: Result, text: str, hint: str = "") -> None:
        self.findings.append(Finding(code, steps()[code], result, text, hint))


def _told(
    known: BrokerOffer,
    findings: list[Finding],
    info: AccountInfo | None = None,
    positions: int = 0,
    orders: int = 0,
) -> BrokerCheck:
    """Name also what was not asked any more."""
    asked = {each.code for each in findings}
    skipped = [
        Finding(code, title, Result.SKIPPED, tr("Not asked yet."))
        for code, title in steps().items()
        if code not in asked
    ]
    told = (*findings, *skipped)
    if info is None:
        return BrokerCheck(known.id, known.mode, told)
    money = (exact(info.equity), exact(info.cash), exact(info.buying_power))
    return BrokerCheck(known.id, known.mode, told, info.number, *money, positions, orders)
