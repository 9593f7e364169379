"""Activity."""

from __future__ import annotations

from puffling.desktop.panel import Area, Panel, panel


@panel(id="activity", title="Activity", icon="activity", area=Area.BOTTOM, order=4)
class ActivityPanel(Panel):
    """Activity."""
