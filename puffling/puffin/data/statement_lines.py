"""The lines of the three statements, and how each is measured; what sources say is read into these."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from puffling.frozen import frozen


class Statement(StrEnum):
    """One of the three statements."""

    INCOME = "income"
    BALANCE = "balance"
    CASHFLOW = "cashflow"


class Period(StrEnum):
    """How long a column of a statement is."""

    ANNUAL = "annual"
    QUARTERLY = "quarterly"


class Measure(StrEnum):
    """What kind of number stands in a line; it decides how a missing quarter is worked out."""

    FLOW = "flow"
    LEVEL = "level"
    AVERAGE = "average"
    PER_SHARE = "per_share"


class Unit(StrEnum):
    """What a line counts."""

    MONEY = "money"
    SHARES = "shares"
    MONEY_PER_SHARE = "money_per_share"


@frozen
class Line:
    """One line of a statement; payments are positive numbers."""

    id: str
    title: str
    statement: Statement
    group: str
    measure: Measure = Measure.FLOW
    unit: Unit = Unit.MONEY


def _lines(statement: Statement, measure: Measure, groups: Mapping[str, Mapping[str, str]]) -> list[Line]:
    return [
        Line(id, title, statement, group, measure)
        for group, lines in groups.items()
        for id, title in lines.items()
    ]


LINES: tuple[Line, ...] = (
    *_lines(
        Statement.INCOME,
        Measure.FLOW,
        {
            "Sales": {
                "revenue": "Revenue",
                "cost_of_revenue": "Cost of revenue",
                "gross_profit": "Gross profit",
            },
            "Operations": {
                "research_development": "Research and development",
                "selling_general_admin": "Selling, general and administrative",
                "operating_income": "Operating income",
            },
            "Result": {
                "interest_expense": "Interest expense",
                "pretax_income": "Income before tax",
                "income_tax": "Income tax",
                "net_income": "Net income",
            },
        },
    ),
    Line(
        "eps_diluted",
        "Earnings per share",
        Statement.INCOME,
        "Per share",
        Measure.PER_SHARE,
        Unit.MONEY_PER_SHARE,
    ),
    Line("shares_diluted", "Diluted shares", Statement.INCOME, "Per share", Measure.AVERAGE, Unit.SHARES),
    *_lines(
        Statement.BALANCE,
        Measure.LEVEL,
        {
            "Assets": {
                "cash": "Cash and equivalents",
                "short_term_investments": "Short-term investments",
                "receivables": "Receivables",
                "inventory": "Inventory",
                "current_assets": "Current assets",
                "property_net": "Property and equipment",
                "total_assets": "Total assets",
            },
            "Liabilities": {
                "payables": "Payables",
                "current_liabilities": "Current liabilities",
                "long_term_debt": "Long-term debt",
                "total_liabilities": "Total liabilities",
            },
            "Equity": {"retained_earnings": "Retained earnings", "equity": "Shareholders' equity"},
        },
    ),
    Line("shares_outstanding", "Shares outstanding", Statement.BALANCE, "Equity", Measure.LEVEL, Unit.SHARES),
    *_lines(
        Statement.CASHFLOW,
        Measure.FLOW,
        {
            "Operations": {
                "depreciation": "Depreciation and amortization",
                "stock_compensation": "Stock compensation",
                "operating_cash_flow": "Cash from operations",
            },
            "Investing": {
                "capital_expenditure": "Capital expenditure",
                "investing_cash_flow": "Cash from investing",
                "free_cash_flow": "Free cash flow",
            },
            "Financing": {
                "dividends_paid": "Dividends paid",
                "share_repurchases": "Share repurchases",
                "financing_cash_flow": "Cash from financing",
                "cash_change": "Change in cash",
            },
        },
    ),
)
LINE_OF = {line.id: line for line in LINES}
