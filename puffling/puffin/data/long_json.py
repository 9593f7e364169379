"""Reading long JSON without holding everybody else up.

The decoder of the standard library does not let other threads run until it has read all it was given: for the
facts of a large company that is a fifth of a second. Here the outer objects are walked member by member.
"""

from __future__ import annotations

import json
import re
from typing import Any

_SPACE = re.compile(r"[ \t\r\n]*")
_read_whole = json.JSONDecoder().raw_decode


def read_long_json(body: bytes, depth: int = 3) -> Any:
    """Give what the text says, as `json.loads` would; objects down to a depth are read in pieces."""
    text = body.decode("utf-8-sig")
    found, at = _read(text, _skip(text, 0), depth)
    if _skip(text, at) != len(text):
        raise ValueError("something follows the end")
    return found


def _read(text: str, at: int, depth: int) -> tuple[Any, int]:
    if depth == 0 or text[at : at + 1] != "{":
        return _read_whole(text, at)
    found: dict[str, Any] = {}
    at = _skip(text, at + 1)
    if text[at : at + 1] == "}":
        return found, at + 1
    while True:
        name, at = _read_whole(text, at)
        at = _skip(text, at)
        if not isinstance(name, str) or text[at : at + 1] != ":":
            raise ValueError("a member of an object has a name and a value")
        found[name], at = _read(text, _skip(text, at + 1), depth - 1)
        at = _skip(text, at)
        if text[at : at + 1] == "}":
            return found, at + 1
        if text[at : at + 1] != ",":
            raise ValueError("members of an object are separated by commas")
        at = _skip(text, at + 1)


def _skip(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return at if found is None else found.end()
