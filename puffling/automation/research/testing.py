"""Makes one test, its report and its verdict; runs in a process of its own."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from puffling.automation.research.faults import explained
from puffling.automation.research.task import Task, Told
from puffling.puffin.backtest.days import ExchangeDays
from puffling.puffin.backtest.engine import Backtester, BacktestResult, bars_a_year
from puffling.puffin.backtest.manifest import (
    code_digest,
    data_digest,
    engine_digest,
    library_versions,
    result_digest,
    values_digest,
)
from puffling.puffin.backtest.metrics import returns_of
from puffling.puffin.backtest.own_sizes import Rule
from puffling.puffin.backtest.panel import Panel
from puffling.puffin.backtest.report import BacktestReport, Manifest, Summary
from puffling.puffin.backtest.reporting import (
    MOST_TRADES,
    aligned,
    costs_of,
    curves_of,
    distribution_of,
    falls_of,
    findings_of,
    metrics_of,
    numbers,
    plain,
    positions_of,
    refusals_of,
    trades_of,
    years_of,
)
from puffling.puffin.backtest.sizing import sized, terms_for
from puffling.puffin.backtest.splits import comparable
from puffling.puffin.backtest.targets import Targets, Tested, panel_of
from puffling.puffin.backtest.trust.sharpe import Track
from puffling.puffin.backtest.trust.subjects import Size, subject_of
from puffling.puffin.backtest.trust.verdict import Verdict, judge
from puffling.puffin.backtest.view import Trader
from puffling.puffin.backtest.waiting import Protection
from puffling.puffin.data.instants import from_us
from puffling.puffin.errors import InvalidValue
from puffling.runtime.compute import checkpoint
from puffling.runtime.text import tr


def test(task: Task) -> Told:
    """Test, report, and look how far that can be trusted."""
    checkpoint(0, 1, tr("Reading signals"))
    with explained(task.recipe):
        return _told(task, task.recipe.make())


class _Steps:
    """How far a test is; said again and again, so that whoever wants to stop is heard at once."""

    def __init__(self) -> None:
        self._last = (0.0, 1.0, tr("Testing"))

    def tell(self, done: float, total: float, note: str) -> None:
        """Go on to the next step; the report is one more."""
        self._last = (done, total + 1.0, tr(note) if note else "")
        self.again()

    def again(self) -> None:
        """Say the same once more."""
        checkpoint(*self._last)


def tester_for(task: Task, pulse: Callable[[], None]) -> Backtester:
    """Give the backtester under the terms of a task; `pulse` is a place to stop."""
    return Backtester(
        terms=terms_for(task.sizing, task.terms),
        protection=None if task.protection == Protection() else task.protection,
        intrabar=task.intrabar,
        day_of=ExchangeDays(task.sessions),
        rule=Rule(task.sizing, task.terms.size),
        pulse=pulse,
    )


def size_for(task: Task, seen: Panel) -> Size:
    """Give the rule of sizes of a task, which looks at these prices."""

    def size(said: Targets) -> Targets:
        return sized(
            said,
            seen,
            task.terms,
            task.sizing,
            stop_loss=task.protection.stop_loss,
            bars_a_year=bars_a_year(seen),
        )

    return size


def _told(task: Task, strategy: Tested | Trader) -> Told:
    steps = _Steps()
    panel = panel_of(task.series)
    # On the close before the first day is decided what trades on its open.
    since = max(int(np.searchsorted(panel.time, task.since_us)) - 1, 0)
    tester = tester_for(task, steps.again)
    seen = comparable(panel, task.actions)
    subject = subject_of(
        strategy,
        panel,
        tester,
        since=since,
        actions=task.actions or None,
        size=size_for(task, seen),
    )
    result = subject.result
    own = _ratio(result)
    verdict = judge(
        subject,
        trials=task.others.count + 1,
        trial_variance=task.others.variance_with(own),
        seed=task.seed,
        progress=steps.tell,
    )
    checkpoint(9, 10, tr("Writing the report"))
    report = _report(task, strategy, result, panel, verdict)
    return Told(report.summary, report.manifest, plain(report), own, len(panel) - since - 1)


def _report(
    task: Task,
    strategy: Tested | Trader,
    result: BacktestResult,
    panel: Panel,
    verdict: Verdict,
) -> BacktestReport:
    traded = result.panel
    assert traded is not None
    first = int(np.searchsorted(traded.time, task.since_us))
    other = task.benchmark_bars
    if other is not None:
        other = other.between(int(panel.time[0]), int(panel.time[-1]) + 1)
    closes = None if other is None else aligned(other, traded)
    warnings = [*task.warnings]
    if task.benchmark and closes is None:
        warnings.append(
            tr("{symbol} has no prices from the beginning on to compare with.", symbol=task.benchmark)
        )
    warnings += _late(task)
    if len(result.trades) > MOST_TRADES:
        warnings.append(
            tr("Of {count} trades the newest {most} are kept.", count=len(result.trades), most=MOST_TRADES)
        )
    if result.refusals:
        warnings.append(
            tr("The market refused {count} orders, the first for this: {reason}.",
               count=len(result.refusals), reason=tr(result.refusals[0].reason).lower())
        )  # fmt: skip
    parameters = dict(task.recipe.parameters)
    summary = Summary(
        id="",
        name="",
        grade=str(verdict.grade),
        strategy=task.recipe.strategy,
        parameters=parameters,
        symbols=tuple(task.series),
        interval=task.interval,
        start=from_us(int(traded.time[first])),
        end=from_us(int(traded.time[-1])),
        bars=len(traded) - first,
        data_label=", ".join(dict.fromkeys(each.label for each in task.provenance)),
        benchmark=task.benchmark if closes is not None else "",
        trials=task.others.count + 1,
        warnings=tuple(warnings),
        metrics=metrics_of(result, task.risk_free_rate, closes),
        reasons=findings_of(verdict, tr),
        sources=task.provenance,
    )
    data = dict(task.series)
    if other is not None:
        data[f"benchmark {task.benchmark}"] = other
    settings = {**task.request, "parameters": parameters}
    manifest = Manifest(
        engine=engine_digest(),
        code=task.recipe.own.digest if task.recipe.own else code_digest(type(strategy)),
        data=data_digest(data, task.actions),
        parameters=values_digest(settings),
        result=result_digest(result),
        seed=task.seed,
        others=task.others,
        first_us=int(panel.time[0]),
        last_us=int(panel.time[-1]),
        libraries=library_versions(),
    )
    return BacktestReport(
        summary=summary,
        request=dict(task.request),
        curves=curves_of(result, task.risk_free_rate, closes),
        years=years_of(result, closes),
        falls=falls_of(result),
        distribution=distribution_of(result),
        trades=trades_of(result),
        positions=positions_of(result),
        refusals=refusals_of(result),
        costs=costs_of(result),
        trust=numbers(verdict.figures),
        manifest=manifest,
    )


def _late(task: Task) -> list[str]:
    """Say where history is too short for a strategy to have warmed up on the first day."""
    needed = task.bars_needed
    late = []
    for symbol, bars in task.series.items():
        before = int(np.searchsorted(bars.time, task.since_us))
        if before < needed and len(bars) >= needed:
            day = from_us(int(bars.time[needed - 1])).date()
            late.append(
                tr("{symbol}: history is too short to warm up before the start; first signals on {day}.",
                   symbol=symbol, day=day)
            )  # fmt: skip
    return late


def _ratio(result: BacktestResult) -> float:
    try:
        return Track.of(returns_of(result.equity)).sharpe
    except InvalidValue:
        return 0.0
