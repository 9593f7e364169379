"""Files of prices as people have them: read as they are meant, and every row that is not is counted."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from puffling.puffin.data.bars import Bars
from puffling.puffin.data.file_layout import guess_layout
from puffling.puffin.data.files import FilesProvider, described, read_prices
from puffling.puffin.data.instants import to_us
from puffling.puffin.data.interval import Interval
from puffling.puffin.errors import InvalidValue, UnknownSymbol


def read(folder: Path, text: str | bytes, **how: object) -> Bars:
    """Read the one series of a file that holds this."""
    [series] = read_prices(written(folder, text), **how).series  # type: ignore[arg-type]
    return series.bars


def written(folder: Path, text: str | bytes, name: str = "prices.csv") -> Path:
    """Write a file."""
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def faults(folder: Path, text: str) -> list[str]:
    """Say what is wrong with a file."""
    return [described(fault) for fault in read_prices(written(folder, text)).faults]


def days(bars: Bars) -> list[str]:
    """Give the days of bars."""
    return [str(day) for day in bars.time.view("datetime64[us]").astype("datetime64[D]")]


ROW = "1,2,0.5,1.5,100"
DOLLARS = "Date,Open,High,Low,Close/Last,Volume\n" + "".join(
    f"01/{day}/2024,$1.00,$2.00,$0.50,$1.50,100\n" for day in ("02", "03", "16")
)
GERMAN = "Datum;Eröffnung;Hoch;Tief;Schluss;Stück\n" + "".join(
    f"{day}.01.2024;1,0;2,0;0,5;1,5;100\n" for day in ("02", "03")
)
TWO_DAYS = ["2024-01-02", "2024-01-03"]


@pytest.mark.parametrize(
    "text",
    [
        f"Date,Open,High,Low,Close,Volume\n2024-01-02,{ROW}\n2024-01-03,{ROW}\n",
        f"\ufeffdate,open,high,low,close,volume\n2024-01-02,{ROW}\n2024-01-03,{ROW}\n",
        f"timestamp,o,h,l,c,v\n1704153600,{ROW}\n1704240000,{ROW}\n",
        f"time,Open,High,Low,Last,Vol\n1704153600000,{ROW}\n1704240000000,{ROW}\n",
        f"Date,Open,High,Low,Close,Volume\n01/02/2024,{ROW}\n01/03/2024,{ROW}\n01/16/2024,{ROW}\n",
        f"Date,Open,High,Low,Close,Volume\n20240102,{ROW}\n20240103,{ROW}\n",
        f'"Date","Open","High","Low","Close","Volume"\n"Jan 02, 2024",{ROW}\n"Jan 03, 2024",{ROW}\n',
        GERMAN,
        f"<DATE>,<OPEN>,<HIGH>,<LOW>,<CLOSE>,<VOL>\n2024.01.02,{ROW}\n2024.01.03,{ROW}\n",
        f"2024-01-02,{ROW}\n2024-01-03,{ROW}\n",
        f"Mine\nmade by hand\nDate,Open,High,Low,Close,Volume\n2024-01-02,{ROW}\n2024-01-03,{ROW}\n",
        f"Date,Open,High,Low,Close,Volume\n2024-01-03,{ROW}\n2024-01-02,{ROW}\n",
        f",Open,High,Low,Close,Volume\n2024-01-02,{ROW}\n2024-01-03,{ROW}\n",
        f"Date,Open,High,Low,Close,Volume\n2024-01-02 00:00+02:00,{ROW}\n2024-01-03 00:00+02:00,{ROW}\n",
        f"Date\tOpen\tHigh\tLow\tClose\tVolume\n2024-01-02\t{ROW}\n2024-01-03\t{ROW}\n".replace(",", "\t"),
        DOLLARS,
    ],
)
def test_the_ways_in_which_people_write_days_and_prices_are_all_read_alike(text: str, tmp_path: Path) -> None:
    bars = read(tmp_path, text)
    assert days(bars)[:2] == TWO_DAYS
    assert [float(column[0]) for column in bars.columns()] == [1.0, 2.0, 0.5, 1.5, 100.0]


def test_text_of_old_windows_and_of_two_bytes_is_read(tmp_path: Path) -> None:
    text = "Datum;Eröffnung;Hoch;Tief;Schluss\n02.01.2024;1,0;2,0;0,5;1,5\n03.01.2024;1,0;2,0;0,5;1,5\n"
    assert days(read(tmp_path, text.encode("cp1252"))) == TWO_DAYS
    assert days(read(tmp_path, text.encode("utf-16"))) == TWO_DAYS


def test_points_between_thousands_are_no_decimal_points(tmp_path: Path) -> None:
    text = "Datum;Open;High;Low;Close;Volume\n02.01.2024;1.234,50;1.240,00;1.200,00;1.210,25;1.000\n"
    bars = read(tmp_path, text)
    assert [float(column[0]) for column in bars.columns()] == [1234.5, 1240.0, 1200.0, 1210.25, 1000.0]
    quoted = (
        'Date,Open,High,Low,Close,Volume\n2024-01-02,"1,234.50","1,240.00","1,200","1,210.25","2,500,000"\n'
    )
    assert float(read(tmp_path, quoted).volume[0]) == 2_500_000.0


def test_volumes_may_be_in_thousands_and_missing(tmp_path: Path) -> None:
    text = 'Date,Price,Open,High,Low,Vol.\n"Jan 02, 2024",1.5,1,2,0.5,1.2M\n"Jan 03, 2024",1.5,1,2,0.5,-\n'
    assert read(tmp_path, text).volume.tolist() == [1_200_000.0, 0.0]
    assert read(tmp_path, "Date,Open,High,Low,Close\n2024-01-02,1,2,0.5,1.5\n").volume.tolist() == [0.0]


def test_the_width_of_bars_is_found_and_times_of_a_new_york_day_are_its_own(tmp_path: Path) -> None:
    lines = [f"2024-01-02 {9 + (30 + 5 * n) // 60:02}:{(30 + 5 * n) % 60:02},1,2,0.5,1.5" for n in range(78)]
    path = written(tmp_path, "\n".join(["Datetime,Open,High,Low,Close", *lines]))
    [series] = read_prices(path).series
    assert series.interval is Interval.M5
    assert guess_layout(path).zone == "America/New_York"
    assert series.bars.time[0] == to_us(datetime(2024, 1, 2, 14, 30, tzinfo=UTC))


def test_days_and_minutes_in_two_columns_belong_together(tmp_path: Path) -> None:
    bars = read(tmp_path, "2024.01.02,09:30,1,2,0.5,1.5,7\n2024.01.02,09:31,1,2,0.5,1.5,7\n")
    assert np.diff(bars.time).tolist() == [60_000_000]
    assert bars.volume[0] == 7.0


def test_bars_that_are_four_hours_apart_are_refused_with_what_is_known(tmp_path: Path) -> None:
    text = "Date,Open,High,Low,Close\n" + "".join(
        f"2024-01-02 {hour:02}:00,1,2,0.5,1\n" for hour in (0, 4, 8)
    )
    with pytest.raises(InvalidValue, match="240 minutes apart"):
        read(tmp_path, text)


def test_adjusted_closes_correct_the_prices_and_stay_beside_them(tmp_path: Path) -> None:
    text = "Date,Open,High,Low,Close,Adj Close\n2024-01-02,10,12,8,10,5\n2024-01-03,6,7,5,6,6\n"
    [series] = read_prices(written(tmp_path, text)).series
    assert series.bars.close.tolist() == [10.0, 6.0]
    assert series.adjustment.apply(series.bars).open.tolist() == [5.0, 6.0]


def test_several_symbols_in_one_file_become_several_series(tmp_path: Path) -> None:
    rows = ("2024-01-02,bbb,1,2,0.5,1", "2024-01-02,AAA,2,3,1,2", "2024-01-03,bbb,1,2,0.5,1")
    text = "\n".join(["Date,Ticker,Open,High,Low,Close", *rows])
    first, second = read_prices(written(tmp_path, text)).series
    assert (first.symbol, first.bars.close.tolist()) == ("AAA", [2.0])
    assert (second.symbol, days(second.bars)) == ("BBB", TWO_DAYS)


def test_every_row_that_cannot_be_used_is_counted_with_its_place(tmp_path: Path) -> None:
    text = (
        "Date,Open,High,Low,Close,Volume\n"
        "2024-01-02,1,2,0.5,1.5,100\n"
        "someday,1,2,0.5,1.5,100\n"
        "2024-01-04,abc,2,0.5,1.5,100\n"
        "2024-01-05,1,2,0.5,1.5,100\n"
        "2024-01-05,1,2,0.5,1.7,100\n"
        "2024-01-08,1,2,0.5,1.5,100,9\n"
        "2024-01-09,1,2,0.5,1.5,100,9,9,9\n"
        "2024-01-10,,2,0.5,1.5,100\n"
        "\n"
        "2024-01-03,1,2,0.5,1.5,100\n"
    )
    assert sorted(faults(tmp_path, text)) == [
        "open is not a number (2 rows, first row 4, column Open: 'abc')",
        "time cannot be read (1 row, first row 3, column Date: 'someday')",
        "time is there twice (1 row, first row 6)",
        "time runs backwards (1 row, first row 11)",
        "too many cells (2 rows, first row 7: '9')",
    ]
    [series] = read_prices(written(tmp_path, text)).series
    assert days(series.bars) == ["2024-01-02", "2024-01-03", "2024-01-05"]
    assert series.bars.close[-1] == 1.7


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is empty"),
        ("Date,Open,High,Low,Close\n", "no rows"),
        ("Day,Foo\n2024-01-02,1\n", "no column for open, high, low, close. Its columns are 'Day', 'Foo'"),
        (
            "Date,Open,High,Low,Close\nx,1,2,0.5,1\n",
            "time cannot be read .1 row, first row 2, column Date: 'x'",
        ),
        (b"PK\x03\x04 a workbook", "save it as CSV"),
        (b"\x00\x01\x02\x03", "not a text file"),
        ("just some words\nand more of them\n", "not a table"),
        ("a line that never ends," * 20_000, "not a table"),
        (f'Date,Open,High,Low,Close\n2024-01-02,1,2,0.5,"{"9" * 150_000}"\n', "a cell too long"),
        ('Date,Open,High,Low,Close\n2024-01-02,"1,2,0.5,1\n2024-01-03,1,2,0.5,1\n', "cannot be read"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_in_words(text: str | bytes, said: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidValue, match=said):
        read(tmp_path, text)


def test_a_file_that_is_not_there_or_a_folder_is_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(InvalidValue, match="No such file"):
        read_prices(tmp_path / "nowhere.csv")
    with pytest.raises(InvalidValue, match="is a folder"):
        read_prices(tmp_path)


def test_a_device_or_pipe_is_refused_instead_of_waited_for() -> None:
    with pytest.raises(InvalidValue, match="a pipe or a device"):
        read_prices(Path(os.devnull))


def test_seconds_beyond_every_calendar_are_no_time(tmp_path: Path) -> None:
    rows = [f"{1_700_000_000 + 60 * n},1,1,1,1" for n in range(5)]
    text = "\n".join(["time,open,high,low,close", *rows, "999999999999999,1,1,1,1"])
    contents = read_prices(written(tmp_path, text))
    assert [fault.kind for fault in contents.faults] == ["time cannot be read"]
    assert len(contents.series[0].bars) == 5


def test_columns_that_are_named_need_no_guess(tmp_path: Path) -> None:
    path = written(tmp_path, "Day,A,B,C,D\n2024-01-02,1,2,0.5,1.5\n2024-01-03,1,2,0.5,1.5\n")
    named = {"open": "A", "high": "B", "low": "C", "close": "D"}
    [series] = read_prices(path, guess_layout(path, named)).series
    assert series.bars.high.tolist() == [2.0, 2.0]
    with pytest.raises(InvalidValue, match="no column 'E'"):
        guess_layout(path, {**named, "close": "E"})


def test_parquet_holds_the_same_prices(tmp_path: Path) -> None:
    import duckdb

    csv = written(tmp_path, f"Date,Open,High,Low,Close,Volume\n2024-01-02,{ROW}\n2024-01-03,{ROW}\n")
    path = tmp_path / "prices [1].parquet"
    duckdb.sql(f"COPY (SELECT * FROM read_csv('{csv}')) TO '{path}' (FORMAT parquet)")
    [series] = read_prices(path).series
    assert series.bars == read_prices(csv).series[0].bars
    assert series.interval is Interval.D1


def test_a_broken_parquet_file_is_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(InvalidValue, match="cannot be read as Parquet"):
        read_prices(written(tmp_path, b"PAR1 and then nothing that makes sense", "broken.parquet"))


def test_a_small_parquet_file_with_endless_rows_is_refused_before_they_are_unpacked(tmp_path: Path) -> None:
    import duckdb

    path = tmp_path / "bomb.parquet"
    rows = "SELECT DATE '2024-01-02' AS time, 1 AS open, 1 AS high, 1 AS low, 1 AS close FROM range(30000001)"
    duckdb.sql(f"COPY ({rows}) TO '{path}' (FORMAT parquet)")
    assert path.stat().st_size < 5_000_000
    told: list[float] = []
    with pytest.raises(InvalidValue, match="more than 30,000,000 rows"):
        read_prices(path, progress=lambda done, total: told.append(done))
    assert told == []


def test_moments_beyond_every_calendar_are_no_time(tmp_path: Path) -> None:
    import duckdb

    path = tmp_path / "far.parquet"
    row = "TIMESTAMP '290000-01-01' AS time, 1 AS open, 1 AS high, 1 AS low, 1 AS close"
    duckdb.sql(f"COPY (SELECT {row}) TO '{path}' (FORMAT parquet)")
    with pytest.raises(InvalidValue, match="time cannot be read"):
        read_prices(path)


def test_only_as_many_rows_as_wanted_are_read_and_progress_is_told(tmp_path: Path) -> None:
    lines = [f"{1_704_153_600 + 60 * n},1,2,0.5,1" for n in range(5_000)]
    path = written(tmp_path, "\n".join(["time,open,high,low,close", *lines]))
    told: list[float] = []
    contents = read_prices(path, most_rows=1_000, progress=lambda done, total: told.append(done / total))
    assert (contents.rows, contents.is_whole) == (1_000, False)
    assert told
    assert told[-1] <= 1.0
    assert read_prices(path).is_whole


def test_puffin_reads_files_as_a_provider(tmp_path: Path) -> None:
    path = written(
        tmp_path, f"Date,Open,High,Low,Close,Volume\n2024-01-02,{ROW}\n2024-01-03,{ROW}\n", "mine.csv"
    )
    provider = FilesProvider(path)
    assert provider.get_supported_assets() == ["MINE"]
    frame = provider.fetch_historical("MINE", "2024-01-03", "2024-01-03")
    assert frame.columns.tolist() == ["Open", "High", "Low", "Close", "Volume"]
    assert len(frame) == 1
    assert len(provider.fetch_historical("MINE", "2024-01-01", interval="1wk")) == 1
    with pytest.raises(UnknownSymbol):
        provider.fetch_historical("OTHER", "2024-01-01")
