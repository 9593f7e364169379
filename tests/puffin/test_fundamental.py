"""Company numbers come from EDGAR as it wants to be asked, and a day sees what was filed by then."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest

from puffling.puffin.data.edgar import Edgar, read_facts
from puffling.puffin.data.fundamental import FundamentalDataProvider
from puffling.puffin.data.statement_lines import LINE_OF, LINES, Period, Statement
from puffling.puffin.data.statements import Fact, Statements
from puffling.puffin.errors import InvalidValue, SourceFailed, UnknownSymbol
from tests.fakes.edgar import CIK, Answer, FakeEdgar, company_facts, concept, edgar, fact

POLITE = "Tests tests@example.org"


@pytest.fixture
def fake() -> Iterator[FakeEdgar]:
    with edgar() as serving:
        yield serving


def provider(fake: FakeEdgar, waited: list[float] | None = None) -> FundamentalDataProvider:
    wait = (lambda _: None) if waited is None else waited.append
    return FundamentalDataProvider(POLITE, base_url=fake.address, wait=wait)


def known(as_of: date | None = None) -> Statements:
    return Statements(read_facts(company_facts())[1], as_of)


def value(statements: Statements, line: str, end: date, *, quarter: bool = False) -> float | None:
    figure = statements.quarter(line, end) if quarter else statements.year(line, end)
    return figure.value if figure is not None else None


def test_a_statement_is_a_frame_of_periods_and_lines(fake: FakeEdgar) -> None:
    frame = provider(fake).get_financials("ACME")
    assert [str(day.date()) for day in frame.index] == ["2022-12-31", "2023-12-31"]
    assert frame["revenue"].tolist() == [460.0, 520.0]
    assert frame["net_income"].tolist() == [40.0, 52.0]
    assert str(frame["filed"].iloc[1].date()) == "2024-02-09"


def test_who_asks_politely_is_answered_and_who_does_not_is_told_how(fake: FakeEdgar) -> None:
    provider(fake).fetch_filings("ACME")
    assert set(fake.agents) == {POLITE}
    with pytest.raises(SourceFailed, match="e-mail address"):
        FundamentalDataProvider(base_url=fake.address).fetch_filings("ACME")


def test_filings_are_the_newest_of_their_type(fake: FakeEdgar) -> None:
    annual = provider(fake).fetch_filings("acme", limit=1)
    assert [(each["form"], each["filing_date"]) for each in annual] == [("10-K", date(2024, 2, 9))]
    assert annual[0]["url"].endswith(f"/{CIK}/000124000003/acme%2010k.htm")
    assert len(provider(fake).fetch_filings("ACME", filing_type="")) == 3


def test_a_share_class_is_found_however_its_ticker_is_written(fake: FakeEdgar) -> None:
    assert provider(fake).fetch_filings("ACME.B") == provider(fake).fetch_filings("ACME")


def test_an_unknown_ticker_names_its_neighbours(fake: FakeEdgar) -> None:
    with pytest.raises(UnknownSymbol) as caught:
        provider(fake).get_financials("ACMX")
    assert "ACME" in caught.value.near


def test_a_company_without_numbers_has_an_empty_statement(fake: FakeEdgar) -> None:
    assert provider(fake).get_financials("EMPT").empty


def test_an_as_of_day_sees_only_what_was_filed_by_then() -> None:
    assert value(known(date(2023, 12, 31)), "net_income", date(2022, 12, 31)) == 46.0
    assert value(known(date(2024, 2, 9)), "net_income", date(2022, 12, 31)) == 40.0
    assert value(known(date(2023, 2, 9)), "net_income", date(2022, 12, 31)) is None
    assert known(date(2022, 5, 1)).ends(Period.QUARTERLY) == ()


@pytest.mark.parametrize("line", [line.id for line in LINES])
def test_no_figure_is_older_than_the_day_it_became_known(line: str) -> None:
    facts = read_facts(company_facts())[1]
    for day in sorted({each.filed for each in facts}):
        seen = Statements(facts, day)
        for period, take in ((Period.ANNUAL, seen.year), (Period.QUARTERLY, seen.quarter)):
            for end in seen.ends(period):
                figure = take(line, end)
                assert figure is None or end <= figure.filed <= day


def test_a_restated_figure_says_so_and_since_when() -> None:
    figure = known().year("net_income", date(2022, 12, 31))
    assert figure is not None
    assert (figure.value, figure.filed, figure.restated) == (40.0, date(2024, 2, 9), True)


def test_a_repeated_figure_was_known_since_its_first_report() -> None:
    facts = [
        Fact("revenue", date(2022, 12, 31), 5.0, date(year, 2, 1), date(2022, 1, 1), "10-K")
        for year in (2023, 2024, 2025)
    ]
    figure = Statements(facts).year("revenue", date(2022, 12, 31))
    assert figure is not None
    assert (figure.filed, figure.restated) == (date(2023, 2, 1), False)


def test_the_fourth_quarter_is_the_year_less_the_three_before() -> None:
    assert value(known(), "revenue", date(2022, 12, 31), quarter=True) == 460 - 100 - 110 - 120
    assert value(known(date(2023, 6, 1)), "net_income", date(2022, 12, 31), quarter=True) == 46 - 33


def test_a_restated_year_and_an_old_part_are_not_subtracted() -> None:
    assert value(known(), "net_income", date(2022, 12, 31), quarter=True) == 46 - 33


def test_cash_flows_since_january_become_quarters() -> None:
    ends = (date(2022, 3, 31), date(2022, 6, 30), date(2022, 9, 30), date(2022, 12, 31))
    assert [value(known(), "operating_cash_flow", end, quarter=True) for end in ends] == [15, 16, 17, 18]
    assert [value(known(), "free_cash_flow", end, quarter=True) for end in ends] == [10, 11, 12, 13]


def test_a_long_last_quarter_is_a_quarter_too() -> None:
    start, end, filed = date(2022, 8, 29), date(2023, 9, 3), date(2023, 10, 10)
    first, second, third = date(2022, 11, 20), date(2023, 2, 12), date(2023, 5, 7)
    since = [(first, 10.0), (second, 21.0), (third, 33.0)]
    facts = [Fact("revenue", day, value, day + timedelta(20), start, "10-Q") for day, value in since]
    known = Statements([*facts, Fact("revenue", end, 50.0, filed, start, "10-K")])
    assert known.ends(Period.QUARTERLY) == (end, third, second, first)
    assert [value(known, "revenue", day, quarter=True) for day in (end, third)] == [17.0, 12.0]
    trailing = known.trailing("revenue")
    assert trailing is not None
    assert trailing.value == 50.0


def test_what_follows_from_two_lines_is_worked_out_and_says_so() -> None:
    figure = known().year("gross_profit", date(2022, 12, 31))
    assert figure is not None
    assert (figure.value, figure.derived) == (184.0, True)
    assert value(known(), "total_liabilities", date(2022, 12, 31)) == 210.0


def test_trailing_numbers_are_four_quarters_or_a_year_and_never_a_longer_time() -> None:
    trailing = known(date(2023, 3, 1)).trailing("revenue")
    assert trailing is not None
    assert trailing.value == 460
    gap = known(date(2022, 12, 1)).trailing("revenue")
    assert gap is None


def test_classes_of_shares_together_are_the_company() -> None:
    found = known().newest_level("shares_outstanding")
    assert found is not None
    assert (found[0].value, found[1]) == (100.0, date(2023, 1, 31))


def test_a_count_stated_twice_in_other_roundings_is_one_count() -> None:
    facts = company_facts()
    stated = [fact(each, "2023-01-31", "2023-02-10", form="10-K") for each in (61_400_000, 61_410_305)]
    facts["facts"]["dei"]["EntityCommonStockSharesOutstanding"] = concept("shares", *stated)
    found = Statements(read_facts(facts)[1]).newest_level("shares_outstanding")
    assert found is not None
    assert found[0].value == 61_410_305


def test_ratios_are_what_their_names_say(fake: FakeEdgar) -> None:
    facts = company_facts()
    del facts["facts"]["us-gaap"]["RevenueFromContractWithCustomerExcludingAssessedTax"]
    fake.facts[CIK] = facts
    ratios = provider(fake).compute_ratios("ACME", price=9.2, as_of=date(2023, 3, 1))
    assert ratios["market_cap"] == pytest.approx(920)
    assert ratios["price_to_earnings"] == pytest.approx(920 / 46)
    assert ratios["price_to_book"] == pytest.approx(920 / 320)
    assert ratios["net_margin"] == pytest.approx(46 / 460)
    assert ratios["free_cash_flow_yield"] == pytest.approx(46 / 920)
    assert ratios["current_ratio"] is None
    without = provider(fake).compute_ratios("ACME")
    assert without["market_cap"] is None


def test_a_loss_has_no_price_to_earnings() -> None:
    from puffling.puffin.data.ratios import ratios_of

    start, end, filed = date(2022, 1, 1), date(2022, 12, 31), date(2023, 2, 1)
    facts = [
        Fact("net_income", end, -5.0, filed, start), Fact("shares_outstanding", end, 10.0, filed),
    ]  # fmt: skip
    ratios = ratios_of(Statements(facts), 2.0)
    assert ratios["price_to_earnings"] is None
    assert ratios["earnings_yield"] == pytest.approx(-0.25)


BUSY: Answer = (429, b"slow down", {"Retry-After": "2"})
DOWN: Answer = (503, b"", {})


def test_a_busy_or_failing_server_is_asked_again_after_a_while(fake: FakeEdgar) -> None:
    fake.troubles = [BUSY, DOWN]
    waited: list[float] = []
    assert len(provider(fake, waited).fetch_filings("ACME")) == 2
    assert [pause for pause in waited if pause >= 0.5] == [2.0, 1.0]


def test_a_server_that_stays_busy_is_left_alone(fake: FakeEdgar) -> None:
    fake.troubles = [BUSY] * 20
    with pytest.raises(SourceFailed) as caught:
        provider(fake).fetch_filings("ACME")
    assert caught.value.busy
    assert len(fake.asked) == 4
    fake.troubles = [(429, b"", {"Retry-After": "3600"})]
    with pytest.raises(SourceFailed, match="429"):
        provider(fake).fetch_filings("ACME")
    assert len(fake.asked) == 5


def test_requests_keep_below_ten_a_second(fake: FakeEdgar) -> None:
    waited: list[float] = []
    now = 100.0
    asking = Edgar(POLITE, base_url=fake.address, wait=waited.append, monotonic=lambda: now)
    for _ in range(5):
        asking.filings("ACME")
    assert len(fake.asked) == 6
    assert waited == pytest.approx([0.12 * number for number in range(1, 6)])


@pytest.mark.parametrize(
    "body", [b"", b"<html>Please wait</html>", b"[]", b'{"facts": []}', b"null", b"[" * 100_000, b"\xff\xfe"]
)
def test_garbage_is_refused_in_plain_words(fake: FakeEdgar, body: bytes) -> None:
    fake.troubles = [(200, body, {})]
    with pytest.raises(SourceFailed, match="EDGAR"):
        provider(fake).get_financials("ACME")


def test_a_body_that_is_not_what_it_says_is_refused(fake: FakeEdgar) -> None:
    fake.troubles = [(200, b"this is no gzip", {"Content-Encoding": "gzip"})] * 4
    with pytest.raises(SourceFailed):
        provider(fake).fetch_filings("ACME")


@pytest.mark.parametrize(
    "entry",
    [
        {}, "text", None, {"val": "12"}, {**fact(1, "2022-12-31", "2023-02-10", "2022-01-01"), "val": True},
        {**fact(1, "2022-12-31", "2023-02-10", "2022-01-01"), "val": 10**400},
        fact(float("nan"), "2022-12-31", "2023-02-10", "2022-01-01"),
        fact(9e9, "2022-12-31", "2022-11-01", "2022-01-01"),
        fact(9e9, "2022-12-31", "2023-02-10", "2023-01-01"),
        fact(9e9, "2022-12-31", "31.12.2022", "2022-01-01"),
        fact(9e9, "2022-12-31", "2023-02-10"),
        fact(9e9, "2022-12-31", "2023-02-10", "2022-01-01", form="S-4"),
    ],
)  # fmt: skip
def test_a_fact_that_cannot_be_is_left_out(entry: Any) -> None:
    facts = {"us-gaap": {"Revenues": {"units": {"USD": [entry]}}}}
    assert read_facts({"facts": facts})[1] == ()


def test_an_answer_that_breaks_off_is_asked_for_again(fake: FakeEdgar) -> None:
    fake.troubles = [(200, b'{"0": {"cik', {"Content-Length": "5000"})]
    assert len(provider(fake).fetch_filings("ACME")) == 2
    fake.troubles = [(200, b"", {"Content-Length": "5000"})] * 4
    with pytest.raises(SourceFailed, match="could not be reached"):
        provider(fake).fetch_filings("ACME")


def test_a_missing_concept_leaves_its_line_out(fake: FakeEdgar) -> None:
    fake.facts[CIK]["facts"]["us-gaap"].pop("NetIncomeLoss")
    frame = provider(fake).get_financials("ACME")
    assert "net_income" not in frame
    assert frame["revenue"].tolist() == [460.0, 520.0]


def test_numbers_of_one_currency_are_read_and_translations_are_not() -> None:
    own = [fact(7, f"{year}-12-31", f"{year + 1}-02-01", f"{year}-01-01", "20-F") for year in (2020, 2021)]
    translated = fact(1, "2021-12-31", "2022-02-01", "2021-01-01", "20-F")
    currency, facts = read_facts(
        {"facts": {"ifrs-full": {"Revenue": {"units": {"EUR": own, "USD": [translated]}}}}}
    )
    assert currency == "EUR"
    assert {each.value for each in facts} == {7.0}


def test_a_long_history_is_read_whole(fake: FakeEdgar) -> None:
    facts = fake.facts[CIK]["facts"]["us-gaap"]
    for number in range(400):
        days = [fact(n, "2022-12-31", "2023-02-10", "2022-01-01") for n in range(100)]
        facts[f"Unheard{number}"] = concept("USD", *days)
    assert len(json.dumps(facts)) > 4_000_000
    assert provider(fake).get_financials("ACME")["revenue"].tolist() == [460.0, 520.0]


def test_names_that_mean_nothing_are_refused_before_anything_is_asked(fake: FakeEdgar) -> None:
    asking = provider(fake)
    asking.get_financials("ACME", "balance_sheet", "quarterly")
    before = len(fake.asked)
    with pytest.raises(InvalidValue, match="income, balance, cashflow"):
        asking.get_financials("ACME", "weather")
    with pytest.raises(InvalidValue, match="annual, quarterly"):
        asking.get_financials("ACME", period="weekly")
    assert len(fake.asked) == before


def test_every_line_has_a_place() -> None:
    assert len(LINE_OF) == len(LINES)
    assert {line.statement for line in LINES} == set(Statement)
