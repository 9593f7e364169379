"""Company numbers say where they come from and since when they were known; no day sees the next one's."""

from __future__ import annotations

import gc
from datetime import date, datetime

import pytest

from puffling.core.core import Core
from puffling.puffin.data.reported import RatioReport, StatementTable
from puffling.puffin.data.statement_lines import Period, Statement
from puffling.runtime.clock import FixedClock
from puffling.runtime.errors import InvalidInput, NotFound, Unavailable
from tests.fixtures.cores import NOON

pytestmark = pytest.mark.usefixtures("as_person")


def value(report: RatioReport, ratio: str) -> float:
    found = next(each.value for each in report.ratios if each.id == ratio)
    assert found is not None
    return found


def line(table: StatementTable, name: str) -> tuple[float | None, ...]:
    return next(row.values for row in table.rows if row.line == name)


async def test_a_statement_says_where_it_comes_from(core: Core) -> None:
    table = await core.fundamentals.show("aapl")
    origin = table.origin
    assert (origin.symbol, origin.source, origin.label, origin.currency) == (
        "AAPL",
        "demo",
        "Demo data",
        "USD",
    )
    assert origin.name == "Apple Inc."
    assert origin.fetched_at == NOON
    assert origin.filed is not None
    assert origin.filed <= NOON.date()
    assert len(table.ends) == 12
    revenue = table.rows[0]
    assert (revenue.line, revenue.title, revenue.group, revenue.unit) == (
        "revenue",
        "Revenue",
        "Sales",
        "money",
    )
    assert all(day is not None and day > end for day, end in zip(revenue.filed, table.ends, strict=True))


async def test_every_statement_is_there_in_years_and_quarters(core: Core) -> None:
    for statement in Statement:
        years = await core.fundamentals.show("JNJ", statement, Period.ANNUAL, limit=4)
        quarters = await core.fundamentals.show("JNJ", statement, Period.QUARTERLY, limit=16)
        assert (len(years.ends), len(quarters.ends)) == (4, 16)
        assert [row.line for row in years.rows] == [row.line for row in quarters.rows]


async def test_a_past_day_sees_only_what_was_filed_by_then(core: Core) -> None:
    day = date(2015, 6, 30)
    table = await core.fundamentals.show("AAPL", as_of=day)
    assert all(filed is None or filed <= day for row in table.rows for filed in row.filed)
    assert table.ends[0] < day
    filed = await core.fundamentals.filings("AAPL", as_of=day)
    assert filed.filings[0].filed <= day
    report = await core.fundamentals.ratios("AAPL", as_of=day)
    assert report.price_day is not None
    assert report.price_day <= day


async def test_tomorrow_is_not_known_today(core: Core, clock: FixedClock) -> None:
    table = await core.fundamentals.show("AAPL", Statement.INCOME, Period.QUARTERLY, as_of=date(2030, 1, 1))
    assert table.origin.as_of == NOON.date()
    clock.set(datetime(2026, 9, 1, 16, tzinfo=NOON.tzinfo))
    later = await core.fundamentals.show("AAPL", Statement.INCOME, Period.QUARTERLY)
    assert later.ends[0] > table.ends[0]


async def test_ratios_use_the_price_of_their_day(core: Core) -> None:
    report = await core.fundamentals.ratios("MSFT")
    assert report.price is not None
    assert report.price_source == "Demo data"
    income = await core.fundamentals.show("MSFT", Statement.INCOME, Period.QUARTERLY)
    balance = await core.fundamentals.show("MSFT", Statement.BALANCE, Period.QUARTERLY)
    earned = sum(each or 0.0 for each in line(income, "net_income")[:4])
    shares = line(balance, "shares_outstanding")[0]
    assert shares is not None
    assert value(report, "market_cap") == pytest.approx(report.price * shares)
    assert value(report, "price_to_earnings") == pytest.approx(report.price * shares / earned)


async def test_a_split_after_the_last_report_does_not_divide_a_company(core: Core) -> None:
    before = await core.fundamentals.ratios("AAPL", as_of=date(2020, 8, 28))
    after = await core.fundamentals.ratios("AAPL", as_of=date(2020, 8, 31))

    assert value(after, "market_cap") == pytest.approx(value(before, "market_cap"), rel=0.2)
    assert before.price is not None
    assert after.price is not None
    assert before.price > 3 * after.price


async def test_a_price_of_ones_own_counts(core: Core) -> None:
    one = value(await core.fundamentals.ratios("MSFT", price=100.0), "price_to_sales")
    two = value(await core.fundamentals.ratios("MSFT", price=200.0), "price_to_sales")
    assert two == pytest.approx(2 * one)


@pytest.mark.parametrize(("symbol", "word"), [("SPY", "fund"), ("BTC/USD", "coin")])
async def test_what_is_no_company_says_so_and_shows_nothing(core: Core, symbol: str, word: str) -> None:
    table = await core.fundamentals.show(symbol)
    report = await core.fundamentals.ratios(symbol)
    filed = await core.fundamentals.filings(symbol)
    assert (table.rows, table.ends, report.ratios, filed.filings) == ((), (), (), ())
    assert word in table.origin.note


async def test_filings_can_be_narrowed_to_a_form(core: Core) -> None:
    found = (await core.fundamentals.filings("KO", form="10-k", limit=3)).filings
    assert [each.form for each in found] == ["10-K"] * 3


async def test_a_real_company_is_never_shown_with_numbers_of_the_demo(core: Core) -> None:
    await core.settings.put("fundamentals.sources", ["edgar"])
    with pytest.raises(Unavailable, match="e-mail address"):
        await core.fundamentals.show("IBM")
    with pytest.raises(Unavailable, match="e-mail address"):
        await core.fundamentals.show("AAPL", source="edgar")


async def test_unknown_names_are_refused_in_words(core: Core) -> None:
    with pytest.raises(NotFound):
        await core.fundamentals.show("NOSUCH")
    with pytest.raises(InvalidInput):
        await core.registry.get("fundamentals.show").invoke({"symbol": "AAPL", "source": "rumours"})


async def test_an_address_for_the_sec_looks_like_one(core: Core) -> None:
    for nobody in (
        "nobody",
        "a@b",
        "@example.org",
        "a b@example.org",
        "a@b@example.org",
        "a@example.org\r\nX: 1",
    ):
        with pytest.raises(InvalidInput, match="is not an e-mail address"):
            await core.settings.put("fundamentals.sec_contact", nobody)
    await core.settings.put("fundamentals.sec_contact", "you@example.org")
    assert core.settings_now.fundamentals.sec_contact == "you@example.org"


async def test_companies_are_compared_by_value_and_quality_without_a_network(core: Core) -> None:
    # As the application does: what the start has made is not walked by the collector in the middle of work.
    gc.freeze()
    asked = ("AAPL", "XOM", "SPY", "XOM")
    apple, exxon, fund = await core.fundamentals.factors(asked, as_of=date(2024, 6, 28))
    assert [each.origin.symbol for each in (apple, exxon, fund)] == ["AAPL", "XOM", "SPY"]
    report = await core.fundamentals.ratios("AAPL", as_of=date(2024, 6, 28))
    assert apple.value["earnings_yield"] == pytest.approx(value(report, "earnings_yield"))
    assert apple.quality["return_on_equity"] == pytest.approx(value(report, "return_on_equity"))
    assert (exxon.value["dividend_yield"] or 0) > (apple.value["dividend_yield"] or 0)
    assert set(fund.value.values()) | set(fund.quality.values()) == {None}
