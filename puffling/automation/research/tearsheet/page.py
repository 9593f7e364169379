"""A tear sheet as one page: no other file, no script, nothing fetched from anywhere."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from html import escape

from puffling.automation.research.tearsheet.drawing import (
    Box,
    Sketch,
    Stroke,
    Words,
    distribution_chart,
    drawdown_chart,
    equity_chart,
    exposure_chart,
    rolling_chart,
)
from puffling.automation.research.tearsheet.style import style_sheet
from puffling.automation.research.tearsheet.words import (
    CHECKS,
    MONTHS,
    OUTCOMES,
    grade_words,
    money,
    number,
    share,
    written,
)
from puffling.puffin.backtest.glossary import FIGURES
from puffling.puffin.backtest.report import BacktestReport, Number, YearRow
from puffling.runtime.text import tr

KEYS = (
    "total_return",
    "annualized_return",
    "benchmark_return",
    "sharpe_ratio",
    "max_drawdown",
    "annualized_volatility",
    "total_trades",
    "win_rate",
)
REAL = frozenset({"realtime", "one_exchange", "delayed", "end_of_day"})
SIGNS = {"fine": "✓", "doubtful": "~", "bad": "✗", "fatal": "✗"}
MOST_TRADES = 500
_COLOURED = frozenset({"total_return", "annualized_return", "benchmark_return"})
_POLICY = "default-src 'none'; style-src 'unsafe-inline'"


def tear_sheet(report: BacktestReport) -> str:
    """Give the whole page."""
    title = escape(report.summary.name)
    return (
        "<!doctype html>\n"
        '<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="referrer" content="no-referrer">'
        f"<title>{title}</title><style>{style_sheet()}</style></head><body><main>"
        f"{''.join(_sections(report))}</main></body></html>\n"
    )


def _sections(report: BacktestReport) -> Iterable[str]:
    yield _head(report)
    yield _verdict(report)
    yield f'<section><dl class="keys">{"".join(_key(report, name) for name in KEYS)}</dl></section>'
    yield _section(tr("Equity"), _legend(report) + _svg(equity_chart(report)))
    yield _section(tr("Drawdown"), _svg(drawdown_chart(report)))
    if report.years:
        yield _section(tr("Returns by month"), _months(report.years))
    rolling = rolling_chart(report)
    if rolling is not None:
        title = tr("Sharpe ratio of {bars} bars", bars=report.curves.rolling_bars)
        yield _section(title, _svg(rolling))
    yield _section(tr("Exposure"), _svg(exposure_chart(report)))
    distribution = distribution_chart(report.distribution)
    gains = _svg(distribution) if distribution else f"<p>{tr('No trade ended.')}</p>"
    yield (
        f'<div class="pair">{_section(tr("Gains of the trades"), gains)}'
        f"{_section(tr('Deepest drawdowns'), _falls(report))}</div>"
    )
    yield _section(tr("All figures"), _figures(report))
    if report.trades or report.positions:
        yield _section(tr("Trades"), _trades(report))
    yield _section(tr("Where it comes from"), _origins(report))


def _head(report: BacktestReport) -> str:
    summary = report.summary
    chips = "".join(
        f'<span class="chip {"real" if all(known) else "warn"}">{escape(label)}</span>'
        for label, known in _labels(report).items()
    )
    chosen = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in summary.parameters.items())
    what = tr(
        "{strategy} on {symbols}, bars of {interval}, {start} to {end}",
        strategy=summary.strategy.replace("_", " ").capitalize(),
        symbols=", ".join(summary.symbols),
        interval=summary.interval,
        start=_day(summary.start),
        end=_day(summary.end),
    )
    said = f"{what}; {chosen}" if chosen else what
    return f'<header><h1>{escape(summary.name)}</h1>{chips}<p class="what">{escape(said)}</p></header>'


def _labels(report: BacktestReport) -> dict[str, list[bool]]:
    labels: dict[str, list[bool]] = {}
    for each in report.summary.sources:
        labels.setdefault(each.label, []).append(each.quality in REAL)
    return labels


def _verdict(report: BacktestReport) -> str:
    summary = report.summary
    rows = "".join(
        f'<li class="{escape(each.outcome)}">'
        f'<span class="sign" title="{escape(tr(OUTCOMES.get(each.outcome, each.outcome)))}">'
        f"{SIGNS.get(each.outcome, '~')}</span>"
        f"<b>{escape(tr(CHECKS.get(each.check, each.check)))}</b><span>{escape(each.text)}.</span></li>"
        for each in summary.reasons
    )
    warnings = "".join(f'<p class="said">{escape(each)}</p>' for each in summary.warnings)
    grade = escape(summary.grade)
    return (
        f'<section class="verdict"><div class="grade {grade}" title="{tr("Trust verdict")}">'
        f"{grade}</div><div><h2>{escape(grade_words(summary.grade))}</h2>"
        f'<ul class="reasons">{rows}</ul>{warnings}</div></section>'
    )


def _key(report: BacktestReport, name: str) -> str:
    figure, value = FIGURES[name], report.summary.metrics.get(name)
    if name == "benchmark_return" and value is None:
        return ""
    title = tr(figure.title)
    if name == "benchmark_return":
        title = f"{title} {report.summary.benchmark}"
    text = written(value, figure.measure)
    tone = _tone(value) if name in _COLOURED else ""
    return (
        f'<div title="{escape(tr(figure.help))}"><dt>{escape(title)}</dt>'
        f'<dd class="{tone}">{_plus(value, text) if tone else text}</dd></div>'
    )


def _legend(report: BacktestReport) -> str:
    own = f"<span><i></i>{escape(tr('Strategy'))}</span>"
    other = report.summary.benchmark
    if other:
        text = tr("{symbol}, bought and held without costs", symbol=other)
        own += f'<span class="other"><i></i>{escape(text)}</span>'
    return f'<div class="legend">{own}</div>'


def _months(years: Sequence[YearRow]) -> str:
    compared = any(row.benchmark is not None for row in years)
    largest = max((abs(value) for row in years for value in row.months if value is not None), default=0.0)
    names = [*map(tr, MONTHS), tr("Year"), *([tr("Benchmark")] if compared else [])]
    head = "".join(f"<th>{escape(name)}</th>" for name in names)
    rows = []
    for row in years:
        cells = "".join(_month(value, largest) for value in row.months)
        other = f"<td>{share(row.benchmark, 1)}</td>" if compared else ""
        rows.append(
            f'<tr><td>{row.year}</td>{cells}<td class="total {_tone(row.total)}">'
            f"{_plus(row.total, share(row.total, 1))}</td>{other}</tr>"
        )
    return f'<div class="scroll"><table class="months"><tr><th></th>{head}</tr>{"".join(rows)}</table></div>'


def _month(value: Number, largest: float) -> str:
    if value is None:
        return "<td></td>"
    strength = round(100 * min(abs(value) / largest, 1.0) ** 0.7 * 0.5) if largest else 0
    colour = "up" if value > 0.0 else "down"
    return (
        f'<td class="cell" style="background:color-mix(in srgb,var(--{colour}) {strength}%,var(--panel))">'
        f"{share(value, 1)}</td>"
    )


def _falls(report: BacktestReport) -> str:
    if not report.falls:
        return f"<p>{escape(tr('It never fell.'))}</p>"
    heads = (tr("Depth"), tr("From"), tr("Bottom"), tr("Made good"), tr("Bars"))
    rows = [
        (share(fall.depth, 1), _day(fall.begin), _day(fall.bottom),
         _day(fall.end) if fall.end else tr("not yet"), f"{fall.bars:,}")
        for fall in report.falls
    ]  # fmt: skip
    return _table(heads, rows, numbers={0, 4})


def _figures(report: BacktestReport) -> str:
    parts = []
    for name, figure in FIGURES.items():
        if name not in report.summary.metrics:
            continue
        value = written(report.summary.metrics[name], figure.measure)
        parts.append(
            f'<div><div class="line"><dt>{escape(tr(figure.title))}</dt><dd>{value}</dd></div>'
            f"<p>{escape(tr(figure.help))}</p></div>"
        )
    costs = report.costs
    paid = tr(
        "Paid in all: commissions {commission}, slippage {slippage}, holding {carry}."
        " Risk-free rate {rate} a year.",
        commission=money(costs.commission),
        slippage=money(costs.slippage),
        carry=money(costs.carry),
        rate=share(float(report.request.get("risk_free_rate", 0.0))),
    )
    return f'<dl class="figures">{"".join(parts)}</dl><p class="small after">{escape(paid)}</p>'


def _trades(report: BacktestReport) -> str:
    heads = (
        tr("Symbol"), tr("Side"), tr("Quantity"), tr("Entered"), tr("at"), tr("Left"), tr("at"), tr("Why"),
        tr("Bars"), tr("Profit"), tr("Gain"), tr("Worst"), tr("Best"),
    )  # fmt: skip
    shown = report.trades[-MOST_TRADES:]
    rows = [
        (each.symbol, tr(each.side), number(each.quantity, 0 if each.quantity.is_integer() else 4),
         _day(each.entered_at), number(each.entry_price), _day(each.left_at), number(each.exit_price),
         tr(each.reason), f"{each.bars:,}", money(each.profit), share(each.gain, 1), share(each.worst, 1),
         share(each.best, 1))
        for each in reversed(shown)
    ]  # fmt: skip
    said = ""
    if len(report.trades) > len(shown):
        said = tr("The newest {shown} of {count}.", shown=len(shown), count=len(report.trades))
    held = [
        tr("Still held: {quantity} {symbol}, worth {value}.", quantity=number(each.quantity, 0),
           symbol=each.symbol, value=money(each.value))
        for each in report.positions
    ]  # fmt: skip
    notes = "".join(f'<p class="small">{escape(each)}</p>' for each in (said, *held) if each)
    return _table(heads, rows, numbers={2, 4, 6, 8, 9, 10, 11, 12}) + notes


def _origins(report: BacktestReport) -> str:
    heads = (
        tr("Symbol"), tr("Source"), tr("Quality"), tr("Prices"), tr("Bars"), tr("First"), tr("Last"),
        tr("Faulty, kept away"), tr("Fetched"),
    )  # fmt: skip
    rows = [
        (each.symbol, each.label, each.quality.replace("_", " "), f"{each.basis}, {each.currency}",
         f"{each.bars:,}", _day(each.first), _day(each.last), f"{each.kept_away:,}", _day(each.refreshed_at))
        for each in report.summary.sources
    ]  # fmt: skip
    made = report.manifest
    hashes = " ".join(
        f"{name} <code>{escape(value)}</code>"
        for name, value in (
            ("data", made.data), ("code", made.code), ("parameters", made.parameters),
            ("engine", made.engine), ("result", made.result),
        )
    )  # fmt: skip
    with_what = ", ".join(f"{name} {version}" for name, version in made.libraries.items())
    again = tr("Run again on the same days it gives the same to the last bit: puffling backtest verify {id}",
               id=report.summary.id)  # fmt: skip
    attempts = tr("Attempt {count} on this data, the seed of random draws {seed}.",
                  count=report.summary.trials, seed=made.seed)  # fmt: skip
    return (
        f"{_table(heads, rows, numbers={4, 7})}"
        f'<p class="small after">{escape(attempts)} {escape(again)}</p>'
        f'<p class="small">{hashes} {escape(with_what)}</p>'
    )


def _section(title: str, content: str) -> str:
    return f"<section><h2>{escape(title)}</h2>{content}</section>"


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]], *, numbers: set[int]) -> str:
    def cell(tag: str, place: int, text: str) -> str:
        return f"<{tag}{' class=number' if place in numbers else ''}>{escape(text)}</{tag}>"

    head = "".join(cell("th", place, text) for place, text in enumerate(heads))
    body = "".join(
        f"<tr>{''.join(cell('td', place, text) for place, text in enumerate(row))}</tr>" for row in rows
    )
    return f'<div class="scroll"><table><tr>{head}</tr>{body}</table></div>'


def _svg(sketch: Sketch) -> str:
    marks = "".join(_mark(mark) for mark in sketch.marks)
    return (
        f'<svg viewBox="0 0 {sketch.width:g} {sketch.height:g}" role="img" '
        f'aria-label="{escape(sketch.alt)}">{marks}</svg>'
    )


def _mark(mark: Stroke | Box | Words) -> str:
    if isinstance(mark, Stroke):
        along = "L".join(f"{x:.1f} {y:.1f}" for x, y in mark.points)
        return f'<path class="{mark.role}" d="M{along}{"Z" if mark.filled else ""}"/>'
    if isinstance(mark, Box):
        return (
            f'<rect class="{mark.role}" x="{mark.x:.1f}" y="{mark.y:.1f}" width="{mark.width:.1f}" '
            f'height="{mark.height:.1f}"><title>{escape(mark.hint)}</title></rect>'
        )
    return f'<text x="{mark.x:.1f}" y="{mark.y:.1f}" text-anchor="{mark.anchor}">{escape(mark.text)}</text>'


def _tone(value: Number) -> str:
    return "" if not value else "up" if value > 0.0 else "down"


def _plus(value: Number, text: str) -> str:
    return f"+{text}" if value is not None and value > 0.0 else text


def _day(moment: datetime) -> str:
    if (moment.hour, moment.minute) == (0, 0):
        return moment.strftime("%Y-%m-%d")
    return moment.strftime("%Y-%m-%d %H:%M")
