"""Daily work is due once a day, on the clock of New York, summer time or not."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest

from puffling.automation.slots import NEW_YORK, next_slot


@pytest.mark.parametrize("hour", [0, 1, 2, 3, 9, 23])
def test_a_year_has_one_slot_each_day_also_when_the_clocks_change(hour: int) -> None:
    at = datetime(2026, 1, 1, 12, tzinfo=UTC)
    days: list[date] = []
    while at < datetime(2027, 1, 1, 12, tzinfo=UTC):
        at = next_slot(at, hour)
        days.append(at.astimezone(NEW_YORK).date())
    assert len(days) == len(set(days))
    assert all(later - earlier == timedelta(days=1) for earlier, later in pairwise(days))


def test_a_slot_is_at_its_hour_there_in_summer_and_winter() -> None:
    assert next_slot(datetime(2026, 7, 1, tzinfo=UTC), 3) == datetime(2026, 7, 1, 7, tzinfo=UTC)
    assert next_slot(datetime(2026, 1, 15, tzinfo=UTC), 3) == datetime(2026, 1, 15, 8, tzinfo=UTC)


def test_the_hour_that_happens_twice_is_taken_once_and_the_missing_one_after_the_gap() -> None:
    autumn = datetime(2026, 11, 1, 5, 0, tzinfo=UTC)
    assert next_slot(autumn, 1) == datetime(2026, 11, 2, 6, tzinfo=UTC)
    spring = datetime(2026, 3, 8, 6, tzinfo=UTC)
    assert next_slot(spring, 2) == datetime(2026, 3, 8, 7, tzinfo=UTC)
