"""The columns of alerts, and of what they said."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from puffling.automation.alerts.values import AlertLine, AlertState
from puffling.desktop.columns import Column, Kind
from puffling.desktop.theme import Tone
from puffling.runtime.text import tr
from puffling.store.values import AlertNote

_STATES = {
    AlertState.WATCHING: ("Watching", Tone.ACCENT, "It is watched while Puffling runs."),
    AlertState.OFF: ("Off", Tone.MUTED, "It is switched off."),
    AlertState.DONE: ("Raised", Tone.MUTED, "It was to be raised once. Switch it on to watch again."),
    AlertState.OTHER_PRICES: (
        "Waiting",
        Tone.WARN,
        "It was made on demo prices and these are real, or the other way round. Switch it on anew.",
    ),
}


def alert_columns(time: Callable[[datetime], str]) -> list[Column[AlertLine]]:
    """Give the columns of alerts, the ones that matter most first."""
    return [
        Column("symbol", tr("Symbol"), lambda line: line.symbol, Kind.STRONG, width=84),
        Column("title", tr("Alert"), _title, width=220, stretch=True),
        Column(
            "state",
            tr("State"),
            lambda line: tr(_STATES[line.state][0]),
            width=84,
            tone=lambda line: _STATES[line.state][1],
            tooltip=lambda line: tr(_STATES[line.state][2]),
        ),
        Column(
            "distance",
            tr("Distance"),
            distance,
            Kind.PERCENT,
            width=84,
            tone=lambda _: Tone.TEXT,
            tooltip=lambda _: tr("How far the price has to go."),
        ),
        Column("once", tr("Repeats"), _repeats, Kind.MUTED, width=84),
        Column(
            "raised",
            tr("Last raised"),
            lambda line: line.last_raised_at,
            Kind.TIME,
            width=104,
            text=lambda line: time(line.last_raised_at) if line.last_raised_at else "",
        ),
    ]


def note_columns(time: Callable[[datetime], str]) -> list[Column[AlertNote]]:
    """Give the columns of what alerts said."""
    return [
        Column(
            "time",
            tr("Time"),
            lambda note: note.raised_at,
            Kind.TIME,
            width=92,
            text=lambda note: time(note.raised_at),
        ),
        Column("symbol", tr("Symbol"), lambda note: note.symbol, Kind.STRONG, width=84),
        Column("message", tr("Message"), lambda note: note.message, width=300, stretch=True),
    ]


def latest_columns(time: Callable[[datetime], str]) -> list[Column[AlertNote]]:
    """Give the columns of the newest, where there is little room: a message names its symbol."""
    when, _, message = note_columns(time)
    return [when, replace(message, width=200)]


def distance(line: AlertLine) -> float | None:
    """Give how far the level lies from the price, as a share of it; None where either is missing."""
    if line.level is None or not line.price:
        return None
    return line.level / line.price - 1.0


def _title(line: AlertLine) -> str:
    return f"{line.name}: {line.title}" if line.name else line.title


def _repeats(line: AlertLine) -> str:
    return tr("Once") if line.once else tr("Every time")
