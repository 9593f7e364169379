"""The list of past practice: what is kept stands there, and what is removed can be brought back."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

from puffling.desktop.dispatch import PERSON
from puffling.desktop.panels.practice import PracticePanel
from puffling.puffin.data.instants import US_PER_DAY
from puffling.puffin.data.interval import Interval
from puffling.puffin.orders import Side
from puffling.runtime.actor import calling_as
from puffling.trading.practice.values import PracticeLine
from tests.desktop.conftest import OpenWindow, until

if TYPE_CHECKING:
    from puffling.core.core import Core
    from puffling.desktop.window import Window


async def practised(core: Core) -> PracticeLine:
    """Two weeks of holding ten shares, kept."""
    with calling_as(PERSON):
        bars = (await core.data.history("AAPL", Interval.D1, date(2025, 3, 3), date(2025, 4, 1))).bars
        practice = core.practice.begin("AAPL", int(bars.time[0]) + US_PER_DAY, float(bars.close[0]))
        practice.order(Side.BUY, Decimal(10))
        practice.follow(bars, lambda begun_us: begun_us + US_PER_DAY, int(bars.time[10]))
        return await core.practice.keep(core.practice.name(), practice, Interval.D1, new=True)


def panel_in(window: Window) -> PracticePanel:
    """The panel, in sight."""
    window.show_panel("practice")
    found = window.docks["practice"].panel
    assert isinstance(found, PracticePanel)
    return found


async def test_it_says_how_to_begin_while_there_is_none(core: Core, open_window: OpenWindow) -> None:
    panel = panel_in(await open_window(core))
    await until(lambda: panel.live)
    assert panel.table.keys() == ()
    assert panel.average.text() == ""


async def test_what_was_practised_stands_there_and_leads_to_its_symbol(
    core: Core, open_window: OpenWindow
) -> None:
    line = await practised(core)
    window = await open_window(core)
    panel = panel_in(window)
    await until(lambda: panel.table.keys() == (line.id,))
    assert "ahead of holding" in panel.average.text()
    panel.table.key_activated.emit(line.id)
    assert window.session.selection.symbol == "AAPL"
    another = await practised(core)
    await until(lambda: set(panel.table.keys()) == {line.id, another.id})


async def test_a_removed_one_comes_back_from_the_notice(core: Core, open_window: OpenWindow) -> None:
    line = await practised(core)
    window = await open_window(core)
    panel = panel_in(window)
    await until(lambda: panel.table.keys() == (line.id,))
    panel.table.keys_removed.emit([line.id])
    await until(lambda: panel.table.keys() == ())
    await until(lambda: bool(window.notices.history) and window.notices.history[-1].action == "Undo")
    with calling_as(PERSON):
        await core.practice.restore(line.id)
    await until(lambda: panel.table.keys() == (line.id,))
