"""Results as files for other programs and other people: a tear sheet, its pages, or the trades as a table."""

from __future__ import annotations

import base64
from collections.abc import Callable
from pathlib import Path

from puffling.automation.research.values import ExportedBacktest, ExportFormat
from puffling.puffin.backtest.report import BacktestReport
from puffling.puffin.csv_text import csv_line, csv_text
from puffling.runtime.text import tr
from puffling.runtime.whole_files import written_whole

_MEDIA_TYPES = {
    ExportFormat.HTML: "text/html; charset=utf-8",
    ExportFormat.PDF: "application/pdf",
    ExportFormat.CSV: "text/csv; charset=utf-8",
}
_COLUMNS = (
    "symbol",
    "side",
    "quantity",
    "entered_at",
    "entry_price",
    "left_at",
    "exit_price",
    "commission",
    "profit",
    "gain",
    "bars",
    "reason",
    "worst",
    "best",
)


def exported(report: BacktestReport, kind: ExportFormat) -> ExportedBacktest:
    """Give a result as a file; runs in a process of its own."""
    content = _content(report, kind)
    is_text = kind is not ExportFormat.PDF
    return ExportedBacktest(
        file_name=f"{_file_stem(report)}.{kind}",
        media_type=_MEDIA_TYPES[kind],
        encoding="utf-8" if is_text else "base64",
        text=content.decode("utf-8") if is_text else base64.b64encode(content).decode("ascii"),
    )


def write_file(report: BacktestReport, path: str) -> None:
    """Write a result as the name ends; an older file stays until that is done."""
    file = Path(path)
    content = _content(report, ExportFormat(file.suffix[1:].lower()))
    with written_whole(file) as unfinished:
        unfinished.write_bytes(content)


def trades_as_text(report: BacktestReport) -> str:
    """Give the trades as comma-separated text, plain numbers, and above them where they come from."""
    summary = report.summary
    head = [
        tr("# {name}: {count} trades", name=summary.name, count=len(report.trades)),
        tr("# prices: {labels}; trust: {grade}", labels=summary.data_label, grade=summary.grade or "-"),
        *(f"# {warning}" for warning in summary.warnings),
    ]
    rows = (
        (
            trade.symbol,
            trade.side,
            trade.quantity,
            trade.entered_at,
            trade.entry_price,
            trade.left_at,
            trade.exit_price,
            trade.commission,
            trade.profit,
            trade.gain,
            trade.bars,
            trade.reason,
            trade.worst,
            trade.best,
        )
        for trade in report.trades
    )
    # The mark at the beginning tells spreadsheets that this is UTF-8.
    return "\ufeff" + "".join(csv_line((line,)) for line in head) + csv_text(_COLUMNS, rows)


def _content(report: BacktestReport, kind: ExportFormat) -> bytes:
    return _MAKERS[kind](report)


def _csv(report: BacktestReport) -> bytes:
    return trades_as_text(report).encode("utf-8")


def _html(report: BacktestReport) -> bytes:
    from puffling.automation.research.tearsheet.page import tear_sheet

    return tear_sheet(report).encode("utf-8")


def _pdf(report: BacktestReport) -> bytes:
    from puffling.automation.research.tearsheet.pdf import tear_sheet_pdf

    return tear_sheet_pdf(report)


_MAKERS: dict[ExportFormat, Callable[[BacktestReport], bytes]] = {
    ExportFormat.CSV: _csv,
    ExportFormat.HTML: _html,
    ExportFormat.PDF: _pdf,
}


def _file_stem(report: BacktestReport) -> str:
    name = "".join(sign if sign.isalnum() else "-" for sign in report.summary.name.lower())
    return "-".join(part for part in name.split("-") if part)[:80] or "backtest"
