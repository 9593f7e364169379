"""What a panel is, and how panels are found: one file, one class, by walking the folder."""

from __future__ import annotations

import ast
import re
from abc import abstractmethod
from collections.abc import Callable, Iterable
from enum import StrEnum
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from puffling.desktop.actions import Action
from puffling.desktop.later import Place
from puffling.desktop.session import Session
from puffling.desktop.snapshot import Kept
from puffling.desktop.states import States
from puffling.frozen import frozen

if TYPE_CHECKING:
    from puffling.core.core import Core

E = TypeVar("E")
View = TypeVar("View", bound=QWidget)
PanelType = TypeVar("PanelType", bound="type[Panel]")

_DECLARED = re.compile(r"^@panel\((.*?)\)\nclass (\w+)\(", re.MULTILINE | re.DOTALL)


class Area(StrEnum):
    """Where a panel goes that is opened outside the layout of its workspace."""

    LEFT = "left"
    CENTRE = "centre"
    RIGHT = "right"
    BOTTOM = "bottom"


@frozen
class PanelKind:
    """What is known of a panel before its file is run; `id` names it in saved layouts, never translated."""

    id: str
    title: str
    icon: str
    area: Area
    order: int
    module: str
    name: str

    def make(self, session: Session) -> Panel:
        """Give a new panel of this kind; the first one runs its file."""
        made: Panel = getattr(import_module(self.module), self.name)(session)
        return made


class Panel(QWidget):
    """A part of the window that shows one thing; it listens only while it can be seen."""

    kind: PanelKind
    became_live = Signal()
    titled = True

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session
        self._awake = False
        self._seen = False
        self._live = False
        self._ears: list[Callable[[], None]] = []

    @property
    def awake(self) -> bool:
        """Tell whether the panel is seen and connected, and so listens."""
        return self._awake

    @property
    def live(self) -> bool:
        """Tell whether what is shown came from the core and not from the last time."""
        return self._live

    def header(self) -> list[QWidget]:
        """Give the widgets that stand in the title line."""
        return []

    def acts(self) -> Iterable[Action]:
        """Give what the person can start in this panel from anywhere; it comes to the front first."""
        return ()

    def restore(self, choices: Kept, content: Kept) -> None:
        """Show what was chosen and seen last, before the core is open."""

    def choices(self) -> Kept:
        """Give what the person chose in this panel: columns, order, filters."""
        return {}

    def content(self) -> Kept:
        """Give what is seen now, small enough to paint the next start with."""
        return {}

    def arrangement(self) -> Kept:
        """Give what belongs to the open workspace alone, for when it is opened again."""
        return {}

    def arrange(self, kept: Kept) -> None:
        """Be as this workspace was left; nothing is kept of one that was never open."""

    def wake(self, core: Core) -> None:
        """Start to listen and fetch what is shown; called each time the panel comes into sight."""

    def sleep(self) -> None:
        """Stop timers; listening has ended by itself."""

    def take_focus(self) -> None:
        """Put the keyboard where one starts working in this panel."""
        self.setFocus()

    def hear(self, event: type[E], handler: Callable[[E], None]) -> None:
        """Listen to a kind of news until the panel goes out of sight."""
        self._ears.append(self.session.core.bus.on(event, handler))

    def hear_selection(self, listener: Callable[[], None]) -> None:
        """Follow the shared selection until the panel goes out of sight."""
        self._ears.append(self.session.selection.on_change(listener))

    def hear_present(self, listener: Callable[[], None]) -> None:
        """Follow the moment of a replay until the panel goes out of sight."""
        self._ears.append(self.session.selection.on_present(listener))

    def hear_pointing(self, listener: Callable[[str, int], None]) -> None:
        """Hear which moments others point at until the panel goes out of sight."""
        self._ears.append(self.session.selection.on_point(listener))

    def mark_live(self) -> None:
        """Say that the first content from the core is shown."""
        if not self._live:
            self._live = True
            self.became_live.emit()

    def set_seen(self, seen: bool) -> None:
        """Come into sight or go out of it."""
        self._seen = seen
        self.settle()

    def settle(self) -> None:
        """Be awake exactly when seen and connected."""
        should = self._seen and self.session.connected
        if should == self._awake:
            return
        self._awake = should
        if should:
            self.wake(self.session.core)
        else:
            for unsubscribe in self._ears:
                unsubscribe()
            self._ears.clear()
            self.sleep()


class ViewPanel(Generic[View], Panel):
    """A panel that is one view, made when it is first looked at: it may stay closed all day."""

    least_size = (312, 240)

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._view: View | None = None
        self._focus_wanted = False
        self._body = Place(self)
        self.states = States(self)
        self.setMinimumSize(*self.least_size)
        self.states.loading()

    @property
    def view(self) -> View:
        """Give the view, made when it is first asked for."""
        if self._view is None:
            self.put_view(self.make_view())
        assert self._view is not None
        return self._view

    @abstractmethod
    def make_view(self) -> View:
        """Make the view and connect it; what it needs is imported here, for a start must not wait for it."""

    def put_view(self, view: View) -> None:
        """Show the view, unless another was ready sooner."""
        if self._view is not None:
            view.deleteLater()
            return
        self._view = view
        self._body.fill(view)
        if self._focus_wanted:
            self.take_focus()

    def focus_view(self, view: View) -> None:
        """Put the keyboard where one starts working in the view."""
        view.setFocus()

    def take_focus(self) -> None:
        # What is not there yet takes the keyboard when it comes.
        self._focus_wanted = self._view is None
        if self._view is not None:
            self.focus_view(self._view)


def panel(*, id: str, title: str, icon: str, area: Area, order: int) -> Callable[[PanelType], PanelType]:
    """Declare a class to be a panel; what is said here is read before the file is run, so say it plainly."""

    def declare(made: PanelType) -> PanelType:
        made.kind = PanelKind(id, title, icon, area, order, made.__module__, made.__name__)
        return made

    return declare


@cache
def find_panels() -> tuple[PanelKind, ...]:
    """Walk the folder of panels and give every declared one, in order; none of their files is run."""
    import puffling.desktop.panels as folder

    found: dict[str, PanelKind] = {}
    for place in folder.__path__:
        for file in sorted(Path(place).glob("*.py")):
            for said, name in _DECLARED.findall(file.read_text(encoding="utf-8")):
                kind = PanelKind(**_read(said), module=f"{folder.__name__}.{file.stem}", name=name)
                if kind.id in found:
                    raise ValueError(f"two panels are called {kind.id}")
                found[kind.id] = kind
    return tuple(sorted(found.values(), key=lambda kind: kind.order))


def _read(said: str) -> dict[str, Any]:
    call = ast.parse(f"panel({said})", mode="eval").body
    assert isinstance(call, ast.Call)
    return {
        str(each.arg): Area[each.value.attr]
        if isinstance(each.value, ast.Attribute)
        else ast.literal_eval(each.value)
        for each in call.keywords
    }
