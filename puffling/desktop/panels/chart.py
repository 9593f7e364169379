"""Chart."""

from __future__ import annotations

from puffling.desktop.panel import Area, Panel, panel


@panel(id="chart", title="Chart", icon="chart", area=Area.CENTRE, order=2)
class ChartPanel(Panel):
    """Chart."""
