"""The halt switch: its existence halts, and whatever cannot be read halts too."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from puffling.runtime.errors import StorageFailed
from puffling.trading.halt import FILE_NAME, Halt, HaltSwitch

NOW = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)


def test_without_the_file_nothing_is_halted(tmp_path: Path) -> None:
    assert HaltSwitch(tmp_path).read() is None


def test_a_halt_survives_the_process_and_says_why(tmp_path: Path) -> None:
    HaltSwitch(tmp_path).press("too wild", "you", NOW)
    halt = HaltSwitch(tmp_path).read()
    assert halt is not None
    assert (halt.reason, halt.by, halt.since) == ("too wild", "you", NOW)


def test_a_second_press_keeps_the_first_reason(tmp_path: Path) -> None:
    switch = HaltSwitch(tmp_path)
    switch.press("first", "you", NOW)
    assert switch.press("second", "an agent", NOW).reason == "first"


@pytest.mark.parametrize("content", [b"", b"stop!", b'{"reason": 1}', b"\xff\xfe", b'{"since": "x"}'])
def test_any_file_of_that_name_halts(tmp_path: Path, content: bytes) -> None:
    (tmp_path / FILE_NAME).write_bytes(content)
    halt = HaltSwitch(tmp_path).read()
    assert halt is not None
    assert halt.reason


def test_what_cannot_be_read_is_halted(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).mkdir()
    assert HaltSwitch(tmp_path).read() is not None


def test_lifting_removes_the_file_and_a_switch_that_cannot_be_lifted_says_so(tmp_path: Path) -> None:
    switch = HaltSwitch(tmp_path)
    switch.press("x", "you", NOW)
    switch.lift()
    switch.lift()
    assert switch.read() is None
    (tmp_path / FILE_NAME).mkdir()
    with pytest.raises(StorageFailed):
        switch.lift()


def test_a_switch_that_cannot_be_pressed_says_so(tmp_path: Path) -> None:
    with pytest.raises(StorageFailed, match="could not be written") as caught:
        HaltSwitch(tmp_path / "missing").press("x", "you", NOW)
    assert caught.value.hint


def test_a_halt_that_cannot_be_written_halts_this_process_all_the_same(tmp_path: Path) -> None:
    switch = HaltSwitch(tmp_path / "gone")
    with pytest.raises(StorageFailed):
        switch.press("too wild", "you", NOW)
    assert switch.read() == Halt("too wild", "you", NOW)
    (tmp_path / "gone").mkdir()
    # The next press writes what could not be written before, and keeps its reason.
    switch.press("again", "you", NOW)
    assert HaltSwitch(tmp_path / "gone").read() == Halt("too wild", "you", NOW)
    switch.lift()
    assert switch.read() is None


def test_a_halt_that_is_just_being_written_is_seen_at_every_moment(tmp_path: Path) -> None:
    reached, go_on = threading.Event(), threading.Event()

    class Slow(datetime):
        def isoformat(self, *args: Any, **kwargs: Any) -> str:
            reached.set()
            go_on.wait(10)
            return super().isoformat(*args, **kwargs)

    class Watched(HaltSwitch):
        def _written(self) -> Halt | None:
            found = super()._written()
            if reached.is_set():
                # Between the two looks of whoever reads, the one who presses is done.
                go_on.set()
                pressing.join(10)
            return found

    switch = Watched(tmp_path)
    pressing = threading.Thread(
        target=switch.press, args=("too wild", "you", Slow(2026, 3, 2, 15, 0, tzinfo=UTC))
    )
    pressing.start()
    assert reached.wait(10)
    halt = switch.read()
    go_on.set()
    pressing.join(10)
    assert halt is not None
    assert halt.reason == "too wild"
