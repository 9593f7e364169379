"""What the doctor says of itself and of what is shipped."""

from __future__ import annotations

from puffling.core.checkup import State, calendar_reach


def test_the_doctor_says_in_time_that_the_calendar_ends() -> None:
    assert calendar_reach(2026).state is State.OK
    assert "2060" in calendar_reach(2026).found
    for year in (2060, 2071):
        assert calendar_reach(year).state is State.NOTE
        assert calendar_reach(year).to_do
