"""The records in a file of SQLite: opened with durable settings, checked, and never silently replaced."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, NullPool, create_engine, event
from sqlalchemy.exc import DBAPIError

from puffling.runtime.actor import UserId
from puffling.runtime.errors import StorageFailed
from puffling.runtime.paths import Paths
from puffling.runtime.text import tr
from puffling.store import backups
from puffling.store.beside import FilesBeside
from puffling.store.faults import explain_sqlite, is_damage, is_refusal, unwritable
from puffling.store.seal import Seal, check_seal, lift_seal, put_seal
from puffling.store.values import Backup, OpenReport

_MAGIC = b"SQLite format 3\0"
_BUSY_MILLISECONDS = 5000
# So many changes are folded from the write-ahead log into the file with the next reading, where nobody is in
# a hurry; left to SQLite, it would be in the commit of an order on its way out. A log this long is folded
# whatever is going on.
_CHANGES_TO_FOLD = 200
_LONGEST_LOG_PAGES = 5000
_REQUIRED = {
    "journal_mode": "wal",
    "synchronous": 2,
    "foreign_keys": 1,
    "busy_timeout": _BUSY_MILLISECONDS,
}


class SqliteFile:
    """One file, one connection, and the folders of backups and damaged files beside it."""

    local = True

    def __init__(self, paths: Paths) -> None:
        self.path = paths.data / "puffling.db"
        self.name = str(self.path)
        self._backups = self.path.parent / "backups"
        self._damaged = self.path.parent / "damaged"
        self._beside = FilesBeside(paths.data, self._backups)
        self._marker = self.path.with_name(self.path.name + ".damage")
        self._engine = self._make_engine()
        self._open: Connection | None = None
        self._read_only = False
        self._folded_changes = 0

    def prepare(self, now: datetime) -> OpenReport:
        """Move a damaged file aside and make sure there is a sound one, new if need be."""
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            if self.path.exists():
                seal = check_seal(self.path)
                # An unbroken seal says more than SQLite's own check, and says it sooner.
                if seal is not Seal.WHOLE and (damage := _damage(self.path)):
                    self._move_aside(damage, now)
                elif seal is Seal.BROKEN and not self._marker.exists():
                    self._mark("", None)
            elif self._traces() and not self._marker.exists():
                self._move_aside(tr("the file was gone"), now)
            if not self.path.exists():
                self._create()
            lift_seal(self.path)
        except OSError as error:
            raise unwritable(self.path.parent, error) from error
        except sqlite3.Error as error:
            raise explain_sqlite(error, self.path) or error from error
        return self._marked(OpenReport(schema=""))

    def connection(self) -> Connection:
        """Give the one connection, with its settings verified."""
        if self._open is None or self._open.closed:
            self._open = self._engine.connect()
            self._folded_changes = 0
            self._verify(self._open)
        return self._open

    @contextmanager
    def transaction(self, user: UserId | None, *, writing: bool) -> Iterator[Connection]:
        """Take the write lock at once when writing, so that what was read stays true until the commit."""
        connection = self.connection()
        self._allow_writing(writing)
        connection.info["begin"] = "BEGIN IMMEDIATE" if writing else "BEGIN"
        with connection.begin():
            yield connection
        if not writing:
            self._fold()

    @contextmanager
    def migrating(self) -> Iterator[Connection]:
        """Rebuild tables with foreign keys off, checked before the commit, as SQLite demands."""
        connection = self.connection()
        raw = self._raw()
        raw.execute("PRAGMA foreign_keys=OFF")
        try:
            with self.transaction(None, writing=True):
                yield connection
                if broken := connection.exec_driver_sql("PRAGMA foreign_key_check").fetchone():
                    raise StorageFailed(
                        tr("The records could not be brought up to date: a row of {table}.", table=broken[0]),
                        hint=tr("Nothing was changed. Report this, and go on with the older Puffling."),
                    )
        finally:
            raw.execute("PRAGMA foreign_keys=ON")

    def explain(self, error: Exception, *, writing: bool) -> StorageFailed | None:
        """Put a failure of SQLite into words."""
        cause = error.orig if isinstance(error, DBAPIError) else error
        if not isinstance(cause, sqlite3.Error | UnicodeDecodeError):
            return None
        if self._read_only and not writing and is_refusal(cause):
            # A read that writes is a fault of the program, not of the folder.
            return None
        return explain_sqlite(cause, self.path)

    def backup(self, now: datetime, reason: str) -> Backup:
        """Copy the present state."""
        made = backups.copy_out(self._raw(), self._backups, now, reason)
        try:
            self._beside.copy_out(made.name)
        except StorageFailed:
            made.path.unlink(missing_ok=True)
            raise
        return made

    def tidy(self, keep: int) -> None:
        """Delete old copies, but not while damage is undecided: they may be all there is."""
        if not self._marker.exists():
            backups.prune(self._backups, keep)
            self._beside.prune(backup.name for backup in self.backups())

    def backups(self) -> tuple[Backup, ...]:
        """Give the copies, newest first."""
        return backups.found_in(self._backups)

    def restore(self, backup: Backup, versions: tuple[str, ...]) -> None:
        """Replace everything by the copy."""
        self._beside.check(backup.name)
        self._allow_writing(True)
        backups.copy_in(backup, self._raw(), versions)
        self._beside.copy_in(backup.name)

    def set_aside(self, damage: str, now: datetime) -> OpenReport:
        """Move the file out of the way like one that is damaged, and begin a new one."""
        try:
            self._let_go()
            self._move_aside(damage, now)
            self._create()
        except OSError as error:
            raise unwritable(self.path.parent, error) from error
        return self._marked(OpenReport(schema=""))

    def accept(self) -> None:
        """Forget that damage was met."""
        try:
            self._marker.unlink(missing_ok=True)
        except OSError as error:
            raise unwritable(self._marker.parent, error) from error

    def close(self) -> None:
        """Close the connection, which also folds the write-ahead log into the file."""
        if self._let_go():
            put_seal(self.path)
        self._engine.dispose()

    def _let_go(self) -> bool:
        if self._open is None:
            return False
        self._open.close()
        self._open = None
        return True

    def _make_engine(self) -> Engine:
        def connect() -> sqlite3.Connection:
            # With mode=rw a file that vanished is an error instead of a new, empty database.
            address = f"{self.path.absolute().as_uri()}?mode=rw"
            # The driver must not begin transactions of its own: BEGIN IMMEDIATE is to be what runs.
            connection = sqlite3.connect(
                address, uri=True, isolation_level=None, timeout=_BUSY_MILLISECONDS / 1000
            )
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=FULL")
            connection.execute("PRAGMA foreign_keys=ON")
            connection.execute(f"PRAGMA busy_timeout={_BUSY_MILLISECONDS}")
            connection.execute(f"PRAGMA wal_autocheckpoint={_LONGEST_LOG_PAGES}")
            return connection

        engine = create_engine("sqlite://", creator=connect, poolclass=NullPool)

        @event.listens_for(engine, "begin")
        def begin(connection: Connection) -> None:
            connection.exec_driver_sql(connection.info.get("begin", "BEGIN"))

        return engine

    def _verify(self, connection: Connection) -> None:
        raw = self._raw()
        found = {name: raw.execute(f"PRAGMA {name}").fetchone()[0] for name in _REQUIRED}
        if found != _REQUIRED:
            wrong = ", ".join(f"{name}={found[name]}" for name in found if found[name] != _REQUIRED[name])
            self.close()
            raise StorageFailed(
                tr("{path} cannot be kept safely on this disk ({settings}).", path=self.path, settings=wrong),
                hint=tr("Put the data folder on a local disk: set PUFFLING_HOME to a folder of your own."),
            )
        self._read_only = False

    def _fold(self) -> None:
        raw = self._raw()
        if raw.total_changes - self._folded_changes >= _CHANGES_TO_FOLD:
            self._folded_changes = raw.total_changes
            # What cannot be folded now stays in the log, where it is as safe and is read as well.
            with suppress(sqlite3.Error):
                raw.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()

    def _raw(self) -> sqlite3.Connection:
        raw: Any = self.connection().connection.dbapi_connection
        if not isinstance(raw, sqlite3.Connection):
            raise TypeError("the connection is not one of SQLite")
        return raw

    def _allow_writing(self, allowed: bool) -> None:
        if self._read_only is allowed:
            self._raw().execute(f"PRAGMA query_only={'OFF' if allowed else 'ON'}")
            self._read_only = not allowed

    def _create(self) -> None:
        """Make a new file under another name first: a file of this name is never empty."""
        draft = self.path.with_name(self.path.name + ".new")
        backups.make_private(draft)
        with closing(sqlite3.connect(draft)) as connection:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA user_version=1")
        backups.sync(draft)
        draft.replace(self.path)
        backups.sync(self.path.parent)

    def _traces(self) -> bool:
        return (
            any(self._backups.glob("puffling-*.db")) or self.path.with_name(self.path.name + "-wal").exists()
        )

    def _move_aside(self, damage: str, now: datetime) -> None:
        self._damaged.mkdir(mode=0o700, exist_ok=True)
        target = self._damaged / f"{self.path.stem}-{backups.stamp(now)}.db"
        # Marked first: killed between the two steps, the next start still knows.
        self._mark(damage, target if self.path.exists() else None)
        for ending in ("-wal", "-shm", ""):
            source = self.path.with_name(self.path.name + ending)
            if source.exists():
                source.replace(target.with_name(target.name + ending))
        backups.sync(self._damaged)

    def _mark(self, damage: str, moved_to: Path | None) -> None:
        draft = self._marker.with_name(self._marker.name + ".part")
        draft.write_text(json.dumps({"damage": damage, "moved_to": moved_to and str(moved_to)}), "utf-8")
        backups.sync(draft)
        draft.replace(self._marker)

    def _marked(self, report: OpenReport) -> OpenReport:
        if not self._marker.exists():
            return report
        try:
            mark = json.loads(self._marker.read_text("utf-8"))
            moved_to = Path(mark["moved_to"]) if mark["moved_to"] else None
            damage = str(mark["damage"])
            return replace(report, damage=damage, recovered_from=moved_to, altered=not damage)
        except (ValueError, KeyError, TypeError):
            return replace(report, damage=tr("the note about earlier damage cannot be read"))


def _damage(path: Path) -> str:
    """Say what is broken in the file, or nothing when it is sound."""
    with path.open("rb") as file:
        head = file.read(100)
    if not head.startswith(_MAGIC) or len(head) < 100:
        return tr("the file is not a database")
    try:
        with closing(
            sqlite3.connect(
                f"{path.absolute().as_uri()}?mode=rw", uri=True, timeout=_BUSY_MILLISECONDS / 1000
            )
        ) as connection:
            answer = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
        if is_damage(error):
            return str(error)
        raise
    return "" if answer == "ok" else str(answer)
