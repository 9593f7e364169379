"""`puffling halt` works whatever is broken: what it cannot be sure of it says, after it halted."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from puffling.trading.halt import HaltSwitch
from tests.cli.conftest import Puffling


@pytest.fixture
def moved(home: Path, tmp_path: Path) -> Path:
    """A folder the data was moved to; the settings file does not name it yet."""
    home.mkdir(mode=0o700)
    place = tmp_path / "moved here"
    place.mkdir(mode=0o700)
    return place


@pytest.mark.parametrize(
    "line", ['data = "{folder}', "data = {folder}", 'data = "{folder}"\ncolour = "blue"', "data: '{folder}'"]
)
def test_a_settings_file_one_cannot_read_halts_where_it_seems_to_point(
    puffling: Puffling, home: Path, moved: Path, line: str
) -> None:
    (home / "puffling.toml").write_text(line.replace("{folder}", str(moved)), encoding="utf-8")
    (moved / "puffling.db").write_bytes(b"")
    assert puffling("watchlists", "list").returncode == 2
    done = puffling("halt", "it", "burns")
    assert done.returncode == 0
    assert "puffling.toml cannot be used" in done.stderr
    for folder in (home, moved):
        standing = HaltSwitch(folder).read()
        assert standing is not None
        assert standing.reason == "it burns"
        assert str(folder) in done.stdout


def test_where_no_records_are_found_it_halts_and_says_that_it_may_be_elsewhere(
    puffling: Puffling, home: Path, moved: Path
) -> None:
    (home / "puffling.toml").write_bytes(b"data = \xff\xfe")
    done = puffling("halt", "--json")
    assert HaltSwitch(home).read() is not None
    assert HaltSwitch(moved).read() is None
    assert json.loads(done.stdout)["folders"] == [str(home)]
    (home / "puffling.toml").write_text('data = "~nobody-of-that-name/trading"', encoding="utf-8")
    assert puffling("halt").returncode == 2
    assert done.returncode == 2
    assert "an empty file called HALT" in done.stderr
    (home / "puffling.db").write_bytes(b"")
    assert puffling("halt").returncode == 0


def test_a_folder_that_takes_no_log_takes_the_switch(puffling: Puffling, home: Path) -> None:
    home.mkdir(mode=0o700)
    (home / "logs").write_text("a file where a folder should be", encoding="utf-8")
    (home / "cache").write_text("a file where a folder should be", encoding="utf-8")
    assert puffling("halt").returncode == 0
    assert HaltSwitch(home).read() is not None


def test_where_nothing_can_be_written_it_says_so_and_fails(puffling: Puffling, home: Path) -> None:
    home.write_text("a file where the folder should be", encoding="utf-8")
    done = puffling("halt")
    assert done.returncode != 0
    assert done.stdout == ""
    assert "at your broker" in done.stderr
