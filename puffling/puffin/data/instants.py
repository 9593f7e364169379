"""Instants as whole microseconds since 1970 in UTC: what the columns hold, exact both ways."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
ONE_MICROSECOND = timedelta(microseconds=1)
US_PER_SECOND = 1_000_000
US_PER_MINUTE = 60 * US_PER_SECOND
US_PER_DAY = 86_400 * US_PER_SECOND
# Beyond these no calendar goes.
FIRST_US = (datetime.min.replace(tzinfo=UTC) - EPOCH) // ONE_MICROSECOND
LAST_US = (datetime.max.replace(tzinfo=UTC) - EPOCH) // ONE_MICROSECOND


def to_us(moment: datetime) -> int:
    """Give an aware moment as microseconds since 1970."""
    return (moment - EPOCH) // ONE_MICROSECOND


def from_us(instant_us: int) -> datetime:
    """Give microseconds since 1970 as an aware UTC moment."""
    return EPOCH + timedelta(microseconds=int(instant_us))


def day_to_us(day: date) -> int:
    """Give the UTC midnight that begins a day."""
    return (day.toordinal() - EPOCH.toordinal()) * US_PER_DAY


def us_to_day(instant_us: int) -> date:
    """Give the UTC day an instant lies in."""
    return date.fromordinal(EPOCH.toordinal() + int(instant_us) // US_PER_DAY)


def day_in(text: object) -> date | None:
    """Give the day that a text from outside holds; None where it holds none."""
    try:
        return date.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None
