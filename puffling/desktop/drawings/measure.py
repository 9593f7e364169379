"""What lies between two points of a chart, in words."""

from __future__ import annotations

from puffling.desktop import numbers
from puffling.desktop.drawings.timeline import Timeline
from puffling.runtime.text import tr

_MINUTE_US = 60_000_000
Point = tuple[int, float]


def measured(start: Point, end: Point, timeline: Timeline, decimals: int) -> tuple[str, str]:
    """Give the change in price, and how many bars and how much time lie between."""
    change = end[1] - start[1]
    share = f"  {numbers.percent(change / start[1])}" if start[1] else ""
    bars = round(timeline.place(end[0]) - timeline.place(start[0]))
    said = tr("1 bar") if abs(bars) == 1 else tr("{count} bars", count=f"{abs(bars):,}")
    sign = numbers.MINUS if bars < 0 else ""
    return (
        f"{numbers.fixed(change, decimals, signed=True)}{share}",
        f"{sign}{said}, {_span(abs(end[0] - start[0]))}",
    )


def _span(us: int) -> str:
    """Give a length of time by its two greatest units."""
    minutes = us // _MINUTE_US
    parts = (
        (minutes // 1440, tr("{count} d", count=f"{minutes // 1440:,}")),
        (minutes // 60 % 24, tr("{count} h", count=minutes // 60 % 24)),
        (minutes % 60, tr("{count} min", count=minutes % 60)),
    )
    return " ".join([said for count, said in parts if count][:2]) or tr("{count} min", count=0)
