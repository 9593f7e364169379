"""From what is kept of results to what is shown: lines of a list, one result, several side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from functools import cache
from typing import TYPE_CHECKING, Any

from puffling.automation.research.values import (
    BacktestDetail,
    BacktestLine,
    ComparedCurve,
    ComparedFigure,
    Comparison,
)
from puffling.puffin.backtest.report import BacktestReport, Finding
from puffling.runtime.errors import StorageFailed
from puffling.runtime.text import tr
from puffling.store.research import ResultHead, StoredResult

if TYPE_CHECKING:
    from pydantic import TypeAdapter


# What an earlier version kept without looking how far it can be trusted: it is not to be taken for better.
_UNEXAMINED = "F"


def line_of(head: ResultHead) -> BacktestLine:
    """Give what a list shows of a result."""
    # Read as it lies: a list of thousands must not be checked field by field.
    request, metrics = head.request, head.metrics
    return BacktestLine(
        id=head.id,
        name=head.name,
        grade=head.grade or _UNEXAMINED,
        strategy=request["strategy"],
        symbols=tuple(request["symbols"]),
        interval=request["interval"],
        start=date.fromisoformat(request["start"]),
        end=date.fromisoformat(request["end"]),
        total_return=metrics.get("total_return"),
        annualized_return=metrics.get("annualized_return"),
        sharpe_ratio=metrics.get("sharpe_ratio"),
        max_drawdown=metrics.get("max_drawdown"),
        total_trades=metrics.get("total_trades"),
        tags=head.tags,
        notes=head.notes,
        created_at=head.created_at,
        strategy_id=head.strategy_id,
    )


def holds(line: BacktestLine, text: str) -> bool:
    """Tell whether a line has something to do with what is looked for, in whatever case."""
    wanted = text.strip().casefold()
    written = (line.name, line.strategy, line.notes, *line.symbols, *line.tags)
    return not wanted or any(wanted in each.casefold() for each in written)


def report_of(stored: StoredResult) -> BacktestReport:
    """Give the report of a result under its present name."""
    from pydantic import ValidationError

    try:
        report = _adapter().validate_python(stored.report)
    except ValidationError:
        raise StorageFailed(
            tr("The report of {name} cannot be read by this version.", name=stored.head.name),
            hint=tr("Its figures are in the list; run it again for the rest."),
        ) from None
    summary = replace(report.summary, id=stored.head.id, name=stored.head.name)
    if not summary.grade:
        said = tr("Not examined: nobody looked how far it can be trusted; run it again")
        finding = Finding("examined", "fatal", said)
        summary = replace(summary, grade=_UNEXAMINED, reasons=(finding,))
    return replace(report, summary=summary)


def detail_of(stored: StoredResult) -> BacktestDetail:
    """Give one result with all but its curves and trades."""
    report, head = report_of(stored), stored.head
    return BacktestDetail(
        summary=report.summary,
        notes=head.notes,
        tags=head.tags,
        created_at=head.created_at,
        request=report.request,
        trust=report.trust,
        costs=report.costs,
        years=report.years,
        falls=report.falls,
        positions=report.positions,
        manifest=report.manifest,
    )


def comparison_of(stored: Sequence[StoredResult]) -> Comparison:
    """Put results side by side."""
    from puffling.puffin.backtest.glossary import FIGURES

    reports = [report_of(each) for each in stored]
    metrics = [report.summary.metrics for report in reports]
    figures = tuple(
        ComparedFigure(name, tr(figure.title), tuple(each.get(name) for each in metrics))
        for name, figure in FIGURES.items()
        if any(name in each for each in metrics)
    )
    return Comparison(
        tuple(line_of(each.head) for each in stored),
        figures,
        tuple(_growth(report) for report in reports),
        tuple(_remarks(reports)),
    )


def _growth(report: BacktestReport) -> ComparedCurve:
    curves = report.curves
    first = curves.equity[0] if curves.equity and curves.equity[0] else 1.0
    return ComparedCurve(
        report.summary.id,
        report.summary.name,
        curves.time_us,
        tuple(value / first for value in curves.equity),
    )


def _remarks(reports: Sequence[BacktestReport]) -> list[str]:
    """Say what differs besides the strategies."""
    apart: list[tuple[str, set[Any]]] = [
        (tr("They cover different days."), {(r.summary.start.date(), r.summary.end.date()) for r in reports}),
        (tr("They trade different symbols."), {frozenset(r.summary.symbols) for r in reports}),
        (tr("Their bars are of different length."), {r.summary.interval for r in reports}),
        (
            tr("Their prices come from different sources."),
            {tuple(sorted({each.source for each in r.summary.sources})) for r in reports},
        ),
        (
            tr("They pay different costs."),
            {str([r.request.get(part) for part in ("commission", "slippage", "holding")]) for r in reports},
        ),
        (tr("They begin with different money."), {r.request.get("capital") for r in reports}),
    ]
    return [words for words, found in apart if len(found) > 1]


@cache
def _adapter() -> TypeAdapter[BacktestReport]:
    from pydantic import TypeAdapter

    return TypeAdapter(BacktestReport)
