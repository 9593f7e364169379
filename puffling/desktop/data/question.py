"""What is asked of the market in the Data panel: a series, a stretch of time, a source."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta

from puffling.frozen import frozen
from puffling.puffin.data.instants import us_to_day
from puffling.puffin.data.interval import Interval

# As they are offered; the first reaches as far back as is usual for bars of that width.
REACHES = {
    "auto": "As usual",
    "1m": "1 month",
    "6m": "6 months",
    "ytd": "This year",
    "1y": "1 year",
    "5y": "5 years",
    "all": "All there is",
    "dates": "Dates",
}
FIRST_REACH = "auto"
# Before this day nobody here has prices.
BEGINNING = date(1970, 1, 2)
_DAYS = {"1m": 31, "6m": 183, "1y": 366, "5y": 5 * 366}


@frozen
class Question:
    """One series and how it is wanted; without a source the first that has it answers."""

    symbol: str
    interval: Interval
    reach: str = FIRST_REACH
    since: date | None = None
    until: date | None = None
    source: str | None = None
    adjusted: bool = True

    def span(self, today: date) -> tuple[date | None, date | None]:
        """Give the first and the last day, as seen on a day; None leaves it to the market."""
        if self.reach == "dates":
            return self.since, self.until
        if self.reach == "all":
            return BEGINNING, None
        if self.reach == "ytd":
            return date(today.year, 1, 1), None
        days = _DAYS.get(self.reach)
        return (None if days is None else today - timedelta(days=days)), None

    def known_at(self, present_us: int | None) -> Question:
        """Give the question as it is asked at a moment of a replay: nothing after its day."""
        return self if present_us is None else self.before(us_to_day(present_us - 1))

    def keep(self) -> dict[str, object]:
        """Give it as plain values."""
        return {
            "symbol": self.symbol,
            "interval": self.interval.value,
            "reach": self.reach,
            "since": self.since.isoformat() if self.since else "",
            "until": self.until.isoformat() if self.until else "",
            "source": self.source or "",
            "adjusted": self.adjusted,
        }

    def before(self, today: date) -> Question:
        """Give the same question as it is asked in a replay: nothing after that day."""
        since, until = self.span(today)
        return replace(self, reach="dates", since=since, until=min(until or today, today))


def read_question(kept: Mapping[str, object]) -> Question:
    """Give the question that was kept; what does not fit is passed over."""
    reach = str(kept.get("reach"))
    return Question(
        symbol=str(kept.get("symbol") or ""),
        interval=next((each for each in Interval if each.value == kept.get("interval")), Interval.D1),
        reach=reach if reach in REACHES else FIRST_REACH,
        since=_day(kept.get("since")),
        until=_day(kept.get("until")),
        source=str(kept.get("source") or "") or None,
        adjusted=kept.get("adjusted") is not False,
    )


def _day(text: object) -> date | None:
    try:
        return date.fromisoformat(str(text))
    except ValueError:
        return None
