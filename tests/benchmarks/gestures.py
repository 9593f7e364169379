"""The same walk through the bars for every chart: what is seen while somebody pans and zooms."""

from __future__ import annotations

SIZE = (1200, 700)
FRAMES = 120


def views(bars: int, frames: int = FRAMES) -> list[tuple[float, float]]:
    """The first and last bar of each frame: zooming in for one half, out for the other, panning between."""
    first, last = 0.0, float(bars)
    seen = []
    for number in range(frames):
        width = last - first
        if number % 2:
            step = width * (0.07 if number % 4 == 1 else -0.05)
            step = min(max(step, -first), bars - last)
            first, last = first + step, last + step
        else:
            width = min(width / (1.25 if number < frames // 2 else 0.8), bars)
            first = min(max((first + last - width) / 2, 0.0), bars - width)
            last = first + width
        seen.append((first, last))
    return seen
