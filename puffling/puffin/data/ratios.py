"""What the numbers of a company say about it, and about its price."""

from __future__ import annotations

from datetime import date, timedelta

from puffling.frozen import frozen
from puffling.puffin.data.statement_lines import Period
from puffling.puffin.data.statements import Statements

_A_YEAR = timedelta(days=350)


@frozen
class RatioKind:
    """One ratio: its name, how it reads (share, times or money), and what it is made of."""

    id: str
    title: str
    reads: str
    meaning: str


RATIOS = (
    RatioKind("market_cap", "Market value", "money", "Price times shares outstanding."),
    RatioKind("price_to_earnings", "Price / earnings", "times", "Market value over a year's net income."),
    RatioKind("price_to_sales", "Price / sales", "times", "Market value over a year's revenue."),
    RatioKind("price_to_book", "Price / book", "times", "Market value over shareholders' equity."),
    RatioKind(
        "price_to_free_cash_flow",
        "Price / free cash flow",
        "times",
        "Market value over a year's free cash flow.",
    ),
    RatioKind("earnings_yield", "Earnings yield", "share", "A year's net income over market value."),
    RatioKind("free_cash_flow_yield", "Free cash flow yield", "share", "Free cash flow over market value."),
    RatioKind("dividend_yield", "Dividend yield", "share", "A year's dividends paid over market value."),
    RatioKind("gross_margin", "Gross margin", "share", "Gross profit over revenue, the newest year."),
    RatioKind("operating_margin", "Operating margin", "share", "Operating income over revenue."),
    RatioKind("net_margin", "Net margin", "share", "Net income over revenue."),
    RatioKind("return_on_equity", "Return on equity", "share", "A year's net income over equity."),
    RatioKind("return_on_assets", "Return on assets", "share", "A year's net income over total assets."),
    RatioKind("asset_turnover", "Asset turnover", "times", "A year's revenue over total assets."),
    RatioKind("debt_to_equity", "Debt / equity", "times", "Long-term debt over equity."),
    RatioKind("current_ratio", "Current ratio", "times", "Current assets over current liabilities."),
    RatioKind("revenue_growth", "Revenue growth", "share", "A year's revenue against the year before."),
    RatioKind("earnings_growth", "Earnings growth", "share", "Net income against the year before."),
)
RATIO_OF = {kind.id: kind for kind in RATIOS}


def ratios_of(
    statements: Statements, price: float | None = None, shares_factor: float = 1.0
) -> dict[str, float | None]:
    """Give every ratio; None where a part is missing or the ratio would mean nothing.

    Flows are those of the newest four quarters. `shares_factor` is what splits since the newest balance
    sheet made of each share.
    """

    def flow(line: str) -> float | None:
        found = statements.trailing(line)
        return found.value if found is not None else None

    def level(line: str) -> float | None:
        found = statements.newest_level(line)
        return found[0].value if found is not None else None

    revenue, income = flow("revenue"), flow("net_income")
    cash_flow, equity, assets = flow("free_cash_flow"), level("equity"), level("total_assets")
    shares = shares_of(statements)
    value = price * shares * shares_factor if price is not None and shares is not None else None
    return {
        "market_cap": value,
        "price_to_earnings": _over_positive(value, income),
        "price_to_sales": _over_positive(value, revenue),
        "price_to_book": _over_positive(value, equity),
        "price_to_free_cash_flow": _over_positive(value, cash_flow),
        "earnings_yield": _over_positive(income, value),
        "free_cash_flow_yield": _over_positive(cash_flow, value),
        "dividend_yield": _over_positive(flow("dividends_paid"), value),
        "gross_margin": _over_positive(flow("gross_profit"), revenue),
        "operating_margin": _over_positive(flow("operating_income"), revenue),
        "net_margin": _over_positive(income, revenue),
        "return_on_equity": _over_positive(income, equity),
        "return_on_assets": _over_positive(income, assets),
        "asset_turnover": _over_positive(revenue, assets),
        "debt_to_equity": _over_positive(level("long_term_debt"), equity),
        "current_ratio": _over_positive(level("current_assets"), level("current_liabilities")),
        "revenue_growth": _growth(statements, "revenue"),
        "earnings_growth": _growth(statements, "net_income"),
    }


def shares_of(statements: Statements) -> float | None:
    """Give the newest count of shares, or the newest average where a company states no count."""
    counted = statements.newest_level("shares_outstanding")
    if counted is not None:
        return counted[0].value
    for period, take in ((Period.QUARTERLY, statements.quarter), (Period.ANNUAL, statements.year)):
        for end in statements.ends(period):
            if (figure := take("shares_diluted", end)) is not None:
                return figure.value
    return None


def shares_day(statements: Statements) -> date | None:
    """Give the day of the newest count of shares; splits after it are not in it."""
    found = statements.newest_level("shares_outstanding")
    if found is not None:
        return found[1]
    ends = statements.ends(Period.QUARTERLY) or statements.ends(Period.ANNUAL)
    return ends[0] if ends else None


def _growth(statements: Statements, line: str) -> float | None:
    ends = statements.ends(Period.QUARTERLY) or statements.ends(Period.ANNUAL)
    if not ends:
        return None
    now, before = statements.trailing(line), statements.trailing(line, ends[0] - _A_YEAR)
    if now is None or before is None or before.value <= 0:
        return None
    return now.value / before.value - 1.0


def _over_positive(part: float | None, whole: float | None) -> float | None:
    return part / whole if part is not None and whole is not None and whole > 0 else None
