"""The columns with which every list of what is kept begins."""

from __future__ import annotations

from collections.abc import Callable

from puffling.desktop import numbers
from puffling.desktop.backtests.figures import grade_tone, grade_words
from puffling.desktop.columns import Column, Kind, R
from puffling.runtime.text import tr


def grade_column(read: Callable[[R], str]) -> Column[R]:
    """Give the column of how far each can be trusted."""
    return Column(
        "grade",
        tr("Trust"),
        lambda row: read(row) or numbers.NOTHING,
        Kind.STRONG,
        width=52,
        tone=lambda row: grade_tone(read(row)),
        tooltip=lambda row: grade_words(read(row)),
    )


def name_column(read: Callable[[R], str], *, width: int) -> Column[R]:
    """Give the column of what people call each."""
    return Column("name", tr("Name"), read, width=width, stretch=True, tooltip=read)
