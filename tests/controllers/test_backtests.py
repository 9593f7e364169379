"""Backtests through the core: exact, counted, kept whole or not at all, and the same when made again."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from puffling.assistant.tools import call_tool
from puffling.automation.research.values import (
    BacktestRequest,
    Commission,
    ExportFormat,
    Holding,
    Leaving,
    Slippage,
)
from puffling.core.core import Core
from puffling.puffin.backtest.costs import CommissionModel, SlippageModel, Terms
from puffling.puffin.backtest.engine import Backtester
from puffling.puffin.backtest.fills import Intrabar
from puffling.puffin.backtest.metrics import figures
from puffling.puffin.backtest.orders import Sizing
from puffling.puffin.backtest.panel import Panel
from puffling.puffin.backtest.targets import targets_of
from puffling.puffin.data.instants import day_to_us
from puffling.puffin.data.interval import Interval
from puffling.puffin.strategies.registry import get_strategy
from puffling.runtime.actor import Actor, Caller, calling_as
from puffling.runtime.errors import InvalidInput, NotFound, PufflingError, Refused
from puffling.runtime.jobs import JobChanged
from puffling.runtime.streams import Topics
from puffling.store.research import StoredResult

pytestmark = pytest.mark.usefixtures("as_person")

START, END = date(2022, 1, 3), date(2024, 12, 31)
QUICK: dict[str, Any] = {"start": START, "end": END}


async def kept(core: Core) -> tuple[int, int]:
    """How many results there are, and how many different attempts on SPY's days."""
    attempts = await core.store.read(core.user, lambda unit: unit.attempts.on("demo|SPY|1d"))
    return len(await core.backtests.all()), attempts.count


async def test_the_figures_of_a_report_are_those_of_the_engine(core: Core) -> None:
    told = await core.backtests.run(
        "momentum",
        ("SPY", "QQQ"),
        START,
        END,
        parameters={"long_window": 100},
        commission=Commission(pct=0.0005),
        slippage=Slippage(pct=0.001),
        benchmark="AGG",
        risk_free_rate=0.02,
    )
    report = await core.backtests.report(told.id)
    first = report.manifest.first_us
    series = {}
    for symbol in ("SPY", "QQQ", "AGG"):
        history = await core.market.bars(symbol, Interval.D1, first, day_to_us(END) + 1)
        series[symbol] = history.clean
    other = series.pop("AGG")
    panel = Panel.of(series)
    since = int(np.searchsorted(panel.time, day_to_us(START))) - 1
    terms = Terms(commission=CommissionModel(pct=0.0005), slippage=SlippageModel(pct=0.001))
    targets = targets_of(get_strategy("momentum", long_window=100), panel).part(since, len(panel))
    direct = Backtester(terms=terms).hold(targets, panel.part(since, len(panel)))
    expected = figures(
        direct.equity,
        direct.trades,
        risk_free_rate=0.02,
        bars_a_year=direct.bars_a_year,
        held=direct.held,
        benchmark=other.close[np.searchsorted(other.time, panel.time[since:])],
    )
    assert told.metrics == expected
    assert report.curves.equity == tuple(direct.equity.tolist())
    assert [trade.profit for trade in report.trades] == direct.trades.profit.tolist()
    assert sum(trade.profit for trade in report.trades) == pytest.approx(direct.trades.profit.sum())
    assert report.costs.slippage == pytest.approx(direct.slippage_paid)


async def test_trading_begins_on_the_first_day_that_was_asked_for(core: Core) -> None:
    told = await core.backtests.run("buy_and_hold", ("SPY",), leaving=Leaving(most_bars=5), **QUICK)
    [first, *_] = await core.backtests.trades(told.id)
    assert first.entered_at.date() == told.start.date() == START
    assert first.reason == "time stop"
    assert told.end.date() == END
    report = await core.backtests.report(told.id)
    assert report.curves.bars == told.bars + 1
    assert report.curves.equity[0] == 100_000.0


async def test_a_result_holds_what_a_person_wants_to_see(core: Core) -> None:
    told = await core.backtests.run("momentum", ("SPY",), START, END)
    assert told.grade in set("ABCDF")
    assert told.reasons[0].check == "foresight"
    assert told.reasons[0].outcome == "fine"
    assert (told.data_label, told.benchmark) == ("Demo data", "SPY")
    assert [each.quality for each in told.sources] == ["demo"]
    shown = await core.backtests.show(told.id)
    assert shown.summary == told
    assert [row.year for row in shown.years] == [2022, 2023, 2024]
    for row in shown.years:
        grown = np.prod([1.0 + month for month in row.months if month is not None])
        assert grown - 1.0 == pytest.approx(row.total, abs=1e-12)
    assert np.prod([1.0 + row.total for row in shown.years]) - 1.0 == pytest.approx(
        told.metrics["total_return"], abs=1e-12
    )
    report = await core.backtests.report(told.id)
    assert sum(each.count for each in report.distribution) == len(report.trades) > 0
    assert all(each.low >= 0.0 or each.high <= 0.0 for each in report.distribution)
    assert all(trade.worst <= 0.0 <= trade.best for trade in report.trades)
    assert all(trade.worst - 1e-3 <= trade.gain <= trade.best + 1e-3 for trade in report.trades)
    assert shown.falls[0].depth == told.metrics["max_drawdown"]
    curves = await core.backtests.curves(told.id)
    assert len(curves.time_us) == len(curves.rolling_sharpe) == len(curves.benchmark) == told.bars + 1


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"start": date(2024, 1, 2), "end": date(2023, 1, 2)}, "start"),
    ({"start": date(2024, 1, 6), "end": date(2024, 1, 7)}, "start"),
    ({"start": date(2031, 1, 6), "end": date(2031, 2, 7)}, "start"),
    ({"symbols": ("NOSUCH",)}, "symbols"),
    ({"symbols": ()}, "symbols"),
    ({"symbols": tuple(f"S{place}" for place in range(51))}, "symbols"),
    ({"strategy": "magic"}, "strategy"),
    ({"parameters": {"short_window": 0}}, "short_window"),
    ({"parameters": {"short_window": 90}}, "short_window"),
    ({"parameters": {"wings": 2}}, "wings"),
    ({"strategy": "balanced"}, "symbols"),
    ({"source": "samples", "symbols": ("FB",), "start": date(2013, 1, 2), "end": date(2013, 2, 28),
      "parameters": {"long_window": 5000}}, "start"),
    ({"benchmark": "NOSUCH"}, "benchmark"),
    ({"capital": -1.0}, "capital"),
    ({"capital": float("nan")}, "capital"),
    ({"leaving": {"stop_loss": 1.5}}, "leaving.stop_loss"),
    ({"report": Path("/tmp/out.txt")}, "report"),
]  # fmt: skip


@pytest.mark.parametrize(("changed", "field"), WRONG)
async def test_what_cannot_be_tested_is_named_and_nothing_is_kept(
    core: Core, changed: dict[str, Any], field: str
) -> None:
    asked = {"strategy": "momentum", "symbols": ("SPY",), **QUICK, **changed}
    with pytest.raises(InvalidInput) as caught:
        await core.backtests.run(**asked)
    assert caught.value.field == field
    assert caught.value.hint
    assert await kept(core) == (0, 0)


async def test_everybody_who_tries_the_same_data_is_counted(core: Core) -> None:
    callers = (Actor.PERSON, Actor.HTTP, Actor.MCP, Actor.ASSISTANT, Actor.AGENT, Actor.SCHEDULE)
    for place, actor in enumerate(callers):
        with calling_as(Caller(actor)):
            told = await core.backtests.run(
                "momentum", ("SPY",), parameters={"short_window": 10 + place}, **QUICK
            )
        assert told.trials == place + 1
    again = await core.backtests.run("momentum", ("SPY",), parameters={"short_window": 10}, **QUICK)
    assert again.trials == len(callers)
    elsewhere = await core.backtests.run("momentum", ("QQQ",), **QUICK)
    assert elsewhere.trials == 1
    # Both together have seen what either went through, and either has seen what both did.
    both = await core.backtests.run("momentum", ("SPY", "QQQ"), **QUICK)
    assert both.trials == len(callers) + 2
    assert (await core.backtests.run("momentum", ("QQQ",), **QUICK)).trials == 2
    examined = await core.backtests.run("momentum", ("SPY",), START, END, parameters={"short_window": 9})
    detail = await core.backtests.show(examined.id)
    assert detail.trust["trials"] == len(callers) + 2 == examined.trials
    # A result that is deleted was seen all the same.
    await core.backtests.delete(again.id)
    assert (await kept(core))[1] == len(callers) + 2


async def test_what_changes_what_is_traded_is_another_attempt_and_what_it_costs_is_none(core: Core) -> None:
    async def trials(**asked: Any) -> int:
        return (await core.backtests.run("momentum", ("SPY",), **QUICK, **asked)).trials

    assert await trials() == 1
    same: list[dict[str, Any]] = [
        {"commission": Commission(flat=2.0)}, {"slippage": Slippage(pct=0.01)}, {"seed": 3},
        {"holding": Holding(cash_rate=0.02)}, {"capital": 5_000.0}, {"benchmark": "QQQ"},
        {"risk_free_rate": 0.0},
    ]  # fmt: skip
    assert [await trials(**each) for each in same] == [1] * len(same)
    others: list[dict[str, Any]] = [
        {"leverage": 2.0}, {"lot": 0.0}, {"volume_cap": 0.1}, {"intrabar": "optimistic"},
        {"adjusted": False}, {"size": 0.5}, {"leaving": Leaving(stop_loss=0.1)}, {"sizing": "fixed"},
    ]  # fmt: skip
    assert [await trials(**each) for each in others] == [place + 2 for place in range(len(others))]


async def test_a_run_that_is_cancelled_leaves_nothing(core: Core) -> None:
    notes: list[str] = []

    def stop(event: JobChanged) -> None:
        notes.append(event.job.note)
        if event.job.note and not event.job.stopping and not event.job.final:
            core.board.cancel(event.job.id)

    forget = core.bus.on(JobChanged, stop)
    with pytest.raises(PufflingError) as caught:
        await core.backtests.run("momentum", ("SPY",), START, END)
    forget()
    assert caught.value.code == "cancelled"
    assert any(notes)
    assert await kept(core) == (0, 0)


async def test_made_again_a_result_is_the_same_to_the_last_bit(core: Core) -> None:
    told = await core.backtests.run("momentum", ("SPY", "QQQ"), START, END, seed=7)
    await core.backtests.run("rsi_reversal", ("SPY", "QQQ"), START, END)
    before = (await kept(core))[1]
    checked = await core.backtests.verify(told.id)
    assert checked.identical, checked.differences
    assert checked.differences == ()
    assert (await kept(core))[1] == before


async def test_what_changed_since_is_named(core: Core) -> None:
    told = await core.backtests.run("momentum", ("SPY",), START, END)
    stored = await core.store.run(core.user, lambda unit: unit.results.remove(told.id))
    report = {**stored.report, "manifest": {**stored.report["manifest"], "data": "other", "code": "other"}}
    report["curves"] = {**report["curves"], "rolling_bars": 3}
    altered = StoredResult(replace(stored.head), report)
    await core.store.run(core.user, lambda unit: unit.results.restore(altered))
    checked = await core.backtests.verify(told.id)
    assert not checked.identical
    assert [each.what for each in checked.differences] == ["data", "code", "report"]
    assert "prices" in checked.text


async def test_what_an_earlier_version_did_not_examine_has_the_worst_grade_and_says_why(core: Core) -> None:
    told = await core.backtests.run("momentum", ("SPY",), START, END)
    stored = await core.store.run(core.user, lambda unit: unit.results.remove(told.id))
    report = {**stored.report, "summary": {**stored.report["summary"], "grade": "", "reasons": []}}
    head = replace(stored.head, grade="", request={**stored.head.request, "examine": False})
    await core.store.run(core.user, lambda unit: unit.results.restore(StoredResult(head, report)))
    [line] = await core.backtests.all()
    shown = (await core.backtests.show(told.id)).summary
    assert line.grade == shown.grade == "F"
    [reason] = shown.reasons
    assert (reason.check, reason.outcome) == ("examined", "fatal")
    assert "nobody looked how far it can be trusted" in reason.text
    for kind in (ExportFormat.HTML, ExportFormat.PDF):
        assert (await core.backtests.export(told.id, kind)).text
    assert "Not examined" in (await core.backtests.export(told.id, ExportFormat.HTML)).text
    # It can be made again all the same.
    assert not (await core.backtests.verify(told.id)).identical


async def test_a_configured_strategy_brings_its_parameters_and_symbols(core: Core) -> None:
    config = await core.store.run(
        core.user,
        lambda unit: unit.strategies.create(
            name="Slow trend",
            strategy="momentum",
            parameters={"long_window": 150},
            symbols=("QQQ",),
            interval="1d",
        ),
    )
    told = await core.backtests.run("slow trend", parameters={"short_window": 30}, **QUICK)
    assert (told.strategy, told.symbols) == ("momentum", ("QQQ",))
    assert (told.parameters["short_window"], told.parameters["long_window"]) == (30, 150)
    [line] = await core.backtests.all()
    assert line.strategy_id == config.id


async def test_results_are_listed_noted_found_deleted_and_brought_back(core: Core) -> None:
    first = await core.backtests.run("momentum", ("SPY",), name="First", **QUICK)
    second = await core.backtests.run("buy_and_hold", ("QQQ",), **QUICK)
    assert {line.id for line in await core.backtests.all()} == {first.id, second.id}
    noted = await core.backtests.annotate(first.id, notes="Too good", tags=("trend", "check"))
    assert (noted.name, noted.notes, noted.tags) == ("First", "Too good", ("trend", "check"))
    assert [line.id for line in await core.backtests.all(text="TREND")] == [first.id]
    renamed = await core.backtests.annotate(first.id, name="Best")
    assert (renamed.notes, (await core.backtests.report(first.id)).summary.name) == ("Too good", "Best")
    before = await core.backtests.show(first.id)
    await core.backtests.delete(first.id)
    assert [line.id for line in await core.backtests.all()] == [second.id]
    with pytest.raises(NotFound):
        await core.backtests.show(first.id)
    await core.backtests.restore(first.id)
    assert await core.backtests.show(first.id) == before
    with pytest.raises(NotFound):
        await core.backtests.restore(first.id)


async def test_results_stand_side_by_side_with_what_makes_them_hard_to_compare(core: Core) -> None:
    first = await core.backtests.run("momentum", ("SPY",), **QUICK)
    second = await core.backtests.run(
        "buy_and_hold", ("QQQ",), date(2023, 1, 3), END, commission=Commission(flat=1.0)
    )
    told = await core.backtests.compare((first.id, second.id))
    assert [line.id for line in told.results] == [first.id, second.id]
    sharpe = next(each for each in told.figures if each.figure == "sharpe_ratio")
    assert sharpe.values == (first.metrics["sharpe_ratio"], second.metrics["sharpe_ratio"])
    assert [curve.growth[0] for curve in told.curves] == [1.0, 1.0]
    assert len(told.remarks) == 3


@pytest.mark.parametrize(
    ("ids", "said", "field", "hint"),
    [
        ((), "ids needs at least 2 values, not 0.", "ids", "Name more of them."),
        (("a",), "ids needs at least 2 values, not 1.", "ids", "Name more of them."),
        (("a", "a"), "A result cannot be compared with itself.", "ids", "Name another result beside it."),
        (tuple(map(str, range(13))), "ids takes at most 12 values, not 13.", "ids", "Name fewer of them."),
        (("", "a"), "ids.0 must not be empty.", "ids.0", "Correct the value and try again."),
        (("a", "b" * 65), "ids.1 takes at most 64 letters.", "ids.1", "Correct the value and try again."),
        (7, "ids should be a list of values.", "ids", "Correct the value and try again."),
    ],
)
async def test_what_cannot_be_compared_is_said_in_words_with_the_field_and_what_to_do(
    core: Core, ids: Any, said: str, field: str, hint: str
) -> None:
    with pytest.raises(InvalidInput) as caught:
        await core.backtests.compare(ids)
    assert (caught.value.message, caught.value.field, caught.value.hint) == (said, field, hint)


def written_in(folder: Path) -> list[str]:
    return [file.name for file in folder.glob("*.html")]


async def test_only_the_person_at_the_machine_writes_a_file(core: Core, tmp_path: Path) -> None:
    file = tmp_path / "out.html"
    told = await core.backtests.run("momentum", ("SPY",), report=file, **QUICK)
    assert told.name in file.read_text(encoding="utf-8")
    for actor in (Actor.HTTP, Actor.MCP, Actor.SCHEDULE):
        with calling_as(Caller(actor)), pytest.raises(Refused):
            await core.backtests.run("momentum", ("SPY",), report=tmp_path / "other.html", **QUICK)
    assert written_in(tmp_path) == ["out.html"]


async def test_whoever_listens_hears_how_far_a_test_is_and_what_came_of_it(core: Core) -> None:
    asked = {"strategy": "momentum", "symbols": ["SPY"], "start": START, "end": END}
    job = await core.registry.get("backtest.run").start(asked)
    states, results = [], []
    async for item in core.registry.get_stream("backtest.progress").listen(Topics((job.id,))):
        states.append(item["state"])
        results.append(item["result"])
        if item["state"] == "done":
            break
    assert results[-1] == (await job.wait()).id
    assert set(results[:-1]) == {""}
    assert len(states) > 2


def test_a_request_can_be_read_back_from_what_was_kept() -> None:
    request = BacktestRequest(
        strategy="momentum", parameters={}, symbols=("SPY",), interval=Interval.D1, start=START, end=END,
        source=None, adjusted=True, capital=1.0, commission=Commission(), slippage=Slippage(),
        holding=Holding(), leaving=Leaving(), size=1.0, leverage=1.0, lot=1.0, volume_cap=0.0,
        intrabar=Intrabar.PESSIMISTIC, benchmark="", risk_free_rate=0.0, seed=0,
    )  # fmt: skip
    assert BacktestRequest.model_validate(request.model_dump(mode="json")) == request


async def test_where_prices_of_all_symbols_come_from_is_told_when_one_is_not_there(core: Core) -> None:
    with pytest.raises(InvalidInput) as caught:
        await core.backtests.run(strategy="momentum", symbols=("SPY", "FB"), **QUICK)
    assert caught.value.field == "symbols"
    assert caught.value.hint == "The first symbol decides where all prices of a test come from: demo."


async def test_a_folder_that_is_not_there_is_named_before_anything_is_tested(
    core: Core, tmp_path: Path
) -> None:
    with pytest.raises(InvalidInput) as caught:
        await core.backtests.run(
            strategy="momentum", symbols=("SPY",), report=tmp_path / "no" / "x.html", **QUICK
        )
    assert caught.value.field == "report"
    assert await kept(core) == (0, 0)


async def test_sizes_by_a_rule_are_tested_judged_and_made_again(core: Core) -> None:
    asked = {"strategy": "momentum", "symbols": ("SPY",), **QUICK}
    told = await core.backtests.run(**asked, size=0.1, sizing=Sizing.VOLATILITY)
    assert told.grade
    assert told.metrics["annualized_volatility"] == pytest.approx(0.1, rel=0.4)
    assert (await core.backtests.verify(told.id)).identical
    with pytest.raises(InvalidInput) as caught:
        await core.backtests.run(**asked, size=0.01, sizing=Sizing.RISK)
    assert caught.value.field == "leaving.stop_loss"


async def test_a_model_runs_one_as_a_tool_and_reads_what_is_to_be_thought_of_it(core: Core) -> None:
    asked = {"strategy": "momentum", "symbols": ["SPY"], "start": str(START), "end": str(END)}
    with calling_as(Caller(Actor.ASSISTANT)):
        told = json.loads(await call_tool(core.registry, "run_backtest", json.dumps(asked)))
        listed = json.loads(await call_tool(core.registry, "list_backtests", "{}"))
        with pytest.raises(InvalidInput) as caught:
            await call_tool(core.registry, "run_backtest", json.dumps({**asked, "symbols": ["NOSUCH"]}))
    assert caught.value.field == "symbols"
    assert told["grade"] in set("ABCDF")
    assert told["reasons"][0]["text"]
    assert [line["id"] for line in listed] == [told["id"]]
    assert await kept(core) == (1, 1)
