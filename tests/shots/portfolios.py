"""Scenes of an account that has traded for some months: positions, performance, gains, trades."""

from __future__ import annotations

from collections.abc import Callable

from puffling.core.core import Core
from puffling.desktop.amounts import Amounts
from puffling.desktop.panels.portfolio import PortfolioPanel
from puffling.desktop.panels.trades import TradesPanel
from puffling.desktop.window import Window
from tests.fixtures.portfolios import ACCOUNT, furnish


async def prepare(core: Core) -> None:
    """Let the account have its history."""
    await furnish(core)


def _shown(window: Window, page: str) -> PortfolioPanel:
    panel = window.docks["portfolio"].panel
    assert isinstance(panel, PortfolioPanel)
    window.show_panel("portfolio")
    panel.choose_account(ACCOUNT)
    panel.open_page(page)
    return panel


def positions(window: Window) -> None:
    """What is held, with the gain of each."""
    _shown(window, "positions")


def performance(window: Window) -> None:
    """The growth beside a benchmark."""
    _shown(window, "performance")


def gains(window: Window) -> None:
    """The closed lots of a year."""
    _shown(window, "gains")


def hidden(window: Window) -> None:
    """Amounts hidden from whoever looks over one's shoulder."""
    _shown(window, "positions")
    window.session.shared(Amounts).hide(True)


def trades(window: Window) -> None:
    """The history, one trade chosen."""
    panel = window.docks["trades"].panel
    assert isinstance(panel, TradesPanel)
    window.show_panel("trades")
    panel.view.table.select(panel.view.table.keys()[1:2])


def closed(window: Window) -> None:
    """Shows amounts again."""
    window.session.shared(Amounts).hide(False)


SCENES: dict[str, Callable[[Window], None]] = {
    "portfolio-positions": positions,
    "portfolio-performance": performance,
    "portfolio-gains": gains,
    "portfolio-hidden": hidden,
    "portfolio-trades": trades,
}
