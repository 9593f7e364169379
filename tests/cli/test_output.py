"""Answers fit the terminal, line up, and cannot move its cursor."""

from __future__ import annotations

import pytest

from puffling.cli.output import Page, cell, clean, document, hanging, line, shown, table

ROWS = [
    {"symbol": "SPY", "price": 512.3, "note": "an exchange traded fund of large companies", "open": True},
    {"symbol": "BTC/USD", "price": 64000.25, "note": None, "open": False},
]


def test_numbers_stand_to_the_right_with_equal_decimals() -> None:
    lines = table(ROWS, Page()).splitlines()
    assert lines[0].split() == ["symbol", "price", "note", "open"]
    at = lines[0].index("price") + len("price")
    assert lines[1][:at].endswith("512.30")
    assert lines[2][:at].endswith("64000.25")
    assert len({row.index(word) for row, word in zip(lines[1:], ("yes", "no"), strict=True)}) == 1


def test_a_small_number_is_still_one_beside_a_large_one() -> None:
    rows = [{"id": "market value", "value": 4.04e12}, {"id": "dividend yield", "value": 0.003395}]
    assert [text.split()[-1] for text in table(rows, Page()).splitlines()[1:]] == [
        "4040000000000",
        "0.003395",
    ]


@pytest.mark.parametrize("width", [30, 40, 60, 200])
def test_a_table_is_no_wider_than_the_terminal(width: int) -> None:
    lines = table(ROWS, Page(width=width)).splitlines()
    assert max(len(text) for text in lines) <= max(width, 45)
    assert ("…" in lines[1]) == (width < 70)
    assert "64000.25" in lines[2]


def test_colour_only_where_it_is_wanted() -> None:
    assert "\x1b" not in shown(ROWS, Page())
    assert "\x1b[1m" in shown(ROWS, Page(colour=True))


def test_what_a_name_holds_cannot_move_the_cursor() -> None:
    for text in ("a\x1b[2Jb", "a\rb", "a\u202eb", "a\x9b1mb", "a\nb"):
        assert clean(text).isprintable()
        assert "\x1b" not in shown({"name": text}, Page(colour=False))


def test_records_lists_and_nothing() -> None:
    assert shown(None, Page()) == "Done."
    assert shown([], Page()) == "Nothing to show."
    assert shown(["a", "b"], Page()) == "a\nb"
    assert shown({"name": "Tech", "position": 3}, Page()).splitlines() == ["name      Tech", "position  3"]
    nested = shown({"ok": True, "rows": [{"a": 1}, {"a": 22}]}, Page()).splitlines()
    assert nested == ["ok  yes", "", "rows", " a", " 1", "22"]
    history = shown({"symbol": "SPY", "time": ["x", "y"], "open": [1.0, 2.5], "close": [2.0, 3.0]}, Page())
    assert history.splitlines()[2:] == ["time  open  close", "x      1.0      2", "y      2.5      3"]


def test_a_curve_in_a_cell_is_told_by_its_ends() -> None:
    assert cell([1, 2, 3]) == "1, 2, 3"
    assert cell([*range(400)]) == "0, …, 399 (400 numbers)"


def test_a_text_of_several_lines_stays_one() -> None:
    page = {"name": "start", "text": "# Start\n\x1b[2Jone\ntwo"}
    assert shown(page, Page()).splitlines() == ["name  start", "", "# Start", "\ufffd[2Jone", "two"]
    assert cell("one\ntwo") == "one two"


def test_a_text_that_is_taken_elsewhere_is_untouched_and_alone() -> None:
    text = "def decide():\r\n\treturn 1\r\n"
    assert document({"name": "own.py", "text": text}) == ({"name": "own.py"}, "def decide():\n\treturn 1")
    for other in (None, [1], "one\ntwo", {"a": 1}, {"text": "a\nb", "rows": [{"a": 1}]}):
        assert document(other) is None


def test_what_has_no_room_goes_on_below_its_beginning() -> None:
    page = Page(width=40)
    said = shown({"name": "Tech", "note": "far more words than one line of a terminal holds"}, page)
    assert said.splitlines() == [
        "name  Tech",
        "note  far more words than one line of a",
        "      terminal holds",
    ]
    assert hanging("/a/path/that/must/stay/whole/to/be/copied/from/here", 4, page).count("\n") == 0
    assert hanging("any words at all", 30, page) == "any words at all"


def test_moments_are_short_and_keep_their_zone() -> None:
    assert cell("2026-11-20T10:30:05.123456Z") == "2026-11-20 10:30:05Z"
    assert cell("2026-11-20T10:30:05+02:00") == "2026-11-20 10:30:05+02:00"
    assert line({"symbol": "SPY", "price": 1.5}) == "SPY                1.5"


def test_wide_signs_take_two_places() -> None:
    lines = table([{"name": "日本", "x": "a"}, {"name": "abcd", "x": "b"}], Page()).splitlines()
    assert lines[1] == "日本  a"
    assert lines[2] == "abcd  b"


def test_a_number_of_endless_decimals_is_cut_and_a_small_one_stays_one() -> None:
    assert cell("0.001115458977895790894979010407") == "0.001115"
    assert cell("-98896.971988510") == "-98896.971989"
    assert cell("0.000009679819657940935326401896927") == "0.00000968"
    assert cell("101579.801898") == "101579.801898"
    assert cell("0.0000000") == "0.0000000"


def test_a_column_in_which_nothing_stands_takes_no_room() -> None:
    rows = [{"id": "a", "limit": None, "stop": ""}, {"id": "b", "limit": None, "stop": "1.5"}]
    assert table(rows, Page()).splitlines()[0].split() == ["id", "stop"]
    assert table([{"id": None}], Page()).splitlines()[0] == "id"
