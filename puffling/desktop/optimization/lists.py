"""The tables of searches: their sets, the stretches they walked through, and all searches."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from puffling.automation.research.search.values import (
    OBJECTIVES,
    SearchLine,
    TrialLine,
    Varied,
    WalkedStretch,
)
from puffling.desktop import numbers
from puffling.desktop.backtests.figures import BY_ID
from puffling.desktop.columns import Column, Kind
from puffling.desktop.research.columns import grade_column, name_column
from puffling.desktop.theme import Tone
from puffling.frozen import frozen
from puffling.puffin.backtest.report import Number
from puffling.puffin.factors.declaration import Setting
from puffling.runtime.text import tr

STATES = {
    "running": "Running",
    "done": "Done",
    "cancelled": "Cancelled",
    "failed": "Failed",
    "interrupted": "Ended unfinished",
}

# Beside the score, as far as they are not the score; some only where the person wants them.
_FIGURES = (
    ("total_return", 96),
    ("annualized_return", 92),
    ("sharpe_ratio", 96),
    ("max_drawdown", 120),
    ("total_trades", 92),
    ("win_rate", 80),
    ("profit_factor", 116),
)
_SHOWN = frozenset({"total_return", "max_drawdown", "total_trades"})


@frozen
class Step:
    """One stretch of the walk, under its number."""

    number: int
    stretch: WalkedStretch


def written(objective: str, value: Number) -> str:
    """Give a score as people read it."""
    return BY_ID[objective].write(value)


def setting_words(value: Setting | None) -> str:
    """Give the value of a parameter as people read it."""
    if value is None or isinstance(value, str):
        return value or numbers.NOTHING
    return f"{value:.10g}".replace("-", numbers.MINUS)


def set_words(parameters: dict[str, Setting], varied: Sequence[Varied]) -> str:
    """Give what varied in a set, in words."""
    return ", ".join(f"{tr(each.title)} {setting_words(parameters.get(each.name))}" for each in varied)


def trial_columns(varied: Sequence[Varied], objective: str) -> list[Column[TrialLine]]:
    """Give the columns of the sets: what varied, the score in both parts of history, and the main figures."""
    title = tr(BY_ID[objective].title)
    parameters = [_parameter(each) for each in varied]
    figures = [_figure(name, width) for name, width in _FIGURES if name != objective]
    return [
        *parameters,
        Column(
            "score",
            tr("{figure}, seen", figure=title),
            lambda row: row.score,
            Kind.NUMBER,
            width=100,
            text=lambda row: written(objective, row.score),
            tooltip=lambda row: row.trouble or tr("Over the part of history the best is chosen on"),
        ),
        Column(
            "unseen",
            tr("{figure}, unseen", figure=title),
            lambda row: row.unseen_score,
            Kind.NUMBER,
            width=112,
            text=lambda row: written(objective, row.unseen_score),
            tooltip=lambda row: tr("Over the part that is only looked at afterwards"),
        ),
        *figures,
        Column(
            "unseen return",
            tr("Return, unseen"),
            lambda row: row.unseen.get("total_return"),
            Kind.PERCENT,
            width=104,
        ),
        Column(
            "trouble",
            tr("Failed because"),
            lambda row: row.trouble,
            Kind.MUTED,
            stretch=True,
            optional=True,
            tooltip=lambda row: row.trouble,
        ),
    ]


def _parameter(varied: Varied) -> Column[TrialLine]:
    name = varied.name
    return Column(
        f"parameter {name}",
        tr(varied.title),
        lambda row: row.parameters.get(name),
        Kind.NUMBER,
        width=96,
        text=lambda row: setting_words(row.parameters.get(name)),
    )


def _figure(name: str, width: int) -> Column[TrialLine]:
    figure = BY_ID[name]
    return Column(
        name,
        tr("{figure}, seen", figure=tr(figure.title)),
        lambda row: row.seen.get(name),
        Kind.NUMBER,
        width=width,
        text=lambda row: figure.write(row.seen.get(name)),
        tone=lambda row: figure.tone(row.seen.get(name)),
        drops=True,
        optional=name not in _SHOWN,
    )


def step_columns(varied: Sequence[Varied], objective: str) -> list[Column[Step]]:
    """Give the columns of the walk forward."""
    title = tr(BY_ID[objective].title)
    return [
        Column("number", tr("Stretch"), lambda row: row.number, Kind.NUMBER, decimals=0, width=56),
        Column(
            "set",
            tr("Best in it"),
            lambda row: set_words(row.stretch.parameters, varied),
            width=210,
            stretch=True,
            tooltip=lambda row: set_words(row.stretch.parameters, varied),
        ),
        Column(
            "seen",
            tr("{figure}, in it", figure=title),
            lambda row: row.stretch.score,
            Kind.NUMBER,
            width=92,
            drops=True,
            text=lambda row: written(objective, row.stretch.score),
        ),
        Column(
            "unseen",
            tr("{figure}, after it", figure=title),
            lambda row: row.stretch.unseen_score,
            Kind.NUMBER,
            width=104,
            text=lambda row: written(objective, row.stretch.unseen_score),
        ),
        Column(
            "return", tr("Return after it"), lambda row: row.stretch.unseen_return, Kind.PERCENT, width=104
        ),
    ]


def _score(id: str, title: str, read: Callable[[SearchLine], Number]) -> Column[SearchLine]:
    return Column(
        id,
        title,
        read,
        Kind.NUMBER,
        width=72,
        drops=True,
        text=lambda row: written(row.objective, read(row)),
    )


def search_columns(time: Callable[[datetime], str]) -> list[Column[SearchLine]]:
    """Give the columns of the list of searches."""
    return [
        grade_column(lambda row: row.grade),
        name_column(lambda row: row.name, width=190),
        Column(
            "state",
            tr("State"),
            lambda row: tr(STATES[row.state]),
            width=104,
            tone=lambda row: Tone.MUTED if row.state == "done" else Tone.WARN,
        ),
        Column(
            "tried",
            tr("Tried"),
            lambda row: row.tried,
            Kind.NUMBER,
            width=72,
            drops=True,
            text=lambda row: (
                f"{row.tried:,}" if row.tried == row.planned else f"{row.tried:,} / {row.planned:,}"
            ),
        ),
        Column(
            "objective",
            tr("Best is"),
            lambda row: tr(OBJECTIVES[row.objective]),
            Kind.MUTED,
            width=104,
            drops=True,
        ),
        _score("score", tr("Seen"), lambda row: row.score),
        _score("unseen", tr("Unseen"), lambda row: row.unseen_score),
        Column(
            "made",
            tr("Made"),
            lambda row: row.created_at,
            Kind.TIME,
            width=88,
            drops=True,
            text=lambda row: time(row.created_at),
        ),
        Column("range", tr("Range"), lambda row: f"{row.start} – {row.end}", Kind.MUTED, optional=True),
        Column("strategy", tr("Strategy"), lambda row: row.strategy, Kind.MUTED, optional=True),
    ]
