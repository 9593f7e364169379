"""The snapshot paints the next start, and can be lost without harm."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from puffling.desktop.snapshot import Snapshot


def test_what_was_saved_is_loaded(tmp_path: Path) -> None:
    saved = Snapshot(
        workspace="research", panels={"chart": {"choices": {"interval": "1h"}}}, recent=["data.check"]
    )
    saved.save(tmp_path / "cache" / "window.json")
    assert Snapshot.load(tmp_path / "cache" / "window.json") == saved


@pytest.mark.parametrize(
    "damage",
    [
        "",
        "{",
        "[]",
        "null",
        '{"version": 99}',
        '{"version": 1, "workspaces": []}',
        '{"version": 1, "recent": {}}',
        '{"version": 1, "workspaces": {"trade": [1]}}',
        '{"version": 1, "panels": {"chart": "x"}}',
        '{"version": 1, "panels": {"watchlist": {"choices": null}}}',
        "[" * 100_000,
    ],
)
def test_a_damaged_snapshot_counts_as_none(tmp_path: Path, damage: str) -> None:
    (tmp_path / "window.json").write_text(damage)
    assert Snapshot.load(tmp_path / "window.json") == Snapshot()


def test_bytes_that_are_no_text_count_as_none(tmp_path: Path) -> None:
    (tmp_path / "window.json").write_bytes(b"\xff\xfe\x00")
    assert Snapshot.load(tmp_path / "window.json") == Snapshot()


def test_saving_replaces_the_file_in_one_step_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    place = tmp_path / "window.json"
    Snapshot(workspace="trade").save(place)
    Snapshot(workspace="automate").save(place)
    assert [each.name for each in tmp_path.iterdir()] == ["window.json"]
    assert json.loads(place.read_text())["workspace"] == "automate"


def test_a_folder_that_cannot_be_written_stops_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    Snapshot().save(tmp_path / "file" / "window.json")
