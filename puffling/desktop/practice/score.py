"""The score of a practice on a small card: yours beside buying and holding."""

from __future__ import annotations

from collections.abc import Iterator

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QWidget

from puffling.desktop import numbers
from puffling.desktop.card import label
from puffling.desktop.popover import Popover
from puffling.desktop.theme import Tone
from puffling.puffin.broker.practice_score import PracticeScore
from puffling.runtime.text import tr

_WIDTH = 300


class ScoreCard(Popover):
    """Shows a score as it stands."""

    def __init__(self, anchor: QWidget, score: PracticeScore) -> None:
        super().__init__(anchor, _WIDTH)
        self.setAccessibleName(tr("Score of the practice"))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.column.addWidget(label(tr("{symbol}, {count} bars", symbol=score.symbol, count=score.bars)))
        grid = QGridLayout()
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(6)
        right = Qt.AlignmentFlag.AlignRight
        grid.addWidget(label(tr("You"), tone=Tone.MUTED, kind="caption"), 0, 1, right)
        grid.addWidget(label(tr("Holding"), tone=Tone.MUTED, kind="caption"), 0, 2, right)
        for row, (title, meaning, yours, held) in enumerate(score_rows(score), 1):
            name, mine, other = label(title, tone=Tone.MUTED), label(yours), label(held, tone=Tone.MUTED)
            for made in (name, mine, other):
                made.setToolTip(meaning)
            mine.setAccessibleName(tr("{name}: {value}", name=title, value=yours))
            grid.addWidget(name, row, 0)
            grid.addWidget(mine, row, 1, right)
            grid.addWidget(other, row, 2, right)
        grid.setColumnStretch(0, 1)
        self.column.addLayout(grid)

    def open(self) -> None:
        """Come up; Escape closes it."""
        self.open_at(self)


def score_rows(score: PracticeScore) -> Iterator[tuple[str, str, str, str]]:
    """Give each figure with what it means, yours and that of holding."""
    yield (
        tr("Return"),
        tr("What the money grew by."),
        numbers.percent(score.gained),
        numbers.percent(score.held),
    )
    yield (
        tr("Ahead of holding"),
        tr("Yours less that of buying at the beginning and holding."),
        numbers.percent(score.ahead),
        "",
    )
    yield (
        tr("Deepest fall"),
        tr("The deepest fall from a high, at the closes."),
        numbers.percent(score.drawdown),
        numbers.percent(score.held_drawdown),
    )
    yield tr("Trades"), tr("Fills that closed something."), str(score.trades), ""
    yield (
        tr("Won"),
        tr("Trades that brought more than they had cost, fees included."),
        numbers.percent(score.win_rate, 0, signed=False),
        "",
    )
    yield (
        tr("Costs"),
        tr("Fees, and by how much fills were dearer than the prices they met."),
        numbers.money(score.costs),
        "",
    )
    yield tr("Gone back"), tr("How often something was done over."), str(score.rewinds), ""
