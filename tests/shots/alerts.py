"""Scenes of alerts: on the chart, in their panel, in its history, one that was raised."""

from __future__ import annotations

from collections.abc import Callable

from puffling.automation.alerts.values import Way
from puffling.core.core import Core
from puffling.desktop.panels.alerts import AlertsPanel
from puffling.desktop.window import Window
from puffling.market.events import PricesMoved
from puffling.puffin.data.instants import to_us


async def prepare(core: Core) -> None:
    """Wait for some prices, and let two of them come."""
    alerts = core.alerts

    def near(symbol: str, share: float) -> float:
        return round(core.market.price(symbol).price * share, 2)

    await alerts.price("SPY", near("SPY", 1.012), Way.ABOVE, once=False)
    await alerts.price("SPY", near("SPY", 0.985), Way.BELOW, once=False, name="Support")
    await alerts.move("NVDA", 3)
    for symbol, share in (("AAPL", 1.01), ("BTC/USD", 0.99)):
        await alerts.price(symbol, near(symbol, share))
    await core.store.read(core.user, lambda unit: unit.alerts.all())
    for line in await alerts.all():
        if line.symbol in {"AAPL", "BTC/USD"} and line.level is not None:
            price = core.market.price(line.symbol)
            beyond = line.level * (1.001 if line.level > price.price else 0.999)
            told = price._replace(price=round(beyond, 2), time_us=to_us(core.clock.now()))
            while not (await alerts.show(line.id)).last_raised_at:
                core.bus.publish(PricesMoved({line.symbol: told}))


def panel(window: Window) -> None:
    """What is waited for, on the chart and in the panel."""
    window.session.selection.choose("SPY")
    window.show_panel("alerts")
    _panel(window)._pages.open("waiting")


def history(window: Window) -> None:
    """What was said."""
    panel(window)
    _panel(window)._pages.open("said")


def asking(window: Window) -> None:
    """A new one."""
    panel(window)
    window.actions_.run("window.new-alert")


def dashboard(window: Window) -> None:
    """The newest ones on the Dashboard."""
    window.show_panel("dashboard")


def raised(window: Window) -> None:
    """One that is raised just now."""
    panel(window)
    core = window.session.core

    async def reach() -> None:
        level = round(core.market.price("QQQ").price * 1.01, 2)
        await core.alerts.price("QQQ", level, Way.ABOVE, once=False)
        price = core.market.price("QQQ")._replace(price=level, time_us=to_us(core.clock.now()))
        before = len(await core.alerts.history())
        while len(await core.alerts.history()) == before:
            core.bus.publish(PricesMoved({"QQQ": price}))

    window.session.dispatch.run(reach, name="pose")


SCENES: dict[str, Callable[[Window], None]] = {
    "alerts-panel": panel,
    "alerts-history": history,
    "alerts-new": asking,
    "alerts-dashboard": dashboard,
    "alerts-raised": raised,
}


def closed(window: Window) -> None:
    """The panels as they were."""
    if window.docks["alerts"].isVisible():
        _panel(window)._pages.open("waiting")


def _panel(window: Window) -> AlertsPanel:
    found = window.docks["alerts"].panel
    assert isinstance(found, AlertsPanel)
    return found
