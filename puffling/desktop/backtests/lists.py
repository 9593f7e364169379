"""The tables of a report: trades, falls, all figures, and where prices came from."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime

from puffling.desktop import numbers
from puffling.desktop.backtests.figures import TRUST, Figure, known_figures
from puffling.desktop.columns import Column, Kind, R
from puffling.desktop.theme import Tone
from puffling.frozen import frozen
from puffling.puffin.backtest.report import Fall, Number, Provenance, Trade
from puffling.runtime.text import tr

_DAYS = Callable[[datetime], str]

SIDES = {"long": "Long", "short": "Short", "buy": "Long", "sell": "Short"}


def day(moment: datetime) -> str:
    """Give the day of a moment."""
    return f"{moment.astimezone(UTC):%Y-%m-%d}"


def instant(moment: datetime) -> str:
    """Give a moment to the minute."""
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M}"


def trade_columns(*, whole_days: bool, several: bool) -> list[Column[Trade]]:
    """Give the columns of the trades; the symbol stands only where there are several."""
    say: _DAYS = day if whole_days else instant
    wide = 96 if whole_days else 132
    symbol = Column[Trade]("symbol", tr("Symbol"), lambda each: each.symbol, Kind.STRONG, width=68)
    return [
        *([symbol] if several else []),
        Column(
            "side",
            tr("Side"),
            lambda each: tr(SIDES.get(each.side, each.side)),
            width=54,
            tone=lambda each: Tone.UP if each.side in ("long", "buy") else Tone.DOWN,
        ),
        Column(
            "entered",
            tr("Entered"),
            lambda each: each.entered_at,
            Kind.TIME,
            width=wide,
            text=lambda each: say(each.entered_at),
        ),
        Column(
            "left",
            tr("Left"),
            lambda each: each.left_at,
            Kind.TIME,
            width=wide,
            text=lambda each: say(each.left_at),
        ),
        Column("profit", tr("Profit"), lambda each: each.profit, Kind.GAIN, width=96),
        Column("gain", tr("Gain"), lambda each: each.gain, Kind.PERCENT, width=68),
        Column("bars", tr("Bars"), lambda each: each.bars, Kind.NUMBER, decimals=0, width=52),
        Column("entry", tr("Entry"), lambda each: each.entry_price, Kind.PRICE, width=72),
        Column("exit", tr("Exit"), lambda each: each.exit_price, Kind.PRICE, width=72),
        Column(
            "quantity",
            tr("Quantity"),
            lambda each: each.quantity,
            Kind.NUMBER,
            decimals=0,
            width=80,
            stretch=True,
            text=lambda each: numbers.fixed(each.quantity, 0 if each.quantity >= 100 else 2),
            tooltip=lambda each: numbers.full(each.quantity),
        ),
        Column("worst", tr("Worst"), lambda each: each.worst, Kind.PERCENT, optional=True),
        Column("best", tr("Best"), lambda each: each.best, Kind.PERCENT, optional=True),
        Column("commission", tr("Commission"), lambda each: each.commission, Kind.MONEY, optional=True),
        Column("reason", tr("Left because"), lambda each: _reason(each.reason), Kind.MUTED, optional=True),
    ]


def _days(name: str, title: str, read: Callable[[R], datetime]) -> Column[R]:
    return Column(name, title, read, Kind.TIME, width=96, text=lambda each: day(read(each)))


def fall_columns() -> list[Column[Fall]]:
    """Give the columns of the worst falls."""
    return [
        Column("depth", tr("Depth"), lambda each: each.depth, Kind.PERCENT, width=76),
        Column(
            "begin",
            tr("High"),
            lambda each: each.begin,
            Kind.TIME,
            width=96,
            text=lambda each: day(each.begin),
        ),
        Column(
            "bottom",
            tr("Low"),
            lambda each: each.bottom,
            Kind.TIME,
            width=96,
            text=lambda each: day(each.bottom),
        ),
        Column(
            "end",
            tr("Made good"),
            lambda each: each.end,
            Kind.TIME,
            width=96,
            stretch=True,
            text=lambda each: day(each.end) if each.end is not None else tr("Not yet"),
            tone=lambda each: Tone.MUTED if each.end is not None else Tone.WARN,
        ),
        Column("bars", tr("Bars"), lambda each: each.bars, Kind.NUMBER, decimals=0, width=52),
    ]


@frozen
class FigureRow:
    """One figure of a result."""

    figure: Figure
    value: Number


def figure_columns() -> list[Column[FigureRow]]:
    """Give the columns of the list of all figures."""
    return [
        Column(
            "title",
            tr("Figure"),
            lambda each: tr(each.figure.title),
            Kind.MUTED,
            width=120,
            stretch=True,
            tooltip=lambda each: tr(each.figure.meaning),
        ),
        Column(
            "value",
            tr("Value"),
            lambda each: each.value,
            Kind.NUMBER,
            width=92,
            text=lambda each: each.figure.write(each.value),
            tooltip=lambda each: numbers.full(each.value),
            tone=lambda each: each.figure.tone(each.value),
        ),
    ]


def figure_rows(metrics: Mapping[str, Number], trust: Mapping[str, Number]) -> dict[str, FigureRow]:
    """Give all figures of a result, those of its examination last."""
    found = {figure.id: FigureRow(figure, value) for figure, value in known_figures(metrics)}
    for name, value in trust.items():
        if name in TRUST:
            found[f"trust {name}"] = FigureRow(TRUST[name], value)
    return found


def source_columns() -> list[Column[Provenance]]:
    """Give the columns of where prices came from."""
    return [
        Column("symbol", tr("Symbol"), lambda each: each.symbol, Kind.STRONG, width=72),
        Column(
            "label",
            tr("Data"),
            lambda each: each.label,
            width=150,
            stretch=True,
            tone=lambda each: Tone.WARN if each.quality in ("demo", "sample", "simulated") else Tone.TEXT,
            tooltip=lambda each: "\n".join((each.label, each.basis, *each.warnings)),
        ),
        Column("bars", tr("Bars"), lambda each: each.bars, Kind.NUMBER, decimals=0, width=60),
        Column(
            "first",
            tr("First"),
            lambda each: each.first,
            Kind.TIME,
            width=96,
            text=lambda each: day(each.first),
        ),
        Column(
            "last", tr("Last"), lambda each: each.last, Kind.TIME, width=96, text=lambda each: day(each.last)
        ),
        Column(
            "away",
            tr("Kept away"),
            lambda each: each.kept_away,
            Kind.NUMBER,
            decimals=0,
            width=72,
            tooltip=lambda _: tr("Bars that were too faulty to be used"),
        ),
        Column(
            "fetched",
            tr("Fetched"),
            lambda each: each.fetched_at,
            Kind.TIME,
            width=116,
            text=lambda each: instant(each.fetched_at),
            optional=True,
        ),
    ]


def numbered(rows: Sequence[Trade]) -> dict[str, Trade]:
    """Give rows a key each, in their order."""
    return {str(place): row for place, row in enumerate(rows)}


_REASONS = {
    "signal": "Signal",
    "stop_loss": "Stop loss",
    "take_profit": "Take profit",
    "trail": "Trailing stop",
    "time": "Time",
    "end": "End of the test",
}


def _reason(name: str) -> str:
    return tr(_REASONS.get(name, name.replace("_", " ").capitalize()))
