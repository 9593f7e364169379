"""What the person can start in the chart panel: how many charts, what links them, the replay."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Protocol

from PySide6.QtWidgets import QWidget

from puffling.desktop.actions import Action
from puffling.desktop.charting.grid import LAYOUTS
from puffling.desktop.charting.links import Link, Links
from puffling.desktop.charting.replay import Replay
from puffling.desktop.charting.templates import Templates
from puffling.desktop.menus import passing_menu
from puffling.runtime.text import tr

_LINKS = {
    Link.SYMBOL: ("Link symbols", "All charts show the symbol of the active one."),
    Link.INTERVAL: ("Link intervals", "All charts show bars of one width."),
    Link.CROSSHAIR: ("Link crosshairs", "The crosshair stands at the same moment in all charts."),
    Link.RANGE: ("Link time ranges", "All charts show the same stretch of time."),
}


class Room(Protocol):
    """The panel, as far as its acts know it."""

    links: Links
    replay: Replay
    templates: Templates

    @property
    def count(self) -> int:
        """Give how many charts there are."""
        ...

    def show_charts(self, count: int) -> None:
        """Show this many charts."""
        ...

    def step_chart(self, step: int) -> None:
        """Make the next chart the active one."""
        ...

    def enlarge(self) -> None:
        """Show the active chart alone, or the others again."""
        ...

    def toggle_link(self, link: Link) -> None:
        """Tie the charts together in this, or let them go."""
        ...

    def switch_replay(self) -> None:
        """Begin a replay, or end it."""
        ...


def chart_acts(room: Room) -> Iterator[Action]:
    """Give the acts of the panel itself."""
    group = tr("Chart")
    for count in LAYOUTS:
        yield Action(
            f"window.charts-{count}",
            _layout_title(count),
            partial(room.show_charts, count),
            group,
            tr("Charts side by side; each has a symbol and an interval of its own."),
            "View/Charts",
            f"Alt+Shift+{count}",
            partial(_shows, room, count),
        )
    for link, (title, summary) in _LINKS.items():
        yield Action(
            f"window.link-{link.value}",
            tr(title),
            partial(room.toggle_link, link),
            group,
            tr(summary),
            "View/Charts",
            checked=partial(_is_linked, room, link),
        )
    plain: tuple[tuple[str, str, Callable[[], None], str, str, str], ...] = (
        (
            "next-chart",
            "Next chart",
            partial(room.step_chart, 1),
            "Work with the next chart.",
            "Alt+Right",
            "Charts",
        ),
        (
            "previous-chart",
            "Previous chart",
            partial(room.step_chart, -1),
            "Work with the chart before.",
            "Alt+Left",
            "Charts",
        ),
        (
            "enlarge-chart",
            "Enlarge chart",
            room.enlarge,
            "Show the active chart alone, or the others beside it again.",
            "Alt+Return",
            "Charts",
        ),
        (
            "replay",
            "Replay history",
            room.switch_replay,
            "See history bar by bar, without what came after; once more ends it.",
            "Ctrl+Alt+R",
            "Chart",
        ),
    )
    for name, title, run, summary, keys, branch in plain:
        yield Action(f"window.{name}", tr(title), run, group, tr(summary), f"View/{branch}", keys)
    yield from room.templates.acts()


def show_layouts(room: Room, anchor: QWidget) -> None:
    """Open the choice of layouts and links below a widget."""
    menu = passing_menu(anchor)
    for count in LAYOUTS:
        layout = menu.addAction(_layout_title(count), partial(room.show_charts, count))
        layout.setCheckable(True)
        layout.setChecked(_shows(room, count))
    menu.addSeparator()
    for link, (title, summary) in _LINKS.items():
        tie = menu.addAction(tr(title), partial(room.toggle_link, link))
        tie.setToolTip(tr(summary))
        tie.setCheckable(True)
        tie.setChecked(_is_linked(room, link))
    menu.popup(anchor.mapToGlobal(anchor.rect().bottomLeft()))


def _layout_title(count: int) -> str:
    return tr("1 chart") if count == 1 else tr("{count} charts", count=count)


def _shows(room: Room, count: int) -> bool:
    return room.count == count


def _is_linked(room: Room, link: Link) -> bool:
    return link in room.links.on
