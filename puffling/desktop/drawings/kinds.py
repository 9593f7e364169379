"""The tools there are: what each is called, its picture, its keys, and what to do with it."""

from __future__ import annotations

from puffling.frozen import frozen
from puffling.store.values import DrawingKind

MEASURE = "measure"


@frozen
class Tool:
    """One tool; `id` is the kind of drawing it makes, or `measure`, which keeps nothing."""

    id: str
    title: str
    keys: str
    help: str

    @property
    def icon(self) -> str:
        """Name its icon."""
        return f"draw-{self.id}"

    @property
    def points(self) -> int:
        """Give how many points it takes."""
        return 2 if self.id == MEASURE else DrawingKind(self.id).points


TOOLS = (
    Tool(DrawingKind.LINE, "Trend line", "Alt+T", "Draw a line between two points."),
    Tool(DrawingKind.RAY, "Ray", "Alt+Y", "Draw a line that goes on beyond its second point."),
    Tool(DrawingKind.EXTENDED, "Extended line", "Alt+X", "Draw a line that goes on at both ends."),
    Tool(DrawingKind.ARROW, "Arrow", "Alt+A", "Draw an arrow from one point to another."),
    Tool(DrawingKind.HORIZONTAL, "Horizontal line", "Alt+H", "Draw a line at one price."),
    Tool(DrawingKind.VERTICAL, "Vertical line", "Alt+V", "Draw a line at one time."),
    Tool(DrawingKind.RECTANGLE, "Rectangle", "Alt+R", "Draw a box around times and prices."),
    Tool(DrawingKind.CHANNEL, "Parallel channel", "Alt+C", "Draw a line, then one parallel to it."),
    Tool(DrawingKind.FIBONACCI, "Fibonacci retracement", "Alt+F", "Draw levels between a high and a low."),
    Tool(DrawingKind.NOTE, "Text note", "Alt+N", "Write a few words at a place."),
    Tool(MEASURE, "Measure", "Alt+M", "Read off bars, time and change between two points; nothing is kept."),
)  # fmt: skip


def tool_of(id: str) -> Tool:
    """Give the tool of this id."""
    return next(tool for tool in TOOLS if tool.id == id)
