"""finplot with the same bars, window and views; it has a Qt of its own and knows nothing of Puffling."""

from __future__ import annotations

import json
import sys
import time
from statistics import median

import numpy as np

from tests.benchmarks.gestures import SIZE, views


def main() -> None:
    """Measures what is installed, and says null when it is not."""
    try:
        import finplot  # type: ignore[import-not-found,import-untyped,unused-ignore]
        import pandas as pd
    except ImportError:
        sys.stdout.write("null\n")
        return
    columns = np.load(sys.argv[1])
    index = pd.to_datetime(columns[0].view(np.int64), unit="us")
    names = ("open", "high", "low", "close")
    frame = pd.DataFrame(dict(zip(names, columns[1:5], strict=True)), index=index)
    started = time.perf_counter()
    axes = finplot.create_plot(maximize=False)
    window = axes.vb.win
    window.resize(*SIZE)
    finplot.candlestick_ochl(frame[["open", "close", "high", "low"]], ax=axes)
    finplot.show(qt_exec=False)
    window.grab()
    loaded = time.perf_counter() - started
    took = []
    for view in views(len(frame)):
        started = time.perf_counter()
        axes.vb.update_y_zoom(*view)
        window.grab()
        took.append(time.perf_counter() - started)
    if len(sys.argv) > 2:
        window.grab().save(sys.argv[2])
    window.close()
    sys.stdout.write(f"{json.dumps({'load': loaded, 'frame': median(took), 'worst': max(took)})}\n")


if __name__ == "__main__":
    main()
