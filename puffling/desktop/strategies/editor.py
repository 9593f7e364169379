"""The form of a configured strategy: its name, what it is for, and the parameters its kind declares."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QScrollArea, QVBoxLayout, QWidget

from puffling.desktop import numbers
from puffling.desktop.card import label
from puffling.desktop.fields import Ask, Field
from puffling.desktop.forms import Form
from puffling.desktop.indicators.editor import field_of
from puffling.desktop.theme import PADDING, Tone
from puffling.puffin.data.interval import Interval
from puffling.puffin.factors.declaration import Choice, Parameter, Whole
from puffling.runtime.errors import InvalidInput, PufflingError
from puffling.runtime.text import tr

if TYPE_CHECKING:
    from puffling.automation.values import SavedStrategy, StrategyKind

# As far in as the cells of a table stand.
EDGE = 8

# Between names of parameters, which have no point, none of these can be one.
_NAME, _SYMBOLS, _INTERVAL = ".name", ".symbols", ".interval"


class StrategyEditor(QScrollArea):
    """Asks for everything a configured strategy is; `saved` hands over what was entered."""

    saved = Signal(object)
    cancelled = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName(tr("Strategy"))
        self.form: Form | None = None
        self.before: SavedStrategy | None = None
        self.kind: StrategyKind | None = None
        self.dirty = False

    def begin(self, kind: StrategyKind, name: str, symbols: tuple[str, ...], interval: str) -> None:
        """Ask for a new one of this kind."""
        values = {_NAME: name, _SYMBOLS: symbols, _INTERVAL: interval}
        self._ask(kind, None, values, tr("Create"))
        if self.form is not None:
            self.form.focus_first()

    def edit(self, kind: StrategyKind, saved: SavedStrategy) -> None:
        """Ask what of an existing one is to change."""
        values = {_NAME: saved.name, _SYMBOLS: saved.symbols, _INTERVAL: saved.interval}
        self._ask(kind, saved, {**saved.parameters, **values}, tr("Save"))

    def entered(self) -> dict[str, Any] | None:
        """Give what was entered by the names the ability has for it; None where something does not fit."""
        values = self.form.values() if self.form is not None else None
        return None if values is None else _arguments(values)

    def tell(self, error: PufflingError) -> None:
        """Say what is wrong beside its field."""
        if self.form is None:
            return
        field = error.field if isinstance(error, InvalidInput) else ""
        place = {"name": _NAME, "symbols": _SYMBOLS, "symbol": _SYMBOLS, "interval": _INTERVAL}
        name = place.get(field, field)
        message = error.message if name in self.names else f"{error.message} {error.hint}".strip()
        self.form.show_error(name, message)
        self.form.set_busy(False)

    @property
    def names(self) -> list[str]:
        """Give the names of the fields."""
        return [field.name for field in self.form.fields] if self.form is not None else []

    def _ask(
        self, kind: StrategyKind, before: SavedStrategy | None, values: Mapping[str, Any], act: str
    ) -> None:
        self.kind, self.before = kind, before
        self.dirty = before is None
        self.form = Form(
            (
                Field(_NAME, tr("Name"), required=True, shortest=1, longest=80),
                Field(_SYMBOLS, tr("Symbols"), Ask.SYMBOLS),
                Field(_INTERVAL, tr("Bars"), Ask.CHOICE, default="1d", choices=_widths()),
                *(parameter_field(each) for each in kind.parameters),
            ),
            act=act,
            cancel=tr("Cancel"),
            values=values,
        )
        self.form.changed.connect(self._note_change)
        self.form.submitted.connect(lambda found: self.saved.emit(_arguments(found)))
        self.form.cancelled.connect(self.cancelled)
        body = QWidget()
        column = QVBoxLayout(body)
        column.setContentsMargins(EDGE, 8, EDGE, PADDING)
        column.setSpacing(8)
        said = label(kind.help, tone=Tone.MUTED, kind="caption")
        said.setWordWrap(True)
        column.addWidget(said)
        column.addWidget(self.form)
        column.addStretch(1)
        # The form that goes may be the one whose key was pressed just now.
        before_this = self.takeWidget()
        if before_this is not None:
            before_this.hide()
            before_this.deleteLater()
        self.setWidget(body)

    def _note_change(self) -> None:
        self.dirty = True


def parameter_field(parameter: Parameter) -> Field:
    """Give the field of a parameter, with its bounds and its step said below it."""
    field = field_of(parameter)
    if isinstance(parameter, Choice):
        return field
    least, most = (numbers.full(each) for each in (parameter.minimum, parameter.maximum))
    if isinstance(parameter, Whole):
        return replace(field, description=tr("{least} to {most}", least=least, most=most))
    step = numbers.full(parameter.step)
    return replace(field, description=tr("{least} to {most}, by {step}", least=least, most=most, step=step))


def _widths() -> tuple[tuple[str, str], ...]:
    return tuple((each.value, each.value) for each in Interval)


def _arguments(values: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "name": values[_NAME],
        "symbols": tuple(values.get(_SYMBOLS) or ()),
        "interval": Interval(values[_INTERVAL]),
        "parameters": {name: value for name, value in values.items() if not name.startswith(".")},
    }
