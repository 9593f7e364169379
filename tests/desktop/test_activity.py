"""Activity shows what was done and refused, and what the log says."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from PySide6.QtWidgets import QApplication

from puffling.desktop.dispatch import PERSON
from puffling.desktop.panels import activity
from puffling.desktop.panels.activity import ActivityPanel
from puffling.runtime.actor import Actor, Caller, calling_as
from puffling.runtime.errors import Refused
from puffling.store.events import AuditAppended
from tests.desktop.conftest import OpenWindow, until

if TYPE_CHECKING:
    from puffling.core.core import Core
    from puffling.desktop.window import Window


async def panel_of(window: Window) -> ActivityPanel:
    """The activity panel of a window."""
    window.show_panel("activity")
    panel = window.docks["activity"].panel
    assert isinstance(panel, ActivityPanel)
    await until(lambda: panel.live)
    return panel


def shown(panel: ActivityPanel) -> list[str]:
    """What the lines say, from top to bottom."""
    return [panel.table.rows.row(place).what for place in range(panel.table.rows.rowCount())]


async def test_an_act_appears_at_once_with_what_it_was_asked(core: Core, open_window: OpenWindow) -> None:
    window = await open_window(core)
    panel = await panel_of(window)
    window.session.dispatch.run(lambda: core.settings.put("appearance.density", "compact"), name="put")
    await until(lambda: "Change setting: appearance.density, compact" in shown(panel))


async def test_a_refused_act_of_somebody_else_is_there_too(core: Core, open_window: OpenWindow) -> None:
    panel = await panel_of(await open_window(core))
    with calling_as(Caller(Actor.ASSISTANT)), pytest.raises(Refused):
        await core.safety.resume()
    await until(lambda: any(what.startswith("Resume trading") for what in shown(panel)))
    line = next(
        panel.table.rows.row(place) for place, what in enumerate(shown(panel)) if what.startswith("Resume")
    )
    assert (line.outcome, line.who) == ("refused", "assistant")


async def test_a_line_written_while_the_list_is_on_its_way_is_not_lost(
    core: Core, open_window: OpenWindow
) -> None:
    window = await open_window(core)
    panel = await panel_of(window)
    window.session.dispatch.run(lambda: core.settings.put("upkeep.keep_backups", 5), name="put")
    await until(lambda: any("keep_backups" in what for what in shown(panel)))
    with calling_as(PERSON):
        last = (await core.monitor.audit(1))[0]
    panel.set_seen(False)
    panel.set_seen(True)
    [fetch] = [each for each in asyncio.all_tasks() if each.get_name() == "window.fetch audit trail"]
    written = replace(last, number=last.number + 1, summary="Just now", details={})
    core.bus.publish(AuditAppended(core.user, written))
    await fetch
    assert shown(panel)[0] == "Just now"


async def test_the_log_is_there_and_acts_and_log_can_be_told_apart(
    core: Core, open_window: OpenWindow
) -> None:
    panel = await panel_of(await open_window(core))
    logging.getLogger("puffling.test").warning("something to look at")
    panel.look_at_log()
    await until(lambda: "something to look at" in shown(panel))
    panel.choose(activity.ACTS)
    assert "something to look at" not in shown(panel)
    panel.choose(activity.LOG)
    assert "something to look at" in shown(panel)


async def test_the_filter_leaves_what_holds_the_text_and_copies_as_a_table(
    core: Core, open_window: OpenWindow
) -> None:
    window = await open_window(core)
    panel = await panel_of(window)
    window.session.dispatch.run(lambda: core.settings.put("upkeep.keep_backups", 5), name="put")
    await until(lambda: any("keep_backups" in what for what in shown(panel)))
    panel.filter.setText("KEEP_BACKUPS")
    assert len(shown(panel)) == 1
    panel.table.copy()
    assert "Change setting: upkeep.keep_backups, 5" in QApplication.clipboard().text()
    panel.filter.setText("nothing like it")
    assert shown(panel) == []
