"""Which drawings a replay may show: a point set at a moment that came later would tell where prices went."""

from __future__ import annotations

from dataclasses import replace

from puffling.desktop.drawings.style import Style
from puffling.puffin.data.instants import US_PER_DAY
from puffling.store.values import Drawing


def known_at(drawing: Drawing, present_us: int) -> bool:
    """Tell whether a drawing could be there then: its points had passed, or a replay had come no further."""
    if all(_over(time_us) <= present_us for time_us, _ in drawing.points):
        return True
    return 0 < Style.of(drawing.style).drawn_at_us <= present_us


def drawn_at(drawing: Drawing, present_us: int | None) -> Drawing:
    """Give a drawing whose points are set at this moment of a replay; None is the live market."""
    style = replace(Style.of(drawing.style), drawn_at_us=present_us or 0)
    return replace(drawing, style=style.keep())


def _over(time_us: int) -> int:
    """Give when the bar of a point was over, as far as its time tells: days begin at midnight."""
    return time_us if time_us % US_PER_DAY else time_us + US_PER_DAY
