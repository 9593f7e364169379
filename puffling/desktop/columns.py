"""What a table shows: columns declared once, and how each kind of value reads."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, Generic, NamedTuple, TypeGuard, TypeVar

from puffling.desktop import numbers
from puffling.desktop.theme import Tone

R = TypeVar("R")


class Kind(StrEnum):
    """How the values of a column read."""

    TEXT = "text"
    STRONG = "strong"
    MUTED = "muted"
    CODE = "code"
    NUMBER = "number"
    PRICE = "price"
    CHANGE = "change"
    PERCENT = "percent"
    SHARE = "share"
    MONEY = "money"
    GAIN = "gain"
    SIZE = "size"
    TIME = "time"
    AGE = "age"
    SPARKLINE = "sparkline"
    BARS = "bars"
    PROGRESS = "progress"

    @property
    def numeric(self) -> bool:
        """Say whether the values stand right, at their decimal point."""
        return self in _NUMERIC

    @property
    def drawn(self) -> bool:
        """Say whether the values are drawn and not written."""
        return self in (Kind.SPARKLINE, Kind.BARS, Kind.PROGRESS)


_NUMERIC = frozenset(
    (
        Kind.NUMBER,
        Kind.PRICE,
        Kind.CHANGE,
        Kind.PERCENT,
        Kind.SHARE,
        Kind.MONEY,
        Kind.GAIN,
        Kind.SIZE,
        Kind.AGE,
    )
)
_SIGNED = frozenset((Kind.CHANGE, Kind.PERCENT, Kind.GAIN))
_PADDED = frozenset((Kind.NUMBER, Kind.PRICE, Kind.CHANGE))
_WIDTHS = {
    Kind.TEXT: 140,
    Kind.STRONG: 88,
    Kind.MUTED: 140,
    Kind.CODE: 120,
    Kind.PRICE: 84,
    Kind.PERCENT: 72,
    Kind.SHARE: 72,
    Kind.SIZE: 68,
    Kind.MONEY: 100,
    Kind.GAIN: 96,
    Kind.TIME: 128,
    Kind.SPARKLINE: 76,
    Kind.BARS: 76,
    Kind.PROGRESS: 96,
}


# No slots: on Python 3.11 a frozen generic dataclass with slots cannot be made as Column[Row](...).
@dataclass(frozen=True)
class Column(Generic[R]):
    """One column: where its value comes from and how it reads.

    Shares are fractions (0.0042 reads "+0.42%"), times are aware, ages are seconds, sparklines and bars
    are sequences of numbers, progress is 0 to 1. `text` writes a value in a way of its own.
    """

    id: str
    title: str
    value: Callable[[R], object]
    kind: Kind = Kind.TEXT
    decimals: int | Callable[[R], int] = 2
    unit: str = ""
    width: int = 0
    stretch: bool = False
    # Left out where there is no room for all columns.
    drops: bool = False
    optional: bool = False
    flash: bool = False
    text: Callable[[R], str] | None = None
    tooltip: Callable[[R], str] | None = None
    tone: Callable[[R], Tone] | None = None

    @property
    def start_width(self) -> int:
        """Give the width before somebody drags it."""
        return self.width or _WIDTHS.get(self.kind, 80)

    def decimals_of(self, row: R) -> int:
        """Give how many decimals the value of this row has."""
        return self.decimals(row) if callable(self.decimals) else self.decimals

    def padded(self) -> bool:
        """Say whether rows with fewer decimals are filled up to align."""
        return callable(self.decimals) and self.kind in _PADDED


class Cell(NamedTuple):
    """One value as it is shown."""

    text: str
    tone: Tone
    value: object


def read(column: Column[R], row: R, widest: int = 0) -> Cell:
    """Give the value of a row as it is shown, its fraction filled up to the widest of the column."""
    value = column.value(row)
    if column.text is not None:
        text = column.text(row)
    else:
        text = write(column.kind, value, column.decimals_of(row), column.unit)
        if widest:
            text = numbers.pad_fraction(text, widest)
    return Cell(text, column.tone(row) if column.tone else _natural_tone(column.kind, value), value)


def write(kind: Kind, value: object, decimals: int = 2, unit: str = "") -> str:
    """Give a value as text for people."""
    if kind.drawn:
        return numbers.percent(value, 0, signed=False) if _is_number(value) else ""
    if value is None:
        return numbers.NOTHING if kind.numeric else ""
    if isinstance(value, datetime):
        return numbers.moment(value)
    if not _is_number(value):
        return str(value)
    if kind is Kind.PERCENT:
        return numbers.percent(value, decimals)
    if kind is Kind.SHARE:
        return numbers.percent(value, decimals, signed=False)
    if kind is Kind.SIZE:
        return numbers.short(value)
    if kind is Kind.AGE:
        return numbers.age(float(value))
    if kind is Kind.MONEY or kind is Kind.GAIN:
        return numbers.money(value, unit or "$", decimals, signed=kind is Kind.GAIN)
    if kind.numeric:
        return numbers.fixed(value, decimals, unit=unit, signed=kind is Kind.CHANGE)
    return str(value)


def tip(column: Column[R], row: R) -> str:
    """Give what the pointer is told: the column's own words, or the full figure behind a short one."""
    if column.tooltip is not None:
        return column.tooltip(row)
    value = column.value(row)
    if column.kind is Kind.SIZE and _is_number(value):
        return numbers.full(value)
    return ""


def plain(column: Column[R], row: R) -> str:
    """Give a value as a spreadsheet reads it."""
    value = column.value(row)
    if value is None or column.kind in (Kind.SPARKLINE, Kind.BARS):
        return ""
    if isinstance(value, datetime):
        return value.isoformat()
    if column.kind.numeric and _is_number(value):
        if not math.isfinite(value):
            return ""
        decimals = column.decimals_of(row) + (2 if column.kind in (Kind.PERCENT, Kind.SHARE) else 0)
        return str(value) if column.kind in (Kind.SIZE, Kind.AGE) else f"{value:.{decimals}f}"
    return " ".join(str(value).split())


def sort_key(value: object) -> tuple[bool, Any]:
    """Give what a value is sorted by; what is missing comes last either way."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return (True, 0)
    return (False, value.casefold() if isinstance(value, str) else value)


def _natural_tone(kind: Kind, value: object) -> Tone:
    if kind in (Kind.MUTED, Kind.TIME, Kind.AGE):
        return Tone.MUTED
    if kind in _SIGNED and _is_number(value):
        return Tone.UP if value > 0 else Tone.DOWN if value < 0 else Tone.TEXT
    return Tone.TEXT


def _is_number(value: object) -> TypeGuard[numbers.Number]:
    return isinstance(value, (int, float, Decimal)) and not isinstance(value, bool)
