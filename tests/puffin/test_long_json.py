"""Long JSON is read in pieces and says the same as when it is read whole."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from puffling.puffin.data.long_json import read_long_json

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(VALUES, st.integers(0, 5), st.sampled_from([None, 2]), st.booleans())
def test_what_is_read_in_pieces_is_what_was_written(
    value: object, depth: int, indent: int | None, ascii_only: bool
) -> None:
    text = json.dumps(value, indent=indent, ensure_ascii=ascii_only)
    assert read_long_json(text.encode("utf-8", "surrogatepass"), depth) == json.loads(text)


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "{", "}", '{"a"', '{"a":', '{"a":1', '{"a":1,', '{"a":1,}', '{"a" 1}', "{1:2}", "{a:1}",
        '{"a":1}}', '{"a":1} x', '{"a":1 "b":2}', '{"a":}', "[1,", "<html>",
    ],
)  # fmt: skip
def test_what_is_no_json_is_refused(text: str) -> None:
    for depth in range(4):
        with pytest.raises(ValueError, match=r"."):
            read_long_json(text.encode(), depth)


def test_the_last_of_two_members_of_one_name_counts_as_usual() -> None:
    assert read_long_json(b'{"a": 1, "a": {"b": 2}}') == {"a": {"b": 2}}
