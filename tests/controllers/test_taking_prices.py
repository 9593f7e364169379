"""Prices taken elsewhere say where they come from, and what is kept can be asked for again."""

from __future__ import annotations

import csv
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from puffling.core.core import Core
from puffling.puffin.data.interval import Interval
from puffling.puffin.data.parquet import parquet_layout
from puffling.runtime.errors import InvalidInput, StorageFailed

pytestmark = pytest.mark.usefixtures("as_person")

SINCE, UNTIL = date(2025, 1, 2), date(2025, 12, 31)


def left_in(folder: Path) -> list[str]:
    return sorted(each.name for each in folder.rglob("*spy*"))


async def test_a_saved_table_has_its_provenance_above_it_and_every_bar(core: Core, tmp_path: Path) -> None:
    file = tmp_path / "spy.csv"
    saved = await core.files.save("SPY", file, start=SINCE, end=UNTIL)
    lines = list(csv.reader(file.read_text(encoding="utf-8").splitlines()))
    comments = [line for line in lines if line[0].startswith("#")]
    assert any("Demo data" in line[0] for line in comments)
    assert any("adjusted for splits and dividends" in line[0] for line in comments)
    assert len(lines) - len(comments) - 1 == saved.bars == 250
    assert (await core.data.export("SPY", start=SINCE, end=UNTIL)).text == file.read_bytes().decode()
    assert left_in(tmp_path) == ["spy.csv"]


async def test_a_saved_parquet_file_is_read_again_as_it_was(core: Core, tmp_path: Path) -> None:
    import duckdb

    file = tmp_path / "it's spy.parquet"
    await core.files.save("SPY", file, start=SINCE, end=UNTIL)
    assert parquet_layout(file, {}).used()["time"] == "time"
    [series] = await core.files.add(file, "SPYCOPY")
    table = await core.data.ohlcv("SPYCOPY", start=SINCE, end=UNTIL)
    first = await core.data.ohlcv("SPY", start=SINCE, end=UNTIL)
    assert series.bars == 250
    assert (table.time, table.close, table.volume) == (first.time, first.close, first.volume)
    with duckdb.connect() as database:
        found = database.execute("SELECT value FROM parquet_kv_metadata(?)", [str(file)]).fetchall()
    assert any(b"Demo data" in value for (value,) in found)


async def test_a_file_of_no_known_kind_or_in_no_known_place_is_refused_in_words(
    core: Core, tmp_path: Path
) -> None:
    with pytest.raises(InvalidInput, match="neither CSV nor Parquet"):
        await core.files.save("SPY", tmp_path / "spy.xlsx")
    with pytest.raises(StorageFailed, match=r"spy\.csv could not be written"):
        await core.files.save("SPY", tmp_path / "nowhere" / "spy.csv")
    assert left_in(tmp_path) == []


async def test_prices_as_they_were_traded_are_there_on_request(core: Core) -> None:
    day = date(2024, 1, 2)
    adjusted = await core.data.ohlcv("KO", start=day, end=UNTIL)
    traded = await core.data.ohlcv("KO", start=day, end=UNTIL, adjusted=False)
    paid = [each for each in await core.data.actions("KO") if day < each.day <= UNTIL]
    assert paid
    assert (adjusted.adjusted, traded.adjusted, traded.basis) == (True, False, "as traded")
    first, later = adjusted.close[0], traded.close[0]
    assert first is not None
    assert later is not None
    assert first < later


async def test_what_is_kept_is_told_in_stretches(core: Core) -> None:
    await core.data.ohlcv("SPY", start=date(2025, 1, 2), end=date(2025, 1, 31))
    await core.data.ohlcv("SPY", start=date(2025, 6, 2), end=date(2025, 6, 30))
    kept = await core.data.coverage("SPY")
    assert [(each.start, each.end) for each in kept.stretches] == [
        (datetime(2025, 1, 2, tzinfo=UTC), datetime(2025, 2, 1, tzinfo=UTC)),
        (datetime(2025, 6, 2, tzinfo=UTC), datetime(2025, 7, 1, tzinfo=UTC)),
    ]
    assert (await core.data.coverage("spy", Interval.W1)).interval == "1d"
