"""The records on a PostgreSQL server: the same code, with locks that make up for many writers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from sqlalchemy import Connection, NullPool, create_engine, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, OperationalError

from puffling.runtime.actor import UserId
from puffling.runtime.errors import Conflict, InvalidInput, StorageFailed, Unavailable
from puffling.runtime.paths import Paths
from puffling.runtime.redaction import hide
from puffling.runtime.text import tr
from puffling.store.faults import unwritable
from puffling.store.values import Backup, OpenReport

# Two numbers name a lock on the server; the first says that it is ours and what it is about.
_OWNER_LOCK = 0x50554646
_USER_LOCK = 0x50554647


class PostgresServer:
    """One connection to one database, which this process alone owns while it is open."""

    local = False

    def __init__(self, paths: Paths, url: str) -> None:
        self._paths = paths
        self._url = _address(url)
        hide(self._url.password or "")
        self.name = self._url.render_as_string(hide_password=True)
        try:
            self._engine = create_engine(self._url, poolclass=NullPool)
        except ImportError as error:
            raise Unavailable(
                tr("The driver for PostgreSQL is not installed."),
                hint=tr("Install it with: pip install 'puffling[postgres]'"),
            ) from error
        self._open: Connection | None = None

    def prepare(self, now: datetime) -> OpenReport:
        """Make the local folder; the rest is the server's business."""
        try:
            self._paths.data.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise unwritable(self._paths.data, error) from error
        return OpenReport(schema="")

    def connection(self) -> Connection:
        """Give the one connection, which holds the lock of the owner as long as it lives."""
        if self._open is None or self._open.closed or self._open.invalidated:
            if self._open is not None:
                self._open.close()
            self._open = self._engine.connect()
            mine = self._open.execute(text("SELECT pg_try_advisory_lock(:lock, 0)"), {"lock": _OWNER_LOCK})
            taken = mine.scalar()
            self._open.commit()
            if not taken:
                self.close()
                raise Conflict(
                    tr("Another Puffling owns the database {name}.", name=self.name),
                    hint=tr("Close it there first; one process owns a person's data."),
                )
        return self._open

    @contextmanager
    def transaction(self, user: UserId | None, *, writing: bool) -> Iterator[Connection]:
        """Let one writer of a user in at a time; give a reader one consistent state."""
        connection = self.connection()
        with connection.begin():
            if not writing:
                connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"))
            elif user is not None:
                connection.execute(
                    text("SELECT pg_advisory_xact_lock(:lock, hashtext(:user))"),
                    {"lock": _USER_LOCK, "user": user},
                )
            yield connection

    @contextmanager
    def migrating(self) -> Iterator[Connection]:
        """Rebuild tables in one transaction."""
        connection = self.connection()
        with connection.begin():
            yield connection

    def explain(self, error: Exception, *, writing: bool) -> StorageFailed | None:
        """Put a failure of the server into words."""
        if not isinstance(error, DBAPIError):
            return None
        state = getattr(error.orig, "sqlstate", None) or ""
        if error.connection_invalidated or (isinstance(error, OperationalError) and not state):
            state = "08000"
        if state == "53100":
            return StorageFailed(
                tr("The disk of the database server is full; nothing was saved."),
                hint=tr("Make room on the server and try again."),
            )
        if state == "25006":
            if not writing:
                return None
            return StorageFailed(
                tr("The database {name} cannot be written.", name=self.name),
                hint=tr("Connect to the server that accepts changes, with a role that may write."),
            )
        if state in {"42501", "28P01", "28000", "3D000"}:
            return StorageFailed(
                tr("The database {name} does not let Puffling in.", name=self.name),
                hint=tr("Check the user, the password and the rights in the database address."),
            )
        if state.startswith(("08", "57")):
            self._forget()
            return StorageFailed(
                tr("The database server {name} does not answer.", name=self.name),
                hint=tr("Check that it runs and can be reached; Puffling connects again by itself."),
            )
        return None

    def backup(self, now: datetime, reason: str) -> Backup | None:
        """Leave copies to the server."""
        return None

    def tidy(self, keep: int) -> None:
        """Do nothing: there are no copies of ours."""

    def backups(self) -> tuple[Backup, ...]:
        """Give no copies: they are the server's business."""
        return ()

    def restore(self, backup: Backup, versions: tuple[str, ...]) -> None:
        """Refuse: a server is restored with its own tools."""
        raise StorageFailed(
            tr("Puffling does not restore a PostgreSQL database."),
            hint=tr("Use the server's own pg_restore."),
        )

    def set_aside(self, damage: str, now: datetime) -> OpenReport:
        """Refuse: what is on a server is mended there."""
        raise StorageFailed(
            tr("The records in {name} cannot be used: {damage}.", name=self.name, damage=damage),
            hint=tr("Nothing was changed. Restore them with the server's own pg_restore."),
        )

    def accept(self) -> None:
        """Do nothing: damage is found and mended by the server."""

    def close(self) -> None:
        """Let go of the connection and the owner's lock."""
        self._forget()
        self._engine.dispose()

    def _forget(self) -> None:
        if self._open is not None:
            self._open.close()
            self._open = None


def _address(url: str) -> URL:
    """Read the address and choose the driver we ship."""
    try:
        address = make_url(url)
    except ArgumentError:
        raise InvalidInput(
            tr("The database address cannot be read."),
            field="url",
            hint=tr("It looks like postgresql://user@host/name."),
        ) from None  # the cause quotes the address, password and all
    if address.get_backend_name() not in {"postgresql", "postgres"}:
        raise InvalidInput(
            tr(
                "Puffling keeps its records in its data folder or in PostgreSQL, not in {name}.",
                name=address.drivername,
            ),
            field="url",
            # A file elsewhere would have an owner for each folder that names it.
            hint=tr(
                "It looks like postgresql://user@host/name; the data folder is moved with PUFFLING_HOME."
            ),
        )
    return address.set(drivername="postgresql+psycopg")
