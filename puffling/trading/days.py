"""Days of trading are those of the exchanges in New York, wherever the person is."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from puffling.puffin.broker.exchange_days import NEW_YORK

# As long as a broker keeps an order that is good until it is cancelled.
UNTIL_CANCELLED = timedelta(days=90)


def day_of(moment: datetime) -> date:
    """Give the day in New York."""
    return moment.astimezone(NEW_YORK).date()


def trading_day(moment: datetime) -> str:
    """Give the day in New York as it is written down, by which orders are counted."""
    return day_of(moment).isoformat()


def midnight(day: date) -> datetime:
    """Give the moment at which a day begins in New York."""
    return datetime.combine(day, time(0), NEW_YORK)


def day_began(moment: datetime) -> datetime:
    """Give the midnight in New York at which the day of a moment began."""
    return midnight(day_of(moment))
