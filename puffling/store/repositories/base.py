"""What every repository has: a transaction, a user, the time, and a way to tell what changed."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy import BindParameter, CursorResult, Executable, bindparam
from sqlmodel import Session

from puffling.runtime.actor import UserId
from puffling.runtime.errors import InvalidInput
from puffling.runtime.text import tr

_LARGEST_JSON = 4_000_000


# Whose records are meant, in a statement that is put together once and run for anybody.
USER: BindParameter[str] = bindparam("user")


class Repository:
    """One user's records of one kind, inside one transaction."""

    def __init__(self, session: Session, user: UserId, now: datetime, tell: Callable[[object], None]) -> None:
        self._session = session
        self._user = user
        self._now = now
        self._tell = tell

    def _run(self, statement: Executable, **values: object) -> CursorResult[Any]:
        """Run a statement that was put together once, with the user and these values in it.

        Putting one together, and making objects that watch their own changes, takes several times as long as
        running it: what an order does between its decision and the wire has no time for that.
        """
        return self._session.connection().execute(statement, {"user": self._user, **values})


def new_id() -> str:
    """Make a name for a new record that nobody can guess and a person can still copy."""
    return secrets.token_hex(8)


def checked_text(value: str, field: str, *, longest: int = 80) -> str:
    """Give the text without blanks around it, or say why it cannot be kept."""
    text = value.strip()
    if not text or len(text) > longest:
        raise InvalidInput(
            tr("{field} needs 1 to {longest} characters.", field=field, longest=longest), field=field
        )
    # Isolated surrogates and NUL cannot be kept by every database; other control signs fool the eye.
    if any(not letter.isprintable() for letter in text):
        raise InvalidInput(tr("{field} holds a character that cannot be shown.", field=field), field=field)
    return text


def checked_json(value: object, field: str) -> Any:
    """Give the value as it will come back from the database, or say why it cannot be kept."""
    try:
        text = json.dumps(value, allow_nan=False, ensure_ascii=False)
        size = len(text.encode())
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidInput(
            tr("{field} cannot be kept: {reason}.", field=field, reason=error),
            field=field,
            hint=tr("Use texts, finite numbers, true, false, null, lists and objects."),
        ) from error
    if size > _LARGEST_JSON:
        raise InvalidInput(
            tr("{field} is too large to be kept ({size} bytes).", field=field, size=size), field=field
        )
    return json.loads(text)


def same_json(one: object, other: object) -> bool:
    """Tell whether both are the same data; 1 and true are not."""
    return json.dumps(one) == json.dumps(other)
