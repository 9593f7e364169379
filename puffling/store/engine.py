"""The connection and all that is done with it; lives in the database's own thread."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import datetime
from typing import Generic, Protocol, TypeVar

from sqlalchemy import Connection, inspect, text
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session, col, func, select

from puffling.frozen import frozen
from puffling.runtime.actor import DEFAULT_USER, UserId
from puffling.runtime.clock import Clock
from puffling.runtime.errors import StorageFailed
from puffling.runtime.paths import Paths
from puffling.runtime.text import tr
from puffling.store.database import Unit
from puffling.store.events import AuditAppended
from puffling.store.faults import is_damage, newer_schema
from puffling.store.heads import Heads
from puffling.store.migrations import Schema
from puffling.store.tables.audit import AuditRow
from puffling.store.tables.base import Row
from puffling.store.tables.jobs import ScheduledJobRow
from puffling.store.tables.people import SettingRow, WatchlistRow
from puffling.store.values import Backup, OpenReport

R = TypeVar("R")

# Settings, backups and restores speak with the driver directly.
_FAILURES = (DBAPIError, sqlite3.Error, UnicodeDecodeError)

# Without these nothing can start; whoever finds another record unreadable can still restore a backup.
_NEEDED: tuple[type[Row], ...] = (SettingRow, WatchlistRow, ScheduledJobRow)


@frozen
class Answer(Generic[R]):
    """What a transaction gave, and the news it made."""

    result: R
    events: tuple[object, ...]


class Place(Protocol):
    """Where the records live: a file of SQLite or a PostgreSQL server."""

    name: str
    # Whether the records lie beside the other files of this computer, or can be reached from a new one.
    local: bool

    def prepare(self, now: datetime) -> OpenReport:
        """Look at what is there before it is opened, and say what was met."""
        ...

    def connection(self) -> Connection:
        """Give the open connection, opening it when it is not."""
        ...

    def transaction(self, user: UserId | None, *, writing: bool) -> AbstractContextManager[Connection]:
        """Hold one transaction open; a writing one lets no other writer of this user in beside it."""
        ...

    def migrating(self) -> AbstractContextManager[Connection]:
        """Hold one transaction open in which tables may be rebuilt."""
        ...

    def explain(self, error: Exception, *, writing: bool) -> StorageFailed | None:
        """Put a failure into words for a person, or None when it is a fault of the program."""
        ...

    def backup(self, now: datetime, reason: str) -> Backup | None:
        """Copy the records, or None where copies are the server's business."""
        ...

    def tidy(self, keep: int) -> None:
        """Delete all but the newest copies, when they are not needed."""
        ...

    def backups(self) -> tuple[Backup, ...]:
        """Give the copies that can be restored, newest first."""
        ...

    def restore(self, backup: Backup, versions: tuple[str, ...]) -> None:
        """Replace the records by those of the copy, if it is of one of these versions."""
        ...

    def set_aside(self, damage: str, now: datetime) -> OpenReport:
        """Move records that cannot be read out of the way and begin anew, where that can be done."""
        ...

    def accept(self) -> None:
        """Forget that damage was met."""
        ...

    def close(self) -> None:
        """Let go of everything."""
        ...


class Database:
    """Transactions, migrations, backups: what the store does, seen from its thread."""

    def __init__(self, paths: Paths, clock: Clock, *, url: str, schema: Schema) -> None:
        self._clock = clock
        self._schema = schema
        self._heads = Heads(paths.data)
        self._place = _place(paths, url)
        self._report = OpenReport(schema.head)

    def open(self) -> OpenReport:
        """Open, check, back up and migrate; give what was met on the way."""
        try:
            report = self._place.prepare(self._clock.now())
            before = self._migrate()
            if damage := self._unreadable():
                report = self._place.set_aside(damage, self._clock.now())
                before = self._migrate()
            if not self._place.local and not self._heads.known():
                self._remember_heads()
            self.ensure_user(DEFAULT_USER, tr("Me"))
        except _FAILURES as error:
            self._place.close()
            raise self._place.explain(error, writing=True) or error from error
        except BaseException:
            self._place.close()
            raise
        self._report = replace(
            report,
            schema=self._schema.head,
            created=before is None,
            migrated_from=before if before != self._schema.head else None,
            backups=self._place.backups(),
        )
        return self._report

    def transact(self, user: UserId, work: Callable[[Unit], R], *, writing: bool) -> Answer[R]:
        """Do the work in one transaction; what it tells is handed out only when it is committed."""
        try:
            with (
                self._place.transaction(user, writing=writing) as connection,
                Session(bind=connection, expire_on_commit=False) as session,
            ):
                unit = Unit(session, user, self._clock.now(), self._heads, writing=writing)
                result = work(unit)
                session.flush()
        except _FAILURES as error:
            raise self._place.explain(error, writing=writing) or error from error
        if appended := [event.entry for event in unit.events if isinstance(event, AuditAppended)]:
            self._heads.put({user: (appended[-1].number, appended[-1].hash)})
        return Answer(result, unit.events)

    def ensure_user(self, user: UserId, name: str) -> None:
        """Make the user unless there is one."""

        def work(unit: Unit) -> None:
            unit.users.ensure(name)

        self.transact(user, work, writing=True)

    def backup(self, reason: str, keep: int) -> Backup:
        """Copy the database as it is now, and let go of the oldest copies."""
        made = self._copy(reason)
        self._place.tidy(keep)
        return made

    def backups(self) -> tuple[Backup, ...]:
        """Give the copies that can be restored, newest first."""
        return self._place.backups()

    def restore(self, backup: Backup, keep: int) -> OpenReport:
        """Replace the records by a backup; the present ones are backed up first."""
        self._copy("before_restore")
        # Killed in the middle, a record of the present trail would call the restored one cut off.
        self._heads.begin()
        try:
            self._place.restore(backup, self._schema.versions)
            before = self._migrate()
        except _FAILURES as error:
            raise self._place.explain(error, writing=True) or error from error
        finally:
            self._remember_heads()
        self._place.accept()
        self._place.tidy(keep)
        self._report = OpenReport(
            self._schema.head,
            migrated_from=before if before != self._schema.head else None,
            backups=self._place.backups(),
        )
        return self._report

    def accept(self) -> OpenReport:
        """Go on with the records as they are."""
        if not self._heads.known():
            self._remember_heads()
        self._place.accept()
        self._report = replace(self._report, damage="", recovered_from=None, altered=False)
        return self._report

    def close(self) -> None:
        """Let go of the database."""
        self._place.close()

    def _copy(self, reason: str) -> Backup:
        made = self._place.backup(self._clock.now(), reason)
        if made is None:
            raise StorageFailed(
                tr("Puffling does not copy a PostgreSQL database."),
                hint=tr("Use the server's own pg_dump; it can run while Puffling does."),
            )
        return made

    def _migrate(self) -> str | None:
        """Bring the tables up to date; give the version that was found, None when there were no tables."""
        version = _version(self._place.connection())
        if version == self._schema.head:
            return version
        if version is not None and version not in self._schema.versions:
            raise newer_schema(self._place.name, version)
        if version is None:
            # Before the tables: killed in between, a trail without its record would look cut off.
            self._heads.begin()
        else:
            self._place.backup(self._clock.now(), f"before_{self._schema.head}")
        from puffling.store.migrations.upgrade import upgrade

        with self._place.migrating() as connection:
            upgrade(connection, self._schema)
        return version

    def _unreadable(self) -> str:
        """Say which records cannot be read: a flipped byte inside a value breaks nothing SQLite looks at."""
        for kind in _NEEDED:
            try:
                with self._place.transaction(None, writing=False) as at, Session(bind=at) as session:
                    session.exec(select(kind)).all()
            except (ValueError, TypeError, OverflowError, DBAPIError) as error:
                if isinstance(error, DBAPIError) and not is_damage(error.orig or error):
                    raise
                return tr("{table} cannot be read", table=kind.__tablename__)
        return ""

    def _remember_heads(self) -> None:
        last = select(AuditRow.user_id, func.max(AuditRow.number).label("number")).group_by(AuditRow.user_id)
        newest = last.subquery()
        wanted = select(AuditRow).join(
            newest, (col(AuditRow.user_id) == newest.c.user_id) & (col(AuditRow.number) == newest.c.number)
        )
        with self._place.transaction(None, writing=False) as connection, Session(bind=connection) as session:
            self._heads.replace(
                {UserId(row.user_id): (row.number, row.hash) for row in session.exec(wanted).all()}
            )


def _version(connection: Connection) -> str | None:
    """Read which revision the tables are at, without Alembic."""
    try:
        tables = inspect(connection).get_table_names()
        if tables and "alembic_version" not in tables:
            raise StorageFailed(
                tr("This database holds other things than Puffling's records; it was left untouched."),
                hint=tr("Choose another place for the data, or move that database away."),
            )
        if not tables:
            return None
        return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    finally:
        connection.rollback()


def _place(paths: Paths, url: str) -> Place:
    if not url:
        from puffling.store.sqlite import SqliteFile

        return SqliteFile(paths)
    from puffling.store.postgres import PostgresServer

    return PostgresServer(paths, url)
