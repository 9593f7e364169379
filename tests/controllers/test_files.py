"""A person's own files: what was imported is a symbol like any other, and stays when the file goes."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from puffling.core.core import Core
from puffling.market.own_prices import OwnShelf
from puffling.puffin.data.interval import Interval
from puffling.runtime.actor import calling_as
from puffling.runtime.clock import FixedClock
from puffling.runtime.errors import Conflict, InvalidInput, NotFound, StorageFailed, Unavailable
from puffling.runtime.jobs import JobState
from puffling.runtime.paths import Paths
from tests.fixtures.cores import PERSON

DAYS = (date(2024, 1, 1), date(2024, 2, 1))


def days_file(folder: Path, name: str = "mine.csv", *, close: float = 10.0) -> Path:
    """Write three days of prices, the last row of which is no price."""
    rows = [f"2024-01-{day:02},{close},{close + 1},{close - 1},{close},100" for day in (2, 3, 4)]
    path = folder / name
    path.write_text("\n".join(["Date,Open,High,Low,Close,Volume", *rows, "2024-01-05,x,1,1,1,1"]))
    return path


def minutes_file(folder: Path) -> Path:
    """Write one session of five-minute bars in the time of New York."""
    rows = [
        f"2024-01-02 {9 + (30 + 5 * n) // 60:02}:{(30 + 5 * n) % 60:02},{10 + n},{11 + n},{9 + n},{10 + n}"
        for n in range(78)
    ]
    path = folder / "minutes.csv"
    path.write_text("\n".join(["Time,Open,High,Low,Close", *rows]))
    return path


@pytest.mark.usefixtures("as_person")
async def test_an_imported_file_answers_like_a_feed_and_says_whose_it_is(core: Core, tmp_path: Path) -> None:
    path = days_file(tmp_path)
    [kept] = await core.files.add(path, "mydata")
    path.unlink()
    assert (kept.symbol, kept.bars, kept.calendar) == ("MYDATA", 3, "XNYS")
    assert "row 5, column Open: 'x'" in kept.faults[0]
    table = await core.data.ohlcv("MYDATA", start=DAYS[0], end=DAYS[1])
    assert (table.source, table.label, table.close) == ("files", "Your file", (10.0, 10.0, 10.0))
    [quote] = await core.data.quotes(("MYDATA",))
    assert (quote.price, quote.source) == (10.0, "files")
    assert [found.symbol for found in await core.data.symbols("mydata")] == ["MYDATA"]


async def test_it_is_there_after_a_restart(paths: Paths, clock: FixedClock, tmp_path: Path) -> None:
    core = await Core.open(paths, clock=clock, environment={})
    with calling_as(PERSON):
        await core.files.add(days_file(tmp_path), "MYDATA")
    await core.close()
    core = await Core.open(paths, clock=clock, environment={})
    with calling_as(PERSON):
        [kept] = await core.files.all()
        assert (kept.symbol, kept.file, kept.interval) == ("MYDATA", "mine.csv", Interval.D1)
        assert len((await core.data.history("MYDATA", Interval.D1, *DAYS)).bars) == 3
    await core.close()


@pytest.mark.usefixtures("as_person")
async def test_importing_again_replaces_what_was_there(core: Core, tmp_path: Path) -> None:
    await core.files.add(days_file(tmp_path), "MYDATA")
    await core.data.history("MYDATA", Interval.D1, *DAYS)
    await core.files.add(days_file(tmp_path, close=20.0), "MYDATA")
    assert (await core.data.history("MYDATA", Interval.D1, *DAYS)).bars.close.tolist() == [20.0] * 3
    assert len(await core.files.all()) == 1


@pytest.mark.usefixtures("as_person")
async def test_names_that_are_no_symbols_become_some_that_can_be_asked_for_and_none_hides_another(
    core: Core, tmp_path: Path
) -> None:
    names = ("../../etc/passwd", "=1+1", "日本", "中国")
    rows = [f"{name},2024-01-0{day},{place},9,1,5" for place, name in enumerate(names, 2) for day in (2, 3)]
    path = tmp_path / "many.csv"
    path.write_text("\n".join(["Symbol,Date,Open,High,Low,Close", *rows]), encoding="utf-8")
    kept = await core.files.add(path)
    assert sorted(each.symbol for each in kept) == ["1-1", "MYDATA", "MYDATA-2", "PASSWD"]
    opens = {
        each.symbol: (await core.data.ohlcv(each.symbol, start=DAYS[0], end=DAYS[1])).open[0] for each in kept
    }
    assert set(opens.values()) == {2.0, 3.0, 4.0, 5.0}


@pytest.mark.usefixtures("as_person")
async def test_what_an_import_replaced_can_be_brought_back_and_that_taken_back_again(
    core: Core, tmp_path: Path
) -> None:
    for name, close in (("first.csv", 10.0), ("second.csv", 20.0)):
        await core.files.add(days_file(tmp_path, name, close=close), "MYDATA")
    for file, close in (("first.csv", 10.0), ("second.csv", 20.0)):
        [back] = await core.files.restore("MYDATA")
        assert back.file == file
        assert (await core.data.history("MYDATA", Interval.D1, *DAYS)).bars.close.tolist() == [close] * 3
    assert [each.file for each in await core.files.all()] == ["second.csv"]


@pytest.mark.usefixtures("as_person")
async def test_wider_bars_are_made_from_narrow_ones_and_narrower_ones_are_refused(
    core: Core, tmp_path: Path
) -> None:
    [kept] = await core.files.add(minutes_file(tmp_path), "MINUTES")
    assert (kept.interval, kept.calendar, kept.bars) == (Interval.M5, "XNYS", 78)
    hours = (await core.data.history("MINUTES", Interval.H1, *DAYS)).bars
    assert (len(hours), hours.open[0], hours.close[-1]) == (7, 10.0, 87.0)
    [day] = (await core.data.history("MINUTES", Interval.D1, *DAYS)).bars.close
    assert day == 87.0
    with pytest.raises(Unavailable, match="bars of 5m only"):
        await core.data.history("MINUTES", Interval.M1, *DAYS)


@pytest.mark.usefixtures("as_person")
async def test_a_symbol_of_another_feed_is_never_mixed_with_a_file(core: Core, tmp_path: Path) -> None:
    path = days_file(tmp_path, "spy.csv")
    with pytest.raises(Conflict, match="feed demo") as caught:
        await core.files.add(path)
    assert "SPY-FILE" in caught.value.hint
    assert core.files.free_symbol("spy_1d.csv") == "SPY-FILE"
    assert core.files.free_symbol("my prices (2).csv") == "MY-PRICES-2"
    assert await core.files.all() == ()


@pytest.mark.usefixtures("as_person")
async def test_a_removed_symbol_has_no_prices_and_comes_back_when_restored(
    core: Core, tmp_path: Path
) -> None:
    await core.files.add(days_file(tmp_path), "MYDATA")
    await core.files.remove("MYDATA")
    assert await core.files.all() == ()
    with pytest.raises(Unavailable, match="No file was imported"):
        await core.data.history("MYDATA", Interval.D1, *DAYS)
    await core.files.restore("MYDATA")
    assert len((await core.data.history("MYDATA", Interval.D1, *DAYS)).bars) == 3
    with pytest.raises(NotFound):
        await core.files.remove("OTHER")
    with pytest.raises(NotFound):
        await core.files.restore("OTHER")


@pytest.mark.usefixtures("as_person")
async def test_a_preview_shows_what_an_import_would_do_and_keeps_nothing(core: Core, tmp_path: Path) -> None:
    preview = await core.files.preview(days_file(tmp_path))
    assert preview.columns["close"] == "Close"
    assert preview.rows[0] == ("2024-01-02", "10.00", "11.00", "9.00", "10.00", "100")
    assert (preview.series[0].symbol, preview.series[0].bars, preview.whole) == ("MINE", 3, True)
    assert await core.files.all() == ()


@pytest.mark.usefixtures("as_person")
async def test_columns_nobody_could_guess_are_asked_for_and_taken(core: Core, tmp_path: Path) -> None:
    path = tmp_path / "odd.csv"
    path.write_text("Day,W,X,Y,Z\n2024-01-02,1,2,0.5,1.5\n2024-01-03,1,2,0.5,1.5\n")
    preview = await core.files.preview(path)
    assert (preview.series, preview.names) == ((), ("Day", "W", "X", "Y", "Z"))
    assert "no column for open, high, low, close" in preview.faults[0]
    with pytest.raises(InvalidInput) as caught:
        await core.files.add(path)
    assert caught.value.field == "columns"
    named = {"open": "W", "high": "X", "low": "Y", "close": "Z"}
    [kept] = await core.files.add(path, columns=named)
    assert (kept.symbol, kept.bars) == ("ODD", 2)


@pytest.mark.usefixtures("as_person")
@pytest.mark.parametrize(
    ("name", "content", "field"),
    [
        ("book.csv", b"PK\x03\x04", "path"),
        ("nothing.csv", b"", "path"),
        ("weeks.csv", b"Date,Open,High,Low,Close\n2024-01-01,1,2,0.5,1\n2024-01-08,1,2,0.5,1\n", "interval"),
    ],
)
async def test_a_file_that_cannot_be_used_is_refused_by_its_field(
    core: Core, tmp_path: Path, name: str, content: bytes, field: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(InvalidInput) as caught:
        await core.files.preview(path)
    assert caught.value.field == field
    assert caught.value.hint


@pytest.mark.usefixtures("as_person")
async def test_a_relative_path_and_an_unknown_zone_are_refused(core: Core, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="not a whole path"):
        await core.files.preview(Path("mine.csv"))
    with pytest.raises(InvalidInput, match="no time zone called Mars"):
        await core.files.preview(days_file(tmp_path), zone="Mars")


@pytest.mark.usefixtures("as_person")
async def test_an_import_that_is_stopped_keeps_nothing(core: Core, tmp_path: Path) -> None:
    path = tmp_path / "large.csv"
    rows = "\n".join(f"{1_600_000_000 + 60 * n},1,2,0.5,1,5" for n in range(400_000))
    path.write_text(f"time,open,high,low,close,volume\n{rows}\n")
    job = await core.registry.get("files.add").start({"path": path, "symbol": "LARGE"})
    await core.jobs.cancel(job.id)
    assert (await job.finished()).state is JobState.CANCELLED
    assert await core.files.all() == ()


@pytest.mark.usefixtures("as_person")
async def test_a_damaged_record_is_said_and_takes_no_other_along(
    core: Core, paths: Paths, tmp_path: Path
) -> None:
    await core.files.add(days_file(tmp_path), "ONE")
    await core.files.add(days_file(tmp_path, close=20.0), "TWO")
    shelf = OwnShelf(paths.data)
    for file in shelf.folder.glob("*.npz"):
        if shelf.all()[0].symbol == "ONE" and b"ONE" in file.read_bytes():
            file.write_bytes(file.read_bytes()[:200])
    assert [kept.symbol for kept in await core.files.all()] == ["TWO"]
    assert len(shelf.damaged()) == 1
    with pytest.raises(StorageFailed, match="damaged"):
        shelf.read("ONE", Interval.D1)


async def test_nothing_that_takes_a_path_is_a_route_or_a_tool(core: Core) -> None:
    for name in ("files.preview", "files.add"):
        ability = core.registry.get(name)
        assert ability.http is None
        assert ability.tool is None


@pytest.mark.usefixtures("as_person")
@pytest.mark.parametrize("interval", [Interval.D1, Interval.M5])
async def test_what_puffling_exports_it_reads_again(core: Core, tmp_path: Path, interval: Interval) -> None:
    span = (date(2026, 2, 2), date(2026, 2, 20))
    exported = await core.data.export("SPY", interval, *span)
    path = tmp_path / exported.file_name
    path.write_text(exported.text, encoding="utf-8", newline="")
    [kept] = await core.files.add(path, "COPY")
    assert kept.faults == ()
    copy = await core.data.history("COPY", interval, *span)
    assert copy.bars == (await core.data.history("SPY", interval, *span)).bars
