"""The bar widths Puffling knows."""

from __future__ import annotations

from enum import StrEnum

from puffling.puffin.data.instants import US_PER_SECOND
from puffling.puffin.errors import InvalidValue


class Interval(StrEnum):
    """How much time one bar covers."""

    M1 = "1m"
    M5 = "5m"
    M15 = "15m"
    M30 = "30m"
    H1 = "1h"
    D1 = "1d"
    W1 = "1w"
    MO1 = "1M"

    @property
    def seconds(self) -> int:
        """Nominal length; a month counts as 30 days."""
        return _SECONDS[self]

    @property
    def us(self) -> int:
        """Nominal length in microseconds."""
        return _SECONDS[self] * US_PER_SECOND

    @property
    def is_intraday(self) -> bool:
        """Whether several bars make a session."""
        return _SECONDS[self] < _SECONDS[Interval.D1]

    @classmethod
    def parse(cls, text: str) -> Interval:
        """Read an interval as people and providers write it: "1m", "1min", "1H", "1d", "1wk", "1mo"."""
        # Upper case matters in one place only: "1M" is a month and "1m" a minute.
        plain = text.strip()
        known = _SPELLINGS.get(plain) or _SPELLINGS.get(plain.lower())
        if known is None:
            offered = ", ".join(cls)
            raise InvalidValue(f"Unknown interval {text!r}: use one of {offered}", field="interval")
        return known


_SECONDS = {
    Interval.M1: 60,
    Interval.M5: 300,
    Interval.M15: 900,
    Interval.M30: 1_800,
    Interval.H1: 3_600,
    Interval.D1: 86_400,
    Interval.W1: 604_800,
    Interval.MO1: 2_592_000,
}

_SPELLINGS: dict[str, Interval] = {str(interval): interval for interval in Interval} | {
    "1min": Interval.M1,
    "5min": Interval.M5,
    "15min": Interval.M15,
    "30min": Interval.M30,
    "60m": Interval.H1,
    "60min": Interval.H1,
    "1hour": Interval.H1,
    "1day": Interval.D1,
    "1wk": Interval.W1,
    "1week": Interval.W1,
    "1mo": Interval.MO1,
    "1mon": Interval.MO1,
    "1month": Interval.MO1,
}
