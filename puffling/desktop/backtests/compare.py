"""Several results beside each other: their curves from one beginning, figures, and what was asked apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QSplitter, QVBoxLayout, QWidget

from puffling.automation.research.values import BacktestDetail, Comparison
from puffling.automation.values import StrategyKind
from puffling.desktop import numbers
from puffling.desktop.backtests.figures import BY_ID, Figure
from puffling.desktop.backtests.origin import parameter_words, request_words
from puffling.desktop.backtests.plots import Line, Pane
from puffling.desktop.backtests.timechart import TimeChart
from puffling.desktop.card import button, label, tool_button
from puffling.desktop.columns import Column, Kind
from puffling.desktop.tables import Table
from puffling.desktop.theme import Tone
from puffling.frozen import frozen
from puffling.runtime.text import tr


@frozen
class Beside:
    """One line of a comparison: a figure or a term of each result; `best` is the place of the best one."""

    title: str
    meaning: str
    texts: tuple[str, ...]
    differs: bool
    best: int | None = None
    asked: bool = False


class CompareView(QWidget):
    """Shows two to six results beside each other."""

    left = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.ids: tuple[str, ...] = ()
        self._comparison: Comparison | None = None
        back = tool_button("left", tr("Back to the results"))
        back.clicked.connect(self.left)
        self.title = label(kind="heading")
        self.logarithmic = button(tr("Log scale"), kind="quiet")
        self.logarithmic.setCheckable(True)
        self.logarithmic.clicked.connect(lambda: self._draw(keep_view=True))
        self.remarks = label(tone=Tone.WARN, kind="caption")
        self.remarks.setWordWrap(True)
        self.remarks.setContentsMargins(8, 0, 8, 0)
        self.chart = TimeChart(tr("Results beside each other"))
        self.figures: Table[Beside] = Table([], title=tr("Figures"))
        self._tables = QWidget()
        self._inside = QVBoxLayout(self._tables)
        self._inside.setContentsMargins(0, 0, 0, 0)
        self._inside.addWidget(self.figures)
        self._split = QSplitter(Qt.Orientation.Vertical)
        self._split.addWidget(self.chart)
        self._split.addWidget(self._tables)
        self._split.setChildrenCollapsible(False)
        self._split.setSizes([500, 500])
        row = QHBoxLayout()
        row.setContentsMargins(4, 2, 8, 0)
        row.setSpacing(6)
        row.addWidget(back)
        row.addWidget(self.title, 1)
        row.addWidget(self.logarithmic)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addLayout(row)
        column.addWidget(self.remarks)
        column.addWidget(self._split, 1)
        self.setFocusProxy(self.chart)

    def show_comparison(
        self,
        found: Comparison,
        details: Sequence[BacktestDetail],
        kinds: Mapping[str, StrategyKind],
    ) -> None:
        """Show these results, in this order."""
        self._comparison = found
        self.ids = tuple(line.id for line in found.results)
        self.title.setText(tr("{count} results compared", count=len(found.results)))
        self.remarks.setText(" ".join(found.remarks))
        self.remarks.setVisible(bool(found.remarks))
        self._draw()
        old = self.figures
        self.figures = Table(_columns(found), title=tr("Figures"))
        # What stands under each other has an order of its own.
        self.figures.horizontalHeader().setSectionsClickable(False)
        self._inside.replaceWidget(old, self.figures)
        old.hide()
        old.deleteLater()
        self.figures.set_rows(rows_of(found, details, kinds))

    def _draw(self, *, keep_view: bool = False) -> None:
        if self._comparison is None:
            return
        lines = tuple(
            Line.of(f"{place + 1}  {curve.name}", curve.time_us, np.asarray(curve.growth), INKS[place])
            for place, curve in enumerate(self._comparison.curves)
        )
        pane = Pane(
            "growth",
            tr("Growth"),
            lines,
            lambda value: numbers.percent(value - 1.0, 1),
            base=1.0,
            logarithmic=self.logarithmic.isChecked(),
        )
        self.chart.show_panes([pane], keep_view=keep_view)


INKS: tuple[str | int, ...] = ("accent", 0, 2, 4, 3, 5)


def rows_of(
    found: Comparison, details: Sequence[BacktestDetail], kinds: Mapping[str, StrategyKind]
) -> dict[str, Beside]:
    """Give the lines of a comparison: trust and figures first, then what was asked, differences first."""
    rows = {
        "grade": Beside(
            tr("Trust"),
            tr("How far each result can be trusted"),
            tuple(line.grade or "–" for line in found.results),
            len({line.grade for line in found.results}) > 1,
        )
    }
    for each in found.figures:
        figure = BY_ID.get(each.figure)
        if figure is not None:
            texts = tuple(figure.write(value) for value in each.values)
            rows[each.figure] = Beside(
                tr(figure.title), tr(figure.meaning), texts, len(set(texts)) > 1, best_of(figure, each.values)
            )
    asked = [_asked(detail, kinds.get(detail.summary.strategy)) for detail in details]
    names = dict.fromkeys(name for words in asked for name in words)
    terms = {
        name: Beside(
            name, "", texts := tuple(words.get(name, "–") for words in asked), len(set(texts)) > 1, asked=True
        )
        for name in names
    }
    rows |= {f"asked {name}": row for name, row in terms.items() if row.differs}
    rows |= {f"asked {name}": row for name, row in terms.items() if not row.differs}
    return rows


def best_of(figure: Figure, values: Sequence[float | None]) -> int | None:
    """Give the place of the best value; None where no value is better than all the others."""
    known = {place: value for place, value in enumerate(values) if value is not None}
    if not figure.better or len(known) < 2:
        return None
    best = max(known, key=lambda place: known[place] * figure.better)
    return best if list(known.values()).count(known[best]) == 1 else None


def _asked(detail: BacktestDetail, kind: StrategyKind | None) -> Mapping[str, str]:
    summary = detail.summary
    return {
        tr("Strategy"): kind.title if kind is not None else summary.strategy,
        tr("Symbols"): ", ".join(summary.symbols),
        **parameter_words(summary.parameters, kind),
        **request_words(detail.request),
    }


def _columns(found: Comparison) -> list[Column[Beside]]:
    columns: list[Column[Beside]] = [
        Column(
            "title",
            tr("Figure"),
            lambda row: row.title,
            Kind.MUTED,
            width=130,
            tooltip=lambda row: row.meaning,
            tone=lambda row: Tone.WARN if row.asked and row.differs else Tone.MUTED,
        )
    ]
    for place, line in enumerate(found.results):
        columns.append(_column(place, f"{place + 1}  {line.name}"))
    return columns


def _column(place: int, title: str) -> Column[Beside]:
    def tone(row: Beside) -> Tone:
        if row.best == place:
            return Tone.ACCENT
        if row.asked and row.differs:
            return Tone.WARN
        return Tone.TEXT if row.differs else Tone.MUTED

    def text(row: Beside) -> str:
        mark = "★ " if row.best == place else ""
        return f"{mark}{row.texts[place]}"

    def read(row: Beside) -> Any:
        return row.texts[place]

    return Column(
        f"result{place}",
        title,
        read,
        width=130,
        stretch=True,
        text=text,
        tone=tone,
        tooltip=read,
    )
