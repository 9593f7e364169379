"""What a pane showed last, as plain values: the next start paints it before there is a core."""

from __future__ import annotations

from puffling.desktop.charting.part import Candle
from puffling.desktop.charting.words import Words
from puffling.desktop.snapshot import Kept
from puffling.puffin.data.bars import Bars, bars_from_rows
from puffling.puffin.errors import PuffinError

KEPT_BARS = 180
_WORDS = ("symbol", "interval", "name", "last", "change", "tone", "source")


def kept_content(bars: Bars, newest: Candle | None, words: Words, decimals: int) -> Kept:
    """Give the newest bars, the last of them as it is now, and what is said of them."""
    bars = bars[-KEPT_BARS:]
    columns = [bars.time.tolist(), *(column.round(6).tolist() for column in bars.columns())]
    rows = list(zip(*columns, strict=True))
    if newest is not None:
        rows[-1] = (newest.time_us, *(round(value, 6) for value in newest[1:]))
    return {**{name: getattr(words, name) for name in _WORDS}, "decimals": decimals, "rows": rows}


def kept_bars(content: Kept) -> Bars:
    """Give the bars that were kept; damaged ones count as none."""
    try:
        return bars_from_rows([[float(each) for each in row] for row in content.get("rows", [])])
    except (TypeError, ValueError, PuffinError):
        return Bars.empty()


def kept_words(content: Kept) -> Words:
    """Give what was said; prices that were seen last are no live ones."""
    return Words(**{name: str(content.get(name, "")) for name in _WORDS}, source_tone="warn")
