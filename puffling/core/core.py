"""One core: every part built, started and stopped in one place, for whichever face asks."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Mapping
from contextlib import AsyncExitStack
from functools import partial
from typing import TYPE_CHECKING, Any

from puffling.assistant.budget import Budget
from puffling.automation.alerts.watch import AlertWatch
from puffling.automation.runner.beginning import begin_strategies
from puffling.automation.strategies import StrategyShelf
from puffling.automation.upkeep import Upkeep, UpkeepPlan
from puffling.controllers.backups import data_state
from puffling.core.abilities import Abilities
from puffling.core.build import build, controller_types
from puffling.core.door import LocalDoor
from puffling.core.events import Level, NoticeRaised
from puffling.core.first_content import give_first_content
from puffling.core.policy import Attempt, Policy
from puffling.core.rows import AuditLine, StoredRows
from puffling.market.feeds import FeedParts
from puffling.market.fundamentals import ReportBook
from puffling.market.market import Market
from puffling.runtime.actor import DEFAULT_USER, UserId
from puffling.runtime.bus import Bus
from puffling.runtime.capability import Controller, Desk
from puffling.runtime.clock import Clock, SystemClock
from puffling.runtime.compute import Compute
from puffling.runtime.errors import Conflict, StorageFailed
from puffling.runtime.jobs import JobBoard
from puffling.runtime.log import Log
from puffling.runtime.paths import Paths
from puffling.runtime.port import Port
from puffling.runtime.redaction import hide
from puffling.runtime.registry import Registry
from puffling.runtime.tasks import TaskScope
from puffling.runtime.text import tr
from puffling.settings.bootstrap import locate
from puffling.settings.live import LiveSettings
from puffling.settings.model import Settings
from puffling.settings.resolve import STORED
from puffling.settings.secrets import Secrets
from puffling.store.bars import BarArchive
from puffling.store.database import Store
from puffling.store.events import BarCacheRebuilt, DatabaseRestored, SettingChanged
from puffling.store.owner import OwnedElsewhere, Owner
from puffling.trading.accounts.shelf import AccountShelf
from puffling.trading.books import Books
from puffling.trading.desk import OrderDesk
from puffling.trading.events import DeskAlarmed
from puffling.trading.halt import HaltSwitch
from puffling.trading.portfolio.reader import PortfolioReader

if TYPE_CHECKING:
    from puffling.trading.parts import DeskParts

_log = logging.getLogger(__name__)

# The halt switch also works from outside this process, so it is looked at this often.
_HALT_LOOK_SECONDS = 0.5
# Brokers wait until a window has something to show; who asks for an account does not.
_WINDOW_FIRST_SECONDS = 0.5
_HOLD_SECONDS = 10.0


class DataInUse(Conflict):
    """Another process owns the person's data; whoever wants something attaches to it."""

    code = "data_in_use"


class Core(Abilities):
    """The whole of Puffling but its faces."""

    def __init__(self, paths: Paths, clock: Clock, bus: Bus, user: UserId) -> None:
        self.paths = paths
        self.clock = clock
        self.bus = bus
        self.user = user
        self.registry = Registry()
        self.notices: list[NoticeRaised] = []
        self._closing = AsyncExitStack()
        self._unhurried = asyncio.Event()

    @classmethod
    async def open(
        cls,
        paths: Paths,
        *,
        clock: Clock | None = None,
        bus: Bus | None = None,
        log: Log | None = None,
        environment: Mapping[str, str] = os.environ,
        user: UserId = DEFAULT_USER,
        role: str = "window",
        hold_accounts: bool = False,
    ) -> Core:
        """Build and start everything, or undo what was built and say why it cannot be.

        The role is what other processes of the person are told of this one at its local door. Accounts that
        are held open when somebody asks for one, as a window does once its first content is there: what
        trades is not loaded in its way.
        """
        whereabouts = locate(paths, environment)
        whereabouts.paths.prepare()
        core = cls(whereabouts.paths, clock or SystemClock(), bus or Bus(), user)
        try:
            await core._build(environment, whereabouts.database_url, log)
            await core._open_door(role)
            core.account_shelf.begin(_HOLD_SECONDS if hold_accounts else _WINDOW_FIRST_SECONDS)
            if not hold_accounts:
                core._unhurried.set()
        except BaseException:
            await core.close()
            raise
        return core

    async def close(self) -> None:
        """Stop everything in the reverse order of its start."""
        await self._closing.aclose()

    async def open_accounts(self) -> None:
        """Open accounts that are held, and wait until the one that is always there is open."""
        self._unhurried.set()
        await self.account_shelf.opened()

    @property
    def settings_now(self) -> Settings:
        """Give the settings in force."""
        return self._live.now

    def notify(self, level: Level, text: str, hint: str = "") -> None:
        """Tell the person something, now and to whoever asks later."""
        notice = NoticeRaised(level, text, hint)
        self.notices.append(notice)
        self.bus.publish(notice)

    async def _build(self, environment: Mapping[str, str], database_url: str | None, log: Log | None) -> None:
        closing = self._closing
        self.log = log or closing.enter_context(Log(self.paths.logs))
        owner = Owner.acquire(self.paths, self.clock)
        if isinstance(owner, OwnedElsewhere):
            raise DataInUse(
                tr("Puffling is running already and owns your data."),
                hint=tr(
                    "Use that one; the terminal reaches it by itself. (Process {pid})", pid=owner.pid or "?"
                ),
            )
        closing.callback(owner.release)
        self.port = Port(self.clock)
        closing.push_async_callback(self.port.close)
        self.scope = TaskScope("core", on_failure=self._task_failed)

        self.store = await Store.open(
            self.paths, port=self.port, bus=self.bus, clock=self.clock, url=database_url or ""
        )
        closing.push_async_callback(self.store.close)
        closing.callback(self.bus.on(BarCacheRebuilt, self._cache_rebuilt))
        bars = await BarArchive.open(self.paths, port=self.port, bus=self.bus, clock=self.clock)
        closing.push_async_callback(bars.close)

        rows = StoredRows(self.store)
        self._live = LiveSettings(rows, environment, await rows.load(self.user))
        # First among the listeners, so that whoever hears of a setting finds it in force.
        closing.callback(self.bus.on(SettingChanged, self._setting_changed))
        closing.callback(self.bus.on(DatabaseRestored, lambda _: self._reload_settings(rows)))
        self.secrets = Secrets(self.paths.config / "keys.enc", hide, environment)
        self.switch = HaltSwitch(self.paths.data)

        self._compute = Compute(self.port, address=self.settings_now.cluster.scheduler or None)
        self.board = JobBoard(self.clock, self.bus, self.scope, compute=self._compute)
        closing.push_async_callback(self.board.close)
        self._feeds = self.settings_now.market.feeds
        self.market = Market.of(
            self._feeds,
            parts=self._feed_parts(),
            bus=self.bus,
            scope=self.scope,
            bar_store=bars,
        )
        closing.push_async_callback(self.market.close)
        self.reports = ReportBook.of(
            order=lambda: self.settings_now.fundamentals.sources,
            contact=lambda: self.settings_now.fundamentals.sec_contact,
            demo_seed=self.settings_now.market.demo_seed,
            folder=self.paths.cache,
            clock=self.clock,
            port=self.port,
        )
        closing.push_async_callback(self.scope.close)
        self.desk = OrderDesk(lambda: self._desk_parts(environment), self.port)
        closing.push_async_callback(self.desk.close)
        self.account_shelf = AccountShelf(
            store=self.store,
            user=self.user,
            clock=self.clock,
            bus=self.bus,
            scope=self.scope,
            port=self.port,
            market=self.market,
            live=self._live,
            secrets=self.secrets,
            desk=self.desk,
        )
        closing.push_async_callback(self.account_shelf.close)
        closing.callback(self.bus.on(DeskAlarmed, self._desk_alarmed))
        self.strategy_shelf = StrategyShelf(self.paths, self.port, self.board)
        self.books = Books(
            store=self.store,
            bus=self.bus,
            clock=self.clock,
            user=self.user,
            live=self._live,
            accounts=self.desk.accounts,
        )

        self._bind_controllers()
        await self._start()

    async def _open_door(self, role: str) -> None:
        door = LocalDoor(self, role=role)
        try:
            await door.start()
        except StorageFailed as error:
            # Nobody else can act through this process, which is no reason not to run.
            self.notify(Level.WARNING, error.message, error.hint)
            return
        self._closing.push_async_callback(door.close)

    def _bind_controllers(self) -> None:
        audit = AuditLine(self.store)

        async def record(attempt: Attempt) -> None:
            await audit.append(attempt)

        policy = Policy(lambda: self.safety.look().trading, record)
        desk = Desk(policy, self.board)
        parts: dict[type[Any], object] = {
            type(part): part
            for part in (
                self.bus,
                self.store,
                self.market,
                self.reports,
                self.board,
                self.port,
                self.registry,
                self.secrets,
                self.switch,
                self.desk,
                self.account_shelf,
                self.log,
                self._live,
                self.paths,
                self.strategy_shelf,
                self.books,
                Budget(self.store, lambda: self._live.now.assistant),
                PortfolioReader(self.books, self.account_shelf, self.market, self.clock, self._live),
            )
        }
        # Asked for as a protocol: any clock will do.
        parts[Clock] = self.clock
        controllers: dict[type[Controller], Controller] = {}
        for kind in controller_types():
            controller = build(kind, parts)
            controller.bind(desk)
            self.registry.add(controller)
            controllers[kind] = controller
        self.take_up(controllers)

    async def _start(self) -> None:
        await self.store.run(self.user, give_first_content)
        self._tell_what_was_met()
        await self.market.start()
        upkeep = Upkeep(self.clock, self.store, self.registry, self.user, self._upkeep_plan)
        self.scope.spawn(upkeep.run(), name="upkeep")
        self.scope.spawn(self._watch_halt(), name="halt")
        self._closing.callback(self.books.start(self.scope))
        self.scope.spawn(self._watch_alerts(), name="alerts")
        self.scope.spawn(self._run_strategies(), name="strategies")

    def _tell_what_was_met(self) -> None:
        state = data_state(self.store)
        if not state.trustworthy:
            self.switch.press(state.message, tr("Puffling"), self.clock.now())
            self.notify(Level.ERROR, state.message, state.hint)
        for problem in self._live.problems:
            self.notify(
                Level.WARNING,
                tr("The setting {key} cannot be used: {message}", key=problem.key, message=problem.message),
                tr("Its default stands in until you change it in the preferences.")
                if problem.source == STORED
                else tr("Its default stands in until you mend the {source}.", source=problem.source),
            )

    def _desk_parts(self, environment: Mapping[str, str]) -> DeskParts:
        from puffling.trading.approvals import ApprovalBook
        from puffling.trading.gate import SafetyGate
        from puffling.trading.limits import LimitReader
        from puffling.trading.parts import DeskParts
        from puffling.trading.prices import MarketPrices

        return DeskParts(
            store=self.store,
            user=self.user,
            clock=self.clock,
            bus=self.bus,
            scope=self.scope,
            switch=self.switch,
            gate=SafetyGate(self.switch, LimitReader(environment)),
            approvals=ApprovalBook(),
            prices=MarketPrices(self.market, self.clock),
        )

    def _desk_alarmed(self, event: DeskAlarmed) -> None:
        self.notify(Level.ERROR, event.text, event.hint)

    def _cache_rebuilt(self, event: BarCacheRebuilt) -> None:
        self.notify(
            Level.WARNING,
            tr("The file of cached prices was damaged and is begun anew."),
            tr("Nothing of yours was in it. The damaged one is kept as {file}.", file=event.moved_to),
        )

    def _upkeep_plan(self) -> UpkeepPlan:
        upkeep = self.settings_now.upkeep
        return UpkeepPlan(upkeep.nightly_backup, upkeep.backup_hour)

    def _setting_changed(self, event: SettingChanged) -> None:
        if event.user != self.user:
            return
        if event.removed:
            self._live.removed(event.key)
        else:
            self._live.stored(event.key, event.value)
        self._take_in_settings()

    def _take_in_settings(self) -> None:
        self._compute.address = self.settings_now.cluster.scheduler or None
        feeds = self.settings_now.market.feeds
        if feeds != self._feeds:
            self._feeds = feeds
            self.scope.spawn(self.market.use(feeds, self._feed_parts()), name="feeds")

    def _feed_parts(self) -> FeedParts:
        market = self.settings_now.market
        return FeedParts(self.clock, self.port, self.secrets.get, self.paths.data, market)

    def _reload_settings(self, rows: StoredRows) -> None:
        async def reload() -> None:
            self._live.load(await rows.load(self.user))
            self._take_in_settings()

        self.scope.spawn(reload(), name="settings")

    async def _watch_alerts(self) -> None:
        # What alerts are kept in is not loaded in the way of a window's first content.
        await self._unhurried.wait()
        tell = partial(self.notify, Level.ERROR)
        alerts = AlertWatch(self.store, self.market, self.clock, self.bus, self.user, tell)
        self._closing.callback(alerts.start(self.scope))

    async def _run_strategies(self) -> None:
        await self._unhurried.wait()
        end = await begin_strategies(
            self.scope, store=self.store, market=self.market, clock=self.clock, bus=self.bus, user=self.user,
            shelf=self.strategy_shelf, desk=self.desk, accounts=self.account_shelf)  # fmt: skip
        self._closing.callback(end)

    async def _watch_halt(self) -> None:
        while True:
            self.safety.refresh()
            # In real time, whatever the clock says: a person presses it, also while a year is rehearsed.
            await asyncio.sleep(_HALT_LOOK_SECONDS)

    def _task_failed(self, name: str, failure: BaseException) -> None:
        _log.error("The task %s failed", name, exc_info=failure)
        self.notify(
            Level.ERROR,
            tr("A part of Puffling stopped: {name}.", name=name),
            tr("The log has the details. Start Puffling again to bring it back."),
        )
