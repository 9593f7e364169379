from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from puffling.desktop.cells import sparkline
from puffling.desktop.columns import Column, Kind, plain, read, tip
from puffling.desktop.theme import Tone


def column(kind: Kind, **more: Any) -> Column[Any]:
    return Column("id", "Title", lambda row: row, kind, **more)


@pytest.mark.parametrize(
    ("kind", "value", "text", "tone"),
    [
        (Kind.TEXT, "SPY", "SPY", Tone.TEXT),
        (Kind.TEXT, None, "", Tone.TEXT),
        (Kind.PRICE, Decimal("67204.1"), "67,204.10", Tone.TEXT),
        (Kind.PRICE, None, "–", Tone.TEXT),
        (Kind.CHANGE, -2.14, "−2.14", Tone.DOWN),
        (Kind.CHANGE, 0, "0.00", Tone.TEXT),
        (Kind.PERCENT, 0.0042, "+0.42%", Tone.UP),
        (Kind.SHARE, 0.294, "29.40%", Tone.TEXT),
        (Kind.MONEY, 29715.72, "$29,715.72", Tone.TEXT),
        (Kind.GAIN, -17.7, "−$17.70", Tone.DOWN),
        (Kind.SIZE, 1_234_567, "1.2M", Tone.TEXT),
        (Kind.AGE, 190.0, "3 min", Tone.MUTED),
        (Kind.PROGRESS, 0.62, "62%", Tone.TEXT),
        (Kind.SPARKLINE, (1.0, 2.0), "", Tone.TEXT),
        (Kind.NUMBER, True, "True", Tone.TEXT),
    ],
)
def test_each_kind_of_value_reads_its_own_way(kind: Kind, value: object, text: str, tone: Tone) -> None:
    assert read(column(kind), value) == (text, tone, value)


def test_a_time_reads_in_the_time_zone_of_the_person() -> None:
    value = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)
    assert read(column(Kind.TIME), value)[:2] == (f"{value.astimezone():%Y-%m-%d %H:%M}", Tone.MUTED)


def test_a_column_may_write_and_colour_in_its_own_way() -> None:
    own = column(Kind.TEXT, text=lambda row: f"<{row}>", tone=lambda _: Tone.WARN)
    assert read(own, "late")[:2] == ("<late>", Tone.WARN)


def test_a_short_number_has_its_full_figure_in_the_tooltip() -> None:
    assert tip(column(Kind.SIZE), 1_234_567) == "1,234,567"
    assert tip(column(Kind.PRICE), 1.5) == ""
    assert tip(column(Kind.TEXT, tooltip=lambda row: f"{row}!"), "a") == "a!"


@pytest.mark.parametrize(
    ("kind", "value", "text"),
    [
        (Kind.PRICE, -67204.1, "-67204.10"),
        (Kind.PERCENT, 0.0042, "0.0042"),
        (Kind.SIZE, 1_234_567, "1234567"),
        (Kind.PRICE, float("nan"), ""),
        (Kind.TEXT, "two\nlines\tand a tab", "two lines and a tab"),
        (Kind.TIME, datetime(2026, 1, 2, 3, 4, tzinfo=UTC), "2026-01-02T03:04:00+00:00"),
        (Kind.SPARKLINE, (1.0, 2.0), ""),
    ],
)
def test_copied_values_are_what_a_spreadsheet_reads(kind: Kind, value: object, text: str) -> None:
    assert plain(column(kind), value) == text


def test_a_sparkline_is_no_finer_than_its_pixels_and_ends_at_the_newest_value() -> None:
    line = sparkline([float(value) for value in range(1000)], 60, 20)
    assert line.count() <= 70
    assert (line.first().x(), line.last().x(), line.last().y()) == (0.0, 60.0, 0.0)
    assert sparkline([float("nan"), 1.0], 60, 20).isEmpty()
    flat = sparkline([5.0, 5.0, 5.0], 60, 20)
    assert {flat.at(place).y() for place in range(flat.count())} == {10.0}
