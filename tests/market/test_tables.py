"""Histories for other programs: nothing a source says is ever run by one of them."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from puffling.market.tables import exported, table_of
from puffling.market.values import History, Quality
from puffling.puffin.data.bars import Bars, SeriesKey
from puffling.puffin.data.interval import Interval
from puffling.puffin.data.quality import Fault, Flag

NOW = datetime(2026, 3, 4, 16, 0, tzinfo=UTC)


@pytest.fixture
def history() -> History:
    time = np.arange(3) * Interval.H1.us
    close = np.array([1.0, np.nan, 3.0])
    bars = Bars(time, close, close, close, close, np.ones(3))
    flag = Flag(Fault.NOT_A_NUMBER, int(time[1]), int(time[1]), 1, "A price is not a number")
    return History(
        key=SeriesKey("vendor", "ACME", Interval.H1),
        bars=bars,
        label="Vendor",
        quality=Quality.DELAYED,
        fetched_at=NOW,
        refreshed_at=NOW,
        kept_away=np.array([False, True, False]),
        flags=(flag,),
        warnings=(flag.message,),
    )


@pytest.mark.parametrize("label", ["=1+1", "x\n=cmd|' /C calc'!A0", 'a",=2+5', "@SUM(1)", "-1", "\t=1"])
async def test_what_a_source_calls_itself_stays_one_cell_of_text(history: History, label: str) -> None:
    export = await exported(replace(history, label=label, warnings=(label,)), 100)
    for cells in csv.reader(export.text.splitlines()):
        assert not any(cell.startswith(("=", "+", "@", "\t", "\r")) for cell in cells)
        assert not any(cell.startswith("-") for cell in cells)
    assert [len(cells) for cells in csv.reader(export.text.splitlines())] == [1, 1, 1, 1, 7, 7, 7, 7]


async def test_an_export_marks_what_is_kept_away_and_leaves_empty_what_is_no_number(history: History) -> None:
    rows = (await exported(history, 100)).text.splitlines()[-3:]
    assert rows == [
        "1970-01-01T00:00:00Z,1.0,1.0,1.0,1.0,1.0,0",
        "1970-01-01T01:00:00Z,,,,,1.0,1",
        "1970-01-01T02:00:00Z,3.0,3.0,3.0,3.0,1.0,0",
    ]


def test_a_table_is_sound_json_whatever_its_prices_are(history: History) -> None:
    table = table_of(history, 2)
    assert (table.close, table.kept_away, table.left_out) == ((None, 3.0), (True, False), 1)
    assert json.loads(json.dumps(table.close, allow_nan=False)) == [None, 3.0]
    assert table.flags[0].fault == "not_a_number"


def test_a_history_cut_to_some_bars_keeps_their_faults_and_no_later_ones(history: History) -> None:
    assert history.clean.close.tolist() == [1.0, 3.0]
    assert np.isnan(history.blanked.volume).tolist() == [False, True, False]
    cut = history.showing(history.bars[:1])
    assert (cut.flags, cut.kept_away.tolist()) == ((), [False])
    assert history.showing(history.bars[:2]).kept_away.tolist() == [False, True]
    with pytest.raises(ValueError, match="kept away or not"):
        replace(history, bars=history.bars[:1])
