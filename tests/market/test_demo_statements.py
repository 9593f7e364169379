"""The demo market's companies report as real ones do, and their books balance."""

from __future__ import annotations

from datetime import date, timedelta
from hashlib import sha256
from itertools import pairwise

import pytest

from puffling.market.demo.statements import demo_company
from puffling.market.demo.universe import LISTINGS
from puffling.market.values import AssetClass
from puffling.puffin.data.ratios import ratios_of
from puffling.puffin.data.statement_lines import Period
from puffling.puffin.data.statements import Company, Statements

TODAY = date(2026, 3, 4)
SHARES = [listing.symbol for listing in LISTINGS if listing.asset_class is AssetClass.EQUITY]
OTHERS = [listing.symbol for listing in LISTINGS if listing.asset_class is not AssetClass.EQUITY]


def company(symbol: str, as_of: date = TODAY) -> Company:
    return demo_company(7, symbol, as_of)


def digest(reported: Company) -> str:
    return sha256(
        "\n".join(
            f"{fact.line} {fact.start} {fact.end} {fact.value!r} {fact.filed} {fact.form}"
            for fact in reported.facts
        ).encode()
    ).hexdigest()


def test_every_system_invents_the_same_companies() -> None:
    reports = "".join(digest(company(symbol)) for symbol in SHARES)
    assert (
        sha256(reports.encode()).hexdigest()
        == "761b7c3126127659ffc165b91b3e6af7b0fca1817bc545238261c4873a366aba"
    )
    assert digest(demo_company(8, "AAPL", TODAY)) != digest(company("AAPL"))


@pytest.mark.parametrize("symbol", SHARES)
def test_the_books_balance_and_the_cash_is_where_it_went(symbol: str) -> None:
    books = Statements(company(symbol).facts)
    ends = books.ends(Period.QUARTERLY)
    assert len(ends) > 100

    def value(line: str, end: date) -> float:
        figure = books.quarter(line, end)
        assert figure is not None
        return figure.value

    for end, before in pairwise(ends):
        assert value("total_assets", end) == value("total_liabilities", end) + value("equity", end)
        flows = ("operating_cash_flow", "investing_cash_flow", "financing_cash_flow")
        assert sum(value(line, end) for line in flows) == value("cash_change", end)
        assert value("cash", end) - value("cash", before) == value("cash_change", end)
        assert value("gross_profit", end) == value("revenue", end) - value("cost_of_revenue", end)
        assert value("cash", end) > 0
        assert value("inventory", end) >= 0


@pytest.mark.parametrize("symbol", SHARES)
def test_a_year_is_its_four_quarters(symbol: str) -> None:
    books = Statements(company(symbol).facts)
    for end in books.ends(Period.ANNUAL):
        year = books.year("revenue", end)
        assert year is not None
        place = books.ends(Period.QUARTERLY).index(end)
        quarters = [
            books.quarter("revenue", each) for each in books.ends(Period.QUARTERLY)[place : place + 4]
        ]
        assert year.value == sum(figure.value for figure in quarters if figure is not None)


@pytest.mark.parametrize("symbol", SHARES)
def test_a_company_is_worth_a_sensible_multiple_of_what_it_earns(symbol: str) -> None:
    listing = next(each for each in LISTINGS if each.symbol == symbol)
    ratios = ratios_of(Statements(company(symbol).facts), listing.anchor_price)
    bounds = {
        "price_to_earnings": (8, 60), "price_to_book": (0.8, 20), "net_margin": (0.03, 0.4),
        "current_ratio": (1, 8), "market_cap": (5e10, 1e13), "return_on_equity": (0.05, 0.7),
    }  # fmt: skip
    for name, (low, high) in bounds.items():
        found = ratios[name]
        assert found is not None
        assert low < found < high, name
    assert (ratios["dividend_yield"] or 0.0) == pytest.approx(listing.dividend_yield, rel=0.15, abs=1e-9)


def test_a_report_comes_some_weeks_after_its_quarter_on_a_working_day() -> None:
    for symbol in SHARES:
        for filing in company(symbol).filings:
            assert filing.period_end is not None
            late = filing.filed - filing.period_end
            assert timedelta(days=25) < late < timedelta(days=62)
            assert filing.filed.weekday() < 5


def test_nothing_is_known_before_it_was_filed_and_the_past_stays_as_it_was() -> None:
    day = date(2020, 5, 1)
    then, now = company("AAPL", day), company("AAPL")
    assert all(fact.filed <= day for fact in then.facts)
    assert set(then.facts) == {fact for fact in now.facts if fact.filed <= day}
    assert then.filings[0].filed <= day < now.filings[0].filed


def test_numbers_per_share_are_told_again_in_new_shares_after_a_split() -> None:
    end = date(2019, 12, 31)
    before = Statements(company("AAPL", date(2020, 8, 1)).facts).quarter("shares_diluted", end)
    after = Statements(company("AAPL", date(2021, 8, 1)).facts).quarter("shares_diluted", end)
    assert before is not None
    assert after is not None
    assert (after.value, after.restated) == (4 * before.value, True)


@pytest.mark.parametrize("symbol", OTHERS)
def test_funds_and_coins_report_nothing(symbol: str) -> None:
    assert (company(symbol).facts, company(symbol).filings) == ((), ())
