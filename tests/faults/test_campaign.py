"""A short campaign in every run of the tests; `python -m tests.faults` is the long one."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.faults.runs import Stage, staged

SEED = 20_261_120


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A hostile broker and a place from which lives are forked, for all tests here."""
    before = dict(os.environ)
    with staged(tmp_path_factory.mktemp("faults")) as stage:
        yield stage
    os.environ.clear()
    os.environ.update(before)


@pytest.mark.parametrize("number", range(3))
def test_killed_and_deceived_nothing_is_lost_nothing_is_twice(stage: Stage, number: int) -> None:
    assert stage.run(SEED, number).violations == []
