"""What the documents tell people to do works."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest

from puffling.puffin.backtest.engine import Backtester
from puffling.puffin.data.samples import SamplesProvider
from puffling.puffin.strategies.base import Strategy
from puffling.puffin.strategies.own import OwnFolder
from puffling.puffin.strategies.recipe import Recipe

README = Path(__file__).resolve().parents[2] / "README.md"
CONTRIBUTING = README.with_name("CONTRIBUTING.md")
# What these start is started by tests of their own: the window, the server.
STARTS_SOMETHING = {"puffling", "puffling serve"}


def _blocks(document: Path, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", document.read_text(encoding="utf-8"), re.DOTALL)


def _commands() -> list[str]:
    """Every shell line of the documents, without its comment."""
    lines = "".join(_blocks(README, "sh") + _blocks(CONTRIBUTING, "sh")).splitlines()
    return sorted({line.partition("#")[0].strip() for line in lines})


VERBS = [line for line in _commands() if line.startswith("puffling") and line not in STARTS_SOMETHING]


@pytest.mark.parametrize("command", VERBS)
def test_every_verb_in_the_documents_runs(command: str, tmp_path: Path) -> None:
    run = subprocess.run(
        [sys.executable, "-m", *command.split()], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert run.stdout
    assert "Traceback" not in run.stderr


def test_every_make_target_in_the_documents_exists(checkout: Path) -> None:
    named = {line.split()[1] for line in _commands() if line.startswith("make ")}
    made = set(re.findall(r"^(\w+):", (checkout / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert named >= {"run", "test"}
    assert named <= made


def test_every_extra_in_the_readme_exists(checkout: Path) -> None:
    project = tomllib.loads((checkout / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    named = set(re.findall(r"`(?:[^`]*\.)?\[(\w+)\]\"?`", README.read_text(encoding="utf-8")))
    assert named >= {"server", "postgres"}
    assert named <= set(project["optional-dependencies"])


def test_every_file_the_documents_link_to_exists(checkout: Path) -> None:
    texts = [document.read_text(encoding="utf-8") for document in (README, CONTRIBUTING)]
    links = {link for text in texts for link in re.findall(r"\]\(([^)]+)\)", text) if "://" not in link}
    assert {link for link in links if not (checkout / link).exists()} == set()


@pytest.mark.parametrize("code", _blocks(CONTRIBUTING, "python"), ids=["ability", "panel", "strategy"])
def test_every_example_for_contributors_is_code_that_runs(code: str) -> None:
    names: dict[str, object] = {"__name__": "example"}
    exec(compile(code, "CONTRIBUTING.md", "exec"), names)  # noqa: S102  our own document
    declared = [value for value in names.values() if getattr(value, "__module__", "") == "example"]
    assert declared


def test_the_example_of_a_strategy_decides_without_looking_ahead() -> None:
    names: dict[str, object] = {"__name__": "example"}
    exec(compile(_blocks(CONTRIBUTING, "python")[2], "CONTRIBUTING.md", "exec"), names)  # noqa: S102  our own document
    kind = names["BreakoutStrategy"]
    assert isinstance(kind, type)
    assert issubclass(kind, Strategy)
    assert kind.name() == "breakout"
    strategy = kind(window=5)
    bars = SamplesProvider().bars("IBM")
    signal, _ = strategy.signals(bars)
    at = range(5, len(bars))
    assert [i for i in at if bars.close[i] > bars.high[i - 5 : i].max()] == np.flatnonzero(signal).tolist()
    for count in (6, 200):
        assert strategy.signals(bars[:count]).signal.tolist() == signal[:count].tolist()


@pytest.mark.parametrize("code", _blocks(CONTRIBUTING, "python"), ids=["ability", "panel", "strategy"])
def test_every_example_imports_names_from_where_they_are_made(code: str) -> None:
    # What a module merely passes on is no export to the type checker.
    imports = [node for node in ast.walk(ast.parse(code)) if isinstance(node, ast.ImportFrom)]
    ours = {(node.module or "", alias.name) for node in imports for alias in node.names}
    ours = {(module, name) for module, name in ours if module.startswith("puffling.")}
    assert ours
    assert ours == {(getattr(import_module(module), name).__module__, name) for module, name in ours}


def test_the_strategy_in_the_help_is_one_that_runs_from_a_file_of_ones_own(
    checkout: Path, tmp_path: Path
) -> None:
    code, _ = _blocks(checkout / "resources" / "help" / "47-own-strategies.md", "python")
    for name, text in (("rising", code), ("breakout", _blocks(CONTRIBUTING, "python")[2])):
        folder = OwnFolder(tmp_path, tmp_path / "trusted.json")
        (tmp_path / f"{name}.py").write_text(text, encoding="utf-8")
        file = folder.trust(name, folder.find(name).digest)
        made = Recipe(file.strategy, {}, file.source()).make()
        assert isinstance(made, Strategy)
        assert made.signals(SamplesProvider().bars("IBM")).signal.any()


def test_the_strategy_in_the_help_that_sends_orders_is_one_that_trades_from_a_file_of_ones_own(
    checkout: Path, tmp_path: Path
) -> None:
    _, code = _blocks(checkout / "resources" / "help" / "47-own-strategies.md", "python")
    folder = OwnFolder(tmp_path, tmp_path / "trusted.json")
    (tmp_path / "dip.py").write_text(code, encoding="utf-8")
    file = folder.trust("dip", folder.find("dip").digest)
    made = Recipe(file.strategy, {}, file.source()).make()
    result = Backtester().run(made, SamplesProvider().bars("IBM"))
    assert {"limit", "stop loss", "take profit"} <= set(result.reasons)
