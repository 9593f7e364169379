"""The books: what every trade earned, and what the accounts are worth as time goes by.

The desk writes a trade in the transaction of its fill. What it earned depends on the lots before it, and is
told here a moment later; a crash in between is made up for at the next start. What an account is worth is
marked when it trades, when the exchange closes, and every few minutes while it changes.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from puffling.market.calendar import EXCHANGE, calendar
from puffling.runtime.actor import UserId
from puffling.runtime.bus import Bus
from puffling.runtime.clock import Clock
from puffling.runtime.errors import NotFound, PufflingError
from puffling.runtime.tasks import TaskScope
from puffling.runtime.text import tr
from puffling.settings.live import LiveSettings
from puffling.store.database import Store, Unit
from puffling.store.events import CashFlowsChanged, DatabaseRestored, SettingChanged, TradesChanged
from puffling.store.orders import Worth
from puffling.trading.events import AccountChanged

if TYPE_CHECKING:
    from puffling.puffin.portfolio.lots import Choices
    from puffling.trading.portfolio.reading import Record, Standing
    from puffling.trading.values import AccountView

CHOICES = "custom.lots"
MATCHING = "portfolio.matching"
MARK_EVERY = timedelta(minutes=5)
# Fills come in bursts; one mark after a burst says as much.
BURST = timedelta(seconds=10)
# So many trades at the most were written just before a crash, and not told what they earned.
_LAST_TRADES = 500
_LOOK_SECONDS = 30.0
_BEGIN_SECONDS = 3.0

_log = logging.getLogger(__name__)


class Books:
    """Keeps them, and gives what is in them, for one user."""

    def __init__(
        self,
        *,
        store: Store,
        bus: Bus,
        clock: Clock,
        user: UserId,
        live: LiveSettings,
        accounts: Callable[[], Coroutine[Any, Any, tuple[AccountView, ...]]],
    ) -> None:
        self._store = store
        self._bus = bus
        self._clock = clock
        self._user = user
        self._live = live
        self._accounts = accounts
        # Accounts that traded since they were last marked; symbols whose trades do not know what they earned.
        self._traded: set[str] = set()
        self._unsettled: dict[tuple[str, str], None] = {}
        self._to_find: list[int | None] = []
        self._settling = False
        self._changed = asyncio.Event()
        self._asked = asyncio.Event()
        self._thinned_on: date | None = None

    @property
    def up_to_date(self) -> bool:
        """Tell whether every trade has been told what it earned."""
        return not (self._settling or self._unsettled or self._to_find)

    def start(self, scope: TaskScope) -> Callable[[], None]:
        """Begin to keep the books; the answer stops listening, the tasks end with the scope."""
        ends = [
            self._bus.on(TradesChanged, self._trades_changed),
            self._bus.on(CashFlowsChanged, self._flows_changed),
            self._bus.on(SettingChanged, self._setting_changed),
            self._bus.on(DatabaseRestored, lambda _: self._settle_later(None)),
            self._bus.on(AccountChanged, lambda _: self._asked.set()),
        ]
        scope.spawn(self._settle(), name="books.gains")
        scope.spawn(self._keep_marking(), name="books.worth")
        scope.spawn(self._look_now_and_then(), name="books.look")

        def stop() -> None:
            for end in ends:
                end()

        return stop

    async def standings(self) -> tuple[Standing, ...]:
        """Give every account as its broker last said, the one that orders go to first.

        One that nobody speaks for is given as it was last marked.
        """
        from puffling.trading.portfolio.reading import standing_of

        stored = await self._store.read(self._user, _stored)
        found = []
        for view in await self._accounts():
            standing, marked = standing_of(view), stored.pop(view.account.id, None)
            found.append(standing if standing.connected or marked is None else _as_marked(standing, marked))
        return (*found, *stored.values())

    async def standing(self, account: str = "") -> Standing:
        """Give one account; without a name, the first."""
        known = await self.standings()
        for each in known:
            if account in ("", each.account):
                return each
        if account:
            names = ", ".join(each.account for each in known)
            raise NotFound(
                tr("There is no account {account}.", account=account),
                hint=tr("There are: {names}.", names=names) if names else tr("Connect a broker first."),
            )
        from puffling.trading.portfolio.reading import Standing

        return Standing("", "", "")

    async def record(self, account: str) -> Record:
        """Give everything that is stored of an account, its trades in lots."""
        return await self._store.read(self._user, _record, account, self._live.now.portfolio.matching)

    def _trades_changed(self, event: TradesChanged) -> None:
        if event.user == self._user:
            self._traded.add(event.account)
            self._unsettled[event.account, event.symbol] = None
            self._changed.set()

    def _flows_changed(self, event: CashFlowsChanged) -> None:
        if event.user == self._user:
            self._traded.add(event.account)

    def _setting_changed(self, event: SettingChanged) -> None:
        if event.user == self._user and event.key in (MATCHING, CHOICES):
            self._settle_later(None)

    def _settle_later(self, newest: int | None) -> None:
        self._to_find.append(newest)
        self._changed.set()

    async def _settle(self) -> None:
        while True:
            await self._changed.wait()
            self._changed.clear()
            self._settling = True
            try:
                await self._settle_waiting()
            except PufflingError as error:
                _log.warning("What trades earned could not be told: %s", error)
            finally:
                self._settling = False

    async def _settle_waiting(self) -> None:
        while self._to_find:
            newest = self._to_find[-1]
            found = await self._store.read(self._user, _places, newest)
            self._to_find.remove(newest)
            self._unsettled |= dict.fromkeys(found)
        while self._unsettled:
            place = next(iter(self._unsettled))
            # Before it is told: what is traded meanwhile is to be told too.
            del self._unsettled[place]
            try:
                await self._store.run(self._user, _tell_earned, *place, self._live.now.portfolio.matching)
            except PufflingError:
                self._unsettled[place] = None
                raise

    async def _look_now_and_then(self) -> None:
        # What happened before the last end can wait until the window is there.
        await self._clock.sleep(_BEGIN_SECONDS)
        self._settle_later(_LAST_TRADES)
        while True:
            self._asked.set()
            # What could not be told is told as soon as it can be.
            self._changed.set()
            await self._clock.sleep(_LOOK_SECONDS)

    async def _keep_marking(self) -> None:
        while True:
            await self._asked.wait()
            self._asked.clear()
            try:
                await self.mark()
            except PufflingError as error:
                _log.warning("What the accounts are worth could not be kept: %s", error)

    async def mark(self) -> None:
        """Write down what every account is worth, where that is due."""
        from puffling.trading.days import day_of

        now = self._clock.now()
        views = await self._accounts()
        last = await self._store.read(self._user, _last_marks, [view.account.id for view in views])
        close = calendar(EXCHANGE).last_close(now)
        due = [
            mark
            for view in views
            if (mark := due_mark(view, last[view.account.id], close, traded=view.account.id in self._traded))
        ]
        if not due:
            return
        await self._store.run(self._user, _keep_marks, due, thin=self._thinned_on != day_of(now))
        self._thinned_on = day_of(now)
        self._traded -= {mark.account for mark in due}


def due_mark(view: AccountView, last: Worth | None, close: datetime, *, traded: bool) -> Worth | None:
    """Give what is to be marked of an account now, None when there is no need to."""
    from puffling.trading.portfolio.reading import standing_of

    standing = standing_of(view)
    if standing.equity is None or standing.cash is None or standing.as_of is None:
        return None
    mark = Worth(standing.account, standing.as_of, standing.equity, standing.cash)
    if last is None:
        return mark
    age = mark.at - last.at
    if traded and age >= BURST:
        return mark
    if last.at < close <= mark.at:
        return mark
    moved = (mark.equity, mark.cash) != (last.equity, last.cash)
    return mark if moved and age >= MARK_EVERY else None


def _as_marked(standing: Standing, mark: Standing) -> Standing:
    return replace(standing, equity=mark.equity, cash=mark.cash, as_of=mark.as_of)


def _stored(unit: Unit) -> dict[str, Standing]:
    """Give every account that is in use or has a history, as it was last marked."""
    from puffling.trading.portfolio.reading import Standing

    named = {account.id: account for account in unit.accounts.all(active=False)}
    traded = dict.fromkeys(account for account, _ in unit.trades.places())
    found: dict[str, Standing] = {}
    for id in {**dict.fromkeys(named), **traded}:
        account, mark = named.get(id), unit.worth.last(id)
        if account is not None and not account.active and id not in traded:
            continue
        standing = Standing(id, id, "") if account is None else Standing(id, account.label, account.mode)
        if mark is not None:
            standing = replace(standing, equity=mark.equity, cash=mark.cash, as_of=mark.at)
        found[id] = standing
    return found


def _last_marks(unit: Unit, accounts: Sequence[str]) -> dict[str, Worth | None]:
    return {account: unit.worth.last(account) for account in accounts}


def _places(unit: Unit, newest: int | None) -> tuple[tuple[str, str], ...]:
    return unit.trades.places(newest)


def _record(unit: Unit, account: str, matching: str) -> Record:
    from puffling.puffin.portfolio.lots import Matching
    from puffling.trading.portfolio.reading import read_record

    return read_record(unit, account, Matching(matching), _choices(unit))


def _tell_earned(unit: Unit, account: str, symbol: str, matching: str) -> None:
    from puffling.puffin.portfolio.lots import Matching
    from puffling.trading.portfolio.accounting import settled

    trades = unit.trades.of(account, symbol)
    earned = settled(trades, Matching(matching), _choices(unit)).earned()
    told = {each.id: earned.get(each.id) for each in trades}
    changed = {each.id: told[each.id] for each in trades if each.realized != told[each.id]}
    unit.trades.realize(account, symbol, changed)


def _choices(unit: Unit) -> Choices:
    from puffling.trading.portfolio.lines import read_choices

    stored = unit.settings.find(CHOICES)
    return {} if stored is None else read_choices(stored.value)


def _keep_marks(unit: Unit, marks: Sequence[Worth], *, thin: bool) -> None:
    for mark in marks:
        unit.worth.mark(mark.account, mark.at, mark.equity, mark.cash)
        if thin:
            # A mark at a flow is what makes the return between flows exact.
            spared = frozenset(flow.at for flow in unit.flows.of(mark.account))
            unit.worth.thin(mark.account, sparing=spared)
