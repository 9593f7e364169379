"""What core has to tell the person."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How much attention a notice asks for."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class NoticeRaised:
    """Something a person should know, with what to do about it."""

    level: Level
    text: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class RaiseRequested:
    """Somebody started Puffling again: the window that is open should come to the front."""
