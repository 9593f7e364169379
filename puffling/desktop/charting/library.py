"""What a chart is drawn with, loaded in pieces: in one go with the first drawing it holds the loop."""

from __future__ import annotations

import asyncio


async def load_library() -> None:
    """Load what the first chart needs; the window breathes between the pieces."""
    import pyqtgraph  # noqa: F401

    await asyncio.sleep(0)
    import puffling.desktop.charts.chart

    await asyncio.sleep(0)
    import puffling.desktop.indicators.board  # noqa: F401

    await asyncio.sleep(0)
