"""The terminal as a person meets it: a real process on data of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

Puffling = Callable[..., subprocess.CompletedProcess[str]]


def environment(home: Path, **more: str) -> dict[str, str]:
    """The environment of a process on the data in this folder, with no screen."""
    screen = {"DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"}
    kept = {key: value for key, value in os.environ.items() if key not in screen}
    return {**kept, "PUFFLING_HOME": str(home), "PYTHONWARNINGS": "default", **more}


@pytest.fixture
def puffling(home: Path, checkout: Path) -> Puffling:
    """Runs `puffling` with these words and gives what came of it; a traceback is never in it."""

    def run(
        *words: str, stdin: str | None = None, extra: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [sys.executable, "-m", "puffling", *words],
            cwd=checkout,
            env=environment(home, **(extra or {})),
            input=stdin,
            stdin=None if stdin is not None else subprocess.DEVNULL,
            start_new_session=True,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert "Traceback" not in done.stdout + done.stderr
        assert "Warning" not in done.stderr
        return done

    return run
