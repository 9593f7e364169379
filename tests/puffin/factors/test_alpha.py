"""Alpha factors equal their plain definitions on real prices, and know nothing before its day."""

from __future__ import annotations

from datetime import date
from functools import cache
from math import sqrt
from statistics import stdev

import numpy as np
import pandas as pd
import pytest

from puffling.puffin.data.samples import SamplesProvider
from puffling.puffin.data.statements import Fact
from puffling.puffin.errors import InvalidValue
from puffling.puffin.factors.alpha import (
    compute_all_factors,
    compute_momentum_factors,
    compute_quality_factors,
    compute_value_factors,
    compute_volatility_factors,
)
from puffling.puffin.factors.company import company_numbers

SYMBOLS = ["IBM", "MSFT"]
PLACES = (3, 300, 1000, 2100)
COMPANIES = pd.DataFrame(
    {
        "market_cap": [1000.0, 500.0],
        "net_income": [50.0, -10.0],
        "equity": [400.0, -20.0],
        "revenue": [800.0, 100.0],
        "total_assets": [900.0, 300.0],
        "gross_profit": [300.0, 20.0],
        "operating_cash_flow": [60.0, 5.0],
    },
    index=pd.Index(SYMBOLS, name="Symbol"),
)


@cache
def history() -> pd.DataFrame:
    return SamplesProvider().fetch_historical(SYMBOLS, "2002-01-02", "2012-12-31")


@cache
def wide() -> pd.DataFrame:
    return history()["Close"].unstack("Symbol")


def closes(symbol: str) -> list[float]:
    return [float(each) for each in wide()[symbol]]


@pytest.mark.parametrize("symbol", SYMBOLS)
@pytest.mark.parametrize("place", PLACES)
def test_momentum_is_the_return_over_its_window(symbol: str, place: int) -> None:
    factors = compute_momentum_factors(wide()).xs(symbol, level="Symbol")
    prices = closes(symbol)
    for window in (5, 10, 21, 63, 252):
        expected = prices[place] / prices[place - window] - 1 if place >= window else float("nan")
        assert factors[f"momentum_{window}"].iloc[place] == pytest.approx(expected, rel=1e-9, nan_ok=True)
    if place >= 252:
        skipped = prices[place - 21] / prices[place - 252] - 1
        assert factors["momentum_252_21"].iloc[place] == pytest.approx(skipped, rel=1e-9)


@pytest.mark.parametrize("symbol", SYMBOLS)
@pytest.mark.parametrize("place", PLACES[1:])
def test_volatility_is_the_deviation_of_returns_per_year(symbol: str, place: int) -> None:
    factors = compute_volatility_factors(wide()).xs(symbol, level="Symbol")
    prices = closes(symbol)
    for window in (21, 63):
        returns = [prices[at] / prices[at - 1] - 1 for at in range(place - window + 1, place + 1)]
        falls = sum(min(each, 0.0) ** 2 for each in returns) / window
        row = factors.iloc[place]
        assert row[f"volatility_{window}"] == pytest.approx(stdev(returns) * sqrt(252), rel=1e-9)
        assert row[f"downside_{window}"] == pytest.approx(sqrt(falls * 252), rel=1e-9)


def test_prices_of_every_shape_give_the_same_factors() -> None:
    long = compute_momentum_factors(history())
    assert long.index.names == ["Date", "Symbol"]
    pd.testing.assert_frame_equal(long, compute_momentum_factors(wide()))
    one = compute_momentum_factors(history().xs("IBM", level="Symbol"))
    picked = long.loc[(slice(None), "IBM"), :].droplevel("Symbol")
    series = compute_momentum_factors(wide()["IBM"])
    pd.testing.assert_frame_equal(one, series)
    pd.testing.assert_frame_equal(one, picked, check_freq=False)
    stacked = history()["Close"]
    pd.testing.assert_frame_equal(compute_momentum_factors(stacked), long)


def test_days_to_come_change_nothing() -> None:
    early = compute_all_factors(wide().iloc[:600])
    late = compute_all_factors(wide()).loc[early.index]
    pd.testing.assert_frame_equal(early, late, rtol=1e-9, atol=1e-12)


def test_value_is_what_a_company_brings_for_its_price() -> None:
    factors = compute_value_factors(COMPANIES)
    assert factors["earnings_yield"].tolist() == [0.05, -0.02]
    assert factors["book_to_price"].tolist() == [0.4, -0.04]
    assert factors["sales_to_price"].tolist() == [0.8, 0.2]
    assert "dividend_yield" not in factors
    priced = COMPANIES.drop(columns="market_cap").assign(price=[10.0, 5.0], shares_outstanding=100.0)
    pd.testing.assert_frame_equal(compute_value_factors(priced), factors)


def test_quality_over_nothing_or_less_is_no_number() -> None:
    factors = compute_quality_factors(COMPANIES)
    assert factors["return_on_equity"].iloc[0] == 0.125
    assert np.isnan(factors["return_on_equity"].iloc[1])
    assert factors["gross_profitability"].iloc[0] == pytest.approx(1 / 3)
    assert factors["accruals"].tolist() == pytest.approx([-10 / 900, -15 / 300])


def test_one_company_may_come_as_plain_numbers() -> None:
    factors = compute_quality_factors({"net_income": 5, "equity": 50, "revenue": None})
    assert factors["return_on_equity"].tolist() == [0.1]


def test_company_numbers_of_today_stand_on_the_last_day_only() -> None:
    factors = compute_all_factors(wide(), COMPANIES, COMPANIES)
    days = factors["earnings_yield"].dropna().index.get_level_values("Date")
    assert set(days) == {wide().index[-1]}
    assert factors.loc[(wide().index[-1], "IBM"), "return_on_assets"] == pytest.approx(50 / 900)


def test_dated_company_numbers_hold_from_their_day_to_the_next() -> None:
    days = pd.to_datetime(["2005-05-02", "2006-05-01"])
    index = pd.MultiIndex.from_product([days, ["IBM"]], names=["Date", "Symbol"])
    dated = pd.DataFrame({"market_cap": [100.0, 100.0], "net_income": [5.0, 7.0]}, index=index)
    yields = compute_all_factors(wide(), dated)["earnings_yield"]
    ibm = yields.xs("IBM", level="Symbol")
    assert ibm.loc[:"2005-05-01"].isna().all()
    assert set(ibm.loc["2005-05-02":"2006-04-28"]) == {0.05}
    assert set(ibm.loc["2006-05-01":]) == {0.07}
    assert yields.xs("MSFT", level="Symbol").isna().all()


def test_company_numbers_meet_the_prices_of_a_single_symbol() -> None:
    factors = compute_all_factors(wide()["IBM"], COMPANIES.loc[["IBM"]])
    assert factors["earnings_yield"].dropna().tolist() == [0.05]


def test_dated_numbers_of_one_company_hold_from_their_day_on() -> None:
    days = pd.to_datetime(["2005-05-02", "2006-05-01"])
    dated = pd.DataFrame({"market_cap": [100.0, 100.0], "net_income": [5.0, 7.0]}, index=days)
    yields = compute_all_factors(wide()["IBM"], dated)["earnings_yield"]
    assert yields.loc[:"2005-05-01"].isna().all()
    assert set(yields.loc["2005-05-02":"2006-04-28"]) == {0.05}
    assert set(yields.loc["2006-05-01":]) == {0.07}


def test_reported_numbers_become_factors_from_the_day_they_were_filed() -> None:
    def year(number: int, income: float) -> list[Fact]:
        start, end, filed = date(number, 1, 1), date(number, 12, 31), date(number + 1, 2, 15)
        return [
            Fact("net_income", end, income, filed, start, "10-K"),
            Fact("equity", end, 100.0, filed, None, "10-K"),
            Fact("shares_outstanding", end, 10.0, filed, None, "10-K"),
        ]

    numbers = company_numbers({"IBM": [*year(2004, 5.0), *year(2005, 8.0)], "MSFT": year(2005, 1.0)})
    assert numbers.index.tolist() == [
        (pd.Timestamp("2005-02-15"), "IBM"), (pd.Timestamp("2006-02-15"), "IBM"),
        (pd.Timestamp("2006-02-15"), "MSFT"),
    ]  # fmt: skip
    returns = compute_all_factors(wide(), financials=numbers)["return_on_equity"].unstack("Symbol")
    assert returns["IBM"].loc[:"2005-02-14"].isna().all()
    assert set(returns["IBM"].loc["2005-02-15":"2006-02-14"]) == {0.05}
    assert set(returns["IBM"].loc["2006-02-15":]) == {0.08}
    value = compute_value_factors(numbers.assign(price=2.0))
    assert value["earnings_yield"].tolist() == [0.25, 0.4, 0.05]
    assert company_numbers({"IBM": []}).empty


def test_what_cannot_be_computed_is_refused_in_words() -> None:
    with pytest.raises(InvalidValue, match="at least 2"):
        compute_volatility_factors(wide(), [1])
    with pytest.raises(InvalidValue, match="at least 1"):
        compute_momentum_factors(wide(), [0])
    with pytest.raises(InvalidValue, match="market_cap"):
        compute_value_factors(COMPANIES[["equity"]])
    with pytest.raises(InvalidValue, match="no column Close"):
        compute_momentum_factors(history().rename(columns=lambda name: f"{name} of the day"))


def test_numbers_of_one_company_by_day_lose_their_symbol_beside_prices_of_one() -> None:
    days = pd.MultiIndex.from_tuples(
        [(pd.Timestamp("2005-05-02"), "IBM"), (pd.Timestamp("2006-05-01"), "IBM")], names=["Date", "Symbol"]
    )
    dated = pd.DataFrame({"market_cap": [100.0, 100.0], "net_income": [5.0, 7.0]}, index=days)
    yields = compute_all_factors(wide()["IBM"], dated)["earnings_yield"]
    assert yields.loc[:"2005-05-01"].isna().all()
    assert set(yields.loc["2005-05-02":"2006-04-28"]) == {0.05}
    assert set(yields.loc["2006-05-01":]) == {0.07}


def test_what_was_filed_before_a_day_is_left_out_where_one_asks_from_that_day_on() -> None:
    facts = [
        Fact("equity", date(year, 12, 31), float(year), date(year + 1, 2, 15), None, "10-K")
        for year in (2004, 2005)
    ]
    numbers = company_numbers({"IBM": facts}, date(2005, 6, 1))
    assert numbers.index.tolist() == [(pd.Timestamp("2006-02-15"), "IBM")]
    assert numbers["equity"].tolist() == [2005.0]
