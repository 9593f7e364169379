"""Preferences, made from the settings themselves: change one and it counts at once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QScrollArea,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from puffling.desktop import numbers
from puffling.desktop.editors import Choice, Switch
from puffling.desktop.icons import set_icon
from puffling.desktop.keys import Keys
from puffling.desktop.order_field import OrderField
from puffling.desktop.session import Session
from puffling.desktop.theme import set_role
from puffling.runtime.errors import PufflingError
from puffling.runtime.lists import parts_of
from puffling.runtime.text import tr
from puffling.store.events import SettingChanged

if TYPE_CHECKING:
    from puffling.settings.resolve import SettingView

EDITOR_WIDTH = 190


class Preferences(QWidget):
    """Every setting by section, with a search, and the keys at the end."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self.lines: dict[str, SettingLine] = {}
        self.filled = False
        self._sections: list[tuple[QLabel, list[SettingLine]]] = []
        self.search = QLineEdit()
        self.search.setPlaceholderText(tr("Search settings"))
        self.search.setAccessibleName(tr("Search settings"))
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self._filter)
        self.setFocusProxy(self.search)
        self._nothing = QLabel(tr("No setting matches."))
        set_role(self._nothing, tone="muted")
        self._nothing.hide()
        inside = QWidget()
        self.keys = Keys(session)
        self.keys.setParent(inside)
        self.keys.hide()
        self.broker = QPushButton(tr("Connect a broker…"), inside)
        self.broker.setObjectName("preferences.connect-broker")
        self.broker.clicked.connect(lambda: session.actions.run("window.connect-broker"))
        self.broker.hide()
        self._column = QVBoxLayout(inside)
        self._column.setContentsMargins(0, 0, 8, 8)
        self._column.setSpacing(14)
        self._column.addStretch(1)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(inside)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(10)
        outer.addWidget(self.search)
        outer.addWidget(self._nothing)
        outer.addWidget(scroll, 1)
        core = session.core
        unsubscribe = core.bus.on(SettingChanged, self._changed_elsewhere)
        self.destroyed.connect(lambda *_: unsubscribe())
        filling = session.dispatch.run(self._fill, name="fetch settings", newest="preferences")
        self.destroyed.connect(lambda *_: filling.cancel())

    async def _fill(self) -> None:
        for view in await self._session.core.settings.all():
            if not view.shape:
                continue
            if not self._sections or self._sections[-1][0].text() != view.section:
                heading = QLabel(view.section)
                set_role(heading, kind="heading")
                heading.setContentsMargins(0, 6, 0, 0)
                self._append(heading)
                self._sections.append((heading, []))
            line = SettingLine(view)
            line.wanted.connect(self._put)
            line.reset_wanted.connect(self._reset)
            self.lines[view.key] = line
            self._sections[-1][1].append(line)
            self._append(line)
            if self.search.text():
                self._filter(self.search.text())
            # A line is dear to build: everything else gets its turn between two of them.
            await asyncio.sleep(0)
        self._append(self.broker)
        self.broker.show()
        self._append(self.keys)
        self.keys.show()
        self.filled = True
        self._filter(self.search.text())

    def _append(self, widget: QWidget) -> None:
        self._column.insertWidget(self._column.count() - 1, widget)

    def _put(self, key: str, value: Any) -> None:
        core = self._session.core
        line = self.lines[key]
        self._session.dispatch.run(
            lambda: core.settings.put(key, value),
            name="change setting",
            newest=f"setting {key}",
            then=line.show_view,
            failed=line.show_error,
            owner=line,
        )

    def _reset(self, key: str) -> None:
        core = self._session.core

        async def reset() -> SettingView:
            await core.settings.reset(key)
            return await core.settings.get(key)

        self._session.dispatch.run(
            reset,
            name="reset setting",
            newest=f"setting {key}",
            then=self.lines[key].show_view,
            owner=self.lines[key],
        )

    def _changed_elsewhere(self, event: SettingChanged) -> None:
        line = self.lines.get(event.key)
        if line is not None:
            core = self._session.core
            self._session.dispatch.run(
                lambda: core.settings.get(event.key),
                name="look at setting",
                newest=f"look {event.key}",
                then=line.show_view,
                owner=line,
            )

    def _filter(self, text: str) -> None:
        wanted = text.strip().casefold()
        any_shown = False
        for heading, lines in self._sections:
            shown = [line for line in lines if wanted in line.words or wanted in heading.text().casefold()]
            for line in lines:
                line.setVisible(line in shown)
            heading.setVisible(bool(shown))
            any_shown = any_shown or bool(shown)
        if self.filled:
            fits = not wanted or self.keys.fits(wanted)
            self.keys.setVisible(fits)
            self.broker.setVisible(fits)
            self._nothing.setVisible(not any_shown and not fits)


class SettingLine(QWidget):
    """One setting: what it is, its editor, where its value comes from, and the way back to the default."""

    wanted = Signal(str, object)
    reset_wanted = Signal(str)

    def __init__(self, view: SettingView) -> None:
        super().__init__()
        self.key = view.key
        choices = (*view.shape.get("enum", ()), *view.shape.get("items", {}).get("enum", ()))
        named = " ".join(map(str, choices))
        self.words = f"{view.title} {view.description} {view.key} {named}".casefold()
        title = QLabel(view.title)
        description = QLabel(view.description)
        description.setWordWrap(True)
        description.setAlignment(Qt.AlignmentFlag.AlignTop)
        set_role(description, tone="muted")
        self.note = QLabel()
        self.note.setWordWrap(True)
        self.editor, self._write, self._read = make_editor(view.shape, self._changed)
        if not isinstance(self.editor, Switch):
            self.editor.setFixedWidth(EDITOR_WIDTH)
        self.editor.setAccessibleName(view.title)
        self.editor.setAccessibleDescription(view.description)
        self.back = QToolButton()
        set_icon(self.back, "left")
        self.back.setToolTip(tr("Back to the default"))
        self.back.setAccessibleName(tr("Reset {setting}", setting=view.title))
        self.back.clicked.connect(lambda: self.reset_wanted.emit(self.key))
        keep = self.back.sizePolicy()
        keep.setRetainSizeWhenHidden(True)
        self.back.setSizePolicy(keep)
        right = QHBoxLayout()
        right.setSpacing(4)
        right.addWidget(self.back)
        right.addWidget(self.editor, 0, Qt.AlignmentFlag.AlignRight)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(2)
        grid.setColumnStretch(0, 1)
        # Beside a high editor the words stay together.
        grid.setRowStretch(1, 1)
        grid.addWidget(title, 0, 0)
        grid.addWidget(description, 1, 0)
        grid.addWidget(self.note, 2, 0, 1, 2)
        grid.addLayout(right, 0, 1, 2, 1, Qt.AlignmentFlag.AlignTop)
        self._showing = False
        self.show_view(view)

    def show_view(self, view: SettingView) -> None:
        """Show the setting as it is in force."""
        self._showing = True
        self._write(view.value)
        self._showing = False
        self._value = view.value
        fixed = view.source not in {"default", "stored"}
        self.editor.setEnabled(not fixed)
        self.back.setVisible(view.source == "stored" and view.value != view.default)
        self.note.setText(tr("Set by {source}.", source=view.source) if fixed else "")
        set_role(self.note, tone="muted")
        self.note.setVisible(fixed)

    def show_error(self, error: PufflingError) -> None:
        """Say beside the editor why the value was not taken; what was in force stays in force."""
        self.note.setText(f"{error.message} {error.hint}".strip())
        set_role(self.note, tone="danger")
        self.note.show()

    def _changed(self) -> None:
        if not self._showing and (value := self._read()) != self._value:
            self.wanted.emit(self.key, value)


Editor = tuple[QWidget, Callable[[Any], None], Callable[[], Any]]


def make_editor(shape: dict[str, Any], changed: Callable[[], None]) -> Editor:
    """Give the editor that fits the shape of a value, with what writes into it and reads from it."""
    kind = shape.get("type")
    if kind == "boolean":
        return _switch(changed)
    if "enum" in shape:
        return _choice([str(each) for each in shape["enum"]], changed)
    if kind in {"integer", "number"}:
        return _number(changed, whole=kind == "integer")
    if choices := shape.get("items", {}).get("enum"):
        return _order([str(each) for each in choices], changed)
    return _text(changed, several=kind == "array")


def _switch(changed: Callable[[], None]) -> Editor:
    box = Switch()
    box.toggled.connect(lambda _: changed())
    return box, lambda value: box.setChecked(bool(value)), box.isChecked


def _choice(choices: list[str], changed: Callable[[], None]) -> Editor:
    box = Choice()
    for choice in choices:
        box.addItem(tr(choice.capitalize()), choice)
    box.currentIndexChanged.connect(lambda _: changed())
    return box, lambda value: box.setCurrentIndex(box.findData(value)), box.currentData


def _order(choices: list[str], changed: Callable[[], None]) -> Editor:
    field = OrderField(choices)
    field.changed.connect(changed)
    return field, field.write, field.read


def _number(changed: Callable[[], None], *, whole: bool) -> Editor:
    field = QLineEdit()
    field.editingFinished.connect(changed)

    def read() -> float | str:
        text = field.text().strip()
        bare = text.replace(",", "").replace(numbers.MINUS, "-").removeprefix("$")
        # What is no number goes to the settings as it is: they say what is wrong with it.
        try:
            return int(bare) if whole else float(bare)
        except ValueError:
            return text

    return field, lambda value: field.setText(numbers.full(value)), read


def _text(changed: Callable[[], None], *, several: bool) -> Editor:
    field = QLineEdit()
    field.editingFinished.connect(changed)
    if not several:
        return field, lambda value: field.setText(str(value)), field.text
    field.setPlaceholderText(tr("One, another"))
    return field, lambda value: field.setText(", ".join(map(str, value))), lambda: parts_of(field.text())
