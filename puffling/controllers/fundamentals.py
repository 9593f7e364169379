"""What companies report, as it was known on a day, and what it says about their price."""

from __future__ import annotations

import asyncio
from collections import deque
from datetime import date
from typing import TYPE_CHECKING, Annotated, Literal, NamedTuple
from zoneinfo import ZoneInfo

from pydantic import Field

from puffling.market.fundamentals import DEMO, ReportBook, Reports
from puffling.market.market import Market
from puffling.market.parameters import Symbol, parted
from puffling.market.values import AssetClass, History, Instrument
from puffling.puffin.data.instants import US_PER_DAY, day_to_us, us_to_day
from puffling.puffin.data.interval import Interval
from puffling.puffin.data.reported import (
    CompanyFactors,
    FiledReport,
    FilingList,
    Origin,
    Ratio,
    RatioReport,
    StatementRow,
    StatementTable,
)
from puffling.puffin.data.statement_lines import Period, Statement
from puffling.runtime.capability import Controller, capability
from puffling.runtime.clock import Clock
from puffling.runtime.errors import PufflingError, Unavailable
from puffling.runtime.gate import Effect
from puffling.runtime.jobs import Job
from puffling.runtime.text import tr

if TYPE_CHECKING:
    import pandas as pd

    from puffling.puffin.data.statements import Company, SheetRow, Statements

NEW_YORK = ZoneInfo("America/New_York")
_LOOK_BACK_DAYS = 14
_ORDERED = 4

AsOf = Annotated[
    date | None, Field(description="Show what was known at the end of this day; empty means now.")
]
From = Annotated[
    Literal["demo", "edgar", "yahoo"] | None,
    Field(description="The source to ask: demo, edgar or yahoo; empty means the one that fits the symbol."),
]
Most = Annotated[int, Field(description="How many at the most, the newest first.", ge=1, le=200)]


class Fundamentals(Controller):
    """Statements, ratios and filings of companies."""

    def __init__(self, market: Market, book: ReportBook, clock: Clock) -> None:
        self._market = market
        self._book = book
        self._clock = clock
        self._ordered: deque[tuple[Company, Statements]] = deque(maxlen=_ORDERED)

    @capability(
        title="Show statements",
        effect=Effect.READ,
        http="GET /api/data/fundamentals",
        tool="get_fundamentals",
    )
    async def show(
        self,
        symbol: Symbol,
        statement: Annotated[
            Statement, Field(description="Which statement: income, balance or cashflow.")
        ] = Statement.INCOME,
        period: Annotated[
            Period, Field(description="Years or quarters: annual or quarterly.")
        ] = Period.ANNUAL,
        as_of: AsOf = None,
        source: From = None,
        limit: Most = 12,
    ) -> StatementTable:
        """Show a company's income, balance or cash flow as it was known on a day."""
        known = await self._known(symbol, as_of, source)
        sheet = known.statements.sheet(statement, period, limit)
        return StatementTable(
            origin=known.origin,
            statement=str(statement),
            period=str(period),
            ends=sheet.ends,
            rows=tuple(_row(row) for row in sheet.rows),
        )

    @capability(
        title="Show ratios", effect=Effect.READ, http="GET /api/data/fundamentals/ratios", tool="get_ratios"
    )
    async def ratios(
        self,
        symbol: Symbol,
        price: Annotated[
            float | None, Field(description="A price to use instead of the market's.", gt=0)
        ] = None,
        as_of: AsOf = None,
        source: From = None,
    ) -> RatioReport:
        """Show what a company costs, earns and owes, as it was known on a day."""
        from puffling.puffin.data.ratios import RATIOS, ratios_of

        known = await self._known(symbol, as_of, source)
        priced = await self._priced(symbol, price, known)
        values = ratios_of(known.statements, priced.price, priced.shares_factor)
        empty = known.statements.newest_filed is None
        return RatioReport(
            origin=known.origin,
            price=priced.price,
            price_day=priced.day,
            price_source=priced.source,
            ratios=()
            if empty
            else tuple(
                Ratio(kind.id, tr(kind.title), kind.reads, values[kind.id], tr(kind.meaning))
                for kind in RATIOS
            ),
        )

    @capability(
        title="Show filings",
        effect=Effect.READ,
        http="GET /api/data/fundamentals/filings",
        tool="get_filings",
    )
    async def filings(
        self,
        symbol: Symbol,
        form: Annotated[str, Field(description="Only this form, such as 10-K.", max_length=20)] = "",
        as_of: AsOf = None,
        source: From = None,
        limit: Most = 40,
    ) -> FilingList:
        """Show what a company has filed by a day."""
        known = await self._known(symbol, as_of, source)
        found = [
            FiledReport(each.form, each.filed, each.period_end, each.title, each.url)
            for each in known.reports.company.filings
            if each.filed <= known.origin.as_of and (not form or each.form.upper() == form.strip().upper())
        ]
        return FilingList(known.origin, tuple(found[:limit]))

    @capability(
        title="Compute company factors",
        effect=Effect.COMPUTE,
        http="POST /api/data/fundamentals/factors",
        tool="get_company_factors",
        menu="Research",
        job=True,
    )
    async def factors(
        self,
        symbols: Annotated[
            tuple[Symbol, ...], Field(description="The companies.", min_length=1, max_length=100), parted
        ],
        as_of: AsOf = None,
    ) -> tuple[CompanyFactors, ...]:
        """Compare companies by what they cost and how well they work, as it was known on a day."""
        from puffling.puffin.factors.company import numbers_of

        job = Job.current()
        asked = tuple(dict.fromkeys(symbols))
        rows: list[dict[str, float]] = []
        origins: list[Origin] = []
        for done, symbol in enumerate(asked):
            job.progress(done, len(asked), tr("Reading {symbol}", symbol=symbol))
            known = await self._known(symbol, as_of, None)
            priced = await self._priced(symbol, None, known)
            numbers = numbers_of(known.statements)
            shares = numbers.get("shares_outstanding")
            if priced.price is not None and shares is not None:
                numbers["market_cap"] = priced.price * shares * priced.shares_factor
            rows.append(numbers)
            origins.append(known.origin)
        found = await job.compute(_company_factors, rows)
        return tuple(CompanyFactors(origin, *each) for origin, each in zip(origins, found, strict=True))

    async def _known(self, symbol: str, as_of: date | None, source: str | None) -> _Known:
        today = self._clock.now().astimezone(NEW_YORK).date()
        day = min(as_of or today, today)
        instrument = self._instrument(symbol, source)
        if source == DEMO or (source is None and self._is_demo(symbol)):
            reports = self._book.demo(symbol)
        elif instrument is not None and instrument.asset_class is not AssetClass.EQUITY:
            reports = self._book.nothing(symbol, instrument.name)
        else:
            reports = await self._book.reports(symbol, source)
        if not reports.dated and as_of is not None and as_of < today:
            raise Unavailable(
                tr("{label} does not say when its numbers were filed.", label=reports.label),
                hint=tr("Leave the day out, or ask SEC EDGAR, which knows what was known on a day."),
            )
        statements = await self._in_order(reports.company, day if reports.dated else None)
        origin = Origin(
            symbol=symbol,
            name=reports.company.name,
            currency=reports.company.currency,
            source=reports.source,
            label=reports.label,
            fetched_at=reports.fetched_at,
            as_of=day,
            filed=statements.newest_filed,
            note=_note(reports, statements, instrument),
        )
        return _Known(reports, statements, origin, instrument)

    async def _in_order(self, company: Company, day: date | None) -> Statements:
        """Put a company's facts in order once for all the questions that follow each other."""
        from puffling.puffin.data.statements import Statements

        for kept, statements in self._ordered:
            if kept is company and statements.as_of == day:
                return statements
        # Thousands of facts take some milliseconds to gather, and as many to put in order.
        await asyncio.sleep(0)
        made = Statements(company.facts, day)
        await asyncio.sleep(0)
        self._ordered.append((company, made))
        return made

    def _instrument(self, symbol: str, source: str | None) -> Instrument | None:
        """Give what the market knows of a symbol; where a source is named it need not know it."""
        try:
            return self._market.instrument(symbol)
        except PufflingError:
            if source is None or source == DEMO:
                raise
            return None

    def _is_demo(self, symbol: str) -> bool:
        """Tell whether the demo market answers for a symbol: its prices belong to its own reports only."""
        try:
            return self._market.price(symbol).source.startswith(DEMO)
        except PufflingError:
            return False

    async def _priced(self, symbol: str, price: float | None, known: _Known) -> _Priced:
        """Find the price that stood at the end of the day, in the shares of that day."""
        from puffling.puffin.data.ratios import shares_day

        counted = shares_day(known.statements)
        if counted is None:
            return _Priced(price)
        day = known.origin.as_of
        if price is not None:
            return _Priced(price, shares_factor=await self._split_since(symbol, counted, day))
        if known.instrument is None or known.instrument.currency != known.origin.currency:
            return _Priced(None)
        try:
            history = await self._market.bars(
                symbol,
                Interval.D1,
                day_to_us(day) - _LOOK_BACK_DAYS * US_PER_DAY,
                day_to_us(day) + US_PER_DAY,
                adjusted=False,
            )
        except PufflingError:
            return _Priced(None)
        # A price of the invented market says nothing of a real company, nor the other way round.
        if not len(history.bars) or history.source.startswith(DEMO) is not (known.origin.source == DEMO):
            return _Priced(None)
        return await self._as_traded(symbol, history, counted)

    async def _as_traded(self, symbol: str, history: History, counted: date) -> _Priced:
        last_us = int(history.bars.time[-1])
        factor = await self._split_since(symbol, counted, us_to_day(last_us))
        return _Priced(float(history.bars.close[-1]), us_to_day(last_us), history.label, factor)

    async def _split_since(self, symbol: str, counted: date, day: date) -> float:
        try:
            actions = await self._market.actions(symbol)
        except PufflingError:
            return 1.0
        factor = 1.0
        for action in actions:
            factor *= action.split_ratio if counted < action.day <= day else 1.0
        return factor


class _Known(NamedTuple):
    reports: Reports
    statements: Statements
    origin: Origin
    instrument: Instrument | None


class _Priced(NamedTuple):
    price: float | None
    day: date | None = None
    source: str = ""
    shares_factor: float = 1.0


Factors = dict[str, float | None]


def _company_factors(rows: list[dict[str, float]]) -> list[tuple[Factors, Factors]]:
    import pandas as pd

    from puffling.puffin.factors.alpha import compute_quality_factors, compute_value_factors
    from puffling.puffin.factors.company import NUMBERS

    table = pd.DataFrame(rows, columns=["market_cap", *NUMBERS], dtype="float64")
    value, quality = compute_value_factors(table), compute_quality_factors(table)
    return [(_known_only(value.loc[row]), _known_only(quality.loc[row])) for row in table.index]


def _known_only(row: pd.Series) -> Factors:
    return {str(name): None if value != value else float(value) for name, value in row.items()}


def _row(row: SheetRow) -> StatementRow:
    figures = row.figures
    return StatementRow(
        line=row.line.id,
        title=tr(row.line.title),
        group=tr(row.line.group),
        unit=str(row.line.unit),
        values=tuple(figure.value if figure else None for figure in figures),
        filed=tuple(figure.filed if figure else None for figure in figures),
        derived=tuple(bool(figure and figure.derived) for figure in figures),
        restated=tuple(bool(figure and figure.restated) for figure in figures),
    )


def _note(reports: Reports, statements: Statements, instrument: Instrument | None) -> str:
    if reports.warning:
        return reports.warning
    if statements.newest_filed is not None:
        return "" if reports.dated else tr("{label} does not say when these were filed.", label=reports.label)
    kind = instrument.asset_class if instrument is not None else AssetClass.EQUITY
    if kind is AssetClass.ETF:
        return tr("A fund has no statements of its own: look at what it holds.")
    if kind is AssetClass.CRYPTO:
        return tr("A coin is no company: nobody files statements for it.")
    return tr("Nothing was filed by then.")
