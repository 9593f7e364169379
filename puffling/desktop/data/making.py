"""Making the view of the Data panel while everything else goes on."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from puffling.desktop.loading import load

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from puffling.desktop.data.view import DataView

_PARTS = ("bar_rows", "bar_table", "controls", "lists", "origin", "view", "reading")


async def made_view(page: str) -> DataView:
    """Make the view part by part; where nobody wants it any more, nothing of it is left behind."""
    await load(*(f"puffling.desktop.data.{part}" for part in _PARTS))
    from puffling.desktop.data.bar_table import BarTable
    from puffling.desktop.data.controls import Controls
    from puffling.desktop.data.origin import OriginView
    from puffling.desktop.data.view import DataView

    made: list[QWidget] = []
    try:
        made.append(controls := Controls())
        await asyncio.sleep(0)
        made.append(bars := BarTable())
        await asyncio.sleep(0)
        made.append(origin := OriginView())
        await asyncio.sleep(0)
        view = DataView(page, controls, bars, origin)
        made = [view]
        await asyncio.sleep(0)
    except asyncio.CancelledError:
        for each in made:
            each.deleteLater()
        raise
    return view
