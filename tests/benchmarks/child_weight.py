"""What a chart takes of memory for a million bars, their columns included."""

from __future__ import annotations

import gc
import json
import sys

import psutil
from PySide6.QtWidgets import QApplication

from puffling.desktop.charts.chart import ChartView
from puffling.desktop.indicators.chosen import Chosen
from puffling.desktop.indicators.drawing import study_of
from puffling.desktop.indicators.follower import Follower
from puffling.puffin.data.bars import Bars
from puffling.puffin.factors.indicator import find_indicator
from tests.benchmarks.bars import a_million_bars

BARS = 1_000_000


def _show(bars: Bars) -> ChartView:
    chart = ChartView()
    chart.resize(1200, 700)
    chart.show()
    chart.set_bars(bars.time, *bars.columns())
    kind = find_indicator("sma")
    study = study_of(kind, Chosen("sma-1", "sma"))
    study.series = Follower(kind.start(bars[:-1])).series
    chart.add_study(study)
    chart.fit()
    chart.grab()
    return chart


def main() -> None:
    """Shows a few bars first, so that what is loaded once does not count."""
    application = QApplication(sys.argv)
    whole = a_million_bars()
    few = _show(whole[:1000])
    columns = sum(column.nbytes for column in (whole.time, *whole.columns()))
    gc.collect()
    process = psutil.Process()
    before = process.memory_info().rss
    chart = _show(whole)
    gc.collect()
    grown = process.memory_info().rss - before
    told = {"mebibytes": (grown + columns) / 2**20 / (len(whole) / BARS), "columns": columns / 2**20}
    sys.stdout.write(f"{json.dumps(told)}\n")
    for each in (few, chart):
        each.close()
    application.quit()


if __name__ == "__main__":
    main()
