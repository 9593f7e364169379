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
_ID = re.compile(r"[0-9a-f]{16}")


def readable(value: Any) -> str:
    """Give plain JSON values as lines of text: names as words, lists below each other."""
    return "\n".join(_lines(value, ""))


def brief(arguments: Any) -> str:
    """Give what an act was asked with in one short line; ids say nothing to people and stay out."""
    if not isinstance(arguments, dict):
        return ""
    return ", ".join(
        _word(each)
        for each in arguments.values()
        if not isinstance(each, dict) and each not in (None, [], "") and not _is_id(each)
    )


def _is_id(value: Any) -> bool:
    if isinstance(value, list):
        return all(map(_is_id, value))
    return _ID.fullmatch(str(value)) is not None


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
