"""From times to places among the bars and back, before the first bar and beyond the last as well."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from puffling.desktop.charts.pyramid import Floats

_WEEK_US = 7 * 86_400_000_000
# Of so many weeks the fullest says at which times bars will come.
_WEEKS = 4
# A neighbour further away than so many usual steps means that nothing was traded in between.
_GAP_STEPS = 1.5
_SAMPLES = 64

Times = NDArray[np.int64]


class Timeline:
    """Knows at which bar a time stands; what is to come follows the pattern of the weeks before.

    A time inside a bar stands at that bar, and one inside a night or weekend at the bar after it: so a point
    set on one width of bars is found at the same day on every other.
    """

    def __init__(self, times_us: Times) -> None:
        self._times = times_us
        count = len(times_us)
        self._last = int(times_us[-1])
        steps = np.diff(times_us[-_SAMPLES:])
        self._step = int(np.median(steps)) if len(steps) else _WEEK_US // 7
        # How fast bars went by, nights and weekends included.
        self._pace = (self._last - int(times_us[0])) / (count - 1) if count > 1 else float(self._step)
        self._period, pattern = self._pattern()
        self._coming = pattern + self._period

    def places(self, times_us: ArrayLike) -> Floats:
        """Give where times stand, counted in bars."""
        wanted = np.asarray(times_us, dtype=np.int64)
        found = self._placed(self._times, wanted)
        early = wanted < self._times[0]
        found[early] = (wanted[early] - self._times[0]) / self._pace
        late = wanted > self._last
        if late.any():
            found[late] = self._beyond(wanted[late])
        return found

    def place(self, time_us: int) -> float:
        """Give where one time stands."""
        return float(self.places([time_us])[0])

    def time_at(self, place: float) -> int:
        """Give the time of the bar at a place, of one that is still to come as well."""
        index, count = round(place), len(self._times)
        if index < 0:
            return int(self._times[0]) + round(index * self._pace)
        if index < count:
            return int(self._times[index])
        rounds, inside = divmod(index - count, len(self._coming))
        return int(self._coming[inside]) + rounds * self._period

    def _placed(self, times: Times, wanted: Times) -> Floats:
        """Give the bar that holds each time, else the next one."""
        before = np.clip(np.searchsorted(times, wanted, side="right") - 1, 0, len(times) - 1)
        after = np.minimum(before + 1, len(times) - 1)
        begun, next_begun = times[before], times[after]
        gap = (next_begun - begun > _GAP_STEPS * self._step) & (wanted >= begun + self._step)
        return np.where(gap, after, before).astype(np.float64)

    def _beyond(self, wanted: Times) -> Floats:
        rounds = (wanted - self._last - 1) // self._period
        times = np.concatenate(([self._last], self._coming))
        placed = self._placed(times, wanted - rounds * self._period)
        return len(self._times) - 1 + rounds * len(self._coming) + placed

    def _pattern(self) -> tuple[int, Times]:
        """Give after what time bars repeat, and the bars of one such time that end with the last."""
        if self._step >= _WEEK_US or self._last - int(self._times[0]) < _WEEK_US:
            period = max(round(self._pace if self._step >= _WEEK_US else self._step), 1)
            return period, np.array([self._last], dtype=np.int64)
        best: Times = self._times[:0]
        for week in range(_WEEKS):
            end = self._last - week * _WEEK_US
            if end - _WEEK_US < int(self._times[0]):
                break
            begin, stop = np.searchsorted(self._times, [end - _WEEK_US, end], side="right").tolist()
            if stop - begin > len(best):
                best = self._times[begin:stop] + week * _WEEK_US
        return _WEEK_US, best
