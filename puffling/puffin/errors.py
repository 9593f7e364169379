"""Puffin's own exceptions; the application translates them for the person at its doors."""

from __future__ import annotations


class PuffinError(Exception):
    """Something a caller of the library can understand and put right."""


class InvalidValue(PuffinError, ValueError):
    """A value that means nothing here; `field` names it."""

    def __init__(self, message: str, *, field: str = "") -> None:
        super().__init__(message)
        self.field = field


class UnknownSymbol(PuffinError, LookupError):
    """A symbol this provider does not know."""

    def __init__(self, symbol: str, *, near: tuple[str, ...] = ()) -> None:
        super().__init__(f"Unknown symbol {symbol!r}")
        self.symbol = symbol
        self.near = near


class NotOffered(PuffinError):
    """A call this provider cannot answer at all, such as quotes from a history file."""


class SourceFailed(PuffinError):
    """A source could not be reached, asked for patience, or gave an answer that cannot be read."""

    def __init__(self, message: str, *, busy: bool = False) -> None:
        super().__init__(message)
        self.busy = busy


class AccessRefused(SourceFailed):
    """A source wants a key, or does not accept the one it was given for what was asked."""


class PlanRefused(AccessRefused):
    """A source accepts the key, but what was asked for is not in its owner's plan."""
