"""Jobs."""

from __future__ import annotations

from puffling.desktop.panel import Area, Panel, panel


@panel(id="jobs", title="Jobs", icon="jobs", area=Area.BOTTOM, order=3)
class JobsPanel(Panel):
    """Jobs."""
