"""How a drawing looks: named colours that every theme has, a width, a dash, words and levels."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import fields
from typing import Any, TypeVar

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPen

from puffling.desktop.theme import Colours
from puffling.frozen import frozen
from puffling.store.values import DrawingColour, DrawingDash

N = TypeVar("N", DrawingColour, DrawingDash)

USUAL_LEVELS = (0.0, 0.236, 0.382, 0.5, 0.618, 0.786, 1.0)
COLOUR_TITLES = {
    DrawingColour.BLUE: "Blue",
    DrawingColour.AMBER: "Amber",
    DrawingColour.VIOLET: "Violet",
    DrawingColour.ORANGE: "Orange",
    DrawingColour.TEAL: "Teal",
    DrawingColour.PINK: "Pink",
    DrawingColour.UP: "As a gain",
    DrawingColour.DOWN: "As a loss",
    DrawingColour.GREY: "Grey",
}
_SERIES = (
    DrawingColour.AMBER,
    DrawingColour.BLUE,
    DrawingColour.VIOLET,
    DrawingColour.ORANGE,
    DrawingColour.TEAL,
    DrawingColour.PINK,
)
# In widths of the line, so that dots of a wide line stay apart.
_PATTERNS = {DrawingDash.DASHED: [4.0, 3.0], DrawingDash.DOTTED: [1.0, 2.0]}
_MOST_WIDTH = 6.0
_NAMES = ("colour", "dash")


@frozen
class Style:
    """The look of one drawing."""

    colour: DrawingColour = DrawingColour.BLUE
    width: float = 1.5
    dash: DrawingDash = DrawingDash.SOLID
    text: str = ""
    levels: tuple[float, ...] = ()
    filled: bool = True
    locked: bool = False
    # The moment of the replay it was drawn at; 0 when the market was live.
    drawn_at_us: int = 0

    @classmethod
    def of(cls, kept: Mapping[str, Any]) -> Style:
        """Read what was kept; what is damaged or unknown is as usual."""
        if not kept:
            return _USUAL
        width, text, levels = kept.get("width"), kept.get("text"), kept.get("levels")
        sound = isinstance(width, (int, float)) and math.isfinite(width)
        drawn_at_us = kept.get("drawn_at_us")
        return cls(
            colour=_named(DrawingColour, kept.get("colour"), DrawingColour.BLUE),
            width=min(max(float(width or 0), 1.0), _MOST_WIDTH) if sound else 1.5,
            dash=_named(DrawingDash, kept.get("dash"), DrawingDash.SOLID),
            text=text if isinstance(text, str) else "",
            levels=_finite(levels),
            filled=kept.get("filled") is not False,
            locked=kept.get("locked") is True,
            drawn_at_us=drawn_at_us if isinstance(drawn_at_us, int) else 0,
        )

    def keep(self) -> dict[str, Any]:
        """Give what differs from the usual as plain values."""
        usual = _USUAL
        found = {each.name: getattr(self, each.name) for each in fields(self)}
        plain = {name: value for name, value in found.items() if value != getattr(usual, name)}
        return {
            name: list(value) if isinstance(value, tuple) else str(value) if name in _NAMES else value
            for name, value in plain.items()
        }

    @property
    def shown_levels(self) -> tuple[float, ...]:
        """Give the levels that are drawn, in order."""
        return tuple(sorted(self.levels or USUAL_LEVELS))

    def pen(self, ink: QColor, width: float | None = None) -> QPen:
        """Give the pen of its lines."""
        pen = QPen(ink, self.width if width is None else width)
        if self.dash is DrawingDash.SOLID:
            pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        else:
            pen.setCapStyle(Qt.PenCapStyle.FlatCap)
            pen.setDashPattern(_PATTERNS[self.dash])
        return pen


_USUAL = Style()


def ink(colours: Colours, colour: DrawingColour) -> QColor:
    """Give the shade a theme has for a colour."""
    if colour in _SERIES:
        return colours.series[_SERIES.index(colour)]
    return {DrawingColour.UP: colours.up, DrawingColour.DOWN: colours.down}.get(colour, colours.muted)


def read_levels(text: str) -> tuple[float, ...] | None:
    """Read levels as a person types them, "0, 0.5, 61.8%"; None where one is no number."""
    found = []
    for word in text.replace(";", " ").replace(",", " ").split():
        try:
            level = float(word.removesuffix("%")) / (100 if word.endswith("%") else 1)
        except ValueError:
            return None
        if not math.isfinite(level) or abs(level) > 100:
            return None
        found.append(round(level, 6))
    return tuple(sorted(set(found)))


def write_levels(levels: tuple[float, ...]) -> str:
    """Write levels the way they are read."""
    return ", ".join(f"{level:g}" for level in levels)


def _named(kind: type[N], value: object, usual: N) -> N:
    try:
        return kind(str(value))
    except ValueError:
        return usual


def _finite(levels: object) -> tuple[float, ...]:
    if not isinstance(levels, (list, tuple)):
        return ()
    return tuple(float(each) for each in levels if isinstance(each, (int, float)) and math.isfinite(each))
