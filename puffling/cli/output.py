"""Answers as a person reads them: aligned, not wider than the terminal, and free of control characters."""

from __future__ import annotations

import math
import os
import re
import shutil
import sys
import textwrap
import unicodedata
from collections.abc import Mapping, Sequence
from decimal import Context, Decimal
from typing import Any, TextIO

from puffling.frozen import frozen
from puffling.runtime.text import tr

_MOST_NUMBERS = 24
_GAP = "  "
_NARROWEST = 8
_NARROWEST_TEXT = 24
_MOST_DECIMALS = 6
# Below this a number keeps so many digits, wherever they begin.
_SMALL = Decimal("0.001")
_SIGNIFICANT = 3
_NOTHING: tuple[object, ...] = (None, "", [])
_LONG_DECIMAL = re.compile(rf"^-?\d+\.\d{{{_MOST_DECIMALS + 1},}}$")
_MOMENT = re.compile(r"^(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(?:\.\d+)?(Z|[+-]\d\d:\d\d)$")


@frozen
class Page:
    """What the text is written on: how wide it is, when that is known, and whether it takes colour."""

    width: int | None = None
    colour: bool = False

    @classmethod
    def of_stdout(cls) -> Page:
        """Look at the standard output."""
        return cls._of(sys.stdout)

    @classmethod
    def of_stderr(cls) -> Page:
        """Look at the standard error, where words beside an answer go."""
        return cls._of(sys.stderr)

    @classmethod
    def _of(cls, stream: TextIO) -> Page:
        if not stream.isatty():
            return cls()
        plain = "NO_COLOR" in os.environ or os.environ.get("TERM") == "dumb"
        return cls(shutil.get_terminal_size().columns, colour=not plain)

    def strong(self, text: str) -> str:
        """Make a text stand out where that is possible."""
        return f"\x1b[1m{text}\x1b[0m" if self.colour and text.strip() else text


def shown(value: Any, page: Page) -> str:
    """Give an answer as text for a person."""
    if value is None:
        return tr("Done.")
    if isinstance(value, Mapping):
        return _record(value, page)
    if isinstance(value, list):
        if not value:
            return tr("Nothing to show.")
        if all(isinstance(item, Mapping) for item in value):
            return table(value, page)
        return "\n".join(cell(item) for item in value)
    return cell(value)


def document(value: Any) -> tuple[dict[str, Any], str] | None:
    """Give of an answer that is about one text of many lines what is said of it, and the text as it is."""
    if not isinstance(value, Mapping):
        return None
    large = [key for key, each in value.items() if _is_large(each)]
    if len(large) != 1 or not isinstance(value[large[0]], str) or _parallel(value):
        return None
    text = "\n".join(value[large[0]].splitlines())
    return {key: each for key, each in value.items() if key != large[0]}, text


def hanging(text: str, indent: int, page: Page) -> str:
    """Give a text that begins at this place of a line; what has no room goes on below its beginning."""
    if page.width is None or page.width - indent < _NARROWEST_TEXT:
        return text
    room = page.width - indent
    lines = textwrap.wrap(text, room, break_long_words=False, break_on_hyphens=False)
    return f"\n{' ' * indent}".join(lines)


def table(rows: Sequence[Mapping[str, Any]], page: Page) -> str:
    """Give records as a table, numbers to the right."""
    keys = list(dict.fromkeys(key for row in rows for key in row))

    columns = {key: [row.get(key) for row in rows] for key in keys}
    # A record inside a cell is unreadable; whoever needs it asks for JSON.
    flat = {
        key: values
        for key, values in columns.items()
        if not any(isinstance(value, Mapping) for value in values)
    }
    told = {key: values for key, values in flat.items() if any(value not in _NOTHING for value in values)}
    return _columns(told or flat or columns, page)


def line(item: Any) -> str:
    """Give one item of a stream as a line."""
    if isinstance(item, Mapping):
        return _GAP.join(
            cell(value).rjust(12) if _is_number(value) else cell(value).ljust(8) for value in item.values()
        )
    return cell(item)


def cell(value: Any) -> str:
    """Give one value as a short text."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return tr("yes") if value else tr("no")
    if isinstance(value, float):
        return _number(value, _decimals(value))
    if isinstance(value, list):
        if len(value) > _MOST_NUMBERS and all(map(_is_number, value)):
            # A curve is nothing to read; whoever needs it asks for JSON.
            return tr("{first}, …, {last} ({count} numbers)",
                      first=cell(value[0]), last=cell(value[-1]), count=len(value))  # fmt: skip
        cells = [cell(item) for item in value]
        # Sentences end by themselves.
        return (" " if cells and all(each.endswith(".") for each in cells) else ", ").join(cells)
    if isinstance(value, Mapping):
        return ", ".join(f"{key}: {cell(item)}" for key, item in value.items())
    text = str(value)
    if _LONG_DECIMAL.match(text):
        return _short(Decimal(text))
    if moment := _MOMENT.match(text):
        day, time, zone = moment.groups()
        return f"{day} {time}{'Z' if zone in {'Z', '+00:00'} else zone}"
    return clean(" ".join(text.splitlines()))


def _short(number: Decimal) -> str:
    """Give a number with the decimals one reads; whoever needs all of them asks for JSON."""
    if abs(number) < _SMALL:
        return f"{Context(prec=_SIGNIFICANT).plus(number):f}"
    return f"{round(number, _MOST_DECIMALS):f}".rstrip("0").rstrip(".")


def clean(text: str) -> str:
    """Take out what would move the cursor or turn the direction of writing."""
    return "".join("\ufffd" if unicodedata.category(sign) in {"Cc", "Cf", "Cs"} else sign for sign in text)


def _record(record: Mapping[str, Any], page: Page) -> str:
    parts: list[str] = []
    columns = _parallel(record)
    small = {key: value for key, value in record.items() if key not in columns and not _is_large(value)}
    if small:
        titles = {key: _title(key) for key in small}
        widest = max(_width(title) for title in titles.values())
        parts.append(
            "\n".join(
                f"{page.strong(_left(titles[key], widest))}{_GAP}"
                f"{hanging(cell(small[key]), widest + len(_GAP), page)}".rstrip()
                for key in small
            )
        )
    if columns:
        parts.append(_columns(columns, page))
    for key, value in record.items():
        if key in columns or not _is_large(value):
            continue
        if isinstance(value, str):
            parts.append("\n".join(clean(part) for part in value.splitlines()))
        else:
            parts.append(f"{page.strong(_title(key))}\n{shown(value, page)}")
    return "\n\n".join(parts) if parts else tr("Nothing to show.")


def _parallel(record: Mapping[str, Any]) -> dict[str, list[Any]]:
    """Find the lists of one length that are the columns of a table, such as those of a price history."""
    lists = {
        key: value
        for key, value in record.items()
        if isinstance(value, list) and value and not _is_large(value)
    }
    lengths = {len(value) for value in lists.values()}
    return lists if len(lists) >= 3 and len(lengths) == 1 else {}


def _is_large(value: Any) -> bool:
    if isinstance(value, Mapping):
        return bool(value)
    if isinstance(value, str):
        return "\n" in value
    return isinstance(value, list) and any(isinstance(item, Mapping) for item in value)


def _columns(columns: Mapping[str, list[Any]], page: Page) -> str:
    titles = {key: _title(key) for key in columns}
    cells: dict[str, list[str]] = {}
    to_right: set[str] = set()
    for key, values in columns.items():
        present = [value for value in values if value is not None]
        if present and all(_is_number(value) for value in present):
            to_right.add(key)
            decimals = _common_decimals(present)
            # Beside billions a yield of 0.0034 would be 0.00: numbers of different kinds stand alone.
            alone = any(0 < abs(value) < 10.0 ** (1 - decimals) for value in present)
            cells[key] = [
                "" if value is None else _number(value, _common_decimals([value]) if alone else decimals)
                for value in values
            ]
        else:
            cells[key] = [cell(value) for value in values]
    widths = {key: max(_width(titles[key]), *(_width(text) for text in cells[key])) for key in columns}
    _fit(widths, to_right, page.width)

    def row(texts: Mapping[str, str], *, strong: bool = False) -> str:
        parts = []
        for key in columns:
            text = _cut(texts[key], widths[key])
            aligned = _right(text, widths[key]) if key in to_right else _left(text, widths[key])
            parts.append(page.strong(aligned) if strong else aligned)
        return _GAP.join(parts).rstrip()

    count = len(next(iter(cells.values()), []))
    lines = [row(titles, strong=True)]
    lines += [row({key: cells[key][index] for key in columns}) for index in range(count)]
    return "\n".join(lines)


def _fit(widths: dict[str, int], fixed: set[str], most: int | None) -> None:
    """Take room from the widest columns of text until the line fits, as far as that is sensible."""
    if most is None:
        return
    while sum(widths.values()) + len(_GAP) * (len(widths) - 1) > most:
        flexible = [key for key in widths if key not in fixed and widths[key] > _NARROWEST]
        if not flexible:
            return
        widths[max(flexible, key=lambda key: widths[key])] -= 1


def _title(key: str) -> str:
    return clean(key).replace("_", " ")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _decimals(value: float) -> int:
    if not math.isfinite(value):
        return 0
    return len(f"{value:.{_MOST_DECIMALS}f}".rstrip("0").partition(".")[2])


def _common_decimals(values: Sequence[float]) -> int:
    """Give as many decimals as a column needs, and no more than its largest number deserves."""
    largest = max((abs(value) for value in values if math.isfinite(value)), default=0.0)
    most = 2 if largest >= 1000 else 4 if largest >= 1 else _MOST_DECIMALS
    return max((min(_decimals(value), most) for value in values if isinstance(value, float)), default=0)


def _number(value: float, decimals: int) -> str:
    return f"{value:.{decimals}f}"


def _width(text: str) -> int:
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(sign) else 2 if unicodedata.east_asian_width(sign) in "WF" else 1
        for sign in text
    )


def _cut(text: str, width: int) -> str:
    if _width(text) <= width:
        return text
    while text and _width(text) > width - 1:
        text = text[:-1]
    return f"{text}…"


def _left(text: str, width: int) -> str:
    return text + " " * (width - _width(text))


def _right(text: str, width: int) -> str:
    return " " * (width - _width(text)) + text
