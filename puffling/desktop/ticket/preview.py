"""What an order would do, and what every gate says to it."""

from __future__ import annotations

from decimal import Decimal

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QLabel, QToolButton, QVBoxLayout, QWidget

from puffling.desktop import numbers
from puffling.desktop.amounts import Amounts
from puffling.desktop.card import label
from puffling.desktop.theme import Tone, set_role
from puffling.runtime.text import tr
from puffling.trading.values import Confirmation, TicketFacts
from puffling.trading.verdicts import Check, Outcome

_MARKS = {
    Outcome.PASS: ("✓", Tone.MUTED),
    Outcome.ASK: ("?", Tone.WARN),
    Outcome.REFUSE: ("✕", Tone.DANGER),
}


class Figures(QWidget):
    """Short lines of a name and a figure."""

    def __init__(self, names: dict[str, str]) -> None:
        super().__init__()
        self._values: dict[str, QLabel] = {}
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(3)
        grid.setColumnStretch(1, 1)
        self._titles = {name: label(title, tone=Tone.MUTED) for name, title in names.items()}
        for row, (name, title) in enumerate(self._titles.items()):
            grid.addWidget(title, row, 0)
            value = self._values[name] = label("–")
            value.setAlignment(Qt.AlignmentFlag.AlignRight)
            value.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            grid.addWidget(value, row, 1)

    def explain(self, name: str, words: str) -> None:
        """Tell the pointer what a figure means."""
        for said in (self._titles[name], self._values[name]):
            said.setToolTip(words)

    def name(self, name: str, title: str) -> None:
        """Call a figure by another name."""
        self._titles[name].setText(title)

    def show_values(self, values: dict[str, str]) -> None:
        """Show figures; those that are not given are not known."""
        for name, value in self._values.items():
            value.setText(values.get(name) or "–")

    def title(self, name: str) -> str:
        """Give what a figure is called now."""
        return self._titles[name].text()

    def value(self, name: str) -> str:
        """Give what stands beside a name."""
        return self._values[name].text()


def account_figures(facts: TicketFacts, amounts: Amounts) -> dict[str, str]:
    """Say what the account has and what the broker allows for the symbol."""
    return {
        "held": amounts.quantity(facts.held),
        "power": amounts.money(facts.buying_power),
        "settled": amounts.money(facts.settled_cash),
        "short": tr("yes") if facts.shortable else tr("no"),
        "margin": tr("yes") if facts.marginable else tr("no"),
    }


def order_figures(shown: Confirmation, equity: Decimal | None, amounts: Amounts) -> dict[str, str]:
    """Say what an order would cost and make of the account."""
    after = amounts.money(shown.exposure_after)
    if shown.exposure_after is not None and equity:
        share = numbers.percent(shown.exposure_after / equity, signed=False)
        after = tr("{money} ({share})", money=after, share=share)
    return {
        "quantity": amounts.quantity(shown.quantity),
        # What a sale brings is told as proceeds.
        "cost": amounts.money(None if shown.cost is None else abs(shown.cost)),
        "fees": amounts.money(shown.fees),
        "before": amounts.money(shown.exposure_before),
        "after": after,
    }


class Gates(QWidget):
    """What the gates say: those with something against it always, all of them when one wants to see them."""

    def __init__(self) -> None:
        super().__init__()
        self._checks: tuple[Check, ...] = ()
        self._faint = False
        self.all = QToolButton()
        self.all.setCheckable(True)
        set_role(self.all, flush=True)
        self.all.setAutoRaise(True)
        self.all.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextOnly)
        self.all.setObjectName("ticket.gates")
        self.all.toggled.connect(lambda _: self._show())
        self.lines = label(kind="caption")
        self.lines.setWordWrap(True)
        self.lines.setTextFormat(Qt.TextFormat.RichText)
        self.lines.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addWidget(self.all, 0, Qt.AlignmentFlag.AlignLeft)
        column.addWidget(self.lines)
        self.show_checks(())

    def show_checks(self, checks: tuple[Check, ...], *, faint: bool = False) -> None:
        """Show what the gates said; faintly when it is about what was sent a moment ago."""
        self._checks, self._faint = checks, faint
        self._show()

    def _show(self) -> None:
        from html import escape

        from puffling.desktop.theme import look

        passed = sum(check.outcome is Outcome.PASS for check in self._checks)
        self.all.setVisible(bool(self._checks))
        self.all.setText(
            tr("{passed} of {count} gates pass", passed=passed, count=len(self._checks))
            if passed < len(self._checks)
            else tr("All {count} gates pass", count=len(self._checks))
        )
        shown = [each for each in self._checks if self.all.isChecked() or each.outcome is not Outcome.PASS]
        shown.sort(key=lambda each: (each.outcome is not Outcome.REFUSE, each.outcome is not Outcome.ASK))
        colours = look().theme.colours
        self.lines.setText(
            "<br>".join(
                f'<span style="color:{colours.tone(self._tone(each.outcome)).name()}">'
                f"{_MARKS[each.outcome][0]} {escape(each.text)}"
                + (f" {escape(each.hint)}" if each.hint else "")
                + "</span>"
                for each in shown
            )
        )
        self.lines.setVisible(bool(shown))
        set_role(self.all, tone="muted" if passed == len(self._checks) else "warn")

    def _tone(self, outcome: Outcome) -> Tone:
        return Tone.MUTED if self._faint else _MARKS[outcome][1]
