"""The store: one thread owns the database, one call is one transaction, then come the news.

This module is light. SQLAlchemy, the tables and the repositories are loaded in the database's own
thread when a store is opened, so that whoever merely names a `Store` or a `Unit` does not pay for them.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Concatenate, ParamSpec, TypeVar

from puffling.runtime.actor import DEFAULT_USER, UserId
from puffling.runtime.bus import Bus
from puffling.runtime.clock import Clock
from puffling.runtime.paths import Paths
from puffling.runtime.port import Lane, Port
from puffling.store.events import DatabaseRestored
from puffling.store.heads import Heads
from puffling.store.migrations import SHIPPED, Schema
from puffling.store.values import Backup, OpenReport

if TYPE_CHECKING:
    from sqlmodel import Session

    from puffling.store.engine import Answer, Database
    from puffling.store.repositories.accounts import Accounts
    from puffling.store.repositories.alerts import Alerts
    from puffling.store.repositories.approvals import Approvals
    from puffling.store.repositories.attempts import AttemptLedger
    from puffling.store.repositories.audit import AuditTrail
    from puffling.store.repositories.books import PaperBooks
    from puffling.store.repositories.decisions import StrategyDecisions
    from puffling.store.repositories.drawings import Drawings
    from puffling.store.repositories.fills import Fills
    from puffling.store.repositories.flows import CashFlows
    from puffling.store.repositories.holdings import Holdings
    from puffling.store.repositories.intents import Intents
    from puffling.store.repositories.jobs import ScheduledJobs
    from puffling.store.repositories.layouts import Layouts
    from puffling.store.repositories.orders import Orders
    from puffling.store.repositories.practices import Practices
    from puffling.store.repositories.rehearsals import Rehearsals
    from puffling.store.repositories.results import BacktestResults
    from puffling.store.repositories.runs import ModelRuns
    from puffling.store.repositories.searches import Searches
    from puffling.store.repositories.settings import StoredSettings
    from puffling.store.repositories.strategies import StrategyConfigs
    from puffling.store.repositories.tokens import AccessTokens
    from puffling.store.repositories.trades import Trades
    from puffling.store.repositories.usage import OrderUsage
    from puffling.store.repositories.users import Users
    from puffling.store.repositories.watchlists import Watchlists
    from puffling.store.repositories.worth import AccountWorth

P = ParamSpec("P")
R = TypeVar("R")


class Unit:
    """One transaction as the work inside it sees it: whose it is, when, and the repositories."""

    def __init__(self, session: Session, user: UserId, now: datetime, heads: Heads, *, writing: bool) -> None:
        self.user = user
        self.now = now
        self._session = session
        self._heads = heads
        self._writing = writing
        self._events: list[object] = []

    def tell(self, event: object) -> None:
        """Publish the event once this transaction is committed; a rolled-back one tells nothing."""
        if not self._writing:
            raise RuntimeError("a read has no news to tell: use Store.run")
        self._events.append(event)

    @property
    def events(self) -> tuple[object, ...]:
        """Give the news collected so far."""
        return tuple(self._events)

    @cached_property
    def users(self) -> Users:
        """The person these records belong to."""
        from puffling.store.repositories.users import Users

        return Users(self._session, self.user, self.now, self.tell)

    @cached_property
    def watchlists(self) -> Watchlists:
        """The person's lists of symbols."""
        from puffling.store.repositories.watchlists import Watchlists

        return Watchlists(self._session, self.user, self.now, self.tell)

    @cached_property
    def settings(self) -> StoredSettings:
        """The person's settings."""
        from puffling.store.repositories.settings import StoredSettings

        return StoredSettings(self._session, self.user, self.now, self.tell)

    @cached_property
    def layouts(self) -> Layouts:
        """How the person's workspaces look."""
        from puffling.store.repositories.layouts import Layouts

        return Layouts(self._session, self.user, self.now, self.tell)

    @cached_property
    def audit(self) -> AuditTrail:
        """The trail of everything that was done or refused."""
        from puffling.store.repositories.audit import AuditTrail

        return AuditTrail(self._session, self.user, self.now, self.tell, self._heads)

    @cached_property
    def tokens(self) -> AccessTokens:
        """The tokens that let programs in."""
        from puffling.store.repositories.tokens import AccessTokens

        return AccessTokens(self._session, self.user, self.now, self.tell)

    @cached_property
    def drawings(self) -> Drawings:
        """What the person drew on charts."""
        from puffling.store.repositories.drawings import Drawings

        return Drawings(self._session, self.user, self.now, self.tell)

    @cached_property
    def strategies(self) -> StrategyConfigs:
        """The person's configured strategies."""
        from puffling.store.repositories.strategies import StrategyConfigs

        return StrategyConfigs(self._session, self.user, self.now, self.tell)

    @cached_property
    def decisions(self) -> StrategyDecisions:
        """What strategies that run by themselves decided."""
        from puffling.store.repositories.decisions import StrategyDecisions

        return StrategyDecisions(self._session, self.user, self.now, self.tell)

    @cached_property
    def results(self) -> BacktestResults:
        """The results of backtests."""
        from puffling.store.repositories.results import BacktestResults

        return BacktestResults(self._session, self.user, self.now, self.tell)

    @cached_property
    def rehearsals(self) -> Rehearsals:
        """What rehearsals of strategies came to."""
        from puffling.store.repositories.rehearsals import Rehearsals

        return Rehearsals(self._session, self.user, self.now, self.tell)

    @cached_property
    def practices(self) -> Practices:
        """What practising on past bars came to."""
        from puffling.store.repositories.practices import Practices

        return Practices(self._session, self.user, self.now, self.tell)

    @cached_property
    def searches(self) -> Searches:
        """Searches for better parameters, and what they tried."""
        from puffling.store.repositories.searches import Searches

        return Searches(self._session, self.user, self.now, self.tell)

    @cached_property
    def attempts(self) -> AttemptLedger:
        """What was tried on the same data."""
        from puffling.store.repositories.attempts import AttemptLedger

        return AttemptLedger(self._session, self.user, self.now, self.tell)

    @cached_property
    def scheduled_jobs(self) -> ScheduledJobs:
        """What is due by itself."""
        from puffling.store.repositories.jobs import ScheduledJobs

        return ScheduledJobs(self._session, self.user, self.now, self.tell)

    @cached_property
    def runs(self) -> ModelRuns:
        """Runs of a model and what they cost."""
        from puffling.store.repositories.runs import ModelRuns

        return ModelRuns(self._session, self.user, self.now, self.tell)

    @cached_property
    def alerts(self) -> Alerts:
        """What the person wants to hear about."""
        from puffling.store.repositories.alerts import Alerts

        return Alerts(self._session, self.user, self.now, self.tell)

    @cached_property
    def intents(self) -> Intents:
        """What is meant to be ordered."""
        from puffling.store.repositories.intents import Intents

        return Intents(self._session, self.user, self.now, self.tell)

    @cached_property
    def approvals(self) -> Approvals:
        """Questions for the person's yes."""
        from puffling.store.repositories.approvals import Approvals

        return Approvals(self._session, self.user, self.now, self.tell)

    @cached_property
    def usage(self) -> OrderUsage:
        """What of the orders counts against limits."""
        from puffling.store.repositories.usage import OrderUsage

        return OrderUsage(self._session, self.user, self.now, self.tell)

    @cached_property
    def orders(self) -> Orders:
        """Orders as the brokers know them."""
        from puffling.store.repositories.orders import Orders

        return Orders(self._session, self.user, self.now, self.tell)

    @cached_property
    def fills(self) -> Fills:
        """Executions of orders."""
        from puffling.store.repositories.fills import Fills

        return Fills(self._session, self.user, self.now, self.tell)

    @cached_property
    def holdings(self) -> Holdings:
        """What the fills add up to."""
        from puffling.store.repositories.holdings import Holdings

        return Holdings(self._session, self.user, self.now, self.tell)

    @cached_property
    def trades(self) -> Trades:
        """The history of trades."""
        from puffling.store.repositories.trades import Trades

        return Trades(self._session, self.user, self.now, self.tell)

    @cached_property
    def flows(self) -> CashFlows:
        """Money that came or went without a trade."""
        from puffling.store.repositories.flows import CashFlows

        return CashFlows(self._session, self.user, self.now, self.tell)

    @cached_property
    def worth(self) -> AccountWorth:
        """What the accounts were worth."""
        from puffling.store.repositories.worth import AccountWorth

        return AccountWorth(self._session, self.user, self.now, self.tell)

    @cached_property
    def accounts(self) -> Accounts:
        """Where the person's money lies."""
        from puffling.store.repositories.accounts import Accounts

        return Accounts(self._session, self.user, self.now, self.tell)

    @cached_property
    def books(self) -> PaperBooks:
        """The books of paper accounts."""
        from puffling.store.repositories.books import PaperBooks

        return PaperBooks(self._session, self.user, self.now, self.tell)


class Store:
    """The open database; made by `Store.open` in the process that owns the person's data."""

    def __init__(self, lane: Lane, database: Database, bus: Bus, report: OpenReport) -> None:
        self.report = report
        self._lane = lane
        self._database = database
        self._bus = bus

    @classmethod
    async def open(
        cls,
        paths: Paths,
        *,
        port: Port,
        bus: Bus,
        clock: Clock,
        url: str = "",
        schema: Schema = SHIPPED,
    ) -> Store:
        """Open the database in the data folder, or at a PostgreSQL address, and bring it up to date."""
        lane = port.lane("database")
        opened: list[Database] = []

        def opening() -> OpenReport:
            from puffling.store.engine import Database

            opened.append(Database(paths, clock, url=url, schema=schema))
            return opened[0].open()

        def closing() -> None:
            for database in opened:
                database.close()

        try:
            report = await lane.run(opening)
        except BaseException:
            await lane.run(closing)
            await lane.close()
            raise
        return cls(lane, opened[0], bus, report)

    async def run(
        self, user: UserId, work: Callable[Concatenate[Unit, P], R], *args: P.args, **kwargs: P.kwargs
    ) -> R:
        """Do the work in one transaction that nobody else can write beside, commit, then tell the news.

        The news leave from the completion of the database call itself: a caller that was cancelled
        while waiting must not swallow the news of a row that was written.
        """

        def transact() -> Answer[R]:
            return self._database.transact(user, lambda unit: work(unit, *args, **kwargs), writing=True)

        answer = await self._lane.run(transact, then=self._publish)
        return answer.result

    async def read(
        self, user: UserId, work: Callable[Concatenate[Unit, P], R], *args: P.args, **kwargs: P.kwargs
    ) -> R:
        """Do work that only reads, on one consistent state and without the write lock."""

        def transact() -> Answer[R]:
            return self._database.transact(user, lambda unit: work(unit, *args, **kwargs), writing=False)

        answer = await self._lane.run(transact)
        return answer.result

    async def ensure_user(self, user: UserId, name: str) -> None:
        """Make the user unless there is one already."""
        await self._lane.run(self._database.ensure_user, user, name)

    async def backup(self, reason: str = "manual", *, keep: int) -> Backup:
        """Copy the database as it is at this moment, and keep no more than so many copies."""
        return await self._lane.run(self._database.backup, reason, keep)

    async def backups(self) -> tuple[Backup, ...]:
        """Give the copies that can be restored, newest first."""
        return await self._lane.run(self._database.backups)

    async def restore(self, backup: Backup, *, keep: int) -> OpenReport:
        """Put a backup in the place of the present records, which are backed up first."""

        def tell(report: OpenReport) -> None:
            self.report = report
            self._bus.publish(DatabaseRestored(backup.name))

        return await self._lane.run(self._database.restore, backup, keep, then=tell)

    async def accept(self) -> OpenReport:
        """Go on with the records as they are: the person has seen what was damaged or altered."""

        def remember(report: OpenReport) -> None:
            self.report = report

        return await self._lane.run(self._database.accept, then=remember)

    async def close(self) -> None:
        """Let go of the database and end its thread."""
        try:
            await self._lane.run(self._database.close)
        finally:
            await self._lane.close()

    def _publish(self, answer: Answer[R]) -> None:
        for event in answer.events:
            self._bus.publish(event)


__all__ = ["DEFAULT_USER", "Store", "Unit"]
