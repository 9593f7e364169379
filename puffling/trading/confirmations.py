"""What was shown and may be done for a short while: acts in two steps, each carried out once.

A confirmation stands for exactly the act that was shown, numbers and all, and for whoever it was shown to.
They live in memory: after a restart one looks again.
"""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import TypeAlias

from puffling.frozen import frozen
from puffling.runtime.actor import Caller
from puffling.runtime.clock import Clock
from puffling.runtime.errors import Conflict
from puffling.runtime.text import tr
from puffling.trading.values import Done

VALID = timedelta(minutes=2)
# Whoever looks at more than this in two minutes is no person; the oldest go.
_MOST = 500

Act: TypeAlias = Callable[[], Awaitable[Done]]


@frozen
class _Shown:
    act: Act
    shown_to: tuple[str, str, str]
    expires_at: datetime


class Confirmations:
    """Hands out tokens for acts that were shown, and takes each back once."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._shown: dict[str, _Shown] = {}

    def offer(self, act: Act, caller: Caller) -> tuple[str, datetime]:
        """Give a token for an act, and until when it is good."""
        now = self._clock.now()
        self._shown = {token: each for token, each in self._shown.items() if each.expires_at > now}
        while len(self._shown) >= _MOST:
            del self._shown[next(iter(self._shown))]
        token = secrets.token_urlsafe(16)
        self._shown[token] = _Shown(act, _name_of(caller), now + VALID)
        return token, now + VALID

    def take(self, token: str, caller: Caller) -> Act:
        """Give the act of a token, for the one it was shown to, once and in time."""
        shown = self._shown.get(token)
        if shown is None or shown.shown_to != _name_of(caller):
            raise Conflict(
                tr("There is nothing to confirm under this token."),
                hint=tr("It is good once, for two minutes, for whoever asked. Ask for the act again."),
            )
        del self._shown[token]
        if self._clock.now() >= shown.expires_at:
            raise Conflict(
                tr("This was shown more than two minutes ago."),
                hint=tr("Prices move. Look at it again and confirm what you see then."),
            )
        return shown.act


def _name_of(caller: Caller) -> tuple[str, str, str]:
    return str(caller.user), str(caller.actor), caller.name
