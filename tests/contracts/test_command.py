"""The one command that checks everything cannot be talked into success."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.__main__ import STEPS, passes


def test_a_failing_step_fails_and_shows_what_it_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert not passes("lint", [sys.executable, "-c", "print('here is why'); raise SystemExit(3)"])
    assert "here is why" in capsys.readouterr().out


def test_a_passing_step_passes_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert passes("lint", [sys.executable, "-c", "print('fine')"])
    assert len(capsys.readouterr().out.splitlines()) == 1


def test_tests_that_cannot_run_here_are_left_out_aloud(checkout: Path) -> None:
    words = [
        sys.executable,
        "-m",
        "pytest",
        "--collect-only",
        "-m",
        "postgres",
        "tests/store/test_watchlists.py",
    ]
    told = {
        given: subprocess.run(
            words, cwd=checkout, env={**os.environ, "PUFFLING_TEST_POSTGRES": given},
            capture_output=True, text=True, check=False,
        ).stdout
        for given in ("", "postgresql+psycopg://somebody@127.0.0.1:1/somewhere")
    }  # fmt: skip
    said = [("[postgres" in out, "PostgreSQL tests left out" in out) for out in told.values()]
    assert said == [(False, True), (True, False)]


def test_what_was_left_out_is_said_beside_the_outcome(capsys: pytest.CaptureFixture[str]) -> None:
    assert passes(
        "tests", [sys.executable, "-c", "print('PostgreSQL tests left out: why'); print('2 passed')"]
    )
    assert "2 passed; PostgreSQL tests left out" in capsys.readouterr().out


def test_the_command_runs_every_kind_of_check() -> None:
    assert list(STEPS) == ["format", "lint", "types", "floors", "tests"]


def test_the_command_ends_with_failure_when_a_step_fails(checkout: Path, tmp_path: Path) -> None:
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "__init__.py").touch()
    (tmp_path / "tests" / "__main__.py").write_bytes((checkout / "tests" / "__main__.py").read_bytes())
    (tmp_path / "untidy.py").write_text("x=1\n")
    run = subprocess.run(
        [sys.executable, "-m", "tests", "format"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert run.returncode == 1
    assert "format  FAILED" in run.stdout


def test_a_test_that_takes_its_process_down_fails_the_run_and_ends_it(tmp_path: Path) -> None:
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    (tmp_path / "test_crash.py").write_text(
        "import os, pytest\n"
        "@pytest.mark.parametrize('number', range(20))\n"
        "def test_it(number):\n"
        "    if number == 8: os._exit(11)\n"
    )
    run = subprocess.run(
        STEPS["tests"], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60
    )
    assert run.returncode == 1
    assert "crashed while running 'test_crash.py::test_it[8]'" in run.stdout


def test_a_run_in_the_background_can_still_interrupt_what_it_starts(checkout: Path) -> None:
    program = "import signal, tests.conftest; print(signal.getsignal(signal.SIGINT).__name__)"
    run = subprocess.run(
        ["sh", "-c", 'trap "" INT; exec "$@"', "sh", sys.executable, "-c", program],
        cwd=checkout, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert run.stdout == "default_int_handler\n"


def test_the_gates_configuration_has_no_exceptions(checkout: Path) -> None:
    text = (checkout / "pyproject.toml").read_text(encoding="utf-8")
    assert "[[tool.mypy.overrides]]" not in text
    assert "ignore_errors" not in text
