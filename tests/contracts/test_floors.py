"""What is loaded when, which the import linter cannot see."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

WINDOW = "desktop"
GROUND = "puffling.frozen"
QT = ("PySide6", "shiboken6", "pyqtgraph", "qasync")


def _loaded_after(code: str, checkout: Path) -> set[str]:
    """The modules a fresh interpreter holds after running the code."""
    program = f"{code}\nimport json, sys; print(json.dumps(list(sys.modules)))"
    run = subprocess.run(
        [sys.executable, "-c", program], cwd=checkout, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    return set(json.loads(run.stdout.splitlines()[-1]))


def _modules(checkout: Path) -> list[str]:
    """Every module of the package, by its dotted name."""
    files = sorted((checkout / "puffling").rglob("*.py"))
    names = [".".join(file.relative_to(checkout).with_suffix("").parts) for file in files]
    return [name.removesuffix(".__init__") for name in names]


def test_everything_but_the_window_works_without_qt(checkout: Path) -> None:
    floors = [
        name
        for name in _modules(checkout)
        if name.split(".")[1:2] != [WINDOW] and "migrations" not in name.split(".")
    ]
    assert len(floors) > 20
    loaded = _loaded_after("\n".join(f"import {name}" for name in floors), checkout)
    assert "puffling" in loaded
    assert not loaded.intersection(QT)


@pytest.mark.parametrize("name", ["puffling.puffin", "puffling.runtime"])
def test_the_lowest_floors_stand_alone(name: str, checkout: Path) -> None:
    inside = [module for module in _modules(checkout) if module.startswith(name)]
    loaded = _loaded_after("\n".join(f"import {module}" for module in inside), checkout)
    ours = {module for module in loaded if module.startswith("puffling.")}
    assert ours
    assert all(module.startswith((name, GROUND)) for module in ours)


HEAVY = {
    "alembic", "alpaca", "anthropic", "cryptography", "dask", "distributed", "duckdb", "exchange_calendars",
    "fastapi", "httpx2", "keyring", "openai", "optuna", "pandas", "psycopg", "pydantic", "scipy",
    "sqlalchemy", "sqlmodel", "starlette", "structlog", "talib", "uvicorn", "yfinance",
}  # fmt: skip
START = """
import json, os, signal, sys
from puffling.desktop.application import main
from puffling.runtime.paths import Paths

def reached(milestone):
    if milestone == "painted":
        loaded.extend(sys.modules)
    if milestone == "live":
        os.kill(os.getpid(), signal.SIGTERM)

loaded = []
code = main(Paths.discover(), [], reached=reached)
print(json.dumps(loaded))
sys.exit(code)
"""


def test_nothing_heavy_is_loaded_before_the_first_paint(checkout: Path, home: Path) -> None:
    for start in ("first", "with the content of the last"):
        run = subprocess.run(
            [sys.executable, "-c", START],
            cwd=checkout,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert run.returncode == 0, run.stderr
        loaded = set(json.loads(run.stdout.splitlines()[-1]))
        assert "PySide6.QtWidgets" in loaded, start
        assert loaded.intersection(HEAVY) == set(), start
