"""What is filled in to order: the kind of order decides which fields there are."""

from __future__ import annotations

from decimal import Decimal
from functools import partial
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QStandardItemModel
from PySide6.QtWidgets import QButtonGroup, QCheckBox, QGridLayout, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from puffling.desktop.card import button, label
from puffling.desktop.editors import Choice, LineEditor, narrow_choice
from puffling.desktop.fields import Ask, Field, Unfit
from puffling.desktop.orders.words import kind_words, lasting_words
from puffling.desktop.theme import Tone, set_role
from puffling.puffin.orders import Kind, Lasting, Side
from puffling.runtime.text import tr
from puffling.trading.values import Measure, TicketFacts

Values = dict[str, Any]

_MEASURES = {
    Measure.QUANTITY: "Pieces",
    Measure.MONEY: "Money",
    Measure.PERCENT: "Percent",
    Measure.RISK: "At risk",
}
_MEASURE_HELP = {
    Measure.QUANTITY: "So many shares, coins or units.",
    Measure.MONEY: "Worth so much money.",
    Measure.PERCENT: "Worth so much of the account.",
    Measure.RISK: "So that no more is lost if the stop loss is met.",
}
# Which prices a kind of order has.
_PRICES = {
    Kind.MARKET: (),
    Kind.LIMIT: ("limit",),
    Kind.STOP: ("stop",),
    Kind.STOP_LIMIT: ("stop", "limit"),
    Kind.TRAILING_STOP: ("trail_percent",),
}
_TITLES = {
    "amount": "Size",
    "limit": "Limit",
    "stop": "Stop",
    "trail_percent": "Trail by %",
    "take_profit": "Take profit",
    "stop_loss": "Stop loss",
    "stop_loss_limit": "Stop limit",
}
_COINS = "crypto"
_BRACKET = ("take_profit", "stop_loss")
# The choice among the kinds that is a limit and a stop at once, and what it asks for.
WAYS_OUT = "one_cancels_other"
_WAYS_OUT = (*_BRACKET, "stop_loss_limit")


class TicketForm(QWidget):
    """Asks for an order and gives it as the arguments of the ability; `changed` tells of every change."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.buy, self.sell = button(tr("Buy")), button(tr("Sell"))
        self._sides = QButtonGroup(self)
        sides = QHBoxLayout()
        sides.setSpacing(6)
        for made in (self.buy, self.sell):
            made.setCheckable(True)
            made.setObjectName("ticket.buy" if made is self.buy else "ticket.sell")
            self._sides.addButton(made)
            sides.addWidget(made)
        self.buy.setChecked(True)
        self.kind, self.lasting = narrow_choice(tr("Kind of order")), narrow_choice(tr("Good"))
        for kind in Kind:
            self.kind.addItem(kind_words(kind), kind)
        self.kind.addItem(tr("OCO exit"), WAYS_OUT)
        for lasting in Lasting:
            self.lasting.addItem(lasting_words(lasting), lasting)
        self.lasting.setCurrentIndex(self.lasting.findData(Lasting.DAY))
        self.measure = narrow_choice(tr("Size in"))
        for measure, title in _MEASURES.items():
            self.measure.addItem(tr(title), measure)
            self.measure.setItemData(
                self.measure.count() - 1, tr(_MEASURE_HELP[measure]), Qt.ItemDataRole.ToolTipRole
            )
        self.bracket = QCheckBox(tr("Take profit and stop loss"))
        self.extended = QCheckBox(tr("Also outside the session"))
        self._editors: dict[str, LineEditor] = {}
        self._titles: dict[str, QLabel] = {}
        self._errors: dict[str, QLabel] = {}
        # What has to be filled in still, in words.
        self.lacks = ""
        # What was read last, or None.
        self.filled: Values | None = None
        self._typed: set[str] = set()
        self._closing = Side.SELL
        # Which symbol, and what kind of instrument, the size was meant for.
        self._symbol, self._sized_for = "", ""
        grid = QGridLayout()
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(6)
        grid.setColumnMinimumWidth(0, 76)
        grid.setColumnStretch(1, 1)
        grid.setColumnStretch(2, 1)
        self._put(grid, 0, tr("Order"), self.kind)
        self._line(grid, 1, "amount", Decimal(1), self.measure)
        for row, name in enumerate(("stop", "limit", "trail_percent"), 3):
            self._line(grid, 2 * row - 1, name)
        grid.addWidget(self.bracket, 11, 1, 1, 2)
        for row, name in enumerate(_WAYS_OUT, 6):
            self._line(grid, 2 * row, name)
        self._editors["stop_loss_limit"].setPlaceholderText(tr("any price"))
        self._put(grid, 18, tr("Good"), self.lasting)
        grid.addWidget(self.extended, 19, 1, 1, 2)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(10)
        column.addLayout(sides)
        column.addLayout(grid)
        self._sides.buttonClicked.connect(self._turned)
        self.kind.activated.connect(self._kind_chosen)
        for choice in (self.lasting, self.measure):
            choice.activated.connect(lambda _: self.changed.emit())
        self.bracket.toggled.connect(self._arranged)
        self.extended.toggled.connect(lambda _: self.changed.emit())
        self._arrange()

    @property
    def side(self) -> Side:
        """Give which way the order goes."""
        return Side.BUY if self.buy.isChecked() else Side.SELL

    def choose_side(self, side: Side) -> None:
        """Buy, or sell."""
        (self.buy if side is Side.BUY else self.sell).setChecked(True)
        self._turned()

    def choose_kind(self, kind: Kind, price: Decimal | None = None) -> None:
        """Order in this way, at this price where the kind has one."""
        self.kind.setCurrentIndex(self.kind.findData(kind))
        for name in _PRICES[kind]:
            if price is not None and name in {"limit", "stop"}:
                self._editors[name].write(price)
        self._arranged()

    def read(self) -> Values | None:
        """Give the arguments of the ability, or None after saying beside the fields what does not fit."""
        self.clear_errors()
        self.lacks, self.filled = "", None
        either = self._is_either
        found: Values = {
            "side": self.side,
            "measure": Measure(self.measure.currentData()),
            "kind": Kind.LIMIT if either else Kind(self.kind.currentData()),
            "lasting": Lasting(self.lasting.currentData()),
            "extended_hours": not either and self.extended.isEnabled() and self.extended.isChecked(),
        }
        optional = {"stop_loss_limit"} if either else set(_BRACKET)
        for name in self._shown():
            try:
                value = self._editors[name].read()
            except Unfit as unfit:
                self.say(name, str(unfit))
                continue
            if value is not None:
                found[name] = value
            elif name not in optional:
                missing = tr("{title} is missing.", title=tr(_TITLES[name]))
                self.lacks = self.lacks or missing
                # What nobody typed into yet is not wrong.
                if name in self._typed:
                    self.say(name, missing)
        if self.lacks or any(said.text() for said in self._errors.values()):
            return None
        if either:
            found |= {"one_cancels_other": True, "limit": found.pop("take_profit")}
        self.filled = found
        return found

    def keep(self) -> Values:
        """Give the choices that stay from one order to the next."""
        return {
            "measure": str(self.measure.currentData()),
            "amount": self._editors["amount"].text(),
            "sized_for": self._sized_for,
        }

    def restore(self, kept: Values) -> None:
        """Take over what was kept."""
        place = self.measure.findData(kept.get("measure"))
        self.measure.setCurrentIndex(max(place, 0))
        if isinstance(amount := kept.get("amount"), str) and amount:
            self._editors["amount"].setText(amount)
        self._sized_for = str(kept.get("sized_for") or "")

    def editor(self, name: str) -> LineEditor:
        """Give the field of a price or the size."""
        return self._editors[name]

    def say(self, name: str, words: str) -> None:
        """Say beside a field what is wrong with it."""
        if name == "limit" and self._is_either:
            name = "take_profit"
        said = self._errors.get(name, self._errors["amount"])
        said.setText(words)
        said.show()
        if name in self._editors:
            set_role(self._editors[name], wrong=True)
            self._editors[name].setAccessibleDescription(words)

    def clear_errors(self) -> None:
        """Take back what was said to be wrong."""
        for name, said in self._errors.items():
            said.clear()
            said.hide()
            set_role(self._editors[name], wrong=False)
            self._editors[name].setAccessibleDescription("")

    def offer(self, facts: TicketFacts) -> None:
        """Offer what the account can do with this symbol; what it cannot is faint and says why."""
        if facts.symbol != self._symbol:
            self._fit_size(facts)
        missing = tr("This broker has no such orders.")
        here = tr("Held by this computer: the broker does not hold such orders.")
        for kind in Kind:
            _offer(self.kind, kind, True, "" if kind in facts.kinds else here)
        self._closing = Side.SELL if facts.held >= 0 else Side.BUY
        none = tr("Nothing is held: there is no way out to order.")
        why = "" if facts.one_cancels_other else here
        _offer(self.kind, WAYS_OUT, bool(facts.held), why if facts.held else none)
        for lasting in Lasting:
            offered = lasting in facts.lasting
            _offer(self.lasting, lasting, offered, "" if offered else missing)
        exits_here = tr("The exits are held by this computer: the broker does not hold brackets.")
        self.bracket.setToolTip("" if facts.brackets else exits_here)
        self.extended.setEnabled(facts.extended_hours)
        self.extended.setToolTip(
            tr("As a limit for the day, before the open and after the close.")
            if facts.extended_hours
            else tr("There are no hours outside the session here.")
        )

    def _fit_size(self, facts: TicketFacts) -> None:
        """Let go of a number of pieces that was meant for another kind of instrument."""
        amount = self._editors["amount"]
        # Shares of a company and of a fund are counted alike.
        kind = _COINS if facts.asset_type == _COINS else "share"
        elsewhere = self._sized_for not in {"", kind}
        self._symbol, self._sized_for = facts.symbol, kind
        if self.measure.currentData() != Measure.QUANTITY:
            return
        broken = not facts.fractions and "." in amount.text()
        if elsewhere and kind == _COINS:
            # One share is little, one coin may be a fortune: there is no usual size.
            amount.clear()
            self._typed.discard("amount")
        elif elsewhere or broken:
            amount.write(Decimal(1))

    @property
    def _is_either(self) -> bool:
        return bool(self.kind.currentData() == WAYS_OUT)

    @property
    def _may_bracket(self) -> bool:
        return self.kind.currentData() not in {Kind.TRAILING_STOP, WAYS_OUT}

    def _shown(self) -> tuple[str, ...]:
        if self._is_either:
            return ("amount", *_WAYS_OUT)
        bracketed = self._may_bracket and self.bracket.isEnabled() and self.bracket.isChecked()
        return ("amount", *_PRICES[Kind(self.kind.currentData())], *(_BRACKET if bracketed else ()))

    def _turned(self, *_: object) -> None:
        set_role(self.buy, kind="buy" if self.buy.isChecked() else "")
        set_role(self.sell, kind="sell" if self.sell.isChecked() else "")
        self.changed.emit()

    def _kind_chosen(self, *_: object) -> None:
        if self._is_either:
            # It leads out of what is held, so that it goes one way only.
            (self.buy if self._closing is Side.BUY else self.sell).setChecked(True)
        self._arranged()

    def _arranged(self, *_: object) -> None:
        self._arrange()
        self.changed.emit()

    def _arrange(self) -> None:
        shown = self._shown()
        for name, editor in self._editors.items():
            for widget in (editor, self._titles[name]):
                widget.setVisible(name in shown)
            if name not in shown:
                self._errors[name].hide()
        self.bracket.setVisible(self._may_bracket)
        self.extended.setVisible(not self._is_either)
        set_role(self.buy, kind="buy" if self.buy.isChecked() else "")
        set_role(self.sell, kind="sell" if self.sell.isChecked() else "")

    def _put(self, grid: QGridLayout, row: int, title: str, *widgets: QWidget) -> QLabel:
        said = label(title, tone=Tone.MUTED)
        grid.addWidget(said, row, 0)
        for place, widget in enumerate(widgets):
            grid.addWidget(widget, row, place + 1, 1, 2 if len(widgets) == 1 else 1)
        said.setBuddy(widgets[0])
        return said

    def _line(
        self, grid: QGridLayout, row: int, name: str, value: Decimal | None = None, *beside: QWidget
    ) -> None:
        unit = "%" if name == "trail_percent" else ""
        field = Field(name, tr(_TITLES[name]), Ask.DECIMAL, above=0, unit=unit, nullable=True)
        editor = self._editors[name] = LineEditor(field)
        editor.setObjectName(f"ticket.{name}")
        editor.setAccessibleName(tr(_TITLES[name]))
        if value is not None:
            editor.write(value)
        editor.changed.connect(partial(self._typed.add, name))
        editor.changed.connect(self.changed)
        self._titles[name] = self._put(grid, row, tr(_TITLES[name]), editor, *beside)
        said = self._errors[name] = label(tone=Tone.DANGER, kind="caption")
        said.setWordWrap(True)
        said.hide()
        grid.addWidget(said, row + 1, 1, 1, 2)


def _offer(choice: Choice, data: object, can: bool, why: str) -> None:
    model = choice.model()
    assert isinstance(model, QStandardItemModel)
    item = model.item(choice.findData(data))
    item.setEnabled(can)
    item.setToolTip(why)
