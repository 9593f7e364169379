"""Trading sessions as columns: what resampling and gap checks need to know of an exchange."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from puffling.frozen import frozen
from puffling.puffin.data.instants import US_PER_DAY
from puffling.puffin.errors import InvalidValue


@frozen(eq=False)
class Sessions:
    """Rising sessions: the UTC midnight of each trading day, and when it opens and closes."""

    days_us: NDArray[np.int64]
    opens_us: NDArray[np.int64]
    closes_us: NDArray[np.int64]

    def __post_init__(self) -> None:
        if not len(self.days_us) == len(self.opens_us) == len(self.closes_us):
            raise InvalidValue("Sessions need a day, an open and a close each", field="sessions")
        for column in (self.days_us, self.opens_us, self.closes_us):
            column.setflags(write=False)

    @classmethod
    def around_the_clock(cls, first_day_us: int, end_day_us: int) -> Sessions:
        """Give one session for every UTC day in [first, end)."""
        days = np.arange(first_day_us, end_day_us, US_PER_DAY, dtype=np.int64)
        return cls(days, days.copy(), days + US_PER_DAY)

    def __len__(self) -> int:
        return len(self.days_us)

    def index_at(self, instant_us: int) -> int:
        """Give the place of the last session opened at or before the instant; -1 before the first."""
        return int(np.searchsorted(self.opens_us, instant_us, side="right")) - 1

    def places(self, start_us: int, end_us: int) -> slice:
        """Give the places of the sessions whose day lies in [start, end)."""
        first, last = np.searchsorted(self.days_us, (start_us, end_us))
        return slice(int(first), int(last))
