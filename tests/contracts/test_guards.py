"""The guards round every test do fail the tests they are there to fail."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

DIRTY = Path(__file__).with_name("dirty.py")
NAMES = [
    node.name
    for node in ast.parse(DIRTY.read_text()).body
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_")
]


@pytest.fixture(scope="module")
def outcomes(checkout: Path) -> dict[str, set[str]]:
    """How each misbehaving test ended, by name."""
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-rA", "--tb=line", "-p", "no:cacheprovider", DIRTY],
        cwd=checkout, capture_output=True, text=True, check=False,
        env={**os.environ, "PUFFLING_TEST_GRACE_SECONDS": "0.05"},
    )  # fmt: skip
    found: dict[str, set[str]] = {}
    for outcome, name in re.findall(r"^(PASSED|FAILED|ERROR) \S+::(\w+)", run.stdout, re.MULTILINE):
        found.setdefault(name, set()).add(outcome)
    return found


@pytest.mark.parametrize("name", NAMES)
def test_dirt_fails_a_test_and_cleanliness_passes(name: str, outcomes: dict[str, set[str]]) -> None:
    assert (outcomes[name] == {"PASSED"}) == name.startswith("test_clean")
