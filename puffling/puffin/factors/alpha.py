"""Alpha factors: momentum and volatility of prices, value and quality of companies.

Prices are a wide frame of closes (Date down, Symbol across), an OHLCV frame indexed by Date and Symbol, or
one symbol as a series or an OHLCV frame. For several symbols the factors come indexed by (Date, Symbol), for
one on the index of its prices. Every factor of a day is made of that day and those before it.

Fundamentals and financials are frames or mappings with the line names of Puffin's statements as columns
(`net_income`, `equity`, ...), one row per symbol or per (Date, Symbol), the date being the day the numbers
were known. Flows are those of a year. A column that is missing leaves out the factors made of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import sqrt
from typing import TYPE_CHECKING, Any

from puffling.puffin.errors import InvalidValue

if TYPE_CHECKING:
    import pandas as pd

    Prices = pd.DataFrame | pd.Series
    Table = pd.DataFrame | Mapping[str, Any]

SESSIONS_A_YEAR = 252
MOMENTUM_WINDOWS = (5, 10, 21, 63, 252)
VOLATILITY_WINDOWS = (21, 63)
_SKIPPED = 21

# Each value factor is one column over market value.
_VALUE = {
    "earnings_yield": "net_income",
    "book_to_price": "equity",
    "sales_to_price": "revenue",
    "cash_flow_to_price": "operating_cash_flow",
    "free_cash_flow_yield": "free_cash_flow",
    "dividend_yield": "dividends_paid",
}
_QUALITY = {
    "return_on_equity": ("net_income", "equity"),
    "return_on_assets": ("net_income", "total_assets"),
    "gross_profitability": ("gross_profit", "total_assets"),
    "gross_margin": ("gross_profit", "revenue"),
    "operating_margin": ("operating_income", "revenue"),
    "net_margin": ("net_income", "revenue"),
    "asset_turnover": ("revenue", "total_assets"),
    "debt_to_equity": ("long_term_debt", "equity"),
    "current_ratio": ("current_assets", "current_liabilities"),
}


def compute_momentum_factors(prices: Prices, windows: Sequence[int] = MOMENTUM_WINDOWS) -> pd.DataFrame:
    """Give the return over each window, and over the longest without its last month.

    Columns are `momentum_5` and so on; `momentum_252_21` is the year up to a month ago, given for windows
    longer than a quarter.
    """

    def compute(closes: pd.DataFrame) -> dict[str, pd.DataFrame]:
        found = {f"momentum_{window}": closes / closes.shift(window) - 1.0 for window in windows}
        for window in windows:
            if window > 3 * _SKIPPED:
                skipped = closes.shift(_SKIPPED) / closes.shift(window) - 1.0
                found[f"momentum_{window}_{_SKIPPED}"] = skipped
        return found

    return _over_closes(prices, windows, compute)


def compute_volatility_factors(prices: Prices, windows: Sequence[int] = VOLATILITY_WINDOWS) -> pd.DataFrame:
    """Give the standard deviation of daily returns over each window, per year, and that of falls alone.

    `volatility_21` is the sample deviation of simple returns times the root of 252; `downside_21` is the root
    of the mean square of returns below zero, per year too.
    """

    def compute(closes: pd.DataFrame) -> dict[str, pd.DataFrame]:
        returns = closes / closes.shift(1) - 1.0
        falls = returns.clip(upper=0.0) ** 2
        found = {}
        for window in windows:
            found[f"volatility_{window}"] = returns.rolling(window).std() * sqrt(SESSIONS_A_YEAR)
            # A sum that is carried on may end a hair below zero, which has no root.
            mean = falls.rolling(window).mean().clip(lower=0.0)
            found[f"downside_{window}"] = (mean * SESSIONS_A_YEAR) ** 0.5
        return found

    return _over_closes(prices, windows, compute, least=2)


def compute_value_factors(fundamentals: Table) -> pd.DataFrame:
    """Give what a company earns, owns and sells for each unit of its market value.

    Market value is the column `market_cap`, or `price` times `shares_outstanding`.
    """
    import pandas as pd

    table = _table(fundamentals)
    if "market_cap" in table:
        value = table["market_cap"]
    elif {"price", "shares_outstanding"} <= set(table):
        value = table["price"] * table["shares_outstanding"]
    else:
        raise InvalidValue("Value factors need market_cap, or price and shares_outstanding", field="columns")
    found = {name: _ratio(table[line], value) for name, line in _VALUE.items() if line in table}
    return pd.DataFrame(found, index=table.index)


def compute_quality_factors(financials: Table) -> pd.DataFrame:
    """Give how profitably, soundly and honestly a company works.

    `accruals` is the part of income that was not cash, over total assets: less of it is better.
    """
    import pandas as pd

    table = _table(financials)
    found = {
        name: _ratio(table[part], table[whole])
        for name, (part, whole) in _QUALITY.items()
        if part in table and whole in table
    }
    if {"net_income", "operating_cash_flow", "total_assets"} <= set(table):
        found["accruals"] = _ratio(table["net_income"] - table["operating_cash_flow"], table["total_assets"])
    return pd.DataFrame(found, index=table.index)


def compute_all_factors(
    prices: Prices,
    fundamentals: Table | None = None,
    financials: Table | None = None,
    momentum_windows: Sequence[int] = MOMENTUM_WINDOWS,
    volatility_windows: Sequence[int] = VOLATILITY_WINDOWS,
) -> pd.DataFrame:
    """Give all factors of these prices and companies in one frame.

    Company numbers indexed by (Date, Symbol) hold from their date to the next one; numbers with a symbol
    alone are today's and stand on the last day only: on earlier days nobody knew them.
    """
    import pandas as pd

    parts = [
        compute_momentum_factors(prices, momentum_windows),
        compute_volatility_factors(prices, volatility_windows),
    ]
    index = parts[0].index
    if fundamentals is not None:
        parts.append(_since_known(compute_value_factors(fundamentals), index))
    if financials is not None:
        parts.append(_since_known(compute_quality_factors(financials), index))
    joined = pd.concat(parts, axis=1)
    return joined.loc[:, ~joined.columns.duplicated()]


def _over_closes(
    prices: Prices,
    windows: Sequence[int],
    compute: Callable[[pd.DataFrame], dict[str, pd.DataFrame]],
    least: int = 1,
) -> pd.DataFrame:
    import pandas as pd

    for window in windows:
        if window < least:
            raise InvalidValue(f"A window has at least {least} days, not {window}", field="windows")
    closes, single = _closes(prices)
    found = compute(closes)
    if single:
        return pd.DataFrame({name: frame.iloc[:, 0] for name, frame in found.items()}, index=closes.index)
    columns = {name: frame.stack() for name, frame in found.items()}
    together = pd.DataFrame(columns)
    together.index = together.index.set_names(["Date", "Symbol"])
    return together


def _closes(prices: Prices) -> tuple[pd.DataFrame, bool]:
    """Give closes with symbols across, and whether there is one symbol that nobody named."""
    import pandas as pd

    if isinstance(prices, pd.Series):
        if not isinstance(prices.index, pd.MultiIndex):
            return prices.to_frame().astype("float64"), True
        return prices.unstack("Symbol").astype("float64"), False
    close = next((name for name in prices.columns if str(name).lower() == "close"), None)
    if isinstance(prices.index, pd.MultiIndex):
        if close is None:
            raise InvalidValue("The prices have no column Close", field="prices")
        return prices[close].unstack("Symbol").astype("float64"), False
    if close is not None:
        return prices[[close]].astype("float64"), True
    return prices.astype("float64"), False


def _table(numbers: Table) -> pd.DataFrame:
    import pandas as pd

    if isinstance(numbers, pd.DataFrame):
        return numbers
    plain = all(isinstance(value, (int, float)) or value is None for value in numbers.values())
    return pd.DataFrame(dict(numbers), index=[0] if plain else None)


def _ratio(part: pd.Series, whole: pd.Series) -> pd.Series:
    """Divide where that means something: nothing is cheap or profitable over a whole of zero or less."""
    whole = whole.astype("float64")
    return part.astype("float64") / whole.where(whole > 0)


def _since_known(factors: pd.DataFrame, index: pd.Index) -> pd.DataFrame:
    """Put company factors on the days of the prices, each from the day it was known."""
    import pandas as pd

    if not isinstance(index, pd.MultiIndex):
        if isinstance(factors.index, pd.MultiIndex):
            factors = factors.droplevel("Symbol")
        if isinstance(factors.index, pd.DatetimeIndex):
            return factors.sort_index().reindex(index, method="ffill")
        return factors.tail(1).set_axis(index[-1:], axis=0).reindex(index)
    days = index.get_level_values("Date").unique()
    if not isinstance(factors.index, pd.MultiIndex):
        last = pd.MultiIndex.from_product([[days.max()], factors.index], names=["Date", "Symbol"])
        return factors.set_axis(last, axis=0).reindex(index)
    wide = {
        name: column.unstack("Symbol").sort_index().ffill().reindex(days, method="ffill").stack()
        for name, column in factors.items()
    }
    return pd.DataFrame(wide).reindex(index)
