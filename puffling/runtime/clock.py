"""Time is injected: nobody asks the machine for the time but the clock made here."""

from __future__ import annotations

from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """What the program may ask of time."""

    def now(self) -> datetime:
        """Give the present moment in UTC."""
        ...

    def monotonic(self) -> float:
        """Give seconds that only grow, for measuring durations."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Come back after this many seconds of this clock."""
        ...

    async def sleep_until(self, moment: datetime) -> None:
        """Come back at this moment of this clock."""
        ...

    def working(self) -> AbstractContextManager[None]:
        """Mark a stretch of work that happens where the clock cannot see it."""
        ...


def microseconds(moment: datetime) -> int:
    """Give the moment as whole microseconds since 1970, exactly."""
    return (moment - _EPOCH) // timedelta(microseconds=1)


def moment_of(us: int) -> datetime:
    """Give the moment that lies this many microseconds after 1970."""
    return _EPOCH + timedelta(microseconds=us)


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
