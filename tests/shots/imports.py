"""Scenes of a file of prices on its way in."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from puffling.desktop.import_sheet import ImportSheet
from puffling.desktop.preferences import Preferences
from puffling.desktop.window import Window
from puffling.market.own_values import FilePreview, FoundSeries
from puffling.puffin.data.interval import Interval

FILE = Path("/prices/sp500-2025.csv")
FOUND = FilePreview(
    file=FILE.name,
    columns={
        "time": "Date",
        "open": "Open",
        "high": "High",
        "low": "Low",
        "close": "Close",
        "volume": "Volume",
        "adjusted_close": "Adj Close",
    },
    names=("Date", "Open", "High", "Low", "Close", "Adj Close", "Volume"),
    time_format="ISO8601",
    zone="UTC",
    adjusted_by_file=True,
    series=(
        FoundSeries(
            "SP500-2025",
            Interval.D1,
            248,
            datetime(2025, 1, 2, tzinfo=UTC),
            datetime(2025, 12, 31, tzinfo=UTC),
        ),
    ),
    rows=tuple(
        (
            f"2025-01-{day:02}",
            f"{5_900 + day * 7.25:,.2f}",
            f"{5_940 + day * 7.25:,.2f}",
            f"{5_880 + day * 7.25:,.2f}",
            f"{5_910 + day * 7.25:,.2f}",
            f"{3_900_000 + 17_000 * day:,}",
        )
        for day in (2, 3, 6, 7, 8, 10)
    ),
    rows_read=250,
    whole=True,
    faults=(
        "Left out: time cannot be read (1 row, first row 38, column Date: '2025-02-30')",
        "Left out: close is not a number (1 row, first row 112, column Close: 'n.v.')",
    ),
)


def sheet(window: Window) -> None:
    """The sheet with what was found in a file."""
    window.importing.take([FILE])
    body = window.sheet.body
    assert isinstance(body, ImportSheet)

    async def nothing() -> None:
        """Stand in for the look into a file that is not there."""

    window.session.dispatch.run(nothing, name="no look", newest="import.preview")
    body.show_preview(FOUND)


def dragged(window: Window) -> None:
    """A file over the window."""
    window.drop.offer((FILE,))


def closed(window: Window) -> None:
    """Back to no file at all."""
    window.sheet.close_sheet()
    window.drop.hide()


def sources(window: Window) -> None:
    """The preferences where the sources are put in order."""
    window.actions_.run("window.preferences")
    body = window.sheet.body
    assert isinstance(body, Preferences)
    body.search.setText("yahoo")


SCENES: dict[str, Callable[[Window], None]] = {"import": sheet, "drop": dragged, "sources": sources}
