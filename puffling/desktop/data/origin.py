"""Where a history comes from: its source and how good it is, and which part of it is kept here."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFormLayout, QHBoxLayout, QLabel, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from puffling.desktop import numbers
from puffling.desktop.card import button, label
from puffling.desktop.data.timeline import Timeline
from puffling.desktop.theme import Tone, set_role
from puffling.market.values import Basis, Coverage, History, Instrument, Quality
from puffling.puffin.data.bars import Span
from puffling.puffin.data.instants import from_us
from puffling.runtime.text import tr

_QUALITY = {
    Quality.REALTIME: "Real time",
    Quality.ONE_EXCHANGE: "Real time, from one exchange only",
    Quality.DELAYED: "Delayed",
    Quality.END_OF_DAY: "End of day",
    Quality.SAMPLE: "Sample: real, and old",
    Quality.DEMO: "Demo: made up",
}
_BASIS = {
    Basis.TRADED: "As traded",
    Basis.ADJUSTED: "Adjusted for splits and dividends",
    Basis.GIVEN: "As the source gives them",
}
_LINES = {
    "source": "Source",
    "quality": "Quality",
    "basis": "Prices",
    "currency": "Currency",
    "calendar": "Exchange, calendar",
    "bars": "Bars",
    "range": "First and last",
    "away": "Kept away from signals",
    "fetched": "Fetched",
}


class OriginView(QScrollArea):
    """Says all of it in lines, and offers to ask the source again."""

    reload_wanted = Signal()
    fundamentals_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(8, 8, 8, 8)
        column.setSpacing(10)
        form = QFormLayout()
        form.setHorizontalSpacing(16)
        form.setVerticalSpacing(6)
        form.setRowWrapPolicy(QFormLayout.RowWrapPolicy.DontWrapRows)
        self.lines: dict[str, QLabel] = {}
        for name, title in _LINES.items():
            said = self.lines[name] = _words()
            name_of_line = label(tr(title), tone=Tone.MUTED)
            name_of_line.setAlignment(Qt.AlignmentFlag.AlignTop)
            form.addRow(name_of_line, said)
        column.addLayout(form)
        self.kept = label(tone=Tone.MUTED)
        column.addWidget(self.kept)
        self.timeline = Timeline()
        column.addWidget(self.timeline)
        self.warnings = _words()
        set_role(self.warnings, tone="warn")
        column.addWidget(self.warnings)
        acts = QHBoxLayout()
        acts.setSpacing(8)
        self.reload = button(tr("Ask the source again"), icon="replay")
        self.reload.setObjectName("data.reload")
        self.reload.clicked.connect(self.reload_wanted)
        self.fundamentals = button(tr("Fundamentals"), kind="quiet", icon="fundamentals")
        self.fundamentals.clicked.connect(self.fundamentals_wanted)
        acts.addWidget(self.reload)
        acts.addWidget(self.fundamentals)
        acts.addStretch(1)
        column.addLayout(acts)
        column.addStretch(1)
        self.setWidget(inside)

    def show_origin(self, history: History, instrument: Instrument, times: tuple[str, str]) -> None:
        """Say where these bars come from; the times are when their oldest and newest part came."""
        bars, key = history.bars, history.key
        away = int(history.kept_away.sum())
        fetched, refreshed = times
        span = numbers.NOTHING
        if len(bars):
            form = "%Y-%m-%d %H:%M UTC" if key.interval.is_intraday else "%Y-%m-%d"
            first, last = (from_us(int(bars.time[place])).strftime(form) for place in (0, -1))
            span = tr("{first} to {last}", first=first, last=last)
            if history.developing:
                span = tr("{span}, the last one under way", span=span)
        for name, text, tone in (
            ("source", f"{history.label} ({key.source})", Tone.TEXT),
            ("quality", tr(_QUALITY[history.quality]), _quality_tone(history.quality)),
            ("basis", tr(_BASIS[history.basis]), Tone.TEXT),
            ("currency", history.currency, Tone.TEXT),
            ("calendar", f"{instrument.exchange}, {instrument.calendar}", Tone.TEXT),
            ("bars", f"{len(bars):,}", Tone.TEXT),
            ("range", span, Tone.TEXT),
            ("away", f"{away:,}", Tone.WARN if away else Tone.TEXT),
            ("fetched", fetched if fetched == refreshed else f"{fetched}, {refreshed}", Tone.TEXT),
        ):
            self.lines[name].setText(text)
            set_role(self.lines[name], tone=tone.value)
        self.warnings.setText("\n".join(history.warnings))
        self.warnings.setVisible(bool(history.warnings))

    def show_kept(self, coverage: Coverage, shown: Span | None) -> None:
        """Show which stretches are kept here."""
        kept = coverage.spans
        if kept:
            width = coverage.key.interval
            words = tr("Kept here: bars of {interval}, the line below is what you look at", interval=width)
        else:
            words = tr("Nothing of it is kept here: the source is at hand.")
        self.kept.setText(words)
        self.timeline.setVisible(bool(kept))
        self.timeline.show_spans(kept, shown)

    def show_asking(self, asking: bool) -> None:
        """Say that the source is being asked, or that it may be."""
        self.reload.setEnabled(not asking)
        self.reload.setText(tr("Asking…") if asking else tr("Ask the source again"))


def _words() -> QLabel:
    made = QLabel()
    made.setWordWrap(True)
    made.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    made.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
    made.setMinimumWidth(120)
    return made


def _quality_tone(quality: Quality) -> Tone:
    return Tone.TEXT if quality is Quality.REALTIME else Tone.WARN
