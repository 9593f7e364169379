"""When daily work is due, on the clock of a place with summer time."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

NEW_YORK = ZoneInfo("America/New_York")


def next_slot(after: datetime, hour: int, zone: ZoneInfo = NEW_YORK) -> datetime:
    """Give the first moment after `after` at which it is this hour there: once a day, every day.

    An hour that happens twice in autumn is taken the first time; one that is skipped in spring is
    taken right after the gap.
    """
    day = after.astimezone(zone).date()
    while True:
        slot = datetime.combine(day, time(hour), tzinfo=zone).astimezone(after.tzinfo)
        if slot > after:
            return slot
        day += timedelta(days=1)
