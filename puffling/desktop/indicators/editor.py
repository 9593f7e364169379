"""The form of an indicator, made from what it declares; what fits is applied while one types."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from PySide6.QtWidgets import QWidget

from puffling.desktop.card import label
from puffling.desktop.fields import Ask, Field
from puffling.desktop.forms import Form
from puffling.desktop.popover import FormPopover
from puffling.desktop.theme import Tone
from puffling.puffin.factors.declaration import Choice, Parameter, Setting, Whole
from puffling.puffin.factors.indicator import Indicator
from puffling.runtime.errors import InvalidInput
from puffling.runtime.text import tr

_WIDTH = 300


class IndicatorEditor(FormPopover):
    """Asks for the parameters of one indicator."""

    def __init__(
        self,
        anchor: QWidget,
        kind: type[Indicator],
        parameters: Mapping[str, Setting],
        apply: Callable[[Mapping[str, Setting]], None],
    ) -> None:
        applied = kind.settings(**parameters)
        fields = tuple(field_of(each) for each in kind.parameters)
        super().__init__(anchor, _WIDTH, Form(fields, act=tr("Done"), cancel=tr("Cancel"), values=applied))
        self.setAccessibleName(tr(kind.title))
        self._before_edit = dict(parameters)
        self._applied = applied
        self._apply = apply
        self.column.addWidget(label(tr(kind.title), kind="title"))
        said = label(tr(kind.help), tone=Tone.MUTED, kind="caption")
        said.setWordWrap(True)
        self.column.addWidget(said)
        self.column.addWidget(self.form)

    def open(self) -> None:
        """Come up beside the line, with the first value ready to be typed over."""
        self.open_at(self.form.editor(self.form.fields[0].name))

    def take(self, values: Mapping[str, Any] | None) -> bool:
        if values is None:
            return False
        if values == self._applied:
            return True
        try:
            self._apply(values)
        except InvalidInput as error:
            self.form.show_error(error.field, error.message)
            return False
        self._applied = dict(values)
        return True

    def take_back(self) -> None:
        self._apply(self._before_edit)


def field_of(parameter: Parameter) -> Field:
    """Give the field that asks for a parameter."""
    title = tr(parameter.title)
    if isinstance(parameter, Choice):
        options = tuple((value, tr(said)) for value, said in parameter.options)
        return Field(parameter.name, title, Ask.CHOICE, default=parameter.default, choices=options)
    ask = Ask.INTEGER if isinstance(parameter, Whole) else Ask.NUMBER
    least, most = parameter.minimum, parameter.maximum
    return Field(parameter.name, title, ask, default=parameter.default, required=True, least=least, most=most)
