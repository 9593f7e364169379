"""Rehearsals that are kept, and of the chosen one: its curve beside the backtest's, orders and refusals."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from puffling.automation.rehearsal.values import Rehearsal, RehearsalLine, RehearsedOrder
from puffling.desktop import numbers
from puffling.desktop.backtests.performance import write_money
from puffling.desktop.backtests.plots import Line, Pane
from puffling.desktop.backtests.timechart import TimeChart
from puffling.desktop.card import label
from puffling.desktop.columns import Column, Kind
from puffling.desktop.tables import Table
from puffling.desktop.theme import Tone, set_role
from puffling.puffin.data.instants import to_us
from puffling.runtime.text import tr

_CURVES_HEIGHT = 180
# Broad enough to be seen below the line that lies on it.
_WIDE_LINE = 3.4
_LIST_HEIGHT = 132
_FATES = {
    "filled": ("Filled", Tone.UP),
    "refused": ("Refused", Tone.WARN),
    "asked": ("Not agreed to", Tone.WARN),
    "dropped": ("Dropped", Tone.MUTED),
    "planned": ("Not placed", Tone.MUTED),
}


class RehearsalsView(QWidget):
    """Asks for the whole of a rehearsal when it is chosen."""

    wanted = Signal(str)

    def __init__(self, time: Callable[[datetime], str]) -> None:
        super().__init__()
        self._time = time
        self.list: Table[RehearsalLine] = Table(_line_columns(), title=tr("Rehearsals"))
        self.list.setFixedHeight(_LIST_HEIGHT)
        self.list.when_empty(
            tr("No rehearsals yet"), tr("Rehearse a strategy from the Backtest panel."), icon="backtest"
        )
        self.list.keys_selected.connect(self._chosen)
        self.worth = label(kind="title")
        self.said = label(tone=Tone.MUTED)
        self.same = label()
        for each in (self.worth, self.said, self.same):
            each.setWordWrap(True)
        self.curves = TimeChart(tr("Worth over time: rehearsed, and in the backtest"))
        self.curves.setFixedHeight(_CURVES_HEIGHT)
        self.orders: Table[RehearsedOrder] = Table(_order_columns(), title=tr("Orders and refusals"))
        self.orders.when_empty(tr("No orders"), tr("It never changed its mind."), icon="orders")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        for piece in (self.list, self.worth, self.said, self.same, self.curves):
            column.addWidget(piece)
        column.addWidget(self.orders, 1)

    def show_lines(self, lines: Sequence[RehearsalLine], chosen: str = "") -> None:
        """Show what is kept, and choose one of them."""
        self.list.set_rows({line.id: line for line in lines})
        first = chosen or (lines[0].id if lines else "")
        if first:
            self.list.select([first])

    def show_whole(self, found: Rehearsal) -> None:
        """Show one rehearsal."""
        money = numbers.money
        self.worth.setText(
            tr("{final} out of {capital}; its backtest: {tested}",
               final=money(found.final), capital=money(found.capital), tested=money(found.tested))
        )  # fmt: skip
        self.said.setText(
            tr("{orders} fills, {refused} orders refused, {asked} that asked you, {undecided} bars undecided",
               orders=found.orders, refused=found.refused, asked=found.asked, undecided=found.undecided)
        )  # fmt: skip
        if found.same:
            self.same.setText(tr("The same fills as the backtest."))
        else:
            self.same.setText(tr("{count} fills differ from the backtest.", count=len(found.differences)))
        self.same.setToolTip("\n".join(found.differences[:20]))
        set_role(self.same, tone=(Tone.UP if found.same else Tone.WARN).value)
        self.curves.show_panes([pane_of(found)])
        self.orders.set_rows({str(place): each for place, each in enumerate(found.made)})

    def _chosen(self, ids: list[str]) -> None:
        if len(ids) == 1:
            self.wanted.emit(ids[0])


def pane_of(found: Rehearsal) -> Pane:
    """Give the worth over time, rehearsed and in the backtest: where they agree, one covers the other."""
    times = [to_us(each) for each in found.time]
    lived = Line.of(tr("Rehearsed"), times[: len(found.equity)], found.equity, "accent")
    tested = Line.of(tr("Backtest"), times[: len(found.tested_equity)], found.tested_equity, "muted")
    return Pane("worth", tr("Worth"), (lived, replace(tested, width=_WIDE_LINE)), write_money)


def _line_columns() -> list[Column[RehearsalLine]]:
    return [
        Column("name", tr("Rehearsal"), lambda row: row.name, Kind.STRONG, width=220, stretch=True),
        Column("final", tr("Came to"), lambda row: row.final, Kind.NUMBER, decimals=2, width=92),
        Column("tested", tr("Backtest"), lambda row: row.tested, Kind.NUMBER, decimals=2, width=92),
        Column(
            "refused",
            tr("Refused"),
            lambda row: row.refused,
            Kind.NUMBER,
            decimals=0,
            width=64,
            tone=lambda row: Tone.WARN if row.refused else Tone.MUTED,
        ),
    ]


def _order_columns() -> list[Column[RehearsedOrder]]:
    return [
        Column("at", tr("Day"), lambda row: row.at, Kind.TIME, width=104, text=_day),
        Column("what", tr("Order"), _what, Kind.STRONG, width=130),
        Column(
            "fate",
            tr("What became of it"),
            _fate,
            width=190,
            stretch=True,
            tone=lambda row: _FATES.get(row.fate, ("", Tone.MUTED))[1],
            tooltip=lambda row: row.text,
        ),
    ]


def _day(row: RehearsedOrder) -> str:
    return f"{row.at:%Y-%m-%d}"


def _what(row: RehearsedOrder) -> str:
    side = tr("Buy") if row.side == "buy" else tr("Sell")
    return f"{side} {numbers.full(row.quantity)} {row.symbol}"


def _fate(row: RehearsedOrder) -> str:
    if row.price is not None:
        return tr("Filled at {price}", price=f"{row.price:,.2f}")
    word = tr(_FATES.get(row.fate, (row.fate, Tone.MUTED))[0])
    return tr("{word}: {text}", word=word, text=row.text) if row.text else word
