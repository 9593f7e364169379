"""Who gets the room a window gains: the main panel; what stands around it stays as large as it was."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtWidgets import QMainWindow

from puffling.desktop.dock import PanelDock
from puffling.desktop.snapshot import Kept


class Growing:
    """Remembers how large the docks are between two sizes of the window."""

    def __init__(self, window: QMainWindow, docks: Mapping[str, PanelDock]) -> None:
        self._window = window
        self._docks = docks
        self._known = window.size()
        self._sizes: dict[str, QSize] = {}
        for name, dock in docks.items():
            dock.resized.connect(partial(self._note, name))

    def share(self) -> None:
        """Put the docks around the main panel back to the size they had; the window has another one now."""
        gained = self._window.size() - self._known
        self._known = self._window.size()
        places = self._places()
        if not gained.isNull() and places.keys() <= self._sizes.keys():
            self._share(places, self._sizes, gained)
        for name in places:
            self._sizes[name] = self._docks[name].size()

    def keep(self) -> Kept:
        """Give where the docks stand in a window of this size."""
        return {
            "window": [self._window.width(), self._window.height()],
            "docks": {
                name: [place.x(), place.y(), place.width(), place.height()]
                for name, place in self._places().items()
            },
        }

    def restore(self, kept: object) -> None:
        """Let the docks of a layout that was brought back be as large as they were: Qt does so roughly."""
        if not isinstance(kept, dict) or not isinstance(docks := kept.get("docks"), dict):
            return
        window = _numbers(kept.get("window"), 2)
        places = {name: QRect(*place) for name in docks if (place := _numbers(docks[name], 4))}
        if window and places and places.keys() <= self._docks.keys():
            sizes = {name: place.size() for name, place in places.items()}
            self._share(places, sizes, self._window.size() - QSize(*window))

    def give_way(self, kept: Kept) -> None:
        """Let a dock that came since have its room from the main panel alone."""
        before = {name: QRect(*place) for name, place in kept["docks"].items()}
        now = self._places()
        if not before or not before.keys() <= now.keys():
            return
        main = max(before, key=lambda name: before[name].width() * before[name].height())
        beside = [name for name, place in before.items() if _apart(place, before[main])]
        widths = {name: before[name].width() for name in beside}
        gained = sum(now[name].width() - widths[name] for name in _one_a_column(beside, before))
        widths |= {name: now[name].width() for name in now.keys() - before.keys()}
        widths[main] = now[main].width() + gained
        self._resize(widths, Qt.Orientation.Horizontal)

    def _share(self, places: Mapping[str, QRect], sizes: Mapping[str, QSize], gained: QSize) -> None:
        if len(places) < 2:
            return
        main = max(places, key=lambda name: sizes[name].width() * sizes[name].height())
        beside = [name for name, place in places.items() if _apart(place, places[main])]
        widths = {name: sizes[name].width() for name in beside}
        widths[main] = sizes[main].width() + gained.width()
        heights = {name: sizes[name].height() for name in places if name not in beside}
        heights[main] += gained.height()
        for name in beside:
            # Beside the main panel what stands in one column grows alike.
            column = [other for other in beside if not _apart(places[other], places[name])]
            whole = sum(sizes[other].height() for other in column)
            heights[name] = round(sizes[name].height() * (whole + gained.height()) / whole)
        self._resize(widths, Qt.Orientation.Horizontal)
        self._resize(heights, Qt.Orientation.Vertical)

    def _resize(self, sizes: Mapping[str, int], direction: Qt.Orientation) -> None:
        self._window.resizeDocks([self._docks[name] for name in sizes], list(sizes.values()), direction)

    def _places(self) -> dict[str, QRect]:
        return {
            name: dock.geometry()
            for name, dock in self._docks.items()
            if dock.isVisible() and not dock.isFloating() and not dock.visibleRegion().isEmpty()
        }

    def _note(self, name: str) -> None:
        # While the window itself changes, Qt has moved the docks already: only what the person moved counts.
        if self._window.size() == self._known:
            self._sizes[name] = self._docks[name].size()


def _numbers(found: object, count: int) -> list[int]:
    """Give so many whole numbers, or none."""
    if not isinstance(found, list) or len(found) != count or not all(type(each) is int for each in found):
        return []
    return found


def _one_a_column(names: list[str], places: Mapping[str, QRect]) -> list[str]:
    """Give one name of each column."""
    found: list[str] = []
    for name in names:
        if all(_apart(places[name], places[other]) for other in found):
            found.append(name)
    return found


def _apart(one: QRect, other: QRect) -> bool:
    """Tell whether two places stand beside each other, in columns of their own."""
    return one.right() < other.left() or other.right() < one.left()
