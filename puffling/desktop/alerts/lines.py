"""Alerts at a price as lines on a chart."""

from __future__ import annotations

from puffling.automation.alerts.values import AlertLine, Way
from puffling.desktop.charts.price_lines import PriceLine
from puffling.desktop.theme import Tone
from puffling.runtime.text import tr

_SIGNS = {Way.ABOVE: "\N{UPWARDS ARROW}", Way.BELOW: "\N{DOWNWARDS ARROW}", Way.EITHER: ""}


def alert_line(alert: AlertLine) -> PriceLine:
    """Give the line of an alert at a price."""
    level = alert.level or 0.0
    return PriceLine(
        price=level,
        label=f"{alert.name or tr('Alert')} {_SIGNS[alert.way]}".strip(),
        tone=Tone.WARN,
        movable=True,
        step=0.01 if level >= 1 else 0.0001,
        tooltip=tr("{title}. Drag it to another price; Delete removes it.", title=alert.title),
    )
