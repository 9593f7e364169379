"""What core has to tell the person."""

from __future__ import annotations

from enum import StrEnum

from puffling.frozen import frozen


class Level(StrEnum):
    """How much attention a notice asks for."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


@frozen
class NoticeRaised:
    """Something a person should know, with what to do about it."""

    level: Level
    text: str
    hint: str = ""


@frozen
class RaiseRequested:
    """Somebody started Puffling again: the window that is open should come to the front."""
