"""Yahoo's statements come through its own library, and count as known only since they were fetched."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from puffling.puffin.data.statement_lines import Period
from puffling.puffin.data.statements import Statements
from puffling.puffin.data.yahoo_statements import YahooStatements, read_series
from puffling.puffin.errors import SourceFailed, UnknownSymbol
from tests.fakes.yahoo import FakeYahoo

NOW = datetime(2026, 3, 4, 16, tzinfo=UTC)
YEAR = date(2025, 12, 31)


def series(name: str, **values: object) -> dict[str, Any]:
    return {
        "meta": {"symbol": ["ACME"], "type": [name]},
        "timestamp": [0],
        name: [
            {"asOfDate": day.removeprefix("on_").replace("_", "-"), "currencyCode": "EUR",
             "reportedValue": {"raw": value, "fmt": str(value)}}
            for day, value in values.items()
        ],
    }  # fmt: skip


REPORTED = [
    series("annualTotalRevenue", on_2025_12_31=400.0, on_2024_12_31=360),
    series("quarterlyTotalRevenue", on_2025_12_31=110.0, on_2025_09_30=100.0),
    series("annualOperatingCashFlow", on_2025_12_31=80.0),
    series("annualCapitalExpenditure", on_2025_12_31=-30.0),
    series("annualTotalAssets", on_2025_12_31=900.0),
    series("annualSomethingElse", on_2025_12_31=1.0),
]


@pytest.fixture
def fake(tmp_path: Path) -> Iterator[FakeYahoo]:
    serving = FakeYahoo(tmp_path)
    serving.statements["ACME"] = REPORTED
    serving.statements["BRK-B"] = REPORTED
    yield serving
    serving.close()


@pytest.fixture
def yahoo(fake: FakeYahoo, tmp_path: Path) -> Iterator[YahooStatements]:
    session = fake.session()
    yield YahooStatements(session=session, cache_folder=tmp_path / "cookies")
    session.close()


def test_years_and_quarters_are_read_and_payments_are_positive(yahoo: YahooStatements) -> None:
    company = yahoo.company("ACME", NOW)
    known = Statements(company.facts)
    assert company.currency == "EUR"
    assert known.ends(Period.ANNUAL) == (YEAR, date(2024, 12, 31))
    assert known.ends(Period.QUARTERLY) == (YEAR, date(2025, 9, 30))
    figures = {
        line: known.year(line, YEAR)
        for line in ("revenue", "capital_expenditure", "free_cash_flow", "total_assets")
    }
    assert {line: figure and figure.value for line, figure in figures.items()} == {
        "revenue": 400.0, "capital_expenditure": 30.0, "free_cash_flow": 50.0, "total_assets": 900.0,
    }  # fmt: skip


def test_nothing_of_it_was_known_before_it_was_fetched(yahoo: YahooStatements) -> None:
    facts = yahoo.company("ACME", NOW).facts
    assert {fact.filed for fact in facts} == {NOW.date()}
    assert Statements(facts, date(2026, 3, 3)).newest_filed is None


def test_a_share_class_is_asked_for_in_yahoos_way(yahoo: YahooStatements, fake: FakeYahoo) -> None:
    assert yahoo.company("BRK.B", NOW).facts
    assert any("/timeseries/BRK-B?" in path for path in fake.asked)


def test_a_company_yahoo_does_not_have_is_unknown(yahoo: YahooStatements, fake: FakeYahoo) -> None:
    with pytest.raises(UnknownSymbol):
        yahoo.company("NOSUCH", NOW)
    fake.statements["EMPTY"] = []
    with pytest.raises(UnknownSymbol):
        yahoo.company("EMPTY", NOW)


@pytest.mark.parametrize(("fault", "busy"), [("limit", True), ("garbage", False), ("down", False)])
def test_trouble_is_said_in_plain_words(
    yahoo: YahooStatements, fake: FakeYahoo, fault: str, busy: bool
) -> None:
    fake.fault = fault
    with pytest.raises(SourceFailed, match="Yahoo") as caught:
        yahoo.company("ACME", NOW)
    assert caught.value.busy is busy
    fake.fault = ""
    assert yahoo.company("ACME", NOW).facts


@pytest.mark.parametrize("found", [None, [], {}, {"timeseries": None}, {"timeseries": {"result": "none"}}])
def test_an_answer_of_another_shape_is_refused(found: object) -> None:
    with pytest.raises(SourceFailed):
        read_series("ACME", found, NOW.date())


@pytest.mark.parametrize(
    "value",
    [
        None, 5, {}, {"asOfDate": "2025-12-31"}, {"asOfDate": "2025-12-31", "reportedValue": {"raw": "12"}},
        {"asOfDate": "soon", "reportedValue": {"raw": 1.0}},
        {"asOfDate": "2027-12-31", "reportedValue": {"raw": 1.0}},
        {"asOfDate": "2025-12-31", "reportedValue": {"raw": float("nan")}},
    ],
)  # fmt: skip
def test_a_value_that_cannot_be_is_left_out(value: object) -> None:
    result = [{"annualTotalRevenue": [value]}, *REPORTED[2:3]]
    facts = read_series("ACME", {"timeseries": {"result": result}}, NOW.date()).facts
    assert {fact.line for fact in facts} == {"operating_cash_flow"}
