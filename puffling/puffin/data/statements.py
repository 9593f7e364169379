"""A company's statements: what was reported, by when it was known, and the tables made of it.

Every figure carries the day it was filed. `Statements` looks at the facts as of a day and sees only what had
been filed by then, in the version that stood then: a factor made of it cannot look ahead.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import field
from datetime import date, timedelta
from functools import cached_property

from puffling.frozen import frozen
from puffling.puffin.data.statement_lines import LINE_OF, LINES, Line, Measure, Period, Statement

# Lines that follow from two others where nobody states them: the first less the second.
_DIFFERENCES = {
    "gross_profit": ("revenue", "cost_of_revenue"),
    "free_cash_flow": ("operating_cash_flow", "capital_expenditure"),
    "total_liabilities": ("total_assets", "equity"),
}
# Most fiscal quarters have thirteen weeks; some companies have three of twelve and one of sixteen or
# seventeen. A year has 52 weeks or 53.
QUARTER_DAYS = range(77, 124)
YEAR_DAYS = range(350, 381)
_THREE_QUARTERS_DAYS = 290
_TELLING = ("net_income", "revenue", "operating_cash_flow", "operating_income")
_SAME_BASIS = timedelta(days=200)


@frozen
class Fact:
    """One number a company stated; levels have no start. `rank` prefers the nearer of several concepts."""

    line: str
    end: date
    value: float
    filed: date
    start: date | None = None
    form: str = ""
    rank: int = 0


@frozen
class Filing:
    """One report as it was filed."""

    form: str
    filed: date
    period_end: date | None
    accession: str = ""
    title: str = ""
    url: str = ""


@frozen
class Company:
    """Everything a source says about one company, the filings newest first."""

    symbol: str
    name: str
    currency: str
    facts: tuple[Fact, ...] = field(repr=False)
    filings: tuple[Filing, ...] = field(repr=False)


@frozen
class Figure:
    """A number of a statement and the day it became known; a derived one was worked out of others."""

    value: float
    filed: date
    form: str = ""
    derived: bool = False
    restated: bool = False


@frozen
class SheetRow:
    """One line across the periods of a sheet."""

    line: Line
    figures: tuple[Figure | None, ...]


@frozen
class Sheet:
    """One statement as a table; periods newest first, only lines that say something."""

    statement: Statement
    period: Period
    ends: tuple[date, ...]
    rows: tuple[SheetRow, ...]


Versions = list[Fact]


class Statements:
    """Facts as they were known at the end of a day; without one, all that is known."""

    def __init__(self, facts: Iterable[Fact], as_of: date | None = None) -> None:
        self.as_of = as_of
        # By line, end and start: every version in the order of filing.
        self._versions: dict[str, dict[date, dict[date | None, Versions]]] = {}
        newest: date | None = None
        for fact in sorted(facts, key=lambda each: each.filed):
            if as_of is None or fact.filed <= as_of:
                starts = self._versions.setdefault(fact.line, {}).setdefault(fact.end, {})
                starts.setdefault(fact.start, []).append(fact)
                newest = fact.filed
        self.newest_filed = newest

    def year(self, line: str, end: date) -> Figure | None:
        """Give a flow over the fiscal year that ends on a day, or a level on that day."""
        return self._figure(line, end, YEAR_DAYS)

    def quarter(self, line: str, end: date) -> Figure | None:
        """Give a flow over the quarter that ends on a day, or a level on that day.

        Most companies state cash flows since the start of the year, and none states a fourth quarter: what
        is missing is the longer span less the shorter one that starts with it.
        """
        return self._figure(line, end, QUARTER_DAYS)

    def trailing(self, line: str, until: date | None = None) -> Figure | None:
        """Give a flow over the newest four quarters, or over the newest year where quarters are missing."""
        ends = [end for end in self.ends(Period.QUARTERLY) if until is None or end <= until][:4]
        figures = [figure for end in ends if (figure := self.quarter(line, end)) is not None]
        # Four quarters lie in a year: a gap among them would count a longer time.
        if len(figures) == 4 and (ends[0] - ends[3]).days <= _THREE_QUARTERS_DAYS:
            return _derived(sum(figure.value for figure in figures), *figures)
        years = [end for end in self.ends(Period.ANNUAL) if until is None or end <= until]
        return next((figure for end in years if (figure := self.year(line, end)) is not None), None)

    def newest_level(self, line: str) -> tuple[Figure, date] | None:
        """Give the newest level of a line and its day."""
        stating = line if line in self._versions else _DIFFERENCES.get(line, (line,))[0]
        for end in sorted(self._versions.get(stating, {}), reverse=True):
            if (figure := self._figure(line, end, YEAR_DAYS)) is not None:
                return figure, end
        return None

    def ends(self, period: Period) -> tuple[date, ...]:
        """Give the ends of the periods that were reported, the newest first."""
        return self._years if period is Period.ANNUAL else self._quarters

    def sheet(self, statement: Statement, period: Period, most: int = 40) -> Sheet:
        """Give one statement as a table of the newest periods."""
        take = self.year if period is Period.ANNUAL else self.quarter
        lines = [line for line in LINES if line.statement is statement]
        ends: list[date] = []
        columns: list[list[Figure | None]] = []
        for end in self.ends(period):
            figures = [take(line.id, end) for line in lines]
            if any(figures):
                ends.append(end)
                columns.append(figures)
            if len(ends) == most:
                break
        rows = [
            SheetRow(line, tuple(column[place] for column in columns)) for place, line in enumerate(lines)
        ]
        return Sheet(statement, period, tuple(ends), tuple(row for row in rows if any(row.figures)))

    @cached_property
    def _years(self) -> tuple[date, ...]:
        ends = {
            end
            for line, by_end in self._versions.items()
            if LINE_OF[line].measure is Measure.FLOW
            for end, starts in by_end.items()
            if any(start is not None and _days(start, end) in YEAR_DAYS for start in starts)
        }
        return tuple(sorted(ends, reverse=True))

    @cached_property
    def _quarters(self) -> tuple[date, ...]:
        telling = [line for line in _TELLING if line in self._versions]
        ends = {end for line in telling for end in self._versions[line]}
        told = (end for end in ends if any(self.quarter(line, end) is not None for line in telling))
        return tuple(sorted(told, reverse=True))

    def _figure(self, line: str, end: date, lengths: range) -> Figure | None:
        starts = self._versions.get(line, {}).get(end, {})
        if LINE_OF[line].measure is Measure.LEVEL:
            found = _stated(starts.get(None))
        else:
            found = self._over(line, end, starts, lengths)
        if found is None and (parts := _DIFFERENCES.get(line)) is not None:
            whole, part = (self._figure(each, end, lengths) for each in parts)
            if whole is not None and part is not None:
                return _derived(whole.value - part.value, whole, part)
        return found

    def _over(
        self, line: str, end: date, starts: Mapping[date | None, Versions], lengths: range
    ) -> Figure | None:
        # The nearest start first: the shortest span leaves the least to be worked out.
        known = sorted((start for start in starts if start is not None), reverse=True)
        for start in known:
            if _days(start, end) in lengths:
                return _stated(starts[start])
        if lengths is not QUARTER_DAYS:
            return None
        for start in known:
            found = self._remainder(line, start, end)
            if found is not None:
                return found
        return None

    def _remainder(self, line: str, start: date, end: date) -> Figure | None:
        """Give the last quarter of a longer span, where all before it was stated too."""
        by_end = self._versions[line]
        longer = by_end[end][start]
        for other_end, starts in by_end.items():
            if start in starts and (end - other_end).days in QUARTER_DAYS:
                pair = _on_one_basis(longer, starts[start])
                return None if pair is None else _less(LINE_OF[line].measure, *pair)
        return self._less_quarters(line, start, end, longer)

    def _less_quarters(self, line: str, start: date, end: date, longer: Versions) -> Figure | None:
        """Give a year less its first three quarters, for who states no nine months."""
        if LINE_OF[line].measure is not Measure.FLOW or _days(start, end) not in YEAR_DAYS:
            return None
        quarters = [
            versions
            for other_end, starts in self._versions[line].items()
            for other_start, versions in starts.items()
            if other_start is not None
            and start <= other_start
            and other_end < end
            and _days(other_start, other_end) in QUARTER_DAYS
        ]
        if len(quarters) != 3:
            return None
        pair = _on_one_basis(longer, max(quarters, key=lambda versions: versions[0].end))
        if pair is None:
            return None
        whole = pair[0]
        parts = [_newest_until(versions, whole.filed) for versions in quarters]
        if any(part is None for part in parts):
            return None
        value = whole.value - sum(part.value for part in parts if part is not None)
        return Figure(value, whole.filed, whole.form, derived=True)


def _stated(versions: Versions | None) -> Figure | None:
    if not versions:
        return None
    best = min(fact.rank for fact in versions)
    versions = [fact for fact in versions if fact.rank == best]
    since = newest = versions[-1]
    # Later reports repeat a figure: it was known since the first of those that say the same.
    for fact in reversed(versions):
        if fact.value != newest.value:
            break
        since = fact
    return Figure(newest.value, since.filed, since.form, restated=since is not versions[0])


def _on_one_basis(longer: Versions, shorter: Versions) -> tuple[Fact, Fact] | None:
    """Give the newest pair filed within half a year: a restated year and an old part do not subtract."""
    pairs = [
        (whole, part)
        for whole in longer
        for part in shorter
        if whole.rank == part.rank and abs(whole.filed - part.filed) <= _SAME_BASIS
    ]
    return max(pairs, key=lambda pair: (-pair[0].rank, pair[0].filed, pair[1].filed), default=None)


def _newest_until(versions: Versions, day: date) -> Fact | None:
    return max((fact for fact in versions if fact.filed <= day), key=lambda fact: fact.filed, default=None)


def _less(measure: Measure, whole: Fact, part: Fact) -> Figure | None:
    if whole.start is None:
        return None
    value = whole.value - part.value
    if measure is Measure.AVERAGE:
        days, before = _days(whole.start, whole.end), _days(whole.start, part.end)
        value = (whole.value * days - part.value * before) / (days - before)
    return Figure(value, max(whole.filed, part.filed), whole.form, derived=True)


def _derived(value: float, *of: Figure) -> Figure:
    newest = max(of, key=lambda figure: figure.filed)
    return Figure(value, newest.filed, newest.form, derived=True)


def _days(start: date, end: date) -> int:
    return (end - start).days + 1
