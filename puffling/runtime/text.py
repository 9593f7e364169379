"""The one door through which every text for people passes, so that a language can be added later."""

from __future__ import annotations

from collections.abc import Callable

_translate: Callable[[str], str] = str


def tr(message: str, /, **values: object) -> str:
    """Give the text in the person's language, with the named values filled in."""
    text = _translate(message)
    return text.format(**values) if values else text


def use_translation(translate: Callable[[str], str] | None) -> None:
    """Read all texts through this catalogue from now on; None goes back to English."""
    global _translate  # noqa: PLW0603  one catalogue for one process, like the locale itself
    _translate = translate or str
