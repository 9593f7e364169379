"""Statements from Yahoo Finance: four years and five quarters, without the days they were filed."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta

from puffling.puffin.data.instants import day_in
from puffling.puffin.data.statement_lines import LINE_OF, Measure
from puffling.puffin.data.statements import Company, Fact
from puffling.puffin.data.yfinance_provider import YFinanceProvider, to_yahoo
from puffling.puffin.errors import SourceFailed, UnknownSymbol

ADDRESS = "https://query2.finance.yahoo.com/ws/fundamentals-timeseries/v1/finance/timeseries/"
_SINCE = 480_000_000
_NAMES = {
    "revenue": "TotalRevenue",
    "cost_of_revenue": "CostOfRevenue",
    "gross_profit": "GrossProfit",
    "research_development": "ResearchAndDevelopment",
    "selling_general_admin": "SellingGeneralAndAdministration",
    "operating_income": "OperatingIncome",
    "interest_expense": "InterestExpense",
    "pretax_income": "PretaxIncome",
    "income_tax": "TaxProvision",
    "net_income": "NetIncome",
    "eps_diluted": "DilutedEPS",
    "shares_diluted": "DilutedAverageShares",
    "cash": "CashAndCashEquivalents",
    "short_term_investments": "OtherShortTermInvestments",
    "receivables": "AccountsReceivable",
    "inventory": "Inventory",
    "current_assets": "CurrentAssets",
    "property_net": "NetPPE",
    "total_assets": "TotalAssets",
    "payables": "AccountsPayable",
    "current_liabilities": "CurrentLiabilities",
    "long_term_debt": "LongTermDebt",
    "total_liabilities": "TotalLiabilitiesNetMinorityInterest",
    "retained_earnings": "RetainedEarnings",
    "equity": "StockholdersEquity",
    "shares_outstanding": "OrdinarySharesNumber",
    "depreciation": "DepreciationAndAmortization",
    "stock_compensation": "StockBasedCompensation",
    "operating_cash_flow": "OperatingCashFlow",
    "capital_expenditure": "CapitalExpenditure",
    "investing_cash_flow": "InvestingCashFlow",
    "free_cash_flow": "FreeCashFlow",
    "dividends_paid": "CashDividendsPaid",
    "share_repurchases": "RepurchaseOfCapitalStock",
    "financing_cash_flow": "FinancingCashFlow",
    "cash_change": "ChangesInCash",
}
_LINES = {name: line for line, name in _NAMES.items()}
# Yahoo writes what was paid as a negative number.
_PAID = frozenset({"capital_expenditure", "dividends_paid", "share_repurchases"})
_PREFIXES = {"annual": (timedelta(days=364), "10-K"), "quarterly": (timedelta(days=90), "10-Q")}


class YahooStatements(YFinanceProvider):
    """Statements by the road that prices take."""

    def company(self, symbol: str, now: datetime) -> Company:
        """Give what Yahoo tells of a company; its numbers count as filed today, for it does not say when."""
        with self._library(symbol):
            from yfinance.data import YfData

            ticker = to_yahoo(symbol)
            answer = YfData(session=self._session).get(
                url=ADDRESS + ticker,
                params={
                    "symbol": ticker,
                    "type": ",".join(prefix + name for prefix in _PREFIXES for name in _NAMES.values()),
                    "period1": str(_SINCE),
                    "period2": str(int(now.timestamp())),
                },
                timeout=self._timeout_seconds,
            )
            status = int(answer.status_code)
            found = answer.json() if status == 200 else None
        if status == 404:
            raise UnknownSymbol(symbol)
        if status != 200:
            raise SourceFailed(f"Yahoo answered with status {status}")
        return read_series(symbol, found, now.date())


def read_series(symbol: str, found: object, known_on: date) -> Company:
    """Give the company of an answer; what cannot be read is left out."""
    outer = found.get("timeseries") if isinstance(found, Mapping) else None
    series = outer.get("result") if isinstance(outer, Mapping) else None
    if not isinstance(series, list):
        raise SourceFailed("Yahoo gave an answer that cannot be read")
    facts: list[Fact] = []
    currencies: dict[str, int] = {}
    for each in series:
        for name, values in each.items() if isinstance(each, Mapping) else ():
            facts += _read_values(name, values, known_on, currencies)
    if not facts:
        raise UnknownSymbol(symbol)
    currency = max(currencies, key=lambda code: currencies[code], default="")
    return Company(symbol, symbol, currency, tuple(facts), ())


def _read_values(name: str, values: object, known_on: date, currencies: dict[str, int]) -> Iterator[Fact]:
    prefix = next((each for each in _PREFIXES if str(name).startswith(each)), None)
    line = _LINES.get(str(name).removeprefix(prefix)) if prefix is not None else None
    if prefix is None or line is None or not isinstance(values, list):
        return
    length, form = _PREFIXES[prefix]
    for value in values:
        reported = value.get("reportedValue") if isinstance(value, Mapping) else None
        number = reported.get("raw") if isinstance(reported, Mapping) else None
        if isinstance(number, bool) or not isinstance(number, (int, float)) or not math.isfinite(number):
            continue
        end = day_in(value.get("asOfDate"))
        if end is None or end > known_on:
            continue
        code = value.get("currencyCode")
        if isinstance(code, str) and code:
            currencies[code] = currencies.get(code, 0) + 1
        start = None if LINE_OF[line].measure is Measure.LEVEL else end - length
        yield Fact(line, end, abs(number) if line in _PAID else float(number), known_on, start, form)
