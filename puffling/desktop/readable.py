"""What an ability answered, as lines that people read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from puffling.desktop import numbers
from puffling.desktop.fields import words
from puffling.runtime.text import tr

_INDENT = "    "
# What a record is about, the first that it has.
_NAMES = ("symbol", "name", "title")
_ID = re.compile(r"[0-9a-f]{16}")


def readable(value: Any) -> str:
    """Give plain JSON values as lines of text: names as words, lists below each other."""
    return "\n".join(_lines(value, ""))


def brief(arguments: Any) -> str:
    """Give what an act was asked with in one short line; ids say nothing to people and stay out."""
    if not isinstance(arguments, dict):
        return ""
    return ", ".join(filter(None, map(_brief, arguments.values())))


def _brief(value: Any) -> str:
    """Give one argument; of records only what they are about, of columns of numbers nothing."""
    if isinstance(value, list):
        return ", ".join(dict.fromkeys(filter(None, map(_about, value))))
    if value is None or isinstance(value, dict) or value == "" or _ID.fullmatch(str(value)):
        return ""
    return _word(value)


def _about(value: Any) -> str:
    if isinstance(value, dict):
        return next((_word(value[name]) for name in _NAMES if value.get(name)), "")
    return "" if isinstance(value, list) else _brief(value)


def _lines(value: Any, indent: str) -> Iterator[str]:
    if isinstance(value, dict):
        for name, each in value.items():
            yield from _named(words(str(name)), each, indent)
    elif isinstance(value, list):
        for place, each in enumerate(value):
            if isinstance(each, dict) and place:
                yield ""
            yield from _lines(each, indent)
    else:
        yield indent + _word(value)


def _named(name: str, value: Any, indent: str) -> Iterator[str]:
    if isinstance(value, (dict, list)) and value:
        if isinstance(value, list) and not any(isinstance(each, (dict, list)) for each in value):
            yield f"{indent}{name}: {', '.join(map(_word, value))}"
            return
        yield f"{indent}{name}:"
        yield from _lines(value, indent + _INDENT)
    else:
        yield f"{indent}{name}: {_word(value)}"


def _word(value: Any) -> str:
    if value is None or value in ([], {}, ""):
        return numbers.NOTHING
    if isinstance(value, bool):
        return tr("yes") if value else tr("no")
    if isinstance(value, int):
        return numbers.full(value)
    if isinstance(value, float):
        return numbers.full(round(value, 6))
    if isinstance(value, list):
        return ", ".join(map(_word, value))
    try:
        return numbers.moment(datetime.fromisoformat(str(value))) if "T" in str(value) else str(value)
    except ValueError:
        return str(value)
