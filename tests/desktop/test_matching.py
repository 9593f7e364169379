"""A few letters find what is meant."""

from __future__ import annotations

import pytest

from puffling.desktop.matching import best, score

TITLES = [
    "Halt trading",
    "Resume trading",
    "Keyboard shortcuts",
    "Back up now",
    "Check history",
    "Trade workspace",
    "Reset this workspace",
]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("halt", "Halt trading"),
        ("ht", "Halt trading"),
        ("bun", "Back up now"),
        ("reset", "Reset this workspace"),
        ("tw", "Trade workspace"),
        ("chist", "Check history"),
        ("KEYS", "Keyboard shortcuts"),
    ],
)
def test_letters_find_the_title_that_is_meant(wanted: str, found: str) -> None:
    assert best(wanted, TITLES, str, 3)[0] == found


def test_letters_in_another_order_match_nothing() -> None:
    assert score("xq", "Halt trading") is None
    assert best("gnidart", TITLES, str, 3) == []


def test_signs_that_stand_nowhere_match_nothing() -> None:
    assert score("%", "Halt trading") is None
    assert best("?!", TITLES, str, 3) == []


def test_other_words_are_found_as_they_are_but_not_by_their_letters() -> None:
    told = {
        "Save all bars": "Export chart",
        "Expand portfolio": "",
        "Trade": "Important exporting",
        "Next": "",
    }
    found = best("export", told, str, 9, also=lambda title: told[title])
    assert found == ["Save all bars", "Trade", "Expand portfolio"]
    assert best("exrt", ["Save all bars"], str, 9, also=lambda title: told[title]) == []
    assert best("port", ["Trade"], str, 9, also=lambda title: told[title]) == []


def test_no_letters_match_everything_in_its_own_order() -> None:
    assert best("", TITLES, str, 99) == TITLES
