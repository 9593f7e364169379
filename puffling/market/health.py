"""How a feed is doing: connected or not, how old its newest price is, and whether its silence is a fault."""

from __future__ import annotations

from dataclasses import replace

from puffling.market.feeds import Feed
from puffling.market.values import Condition, FeedState, Quality, SessionState
from puffling.puffin.data.instants import US_PER_SECOND, to_us
from puffling.runtime.clock import Clock

# Looked at once a second, so that nobody waits longer than ten seconds for the word.
OPEN_PATIENCE_SECONDS = 8.0
# Before the open and after the close trades are rare.
EXTENDED_PATIENCE_SECONDS = 60.0
# Feeds with delayed prices are asked from time to time and do not stream.
DELAYED_PATIENCE_SECONDS = 120.0

_SILENT = frozenset((Condition.STALE, Condition.MUTE, Condition.RECONNECTING))


def patience_with(quality: Quality, session: SessionState) -> float | None:
    """Give how long a feed may be silent while somebody watches; None where nothing is expected."""
    if session is SessionState.CLOSED or quality in {Quality.SAMPLE, Quality.END_OF_DAY}:
        return None
    if quality is Quality.DELAYED:
        return DELAYED_PATIENCE_SECONDS
    return OPEN_PATIENCE_SECONDS if session is SessionState.OPEN else EXTENDED_PATIENCE_SECONDS


class FeedHealth:
    """Follows one feed; silence is measured on the steady clock, age by the stamp of the newest price."""

    def __init__(self, feed: Feed, clock: Clock) -> None:
        self._feed = feed
        self._clock = clock
        self._connected = False
        self._note = ""
        self._attempt = 0
        self._next_try_at: float | None = None
        self._newest_us: int | None = None
        self._heard_at: float | None = None
        self._patience: float | None = None
        self._waiting_since = 0.0
        self.left_out = 0
        self.told = self.state()

    def connection(self, connected: bool, note: str) -> None:
        """Hear that the feed is connected, or that it is not."""
        if connected and not self._connected:
            self._waiting_since = self._clock.monotonic()
        self._connected, self._note = connected, note
        self._attempt, self._next_try_at = 0, None

    def reconnecting(self, attempt: int, next_try_seconds: float, note: str) -> None:
        """Hear that the connection is lost and tried again."""
        self._connected, self._note = False, note
        self._attempt = max(attempt, 1)
        self._next_try_at = self._clock.monotonic() + next_try_seconds

    def heard(self, newest_us: int) -> None:
        """Hear that something sound came."""
        self._newest_us = newest_us
        self._heard_at = self._clock.monotonic()

    def expect(self, patience_seconds: float | None) -> None:
        """Be told how long silence is in order from now on; waiting begins when that changes."""
        if patience_seconds != self._patience:
            self._patience = patience_seconds
            self._waiting_since = self._clock.monotonic()

    def state(self) -> FeedState:
        """Give how the feed is doing now."""
        condition = self._condition()
        age = None
        if self._newest_us is not None:
            age = max(0.0, (to_us(self._clock.now()) - self._newest_us) / US_PER_SECOND)
        next_try = None
        if self._next_try_at is not None:
            next_try = max(0.0, self._next_try_at - self._clock.monotonic())
        return FeedState(
            source=self._feed.source,
            label=self._feed.label,
            quality=self._feed.quality,
            connected=self._connected,
            last_tick_us=self._newest_us,
            age_seconds=age,
            stale=condition in _SILENT and self._patience is not None,
            note=self._note,
            condition=condition,
            attempt=self._attempt,
            next_try_seconds=next_try,
            left_out=self.left_out,
        )

    def news(self) -> FeedState | None:
        """Give the state if something changed that is worth telling; an age that grows is not."""
        now = self.state()
        before, self.told = self.told, now
        still = replace(
            before,
            last_tick_us=now.last_tick_us,
            age_seconds=now.age_seconds,
            next_try_seconds=now.next_try_seconds,
            left_out=now.left_out,
        )
        return now if now != still else None

    def _condition(self) -> Condition:
        if not self._connected:
            return Condition.RECONNECTING if self._attempt else Condition.OFF
        if self._patience is None:
            return Condition.QUIET
        heard = self._heard_at
        waited = self._clock.monotonic() - max(self._waiting_since, heard or 0.0)
        if waited <= self._patience:
            return Condition.LIVE
        return Condition.STALE if heard is not None and heard >= self._waiting_since else Condition.MUTE
