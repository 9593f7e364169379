"""Writes the shipped calendar file from exchange_calendars: `python -m puffling.market.calendar_data`."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import numpy as np

from puffling.market.calendar import END_DAY, EXCHANGE, FIRST_DAY
from puffling.puffin.data.instants import US_PER_DAY, US_PER_MINUTE
from puffling.puffin.data.sessions import Sessions
from puffling.runtime.paths import resources


def exchange_sessions(name: str) -> Sessions:
    """Ask exchange_calendars, the authority, for every session it knows in our years."""
    import exchange_calendars

    last_day = END_DAY - timedelta(days=1)
    authority = exchange_calendars.get_calendar(name, start=FIRST_DAY.isoformat(), end=last_day.isoformat())
    days = authority.schedule.index.to_numpy().astype("datetime64[us]").astype(np.int64)
    return Sessions(days, authority.opens_nanos // 1_000, authority.closes_nanos // 1_000)


def write_sessions(sessions: Sessions, file: Path) -> None:
    """Write sessions as three small columns: day since 1970, open and close as minute of that UTC day."""
    np.savez_compressed(
        file,
        day=(sessions.days_us // US_PER_DAY).astype(np.uint16),
        open_minute=((sessions.opens_us - sessions.days_us) // US_PER_MINUTE).astype(np.uint16),
        close_minute=((sessions.closes_us - sessions.days_us) // US_PER_MINUTE).astype(np.uint16),
    )


if __name__ == "__main__":
    write_sessions(exchange_sessions(EXCHANGE), resources() / "calendars" / "xnys.npz")
