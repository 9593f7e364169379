"""The form of an indicator, made from what it declares; what fits is applied while one types."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QWidget

from puffling.desktop.card import label
from puffling.desktop.fields import Ask, Field
from puffling.desktop.forms import Form
from puffling.desktop.indicators.popover import Popover
from puffling.desktop.theme import Tone
from puffling.puffin.factors.declaration import Choice, Parameter, Setting, Whole
from puffling.puffin.factors.indicator import Indicator
from puffling.runtime.errors import InvalidInput
from puffling.runtime.text import tr

SETTLING_MILLISECONDS = 150
_WIDTH = 300


class IndicatorEditor(Popover):
    """Applies what fits at once; Enter keeps it, Escape takes it back."""

    def __init__(
        self,
        anchor: QWidget,
        kind: type[Indicator],
        parameters: Mapping[str, Setting],
        apply: Callable[[Mapping[str, Setting]], None],
    ) -> None:
        super().__init__(anchor, _WIDTH)
        self.setAccessibleName(tr(kind.title))
        self._before_edit = dict(parameters)
        self._applied = kind.settings(**parameters)
        self._apply = apply
        self.column.addWidget(label(tr(kind.title), kind="title"))
        said = label(tr(kind.help), tone=Tone.MUTED, kind="caption")
        said.setWordWrap(True)
        self.column.addWidget(said)
        self.form = Form(
            tuple(field_of(each) for each in kind.parameters),
            act=tr("Done"),
            cancel=tr("Cancel"),
            values=self._applied,
        )
        self.form.submitted.connect(self._finish)
        self.form.cancelled.connect(self._take_back)
        self.form.changed.connect(self._changed)
        self.column.addWidget(self.form)
        self._settling = QTimer(self)
        self._settling.setSingleShot(True)
        self._settling.setInterval(SETTLING_MILLISECONDS)
        self._settling.timeout.connect(self._try)

    def open(self) -> None:
        """Come up beside the line, with the first value ready to be typed over."""
        self.open_at(self.form.editor(self.form.fields[0].name))

    def leave(self, *, give_back: bool = False) -> None:
        """Go; what was typed last counts if it fits."""
        if self._settling.isActive():
            self._try()
        super().leave(give_back=give_back)

    def _changed(self) -> None:
        self._settling.start()

    def _try(self) -> bool:
        """Apply what the form says, if all of it fits."""
        self._settling.stop()
        values = self.form.values()
        self._grow()
        if values is None:
            return False
        if values == self._applied:
            return True
        try:
            self._apply(values)
        except InvalidInput as error:
            self.form.show_error(error.field, error.message)
            self._grow()
            return False
        self._applied = values
        return True

    def _grow(self) -> None:
        self.column.activate()
        self.resize(self.width(), self.sizeHint().height())

    def _finish(self) -> None:
        if self._try():
            self.leave(give_back=True)

    def _take_back(self) -> None:
        self._settling.stop()
        self._apply(self._before_edit)
        self.leave(give_back=True)


def field_of(parameter: Parameter) -> Field:
    """Give the field that asks for a parameter."""
    title = tr(parameter.title)
    if isinstance(parameter, Choice):
        options = tuple((value, tr(said)) for value, said in parameter.options)
        return Field(parameter.name, title, Ask.CHOICE, default=parameter.default, choices=options)
    ask = Ask.INTEGER if isinstance(parameter, Whole) else Ask.NUMBER
    least, most = parameter.minimum, parameter.maximum
    return Field(parameter.name, title, ask, default=parameter.default, required=True, least=least, most=most)
