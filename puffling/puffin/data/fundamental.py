"""Puffin's public call for filings, statements and ratios of companies, from SEC EDGAR."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from puffling.puffin.data.edgar import Edgar, Wait
from puffling.puffin.data.ratios import ratios_of
from puffling.puffin.data.statement_lines import Period, Statement
from puffling.puffin.data.statements import Company, Statements
from puffling.puffin.errors import InvalidValue

if TYPE_CHECKING:
    import pandas as pd


class FundamentalDataProvider:
    """What companies report to the SEC.

    The SEC wants an e-mail address in the user agent, such as "Your Name you@example.org", and may refuse to
    answer without one. A company is fetched once and kept as long as this object lives.
    """

    def __init__(
        self,
        user_agent: str = "PuffinTradingSystem/1.0",
        *,
        base_url: str | None = None,
        wait: Wait | None = None,
    ) -> None:
        options: dict[str, Any] = {} if wait is None else {"wait": wait}
        self._edgar = Edgar(user_agent, base_url=base_url, **options)
        self._companies: dict[str, Company] = {}

    def fetch_filings(self, ticker: str, filing_type: str = "10-K", limit: int = 10) -> list[dict[str, Any]]:
        """Give the newest filings of a type; an empty type means all."""
        if limit < 1:
            raise InvalidValue("limit must be at least 1", field="limit")
        found = [
            filing
            for filing in self._edgar.filings(ticker)
            if not filing_type or filing.form.upper() == filing_type.upper()
        ]
        return [
            {
                "form": filing.form,
                "filing_date": filing.filed,
                "report_date": filing.period_end,
                "accession_number": filing.accession,
                "description": filing.title,
                "url": filing.url,
            }
            for filing in found[:limit]
        ]

    def get_financials(
        self,
        ticker: str,
        statement: str = "income",
        period: str = "annual",
        *,
        as_of: date | None = None,
    ) -> pd.DataFrame:
        """Give a statement (income, balance, cashflow; annual, quarterly): periods down, lines across.

        `as_of` shows what was known at the end of that day. The column `filed` holds the day on which the
        last figure of the row became known.
        """
        import pandas as pd

        sheet = self._statements(ticker, as_of).sheet(_statement(statement), _period(period))
        columns: dict[str, list[Any]] = {
            row.line.id: [figure.value if figure is not None else None for figure in row.figures]
            for row in sheet.rows
        }
        filed = [
            max(figure.filed for row in sheet.rows if (figure := row.figures[place]) is not None)
            for place in range(len(sheet.ends))
        ]
        index = pd.DatetimeIndex(pd.to_datetime(list(sheet.ends)), name="Date")
        frame = pd.DataFrame(columns, index=index, dtype="float64")
        frame["filed"] = pd.to_datetime(filed)
        return frame.sort_index()

    def compute_ratios(
        self, ticker: str, price: float | None = None, *, as_of: date | None = None
    ) -> dict[str, float | None]:
        """Give ratios of the newest four quarters; those of the price need one."""
        return ratios_of(self._statements(ticker, as_of), None if price is None else float(price))

    def _statements(self, ticker: str, as_of: date | None) -> Statements:
        if ticker not in self._companies:
            self._companies[ticker] = self._edgar.company(ticker)
        return Statements(self._companies[ticker].facts, as_of)


def _statement(name: str) -> Statement:
    plain = name.lower().replace("_", "").replace(" ", "").removesuffix("statement").removesuffix("sheet")
    try:
        return Statement(plain)
    except ValueError:
        raise InvalidValue(
            f"Unknown statement {name!r}; there are: {', '.join(Statement)}", field="statement"
        ) from None


def _period(name: str) -> Period:
    try:
        return Period(name.lower())
    except ValueError:
        raise InvalidValue(
            f"Unknown period {name!r}; there are: {', '.join(Period)}", field="period"
        ) from None
