"""What people and programs are shown of a company: statements, ratios and filings with their origin."""

from __future__ import annotations

from datetime import date, datetime

from puffling.frozen import frozen


@frozen
class Origin:
    """Where company numbers come from; `filed` is the day of the newest report they are made of."""

    symbol: str
    name: str
    currency: str
    source: str
    label: str
    fetched_at: datetime
    as_of: date
    filed: date | None
    note: str = ""


@frozen
class StatementRow:
    """One line of a statement, a value for each period; each with the day it became known."""

    line: str
    title: str
    group: str
    unit: str
    values: tuple[float | None, ...]
    filed: tuple[date | None, ...]
    derived: tuple[bool, ...]
    restated: tuple[bool, ...]


@frozen
class StatementTable:
    """A statement with its periods, the newest first; without rows `origin.note` says why."""

    origin: Origin
    statement: str
    period: str
    ends: tuple[date, ...]
    rows: tuple[StatementRow, ...]


@frozen
class Ratio:
    """One ratio; `reads` says how: money, times or share (0.05 is five percent)."""

    id: str
    title: str
    reads: str
    value: float | None
    meaning: str


@frozen
class RatioReport:
    """Ratios of the newest four quarters that were known, and the price they were made with."""

    origin: Origin
    price: float | None
    price_day: date | None
    price_source: str
    ratios: tuple[Ratio, ...]


@frozen
class FiledReport:
    """One filing of a company."""

    form: str
    filed: date
    period_end: date | None
    title: str
    url: str


@frozen
class FilingList:
    """The filings of a company, the newest first."""

    origin: Origin
    filings: tuple[FiledReport, ...]


@frozen
class CompanyFactors:
    """What a company brings for its price, and how well it works; None where a part was not stated."""

    origin: Origin
    value: dict[str, float | None]
    quality: dict[str, float | None]
