"""A chart taken elsewhere: a picture, a drawing, a table, or the clipboard."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from functools import partial
from pathlib import Path

from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFileDialog

from puffling.desktop.charting.words import short_interval
from puffling.desktop.charts.chart import ChartView
from puffling.desktop.charts.picture import Caption, image, png, svg
from puffling.desktop.looks.table import lines_of, table_of
from puffling.desktop.saving import ask_where, save
from puffling.desktop.session import Session
from puffling.market.values import History
from puffling.runtime.text import tr


class Exports:
    """What can be taken from one chart."""

    def __init__(self, session: Session, chart: ChartView) -> None:
        self._session = session
        self._chart = chart

    def export(self, way: str, history: History) -> QFileDialog | None:
        """Copy the picture, or ask for a file and write it."""
        caption = self.caption(history)
        if way == "copy":
            QGuiApplication.clipboard().setImage(image(self._chart, caption))
            self._session.notices.tell(tr("The picture is on the clipboard."))
            return None
        suffix = way.partition("-")[0]
        symbol = re.sub(r"[^A-Za-z0-9]+", "-", history.key.symbol)
        name = f"{symbol}-{short_interval(history.key.interval)}"
        write = partial(self.write, way, history, caption)
        return ask_where(self._session, self._chart, tr("Save the chart"), name, suffix, write)

    def write(self, way: str, history: History, caption: Caption, file: Path) -> None:
        """Write one file."""
        port = self._session.core.port

        async def work() -> Path:
            if way == "png":
                # Drawn at once, but pressed into its format beside the loop: that takes ten times as long.
                pieces: Iterable[bytes] = (await port.thread(png, image(self._chart, caption)),)
            elif way == "svg":
                pieces = (svg(self._chart, caption),)
            else:
                pieces = self._table(history, seen=way == "csv-seen")
            return await save(port, file, pieces)

        self._session.dispatch.run(
            work,
            name="export chart",
            then=lambda saved: self._session.notices.tell(tr("Saved {file}.", file=saved.name)),
            owner=self._chart,
        )

    def caption(self, history: History) -> Caption:
        """Give what a picture says of itself."""
        key = history.key
        last = self._chart.newest_time_us
        moment = "" if last is None else self._chart.write_time(last)
        title = f"{key.symbol} \N{MIDDLE DOT} {short_interval(key.interval)}"
        compared = ", ".join(study.label for study in self._chart.panes.compared if study.visible)
        if compared:
            title = tr("{title} compared with {others}", title=title, others=compared)
        return Caption(title, tr("{source}, to {moment}", source=history.label, moment=moment))

    def _table(self, history: History, *, seen: bool) -> Iterable[bytes]:
        first, last = self._chart.visible_range if seen else (0.0, float(self._chart.bar_count))
        table = table_of(
            self._chart.bars,
            self._chart.panes.studies,
            math.ceil(first),
            int(last) + 1,
            whole_days=not history.key.interval.is_intraday,
        )
        return (piece.encode() for piece in lines_of(table))
