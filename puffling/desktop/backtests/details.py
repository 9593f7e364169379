"""The finer terms of a test as fields: costs, sizing, protection and the rest, folded away at first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from puffling.desktop.backtests.question import Rules, Terms
from puffling.desktop.card import label
from puffling.desktop.fields import Ask, Field
from puffling.desktop.forms import Form
from puffling.desktop.theme import Tone
from puffling.frozen import frozen
from puffling.runtime.text import tr


@frozen
class Detail:
    """One term: the name it has, how it is asked for, and what it means."""

    name: str
    title: str
    help: str
    least: float = 0.0
    most: float = 1e6
    percent: bool = False
    ask: Ask = Ask.NUMBER
    choices: tuple[tuple[str, str], ...] = ()

    def field(self) -> Field:
        """Give the field that asks for it; shares are asked for in percent."""
        scale = 100.0 if self.percent else 1.0
        title = tr("{title}, %", title=tr(self.title)) if self.percent else tr(self.title)
        numeric = self.ask in (Ask.NUMBER, Ask.INTEGER)
        return Field(
            self.name,
            title,
            self.ask,
            required=numeric,
            least=self.least * scale if numeric else None,
            most=self.most * scale if numeric else None,
            choices=tuple((value, tr(words)) for value, words in self.choices),
        )


COSTS = (
    Detail("flat", "Commission, an order", "Money for each order."),
    Detail("per_share", "Commission, a share", "Money for each share."),
    Detail("commission_pct", "Commission", "Share of the value traded.", most=1.0, percent=True),
    Detail("minimum", "Commission, least", "The least for an order."),
    Detail("slippage_pct", "Slippage", "How much worse than quoted an order fills.", most=1.0, percent=True),
    Detail("slippage_fixed", "Slippage, a share", "Money for each share."),
    Detail("volume_share", "Volume impact", "Grows with the square of the share of the bar's volume."),
    Detail("impact", "Root impact", "Grows with the root of the share of the bar's volume."),
    Detail("cash_rate", "Interest on cash", "A year.", -0.5, 2.0, percent=True),
    Detail("margin_rate", "Interest on debt", "A year.", -0.5, 2.0, percent=True),
    Detail("borrow_rate", "Fee for shorts", "A year, of what was sold short.", -0.5, 2.0, percent=True),
)
SIZING = (
    Detail("size", "Invested", "Share of the equity all positions take.", 0.0001, 100.0, percent=True),
    Detail(
        "sizing",
        "A share of",
        "What the share is one of: the equity, the first capital, the loss at the stop, a year's movement, or"
        " Kelly's share.",
        ask=Ask.CHOICE,
        choices=(
            ("equity", "Equity"),
            ("fixed", "First capital"),
            ("risk", "Risk at the stop"),
            ("volatility", "Volatility a year"),
            ("kelly", "Kelly's share"),
        ),
    ),
    Detail(
        "leverage", "Leverage, at most", "What all positions may be worth for each unit of equity.", 0.01, 100
    ),
    Detail("lot", "Lot", "Quantities are multiples of this; 0 allows fractions."),
    Detail(
        "volume_cap",
        "Of a bar's volume",
        "The most an order takes of it; 0 means no cap.",
        most=1.0,
        percent=True,
    ),
)
PROTECTION = (
    Detail("stop_loss", "Stop loss", "Leave at this loss; 0 means never.", most=0.9999, percent=True),
    Detail("take_profit", "Take profit", "Leave at this gain; 0 means never.", most=100.0, percent=True),
    Detail(
        "trail",
        "Trailing stop",
        "Leave this far behind the best price; 0 means never.",
        most=0.9999,
        percent=True,
    ),
    Detail(
        "most_bars", "Bars, at most", "Leave after so many; 0 means never.", most=100_000, ask=Ask.INTEGER
    ),
)
REST = (
    Detail(
        "intrabar",
        "Within a bar",
        "Which of two prices touched within a bar came first.",
        ask=Ask.CHOICE,
        choices=(("pessimistic", "The worse one"), ("optimistic", "The better one")),
    ),
    Detail(
        "risk_free_rate",
        "Risk-free rate",
        "A year; ratios measure what lies above it.",
        -0.5,
        1.0,
        percent=True,
    ),
    Detail("seed", "Seed", "Where the random draws begin.", most=2**31 - 1, ask=Ask.INTEGER),
    Detail("adjusted", "Adjusted prices", "Corrected for splits and dividends.", ask=Ask.SWITCH),
)
GROUPS = (("Costs", COSTS), ("Sizing", SIZING), ("Protection", PROTECTION), ("Other", REST))


class Details(QWidget):
    """A small form for each group."""

    changed = Signal()
    costs_changed = Signal()
    submitted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._terms, self._rules = Terms(), Rules()
        self.forms: list[Form] = []
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(4)

    def furnish(self) -> Iterator[None]:
        """Make the forms, one at a step."""
        for title, group in GROUPS:
            self._column.addWidget(label(tr(title), tone=Tone.MUTED, kind="caption"))
            form = Form(tuple(each.field() for each in group))
            for each in group:
                form.editor(each.name).setToolTip(tr(each.help))
                form.editor(each.name).setAccessibleDescription(tr(each.help))
            form.changed.connect(self.changed)
            form.submitted.connect(lambda _: self.submitted.emit())
            if group is COSTS:
                form.changed.connect(self.costs_changed)
            self.forms.append(form)
            self._column.addWidget(form)
            yield

    def show_values(self, terms: Terms, rules: Rules) -> None:
        """Show these terms and rules."""
        self._terms, self._rules = terms, rules
        values = {**asdict(terms), **asdict(rules)}
        for form, (_, group) in zip(self.forms, GROUPS, strict=True):
            form.set_values({each.name: _shown(each, values[each.name]) for each in group})

    def values(self) -> tuple[Terms, Rules] | None:
        """Give the terms and rules, or None after saying what does not fit."""
        found: dict[str, Any] = {}
        for form, (_, group) in zip(self.forms, GROUPS, strict=True):
            values = form.values()
            if values is None:
                return None
            found |= _read(group, values)
        terms = replace(self._terms, **{name: found[name] for name in asdict(self._terms)})
        rules = replace(self._rules, **{name: found[name] for name in asdict(self._rules)})
        return terms, rules

    def say_wrong(self, name: str, text: str) -> bool:
        """Say what is wrong at the field of this name; tell whether there is one."""
        for form in self.forms:
            if any(field.name == name for field in form.fields):
                form.show_error(name, text)
                return True
        return False

    def clear_errors(self) -> None:
        """Take back everything that was said to be wrong."""
        for form in self.forms:
            form.clear_errors()


def _shown(detail: Detail, value: Any) -> Any:
    return round(value * 100.0, 10) if detail.percent else value


def _read(group: Sequence[Detail], values: Mapping[str, Any]) -> dict[str, Any]:
    return {
        each.name: round(values[each.name] / 100.0, 12) if each.percent else values[each.name]
        for each in group
    }
