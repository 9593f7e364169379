"""Lists as people write them: one by one, or with commas, semicolons or spaces between."""

from __future__ import annotations

import re

_BETWEEN = re.compile(r"[,;\s]+")


def parted(given: object) -> object:
    """Give the parts of what was written; what can be no list stays as it is."""
    words = [given] if isinstance(given, str) else given
    if not isinstance(words, list | tuple):
        return given
    return [part for word in words for part in (parts_of(word) if isinstance(word, str) else [word])]


def parts_of(text: str) -> list[str]:
    """Give the parts of one text, in order."""
    return [part for part in _BETWEEN.split(text) if part]
