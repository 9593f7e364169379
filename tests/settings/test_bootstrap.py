"""The bootstrap file says where the data is; a malformed one is named and left alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from puffling.runtime.errors import InvalidInput
from puffling.runtime.paths import Paths
from puffling.settings.bootstrap import FILE_NAME, locate


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    return Paths.under(tmp_path)


def test_without_a_file_the_usual_folder_is_taken(paths: Paths) -> None:
    assert locate(paths, {}).paths == paths


def test_the_file_moves_the_data_and_nothing_else(paths: Paths, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    (paths.config / FILE_NAME).write_text(f"data = '{elsewhere}'\n")
    found = locate(paths, {"PUFFLING_DATABASE_URL": "postgresql+psycopg://u@h/d"})
    assert (found.paths.data, found.paths.cache) == (elsewhere, paths.cache)
    assert found.database_url == "postgresql+psycopg://u@h/d"


@pytest.mark.parametrize(
    "text", ["data = ", "data = 3", "data = 'relative/folder'", "dta = '/x'", "\udcff"], ids=ascii
)
def test_a_malformed_file_is_named_and_left_as_it_is(paths: Paths, text: str) -> None:
    file = paths.config / FILE_NAME
    before = text.encode("utf-8", "surrogateescape")
    file.write_bytes(before)
    with pytest.raises(InvalidInput, match=r"puffling\.toml") as caught:
        locate(paths, {})
    assert caught.value.hint
    assert file.read_bytes() == before
