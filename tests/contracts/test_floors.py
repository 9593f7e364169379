"""What is loaded when, which the import linter cannot see."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

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
# So often Python looks for rubbish before its first line is read, and no more until there is live content.
MOST_COLLECTIONS = 60
# What shows its first content without it.
LATER = {
    "alembic", "alpaca", "anthropic", "duckdb", "exchange_calendars", "httpx2", "keyring", "optuna", "pandas",
    "scipy", "uvicorn", "yfinance",
    "puffling.automation.research.task", "puffling.puffin.backtest.engine", "puffling.puffin.broker.paper",
    "puffling.server", "puffling.store.tables.automation", "puffling.store.tables.research",
    "puffling.store.tables.trading",
    "puffling.trading.gate", "puffling.trading.ledger", "puffling.trading.paper",
}  # fmt: skip
# Nobody sees these in the workspace a person starts with.
BEHIND = {
    f"puffling.desktop.panels.{name}"
    for name in (
        "activity", "alerts", "approvals", "backtest", "data", "fundamentals", "guide", "jobs",
        "optimization", "orders", "portfolio", "practice", "quote", "safety", "strategies", "ticket",
        "trades",
    )
}  # fmt: skip
START = """
import gc, json, os, signal, sys
from puffling.__main__ import open_window
from puffling.runtime.paths import Paths

def reached(milestone):
    seen[milestone] = {
        "loaded": list(sys.modules),
        "collecting": gc.isenabled(),
        "collections": sum(each["collections"] for each in gc.get_stats()),
        "environment": list(os.environ),
    }
    if milestone == "live":
        os.kill(os.getpid(), signal.SIGTERM)

seen = {}
code = open_window(Paths.discover(), reached=reached)
print(json.dumps(seen))
sys.exit(code)
"""


def _started(checkout: Path) -> dict[str, dict[str, Any]]:
    """What a start had done when it reached its milestones."""
    run = subprocess.run(
        [sys.executable, "-c", START], cwd=checkout, capture_output=True, text=True, check=False, timeout=60
    )
    assert run.returncode == 0, run.stderr
    milestones: dict[str, dict[str, Any]] = json.loads(run.stdout.splitlines()[-1])
    return milestones


def test_a_start_does_nothing_before_its_time(checkout: Path, home: Path) -> None:
    seen: dict[str, dict[str, Any]] = {}
    for start in ("first", "with the content of the last"):
        seen = _started(checkout)
        painted = set(seen["painted"]["loaded"])
        assert "PySide6.QtWidgets" in painted, start
        assert painted.intersection(HEAVY | BEHIND) == set(), start
    # The first start of all also makes the database.
    live = set(seen["live"]["loaded"])
    assert "puffling.desktop.charts.chart" in live
    assert live.intersection(LATER | BEHIND) == set()
    assert seen["live"]["collections"] == seen["painted"]["collections"] < MOST_COLLECTIONS
    assert [seen[each]["collecting"] for each in ("painted", "open", "closed")] == [False, False, True]
    # What keeps NumPy from starting threads for the window is not meant for processes that compute.
    assert "OPENBLAS_NUM_THREADS" not in seen["painted"]["environment"]
