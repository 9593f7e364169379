"""Results for others: a page that fetches nothing, paper, and a table that no spreadsheet runs."""

from __future__ import annotations

import base64
import csv
import io
import re
import zlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser

import numpy as np
import pytest

from puffling.automation.research.export import exported, trades_as_text
from puffling.automation.research.task import Task, run_task
from puffling.automation.research.values import ExportFormat
from puffling.puffin.backtest.costs import Terms
from puffling.puffin.backtest.fills import Intrabar
from puffling.puffin.backtest.glossary import FIGURES
from puffling.puffin.backtest.report import BacktestReport, Provenance
from puffling.puffin.backtest.waiting import Protection
from puffling.puffin.data.bars import Bars
from puffling.puffin.data.instants import US_PER_DAY, to_us
from puffling.puffin.strategies.recipe import Recipe

DAY = datetime(2020, 1, 1, tzinfo=UTC)


def walk(count: int = 900) -> Bars:
    draw = np.random.default_rng(4)
    close = 100.0 * np.exp(np.cumsum(draw.normal(0.0002, 0.01, count)))
    time = to_us(DAY) + np.arange(count) * US_PER_DAY
    return Bars(time, close, close * 1.01, close * 0.99, close, np.full(count, 1e6))


@pytest.fixture(scope="module")
def report() -> BacktestReport:
    """A real one, under a name that wants to be code everywhere."""
    from puffling.automation.research.reading import _adapter

    bars = walk()
    told = run_task(
        Task(
            recipe=Recipe("momentum", {"short_window": 5, "long_window": 20}),
            bars_needed=20,
            series={"SPY": bars},
            since_us=int(bars.time[100]),
            interval="1d",
            terms=Terms(),
            protection=Protection(),
            intrabar=Intrabar.PESSIMISTIC,
            risk_free_rate=0.02,
            seed=1,
            benchmark="SPY",
            benchmark_bars=bars,
            provenance=(
                Provenance("SPY", "demo", "Demo data", "demo", "adjusted", "USD", 900, DAY,
                           DAY + timedelta(900), 0, DAY, DAY),
            ),
        )
    )  # fmt: skip
    made = _adapter().validate_python(told.document)
    name = '=HYPERLINK("http://x.example","<script>alert(1)</script>") – ✓ 株'
    return replace(made, summary=replace(made.summary, id="abc", name=name))


class Page(HTMLParser):
    """The tags, addresses and words of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.words: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def test_a_tear_sheet_needs_nothing_but_itself(report: BacktestReport) -> None:
    told = exported(report, ExportFormat.HTML)
    page = Page()
    page.feed(told.text)
    assert not {"script", "link", "img", "iframe", "object", "form", "a"} & set(page.tags)
    assert not {"src", "href", "srcset", "action"} & {name for name, _ in page.attributes}
    assert not any(name.startswith("on") for name, _ in page.attributes)
    assert "url(" not in told.text
    assert "@import" not in told.text
    policy = next(value for name, value in page.attributes if "default-src" in value)
    assert policy.startswith("default-src 'none'")
    assert "<script>alert" not in told.text
    assert page.tags.count("svg") == 5
    assert "prefers-color-scheme:dark" in told.text


def test_a_tear_sheet_says_how_far_it_can_be_trusted_and_what_every_figure_means(
    report: BacktestReport,
) -> None:
    page = Page()
    page.feed(exported(report, ExportFormat.HTML).text)
    words = " ".join(page.words)
    assert words.index(report.summary.reasons[0].text) < words.index("Total return") < words.index("Equity")
    for name in report.summary.metrics:
        assert FIGURES[name].help in words
    assert "Demo data" in words
    assert report.manifest.data in words
    assert words.count(report.summary.name) == 2


def test_trades_in_a_spreadsheet_are_numbers_and_never_formulas(report: BacktestReport) -> None:
    strange = replace(report.trades[0], symbol="=CMD|' /C calc'!A0", reason="@SUM(1)")
    text = trades_as_text(replace(report, trades=(strange, *report.trades[1:])))
    assert text.startswith("\ufeff")
    rows = list(csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline="")))
    for row in rows:
        for cell in row:
            if cell[:1] in "=+-@\t\r" and cell:
                float(cell)
    head = next(place for place, row in enumerate(rows) if row[0] == "symbol")
    assert all(row[0].startswith("#") for row in rows[:head])
    assert rows[head + 1][0] == "'=CMD|' /C calc'!A0"
    table = [dict(zip(rows[head], row, strict=True)) for row in rows[head + 1 :]]
    assert [float(row["profit"]) for row in table] == [trade.profit for trade in report.trades]
    assert [datetime.fromisoformat(row["left_at"]) for row in table] == [
        trade.left_at for trade in report.trades
    ]


def test_a_sheet_of_paper_is_a_whole_pdf(report: BacktestReport) -> None:
    told = exported(report, ExportFormat.PDF)
    file = base64.b64decode(told.text)
    assert (file[:8], file[-6:], told.encoding) == (b"%PDF-1.4", b"%%EOF\n", "base64")
    start = int(re.findall(rb"startxref\n(\d+)", file)[-1])
    assert file[start : start + 4] == b"xref"
    places = [int(place) for place in re.findall(rb"(\d{10}) 00000 n ", file)]
    for number, place in enumerate(places, 1):
        assert file[place:].startswith(b"%d 0 obj" % number)
    pages = [zlib.decompress(part) for part in re.findall(rb"stream\n(.*?)\nendstream", file, re.DOTALL)]
    words = b"\n".join(pages).decode("cp1252")
    assert f"({report.summary.grade}) Tj" in words
    assert "Demo data" in words
    assert r"\(\"http" not in words
    assert "(Deepest drawdowns) Tj" in words
    assert len(pages) >= 2


def test_a_file_gets_a_name_that_every_system_takes(report: BacktestReport) -> None:
    for kind in ExportFormat:
        assert re.fullmatch(rf"[\w-]+\.{kind}", exported(report, kind).file_name)
