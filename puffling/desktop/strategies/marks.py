"""What a strategy says as marks: where it turns long, short or flat, and nowhere else."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from puffling.desktop import numbers
from puffling.desktop.charts.marks import Marks, Place, Shape, Style
from puffling.desktop.theme import Tone
from puffling.puffin.data.instants import from_us
from puffling.puffin.strategies.base import Signals
from puffling.runtime.text import tr

_LONG, _SHORT, _FLAT = 0, 1, 2


def signal_marks(name: str, times_us: NDArray[np.int64], said: Signals) -> Marks:
    """Mark every bar on whose close the side changes."""
    styles = (
        Style(tr("{name}: long", name=name), Shape.UP, Tone.UP, Place.BELOW),
        Style(tr("{name}: short", name=name), Shape.DOWN, Tone.DOWN, Place.ABOVE),
        Style(tr("{name}: out", name=name), Shape.CIRCLE, Tone.WARN, Place.ABOVE),
    )
    side = np.sign(said.signal).astype(np.int64)
    turns = np.flatnonzero(np.diff(side, prepend=0))
    chosen = np.select([side[turns] > 0, side[turns] < 0], [_LONG, _SHORT], _FLAT)
    texts = [
        _words(
            styles[style].title,
            int(times_us[place]),
            float(said.signal[place]),
            float(said.confidence[place]),
        )
        for place, style in zip(turns.tolist(), chosen.tolist(), strict=True)
    ]
    return Marks(styles, times_us[turns], chosen, texts)


def _words(title: str, time_us: int, signal: float, sure: float) -> str:
    day = f"{from_us(time_us):%Y-%m-%d}"
    if not signal:
        return tr("{title} from the next open, {day}", title=title, day=day)
    return tr(
        "{title} {size} from the next open, {sure} sure, {day}",
        title=title,
        size=numbers.percent(abs(signal), 0, signed=False),
        sure=numbers.percent(sure, 0, signed=False),
        day=day,
    )
