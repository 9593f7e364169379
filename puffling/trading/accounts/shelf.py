"""The accounts of a person: which there are, which one orders go to, and how one is connected or let go.

One account is always there and needs nothing: play money on the prices at hand. On the demo market it is the
demo account, because what is earned at made-up prices must never stand beside what is earned at real ones;
with any other feed it is the paper account. Both keep their book while the other one works.

A reset does not take the past away: the account that was reset is let go with its history, and another one
takes its place.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from decimal import Decimal
from importlib import import_module
from typing import TYPE_CHECKING

from puffling.market.market import Market
from puffling.runtime.actor import UserId
from puffling.runtime.bus import Bus
from puffling.runtime.clock import Clock
from puffling.runtime.errors import Conflict, NotFound, PufflingError, Refused, Unavailable
from puffling.runtime.port import Port
from puffling.runtime.tasks import TaskScope
from puffling.runtime.text import tr
from puffling.settings.live import LiveSettings
from puffling.settings.secrets import Secrets
from puffling.store.database import Store, Unit
from puffling.store.events import DatabaseRestored, SettingChanged
from puffling.store.orders import Account
from puffling.trading.accounts.offers import BrokerMaker, make_broker, offer, offers
from puffling.trading.accounts.records import (
    EMBEDDED,
    begin_anew,
    choose,
    embedded_for,
    in_use,
    let_go,
    open_names,
    take_on,
)
from puffling.trading.accounts.values import AccountState, BrokerCheck, BrokerOffer
from puffling.trading.desk import OrderDesk
from puffling.trading.events import ChosenAccountChanged
from puffling.trading.values import LineState, Mode

if TYPE_CHECKING:
    from puffling.trading.paper import PaperAccount

_log = logging.getLogger(__name__)

DEMO_FEED = "demo"
_NAMED = 3
_COMPARED_SECONDS = 5.0
# Loaded one by one after the start, so that the loop does not feel it.
_WORKERS = (
    "puffling.puffin.backtest.costs",
    "puffling.puffin.backtest.waiting",
    "puffling.puffin.broker.paper_market",
    "puffling.puffin.broker.paper",
    "puffling.trading.ledger",
    "puffling.trading.paper",
    "puffling.trading.accounts.terms",
)


class AccountShelf:
    """Connects accounts, and says which one orders go to."""

    def __init__(
        self,
        *,
        store: Store,
        user: UserId,
        clock: Clock,
        bus: Bus,
        scope: TaskScope,
        port: Port,
        market: Market,
        live: LiveSettings,
        secrets: Secrets,
        desk: OrderDesk,
        maker: BrokerMaker = make_broker,
    ) -> None:
        self._store = store
        self._user = user
        self._clock = clock
        self._bus = bus
        self._scope = scope
        self._port = port
        self._market = market
        self._live = live
        self._secrets = secrets
        self._desk = desk
        self._maker = maker
        self._paper: PaperAccount | None = None
        # Why an account has no line, by its id.
        self._troubles: dict[str, str] = {}
        self._changing = asyncio.Lock()
        self._ends: list[Callable[[], None]] = []
        self._tasks: list[asyncio.Task[None]] = []
        self._connecting: list[asyncio.Task[None]] = []
        self._asked = asyncio.Event()
        self._open = asyncio.Event()

    def begin(self, pause_seconds: float = 0.0) -> None:
        """Open the accounts, beside whatever else begins: after a pause, or as soon as somebody asks."""

        async def begin() -> None:
            with suppress(TimeoutError):
                # In real time: it lets a window paint, whatever the clock says.
                async with asyncio.timeout(pause_seconds):
                    await self._asked.wait()
            try:
                await self.start()
                with suppress(TimeoutError):
                    # A terminal that opens, orders and closes finds its accounts connected and compared.
                    async with asyncio.timeout(_COMPARED_SECONDS):
                        await self._desk.compared(self.paper.account.id)
                        if self._connecting:
                            await asyncio.wait(self._connecting)
                        with suppress(NotFound):
                            await self._desk.compared(self._desk.chosen)
            finally:
                self._open.set()

        self._tasks.append(self._scope.spawn(begin(), name="accounts"))

    async def opened(self) -> None:
        """Wait until the account that is always there is open, and need not wait for a pause."""
        self._asked.set()
        await self._open.wait()

    async def start(self) -> None:
        """Open the account that is always there, and connect the others."""
        for name in _WORKERS:
            import_module(name)
            await asyncio.sleep(0)
        self._ends = [
            self._bus.on(SettingChanged, self._setting_changed),
            self._bus.on(DatabaseRestored, self._restored),
            self._bus.on(ChosenAccountChanged, self._chosen_changed),
        ]
        async with self._changing:
            await self._embed()
            accounts, _ = await self._store.read(self._user, in_use, self.paper.account.id)
        for account in accounts:
            if account.broker != EMBEDDED:
                task = self._scope.spawn(self._connect_quietly(account), name=f"accounts.{account.id}")
                self._connecting.append(task)

    async def close(self) -> None:
        """Let everything go; what is open stays open, and is found again."""
        for end in self._ends:
            end()
        tasks = self._tasks + self._connecting
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._let_paper_go()

    async def all(self) -> tuple[AccountState, ...]:
        """Give every account in use, the one that orders go to first."""
        await self.opened()
        accounts, chosen = await self._store.read(self._user, in_use, self.paper.account.id)
        states = [await self._state(account, account.id == chosen) for account in accounts]
        return tuple(sorted(states, key=lambda state: not state.chosen))

    async def get(self, id: str) -> AccountState:
        """Give one account, by its id or name, also one that was let go."""
        await self.opened()
        at_work = self.paper.account.id

        def work(unit: Unit) -> tuple[Account, str]:
            return unit.accounts.get(id), in_use(unit, at_work)[1]

        account, chosen = await self._store.read(self._user, work)
        return await self._state(account, account.id == chosen)

    async def chosen(self) -> AccountState:
        """Give the account that orders go to."""
        return (await self.all())[0]

    async def choose(self, id: str, *, live: bool = False) -> AccountState:
        """Let orders go to an account; one with real money is chosen by its own act."""
        await self.opened()
        async with self._changing:
            account = await self._store.run(self._user, choose, id, self.paper.account.id, live=live)
        return await self.get(account.id)

    async def rename(self, id: str, label: str) -> AccountState:
        """Call an account by another name."""
        account = await self._store.run(self._user, lambda unit: unit.accounts.rename(id, label))
        return await self.get(account.id)

    def offers(self) -> tuple[BrokerOffer, ...]:
        """Give every kind of account one may connect."""
        return offers()

    async def check(self, broker: str) -> BrokerCheck:
        """Test keys, permissions and stream of a broker, and say what is missing."""
        from puffling.trading.accounts.checking import check_broker, no_keys

        known = offer(broker)
        keys = await self._keys(known)
        if len(keys) < len(known.keys):
            return no_keys(known, keys)
        lane = self._port.lane("broker-check")
        try:
            made = await lane.run(lambda: self._maker(broker, keys, self._clock.now, self._address))
            return await lane.run(
                lambda: check_broker(
                    made,
                    known,
                    keys,
                    self._clock.now,
                    skew_seconds=float(self._live.now.trading.clock_skew_seconds),
                )
            )
        finally:
            await lane.close()

    async def connect(self, broker: str, label: str = "", *, live: bool = False) -> AccountState:
        """Test a broker and take its account on; what is missing is said, and nothing is done then."""
        await self.opened()
        known = offer(broker)
        if (known.mode is Mode.LIVE) is not live:
            raise Refused(
                tr("{broker} is connected by its own act.", broker=known.title),
                hint=tr("Accounts with real money are connected by the person at the machine only."),
            )
        check = await self.check(broker)
        if not check.ready:
            first = (check.missing or check.findings)[0]
            raise Unavailable(f"{first.title}: {first.text}", hint=first.hint)
        id = f"{broker}-{check.number}".lower().strip("-")
        async with self._changing:
            account = await self._store.run(self._user, take_on, known, id, check.number, label)
            await self._connect(account)
        return await self.get(account.id)

    async def disconnect(self, id: str) -> AccountState:
        """Let an account at a broker go; refused while something is open there."""
        await self.opened()
        async with self._changing:
            account = await self._store.read(self._user, lambda unit: unit.accounts.get(id))
            if account.broker == EMBEDDED:
                raise Refused(
                    tr("{account} lives here and is always there.", account=account.label),
                    hint=tr("Reset it to begin anew, or let orders go to another account."),
                )
            await self._refuse_while_open(account)
            await self._desk.disconnect(account.id)
            self._troubles.pop(account.id, None)
            await self._store.run(self._user, let_go, account.id)
            await self._point_the_desk()
        return await self.get(account.id)

    async def reset(self, cash: Decimal | None = None) -> AccountState:
        """Begin the paper account anew with so much cash; its past stays on record."""
        await self.opened()
        async with self._changing:
            before = self.paper.account
            await self._desk.cancel_all(before.id)
            await self._refuse_while_open(before)
            await self._let_paper_go()
            account = await self._store.run(self._user, begin_anew, before)
            await self._open_paper(account, self._cash if cash is None else cash)
            await self._point_the_desk()
        return await self.get(account.id)

    async def pay_in(self, amount: Decimal) -> AccountState:
        """Pay play money into the paper account, or with an amount below 0 take it out."""
        await self.opened()
        await self.paper.pay_in(amount)
        return await self.get(self.paper.account.id)

    @property
    def paper(self) -> PaperAccount:
        """The account of play money that is at work."""
        if self._paper is None:
            raise Unavailable(tr("The paper account is not open yet."), hint=tr("Try again in a moment."))
        return self._paper

    @property
    def _address(self) -> str:
        return self._live.now.broker.alpaca_address

    @property
    def _cash(self) -> Decimal:
        return Decimal(repr(self._live.now.paper.cash))

    async def _embed(self) -> None:
        """Have the account at work that fits the prices at hand."""
        demo = DEMO_FEED in self._live.now.market.feeds
        account = await self._store.run(self._user, embedded_for, demo)
        if self._paper is None or self._paper.account.id != account.id:
            await self._let_paper_go()
            await self._open_paper(account, self._cash)
        await self._point_the_desk()

    async def _open_paper(self, account: Account, cash: Decimal) -> None:
        from puffling.trading.accounts.terms import paper_terms
        from puffling.trading.paper import PaperAccount

        paper = PaperAccount(
            account,
            store=self._store,
            user=self._user,
            market=self._market,
            clock=self._clock,
            bus=self._bus,
            scope=self._scope,
            terms=paper_terms(self._live.now.paper),
        )
        await paper.open(cash)
        self._paper = paper
        await self._desk.connect(account, paper.broker)

    async def _point_the_desk(self) -> None:
        accounts, chosen = await self._store.read(self._user, in_use, self.paper.account.id)
        before, self._desk.chosen = self._desk.chosen, chosen
        if before not in {"", chosen}:
            account = next(account for account in accounts if account.id == chosen)
            self._bus.publish(ChosenAccountChanged(self._user, account))

    def _chosen_changed(self, event: ChosenAccountChanged) -> None:
        # With the news, not after it: whoever hears it looks at the account that orders go to now.
        if event.user == self._user:
            self._desk.chosen = event.account.id

    async def _let_paper_go(self) -> None:
        paper, self._paper = self._paper, None
        if paper is not None:
            await self._desk.disconnect(paper.account.id)
            await paper.close()

    async def _connect_quietly(self, account: Account) -> None:
        try:
            await self._connect(account)
        except PufflingError as error:
            _log.warning("%s is not connected: %s", account.id, error.message)

    async def _connect(self, account: Account) -> None:
        known = offer(str(account.details.get("offer", account.broker)))
        try:
            keys = await self._keys(known)
            if len(keys) < len(known.keys):
                raise Unavailable(tr("The keys of {account} are not there.", account=account.label))
            broker = await self._port.thread(self._maker, known.id, keys, self._clock.now, self._address)
        except PufflingError as error:
            self._troubles[account.id] = error.message
            raise
        self._troubles.pop(account.id, None)
        await self._desk.connect(account, broker, live_keys=known.mode is Mode.LIVE)

    async def _keys(self, known: BrokerOffer) -> dict[str, str]:
        def find() -> dict[str, str]:
            found = ((name, self._secrets.get(name)) for name in known.keys)
            return {name: value for name, value in found if value}

        return await self._port.thread(find)

    async def _state(self, account: Account, chosen: bool) -> AccountState:
        try:
            view = await self._desk.account(account.id)
        except NotFound:
            reason = self._troubles.get(account.id, tr("Not connected."))
            return _shown(account, chosen, None, reason)
        return _shown(account, chosen, view.state, view.reason)

    async def _refuse_while_open(self, account: Account) -> None:
        names = await self._store.read(self._user, open_names, account.id)
        if names:
            shown = ", ".join(names[:_NAMED])
            raise Conflict(
                tr("Open on {account}: {orders}.", account=account.label, orders=shown)
                if len(names) <= _NAMED
                else tr(
                    "Open on {account}: {orders} and {count} more.",
                    account=account.label,
                    orders=shown,
                    count=len(names) - _NAMED,
                ),
                hint=tr("Cancel them first."),
            )

    def _setting_changed(self, event: SettingChanged) -> None:
        if event.user != self._user:
            return
        if event.key == "market.feeds":
            self._scope.spawn(self._embed_again(), name="accounts.embed")
        elif event.key.startswith("paper.") and self._paper is not None:
            from puffling.trading.accounts.terms import paper_terms

            self._paper.trade_under(paper_terms(self._live.now.paper))

    def _restored(self, event: DatabaseRestored) -> None:
        self._scope.spawn(self._embed_again(), name="accounts.embed")

    async def _embed_again(self) -> None:
        async with self._changing:
            await self._embed()


def _shown(account: Account, chosen: bool, line: LineState | None, reason: str) -> AccountState:
    return AccountState(account.id, account.label, Mode(account.mode), chosen, line, reason, account)
