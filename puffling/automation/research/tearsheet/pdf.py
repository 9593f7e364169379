"""A tear sheet on paper: the same as the page, without what only a screen can do."""

from __future__ import annotations

from collections.abc import Sequence

from puffling.automation.research.tearsheet.drawing import (
    Box,
    Sketch,
    Stroke,
    distribution_chart,
    drawdown_chart,
    equity_chart,
    exposure_chart,
    rolling_chart,
)
from puffling.automation.research.tearsheet.paper import MARGIN, WIDTH, Paper, text_width, wrapped
from puffling.automation.research.tearsheet.style import LIGHT
from puffling.automation.research.tearsheet.words import (
    CHECKS,
    MONTHS,
    grade_words,
    money,
    number,
    share,
    written,
)
from puffling.puffin.backtest.glossary import FIGURES
from puffling.puffin.backtest.report import BacktestReport
from puffling.runtime.text import tr

KEYS = (
    "total_return", "annualized_return", "benchmark_return", "sharpe_ratio", "max_drawdown",
    "annualized_volatility", "total_trades", "win_rate",
)  # fmt: skip
_MOST_TRADES = 500
_ROOM = WIDTH - 2.0 * MARGIN
_GRADES = {"A": "up", "B": "up", "C": "warn", "D": "down", "F": "down"}
_SIGNS = {"fine": ("+", "up"), "doubtful": ("~", "warn"), "bad": ("x", "down"), "fatal": ("x", "down")}
# Colour, width of the line (0 is an area), and how strong or how dashed.
_LINES = {
    "grid": ("line", 0.5, ""),
    "zero": ("muted", 0.5, ""),
    "equity": ("accent", 1.1, ""),
    "rolling": ("accent", 1.0, ""),
    "fall": ("down", 0.8, ""),
    "benchmark": ("muted", 0.9, "3 2.5"),
}
_AREAS = {"under": ("accent", 0.09), "fallen": ("down", 0.14), "held": ("accent", 0.28)}


def tear_sheet_pdf(report: BacktestReport) -> bytes:
    """Give the whole file."""
    paper = Paper(report.summary.name)
    _head(paper, report)
    _verdict(paper, report)
    _keys(paper, report)
    _chart(paper, tr("Equity"), equity_chart(report))
    _chart(paper, tr("Drawdown"), drawdown_chart(report))
    _months(paper, report)
    rolling = rolling_chart(report)
    if rolling is not None:
        _chart(paper, tr("Sharpe ratio of {bars} bars", bars=report.curves.rolling_bars), rolling)
    _chart(paper, tr("Exposure"), exposure_chart(report))
    gains = distribution_chart(report.distribution)
    if gains is not None:
        _chart(paper, tr("Gains of the trades"), gains)
    _falls(paper, report)
    _figures(paper, report)
    _trades(paper, report)
    _origins(paper, report)
    return paper.finished()


def _head(paper: Paper, report: BacktestReport) -> None:
    summary = report.summary
    for line in wrapped(summary.name, 17.0, _ROOM * 0.94):
        paper.text(MARGIN, paper.y + 14.0, line, size=17.0, bold=True)
        paper.y += 22.0
    chosen = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in summary.parameters.items())
    symbols = ", ".join(summary.symbols)
    _lines(
        paper, f"{summary.data_label}. {summary.strategy}: {symbols}, {summary.interval}; {chosen}", "muted"
    )
    paper.y += 8.0


def _verdict(paper: Paper, report: BacktestReport) -> None:
    summary, top = report.summary, paper.y
    paper.box(MARGIN, top, 48.0, 48.0, LIGHT[_GRADES[summary.grade]])
    paper.text(MARGIN + 24.0, top + 35.0, summary.grade, size=30.0, bold=True, colour="#ffffff",
               anchor="middle")  # fmt: skip
    left = MARGIN + 62.0
    paper.text(left, top + 11.0, grade_words(summary.grade), size=12.0, bold=True)
    paper.y = top + 26.0
    for each in summary.reasons:
        sign, tone = _SIGNS.get(each.outcome, _SIGNS["doubtful"])
        lines = wrapped(f"{each.text}.", 9.0, _ROOM - 160.0)
        paper.need(12.0 * len(lines))
        paper.text(left, paper.y, sign, bold=True, colour=LIGHT[tone])
        paper.text(left + 12.0, paper.y, tr(CHECKS.get(each.check, each.check)), bold=True)
        for line in lines:
            paper.text(left + 98.0, paper.y, line)
            paper.y += 12.0
    for warning in summary.warnings:
        _lines(paper, warning, "warn")
    paper.y = max(paper.y, top + 56.0) + 6.0


def _keys(paper: Paper, report: BacktestReport) -> None:
    paper.need(80.0)
    for place, name in enumerate(KEYS):
        x = MARGIN + (place % 4) * _ROOM / 4.0
        y = paper.y + (place // 4) * 34.0
        figure = FIGURES[name]
        paper.text(x, y + 8.0, tr(figure.title), size=8.0, colour=LIGHT["muted"])
        paper.text(
            x, y + 23.0, written(report.summary.metrics.get(name), figure.measure), size=14.0, bold=True
        )
    paper.y += 76.0


def _chart(paper: Paper, title: str, sketch: Sketch) -> None:
    scale = _ROOM / 1000.0
    paper.need(sketch.height * scale + 26.0)
    _title(paper, title)
    top = paper.y

    def placed(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
        return [(MARGIN + x * scale, top + y * scale) for x, y in points]

    for mark in sketch.marks:
        if isinstance(mark, Stroke) and mark.filled:
            colour, strength = _AREAS[mark.role]
            paper.area(placed(mark.points), LIGHT[colour], strength)
        elif isinstance(mark, Stroke):
            colour, width, dash = _LINES[mark.role]
            paper.line(placed(mark.points), LIGHT[colour], width, dash)
        elif isinstance(mark, Box):
            colour = "up" if mark.role == "gain" else "down"
            [(x, y)] = placed([(mark.x, mark.y)])
            paper.box(x, y, mark.width * scale, mark.height * scale, LIGHT[colour])
        else:
            [(x, y)] = placed([(mark.x, mark.y)])
            paper.text(x, y, mark.text, size=7.0, colour=LIGHT["muted"], anchor=mark.anchor)
    paper.y = top + sketch.height * scale + 12.0


def _months(paper: Paper, report: BacktestReport) -> None:
    largest = max(
        (abs(value) for row in report.years for value in row.months if value is not None), default=0.0
    )
    paper.need(40.0)
    _title(paper, tr("Returns by month"))
    step = (_ROOM - 30.0) / 13.0
    for place, name in enumerate((*map(tr, MONTHS), tr("Year"))):
        x = MARGIN + 30.0 + (place + 1) * step - 3.0
        paper.text(x, paper.y + 7.0, name, size=7.0, colour=LIGHT["muted"], anchor="end")
    paper.y += 12.0
    for row in report.years:
        paper.need(14.0)
        paper.text(MARGIN, paper.y + 9.0, str(row.year), size=7.5)
        for place, value in enumerate((*row.months, row.total)):
            if value is None:
                continue
            x = MARGIN + 30.0 + place * step
            if place < 12 and largest:
                strength = 0.5 * min(abs(value) / largest, 1.0) ** 0.7
                paper.box(
                    x + 0.5, paper.y, step - 1.0, 12.0, LIGHT["up" if value > 0.0 else "down"], strength
                )
            paper.text(
                x + step - 3.0, paper.y + 9.0, share(value, 1), size=7.0, bold=place == 12, anchor="end"
            )
        paper.y += 13.0
    paper.y += 12.0


def _falls(paper: Paper, report: BacktestReport) -> None:
    rows = [
        (share(fall.depth, 1), f"{fall.begin:%Y-%m-%d}", f"{fall.bottom:%Y-%m-%d}",
         f"{fall.end:%Y-%m-%d}" if fall.end else tr("not yet"), f"{fall.bars:,}")
        for fall in report.falls
    ]  # fmt: skip
    heads = (tr("Depth"), tr("From"), tr("Bottom"), tr("Made good"), tr("Bars"))
    _table(paper, tr("Deepest drawdowns"), heads, rows, (60.0, 90.0, 90.0, 90.0, 60.0))


def _figures(paper: Paper, report: BacktestReport) -> None:
    paper.need(60.0)
    _title(paper, tr("All figures"))
    for name, figure in FIGURES.items():
        if name not in report.summary.metrics:
            continue
        lines = wrapped(tr(figure.help), 8.0, _ROOM - 200.0)
        paper.need(11.0 * len(lines) + 3.0)
        paper.text(MARGIN, paper.y + 7.0, tr(figure.title), size=8.5)
        text = written(report.summary.metrics[name], figure.measure)
        paper.text(MARGIN + 180.0, paper.y + 7.0, text, size=8.5, bold=True, anchor="end")
        for line in lines:
            paper.text(MARGIN + 200.0, paper.y + 7.0, line, size=8.0, colour=LIGHT["muted"])
            paper.y += 11.0
        paper.y += 3.0
    paper.y += 10.0


def _trades(paper: Paper, report: BacktestReport) -> None:
    rows = [
        (each.symbol, tr(each.side), number(each.quantity, 0), f"{each.entered_at:%Y-%m-%d}",
         number(each.entry_price), f"{each.left_at:%Y-%m-%d}", number(each.exit_price), money(each.profit),
         share(each.gain, 1))
        for each in reversed(report.trades[-_MOST_TRADES:])
    ]  # fmt: skip
    heads = (
        tr("Symbol"), tr("Side"), tr("Quantity"), tr("Entered"), tr("at"), tr("Left"), tr("at"),
        tr("Profit"), tr("Gain"),
    )  # fmt: skip
    widths = (56.0, 36.0, 56.0, 64.0, 60.0, 64.0, 60.0, 66.0, 50.0)
    _table(paper, tr("Trades"), heads, rows, widths)


def _origins(paper: Paper, report: BacktestReport) -> None:
    rows = [
        (each.symbol, each.label, each.quality.replace("_", " "), f"{each.first:%Y-%m-%d}",
         f"{each.last:%Y-%m-%d}", f"{each.bars:,}")
        for each in report.summary.sources
    ]  # fmt: skip
    heads = (tr("Symbol"), tr("Source"), tr("Quality"), tr("First"), tr("Last"), tr("Bars"))
    _table(paper, tr("Where it comes from"), heads, rows, (70.0, 150.0, 80.0, 70.0, 70.0, 60.0))
    made = report.manifest
    _lines(
        paper,
        f"{report.summary.id}: data {made.data}, code {made.code}, parameters {made.parameters}, "
        f"engine {made.engine}, result {made.result}",
        "muted",
    )


def _title(paper: Paper, text: str) -> None:
    paper.text(MARGIN, paper.y + 9.0, text, size=10.5, bold=True)
    paper.y += 16.0


def _lines(paper: Paper, text: str, tone: str) -> None:
    for line in wrapped(text, 9.0, _ROOM):
        paper.need(12.0)
        paper.text(MARGIN, paper.y + 8.0, line, colour=LIGHT[tone])
        paper.y += 12.0


def _table(
    paper: Paper, title: str, heads: Sequence[str], rows: Sequence[Sequence[str]], widths: Sequence[float]
) -> None:
    if not rows:
        return
    paper.need(44.0)
    _title(paper, title)
    _row(paper, heads, widths, colour=LIGHT["muted"])
    for row in rows:
        paper.need(12.0)
        _row(paper, row, widths)
    paper.y += 12.0


def _row(paper: Paper, cells: Sequence[str], widths: Sequence[float], *, colour: str = LIGHT["text"]) -> None:
    x = MARGIN
    for text, width in zip(cells, widths, strict=True):
        shown = text
        while shown and text_width(shown, 8.0) > width - 4.0:
            shown = shown[:-1]
        paper.text(x, paper.y + 8.0, shown, size=8.0, colour=colour)
        x += width
    paper.y += 12.0
