"""The audit trail: lines are added and read, never changed; each is chained to the one before."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.exc import DBAPIError
from sqlmodel import Session, col, func, select

from puffling.runtime.actor import UserId
from puffling.runtime.clock import microseconds
from puffling.runtime.errors import InvalidInput
from puffling.runtime.text import tr
from puffling.store.events import AuditAppended
from puffling.store.heads import Heads
from puffling.store.repositories.base import USER, Repository
from puffling.store.tables.audit import AuditRow
from puffling.store.tables.base import table_of
from puffling.store.values import AuditCheck, AuditEntry

BEGINNING = "0" * 64
_PAGE = 500

_AUDIT = table_of(AuditRow)
_LAST = (
    select(_AUDIT.c.number, _AUDIT.c.hash)
    .where(_AUDIT.c.user_id == USER)
    .order_by(_AUDIT.c.number.desc())
    .limit(1)
)
_APPEND = _AUDIT.insert().values(user_id=USER)


class AuditTrail(Repository):
    """Appends to one user's chain, lists it and checks it."""

    def __init__(
        self,
        session: Session,
        user: UserId,
        now: datetime,
        tell: Callable[[object], None],
        heads: Heads,
    ) -> None:
        super().__init__(session, user, now, tell)
        self._heads = heads

    def append(
        self,
        *,
        actor: str,
        capability: str,
        outcome: str,
        summary: str = "",
        details: Mapping[str, Any] | None = None,
    ) -> AuditEntry:
        """Add a line; what it holds must already be free of secrets."""
        last = self._run(_LAST).one_or_none()
        line: dict[str, Any] = {
            "number": 1 if last is None else last.number + 1,
            "at": self._now,
            "actor": _plain(actor),
            "capability": _plain(capability),
            "outcome": _plain(outcome),
            "summary": _plain(summary),
            "details": _text_of(details or {}),
            "prev_hash": BEGINNING if last is None else last.hash,
        }
        line["hash"] = _hash_of(self._user, **line)
        self._run(_APPEND, **line)
        entry = AuditEntry(**{**line, "details": json.loads(line["details"])})
        self._tell(AuditAppended(self._user, entry))
        return entry

    def newest(
        self,
        limit: int = 200,
        *,
        before: int | None = None,
        actor: str | None = None,
        capability: str | None = None,
        outcome: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> tuple[AuditEntry, ...]:
        """Give the newest lines first; a capability that ends with a dot means all that begin with it."""
        if not 1 <= limit <= 10_000:
            raise InvalidInput(tr("Ask for 1 to 10,000 lines."), field="limit")
        wanted = self._lines()
        if before is not None:
            wanted = wanted.where(AuditRow.number < before)
        if actor is not None:
            wanted = wanted.where(AuditRow.actor == actor)
        if capability is not None and capability.endswith("."):
            wanted = wanted.where(col(AuditRow.capability).startswith(capability, autoescape=True))
        elif capability is not None:
            wanted = wanted.where(AuditRow.capability == capability)
        if outcome is not None:
            wanted = wanted.where(AuditRow.outcome == outcome)
        if since is not None:
            wanted = wanted.where(AuditRow.at >= since)
        if until is not None:
            wanted = wanted.where(AuditRow.at < until)
        rows = self._session.exec(wanted.order_by(col(AuditRow.number).desc()).limit(limit))
        return tuple(_value(row) for row in rows)

    def verify(self) -> AuditCheck:
        """Walk the whole chain and name the first line that is not as it was written."""
        count = self._session.exec(
            select(func.count()).select_from(AuditRow).where(AuditRow.user_id == self._user)
        ).one()
        try:
            recorded = self._heads.get(self._user)
        except (OSError, ValueError):
            return AuditCheck(count, count, tr("the record of where the trail ended cannot be read"))
        number, previous = 0, BEGINNING
        for expected, row in self._walk():
            number = expected
            if row is None or row.number != expected:
                return AuditCheck(count, expected, tr("the line is missing or cannot be read"))
            if row.prev_hash != previous:
                return AuditCheck(count, expected, tr("the line does not follow the one before it"))
            if row.hash != line_hash(row):
                return AuditCheck(count, expected, tr("the line was changed after it was written"))
            if recorded is not None and recorded[0] == expected and recorded[1] != row.hash:
                return AuditCheck(count, expected, tr("the line is not the one that was recorded"))
            previous = row.hash
        if recorded is not None and recorded[0] > number:
            return AuditCheck(count, number + 1, tr("the trail went on to line {last}", last=recorded[0]))
        return AuditCheck(count)

    def _walk(self) -> Iterator[tuple[int, AuditRow | None]]:
        """Give each line with the number it should have, and None from one on that cannot be read."""
        expected = 1
        while True:
            page = (
                self._lines().where(AuditRow.number >= expected).order_by(col(AuditRow.number)).limit(_PAGE)
            )
            try:
                rows = list(self._session.exec(page))
            except (DBAPIError, ValueError):
                break
            for row in rows:
                yield expected, row
                expected += 1
            if len(rows) < _PAGE:
                return
            self._session.expunge_all()
        while True:
            yield expected, self._readable(expected)
            expected += 1

    def _readable(self, number: int) -> AuditRow | None:
        try:
            row: AuditRow | None = self._session.exec(
                self._lines().where(AuditRow.number == number)
            ).one_or_none()
        except (DBAPIError, ValueError):
            return None
        return row

    def _lines(self) -> Any:
        return select(AuditRow).where(AuditRow.user_id == self._user)


def line_hash(row: AuditRow) -> str:
    """Give the hash of a line: over everything in it and the hash of the line before."""
    return _hash_of(
        row.user_id,
        number=row.number,
        at=row.at,
        actor=row.actor,
        capability=row.capability,
        outcome=row.outcome,
        summary=row.summary,
        details=row.details,
        prev_hash=row.prev_hash,
    )


def _hash_of(
    user: str,
    *,
    number: int,
    at: datetime,
    actor: str,
    capability: str,
    outcome: str,
    summary: str,
    details: str,
    prev_hash: str,
) -> str:
    parts = [prev_hash, user, number, microseconds(at), actor, capability, outcome, summary, details]
    return hashlib.sha256(json.dumps(parts, ensure_ascii=True, separators=(",", ":")).encode()).hexdigest()


def _text_of(details: Mapping[str, Any]) -> str:
    try:
        return json.dumps(details, sort_keys=True, ensure_ascii=True, separators=(",", ":"), allow_nan=False)
    except (TypeError, ValueError) as error:
        raise InvalidInput(tr("The details of an act must be plain data: {reason}.", reason=error)) from error


def _plain(text: str) -> str:
    # NUL cannot be kept by PostgreSQL, and half a surrogate by neither; the trail must take any text.
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}").encode("utf-8", "replace").decode("utf-8")


def _value(row: AuditRow) -> AuditEntry:
    return AuditEntry(
        row.number,
        row.at,
        row.actor,
        row.capability,
        row.outcome,
        row.summary,
        json.loads(row.details),
        row.prev_hash,
        row.hash,
    )
