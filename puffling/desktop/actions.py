"""Everything the person can start, as data: menus, keys, the palette and the overview are made from it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMenu, QWidget

from puffling.desktop.icons import set_icon
from puffling.desktop.menus import Menu
from puffling.frozen import frozen
from puffling.runtime.text import tr

MENUS = ("File", "View", "Workspace", "Watchlist", "Trade", "Data", "Research", "Tools", "Help")
LAST = 1_000


@frozen
class Action:
    """One thing the person can start, with the place and the keys it is found under."""

    id: str
    title: str
    run: Callable[[], None]
    group: str
    summary: str = ""
    menu: str | None = None
    shortcut: str = ""
    checked: Callable[[], bool] | None = None
    icon: str = ""


class ActionBook(QObject):
    """All actions of the window; whoever shows actions reads them here."""

    changed = Signal()

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        self._actions: dict[str, Action] = {}
        self._places: dict[str, int] = {}
        self._qt: dict[str, QAction] = {}
        self._only: frozenset[str] | None = None

    def __iter__(self) -> Iterator[Action]:
        return iter(self._actions.values())

    def __contains__(self, action_id: object) -> bool:
        return action_id in self._actions

    def get(self, action_id: str) -> Action:
        """Give the action of this id."""
        return self._actions[action_id]

    def add(self, *actions: Action, place: int = LAST) -> None:
        """Take actions in and bind their keys; an id or a shortcut that is taken is a fault.

        Those of a lower place come first, whenever they were added.
        """
        taken = {action.shortcut: action.id for action in self if action.shortcut}
        for action in actions:
            if action.id in self._actions:
                raise ValueError(f"the action {action.id} exists already")
            if action.shortcut and taken.setdefault(action.shortcut, action.id) != action.id:
                raise ValueError(f"{action.shortcut} belongs to {taken[action.shortcut]}")
            self._actions[action.id] = action
            self._places[action.id] = place
            if action.shortcut:
                self._bind(action)
        self._actions = dict(sorted(self._actions.items(), key=lambda each: self._places[each[0]]))
        self.changed.emit()

    def run(self, action_id: str) -> None:
        """Start the action of this id; while only some are allowed, no other one."""
        if self._only is None or action_id in self._only:
            self._actions[action_id].run()

    def allow_only(self, action_ids: frozenset[str] | None) -> None:
        """Let only these be started from now on; None lets all."""
        self._only = action_ids

    def press(self, keys: QKeySequence) -> None:
        """Start the action that has these keys, if any has."""
        found = next((bound for bound in self._qt.values() if bound.shortcut() == keys), None)
        if found is not None and not keys.isEmpty():
            found.trigger()

    def fill(self, menu: QMenu) -> None:
        """Put one submenu for each part of the program into a menu, with the actions that belong there."""
        menu.clear()
        for old in menu.findChildren(QMenu, options=Qt.FindChildOption.FindDirectChildrenOnly):
            old.deleteLater()
        places: dict[str, list[Action]] = {}
        for action in self:
            if action.menu:
                places.setdefault(action.menu.partition("/")[0], []).append(action)
        order = [name for name in MENUS if name in places] + sorted(places.keys() - set(MENUS))
        for name in order:
            submenu = Menu(menu, tr("&{menu}", menu=tr(name)))
            menu.addMenu(submenu)
            branches: dict[str, Menu] = {}
            for action in places[name]:
                _, _, branch = (action.menu or "").partition("/")
                target: QMenu = submenu
                if branch:
                    if branch not in branches:
                        branches[branch] = Menu(submenu, tr(branch))
                        submenu.addMenu(branches[branch])
                    target = branches[branch]
                target.addAction(self._shown(action))

    def _shown(self, action: Action) -> QAction:
        found = self._qt.get(action.id) or self._bind(action)
        # Most actions are never seen in a menu, and the start waits for none of their icons.
        if action.icon and found.icon().isNull():
            set_icon(found, action.icon)
        if action.checked is not None:
            found.setChecked(action.checked())
        return found

    def _bind(self, action: Action) -> QAction:
        # Those without keys wait until a menu shows them.
        self._qt[action.id] = bound = QAction(action.title, self._window)
        bound.setObjectName(action.id)
        bound.setStatusTip(action.summary)
        bound.setCheckable(action.checked is not None)
        if action.shortcut:
            bound.setShortcut(QKeySequence(action.shortcut))
            bound.setShortcutContext(Qt.ShortcutContext.WindowShortcut)
        bound.triggered.connect(lambda _checked=False: self.run(action.id))
        self._window.addAction(bound)
        return bound


def shortcut_text(shortcut: str) -> str:
    """Give keys the way this system writes them."""
    return QKeySequence(shortcut).toString(QKeySequence.SequenceFormat.NativeText)
