"""Where a result comes from: its prices, all that was asked, and the hashes that make it repeatable."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFormLayout, QHBoxLayout, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from puffling.automation.values import StrategyKind
from puffling.desktop import numbers
from puffling.desktop.backtests.lists import source_columns
from puffling.desktop.card import button, label
from puffling.desktop.tables import Table
from puffling.desktop.theme import Theme, Tone, set_role
from puffling.puffin.backtest.report import BacktestReport, Provenance
from puffling.puffin.factors.declaration import Choice
from puffling.runtime.text import tr

_HASH_SHOWN = 16
_HIDDEN = frozenset({"parameters", "symbols", "strategy", "strategy_id"})
_SHARES = frozenset(
    {"pct", "cash_rate", "margin_rate", "borrow_rate", "stop_loss", "take_profit", "trail", "risk_free_rate"}
)


class Origin(QScrollArea):
    """Shows the sources, the manifest and the terms; a button runs it again and compares."""

    verify_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.notes = label(tone=Tone.WARN)
        self.notes.setWordWrap(True)
        self.sources: Table[Provenance] = Table(source_columns(), title=tr("Sources of the prices"))
        self.sources.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.verify = button(tr("Run again and compare"), icon="check")
        self.verify.setObjectName("backtest.verify")
        self.verify.setToolTip(tr("The same data, code and seed must give the same result to the last bit"))
        self.verify.clicked.connect(self.verify_wanted)
        self.verdict = label(tone=Tone.MUTED)
        self.verdict.setWordWrap(True)
        checked = QHBoxLayout()
        checked.setSpacing(10)
        checked.addWidget(self.verify, 0, Qt.AlignmentFlag.AlignTop)
        checked.addWidget(self.verdict, 1)
        self._facts = QFormLayout()
        self._facts.setHorizontalSpacing(16)
        self._facts.setVerticalSpacing(4)
        self._facts.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapLongRows)
        self._facts.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.ExpandingFieldsGrow)
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(8, 4, 8, 8)
        column.setSpacing(10)
        column.addWidget(self.notes)
        column.addWidget(self.sources)
        column.addLayout(checked)
        column.addLayout(self._facts)
        column.addStretch(1)
        self.setWidget(inside)

    def show_origin(self, report: BacktestReport, kind: StrategyKind | None) -> None:
        """Show where a result comes from."""
        summary, manifest = report.summary, report.manifest
        self.notes.setText("\n".join(summary.warnings))
        self.notes.setVisible(bool(summary.warnings))
        self.sources.set_rows({each.symbol: each for each in summary.sources})
        row_height = self.sources.verticalHeader().defaultSectionSize()
        self.sources.setFixedHeight(row_height * (min(len(summary.sources), 6) + 1) + 2)
        while self._facts.rowCount():
            self._facts.removeRow(0)
        for title, said in parameter_words(summary.parameters, kind).items():
            self._say(title, said)
        for title, said in request_words(report.request).items():
            self._say(title, said)
        costs = report.costs
        self._say(
            tr("Paid"),
            tr(
                "{commission} commissions, {slippage} slippage, {carry} for holding",
                commission=numbers.money(costs.commission),
                slippage=numbers.money(costs.slippage),
                carry=numbers.money(costs.carry),
            ),
        )
        self._say(tr("Attempts on this data"), numbers.full(summary.trials))
        self._say(tr("Seed"), str(manifest.seed))
        for title, digest in (
            (tr("Engine"), manifest.engine),
            (tr("Code"), manifest.code),
            (tr("Data"), manifest.data),
            (tr("Parameters"), manifest.parameters),
            (tr("Result"), manifest.result),
        ):
            self._say(title, digest[:_HASH_SHOWN], code=True, tip=digest)
        libraries = ", ".join(f"{name} {version}" for name, version in manifest.libraries.items())
        self._say(tr("Libraries"), libraries)
        self.say_verified("", Tone.MUTED)

    def say_verified(self, text: str, tone: Tone) -> None:
        """Say what running it again gave."""
        self.verdict.setText(text)
        set_role(self.verdict, tone=tone.value)

    def _say(self, title: str, said: str, *, code: bool = False, tip: str = "") -> None:
        if not said:
            return
        words = label(said)
        words.setWordWrap(not code)
        words.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        if code:
            words.setFont(Theme.mono())
            words.setToolTip(tip)
        self._facts.addRow(label(title, tone=Tone.MUTED), words)


def parameter_words(parameters: Mapping[str, Any], kind: StrategyKind | None) -> dict[str, str]:
    """Give the parameters as people read them, in the words of their strategy where it is known."""
    declared = {each.name: each for each in kind.parameters} if kind is not None else {}
    found: dict[str, str] = {}
    for name, value in parameters.items():
        known = declared.get(name)
        said = write_value(name, value)
        if isinstance(known, Choice):
            said = tr(dict(known.options).get(str(value), said))
        found[tr(known.title) if known is not None else _title(name)] = said
    return found


def request_words(request: Mapping[str, Any]) -> dict[str, str]:
    """Give what was asked as people read it; parts that are nothing are left out."""
    found: dict[str, str] = {}
    for name, value in request.items():
        if name in _HIDDEN or value in (None, "", {}):
            continue
        if isinstance(value, Mapping):
            parts = [f"{_title(part)} {write_value(part, each)}" for part, each in value.items() if each]
            found[_title(name)] = ", ".join(parts) or tr("Nothing")
        else:
            found[_title(name)] = write_value(name, value)
    return found


def write_value(name: str, value: object) -> str:
    """Give one value as people read it."""
    if isinstance(value, bool):
        return tr("Yes") if value else tr("No")
    if isinstance(value, (int, float)):
        if name in _SHARES:
            return numbers.percent(value, signed=False)
        return numbers.full(value)
    if isinstance(value, (list, tuple)):
        return ", ".join(str(each) for each in value)
    return str(value)


_TITLES = {
    "pct": "Of the value",
    "flat": "An order",
    "fixed": "A share",
    "size": "Invested",
    "sizing": "A share of",
    "lot": "Lot",
    "intrabar": "Within a bar",
    "leaving": "Protection",
    "holding": "Holding",
}


def _title(name: str) -> str:
    return tr(_TITLES.get(name, name.replace("_", " ").capitalize()))
