"""Rows as text that no spreadsheet takes for formulas, in a file or pasted; numbers stay numbers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from math import isfinite

Cell = str | int | float | Decimal | date | datetime | None

# What a spreadsheet takes for a formula when a cell begins with it.
_FORMULAS = ("=", "+", "-", "@", "\t", "\r")
_QUOTED = frozenset(",;\"'\r\n\t ")
_NUMBER = re.compile(r"[+-]?\d[\d.,]*(e[+-]?\d+)?%?")


def csv_text(titles: Sequence[str], rows: Iterable[Sequence[Cell]]) -> str:
    """Give a line of titles and the rows."""
    return "".join(map(csv_line, (titles, *rows)))


def csv_line(cells: Sequence[Cell]) -> str:
    """Give one line, ended as the standard asks."""
    return ",".join(map(_cell, cells)) + "\r\n"


def pasted_line(cells: Iterable[str]) -> str:
    """Give one line as a spreadsheet takes it from the clipboard; what reads as a number stays one."""
    return "\t".join(map(pasted_cell, cells))


def pasted_cell(words: str) -> str:
    """Give one cell of such a line."""
    if _NUMBER.fullmatch(words):
        return words
    guarded = _guarded(words)
    # What stands in quotes is taken out of them, and only then looked at.
    return _in_quotes(guarded) if '"' in guarded else guarded


def unguarded(text: str) -> str:
    """Give a text that was read back as it was before it was made harmless."""
    return text[1:] if text[:1] == "'" and text[1:].startswith(_FORMULAS) else text


def _cell(value: Cell) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    if isinstance(value, Decimal):
        return format(value, "f")
    return repr(value) if isfinite(value) else ""


def _text(words: str) -> str:
    guarded = _guarded(words)
    return _in_quotes(guarded) if set(guarded) & _QUOTED else guarded


def _guarded(words: str) -> str:
    # A sign that is not shown may part a line, or hide what stands behind it.
    plain = "".join(sign if sign.isprintable() else " " for sign in words)
    return f"'{plain}" if words.startswith(_FORMULAS) or plain.lstrip().startswith(_FORMULAS) else plain


def _in_quotes(words: str) -> str:
    doubled = words.replace('"', '""')
    return f'"{doubled}"'
