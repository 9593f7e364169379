"""How much work a search is, said before it begins: from the sets and the days alone, without any prices."""

from __future__ import annotations

from datetime import date
from math import prod
from typing import TYPE_CHECKING

from puffling.automation.research.search.values import SearchPlan, Varied, Wish
from puffling.puffin.data.instants import US_PER_DAY
from puffling.puffin.data.interval import Interval
from puffling.runtime.text import tr

if TYPE_CHECKING:
    from puffling.automation.research.search.task import Outline

# How fast a machine works is found out when it does; these are of one that is not quick.
_START_SECONDS, _QUICK_A_SECOND, _WALKED_A_SECOND = 1.0, 8_000_000.0, 400_000.0
_OPEN_DAYS, _OPEN_US = 252.0 / 365.0, 6.5 * 3600.0 * 1e6


def plan_of(found: Outline, wish: Wish, cells: float) -> SearchPlan:
    """Say how much work it is to go through so many prices with each set."""
    count = prod(len(axis["values"]) for axis in found.axes)
    trials = min(count, wish.most)
    a_second = _QUICK_A_SECOND if found.quick else _WALKED_A_SECOND
    seconds = _START_SECONDS + trials * cells / a_second
    varied = tuple(Varied(axis["name"], axis["title"], tuple(axis["values"])) for axis in found.axes)
    about = (
        tr("some seconds")
        if seconds < 5.0
        else tr("about {count} seconds", count=round(seconds))
        if seconds < 90.0
        else tr("about {count} minutes", count=round(seconds / 60.0))
    )
    text = (
        tr("{count} sets, {about}", count=f"{trials:,}", about=about)
        if trials == count
        else tr("{count} of {all} sets, {about}", count=f"{trials:,}", all=f"{count:,}", about=about)
    )
    return SearchPlan(varied, count, trials, seconds, text)


def bars_between(first: date, last: date, interval: Interval) -> float:
    """Give about how many bars an exchange makes in so many days."""
    days = (last - first).days + 1
    if interval.is_intraday:
        return days * _OPEN_DAYS * _OPEN_US / interval.us
    return days * (_OPEN_DAYS if interval is Interval.D1 else US_PER_DAY / interval.us)
