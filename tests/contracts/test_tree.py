"""What every file keeps to."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from puffling.runtime import errors

FOLDERS = ("puffling", "tests", "stubs", "resources", "packaging", ".ci", ".github")
BINARY = {".png", ".ttf", ".otf", ".npz", ".npy", ".gz", ".ico", ".db", ".pyc", ".woff2", ".xz", ".zip"}
LONGEST_FILE = 450
FORBIDDEN = re.compile(
    r"/[w]ork/(main|shared)|/[t]mp/team|/[r]oot/|\b[T]ODO\b|\b[F]IXME\b|\b[X]XX\b"
    r"|(?i:[p]ypi\.org|[p]ythonhosted|[r]egistry\.npmjs|[d]eb\.debian\.org)"
)
TEXT_SETTERS = {
    "addAction", "addMenu", "addTab", "setAccessibleDescription", "setAccessibleName", "setHeaderLabels",
    "setInformativeText", "setItemText", "setLabelText", "setPlaceholderText", "setStatusTip", "setTabText",
    "setText", "setTitle", "setToolTip", "setWhatsThis", "setWindowTitle", "showMessage",
}  # fmt: skip
TEXT_WIDGETS = {
    "QAction", "QCheckBox", "QCommandLinkButton", "QDockWidget", "QGroupBox", "QLabel", "QMenu",
    "QPushButton", "QRadioButton",
}  # fmt: skip
ERRORS = {
    name
    for name, kind in vars(errors).items()
    if isinstance(kind, type) and issubclass(kind, errors.PufflingError)
}


def _tracked(checkout: Path) -> list[Path]:
    """The files of the project, without what tools leave between them."""
    files = [file for file in checkout.iterdir() if file.is_file() and file.name != "uv.lock"]
    for folder in FOLDERS:
        files += [file for file in (checkout / folder).rglob("*") if file.is_file()]
    return [file for file in files if "__pycache__" not in file.parts and file.suffix not in BINARY]


def _sources(checkout: Path, *folders: str) -> Iterator[tuple[Path, ast.Module]]:
    """Every Python file below the folders, parsed."""
    for folder in folders:
        for file in sorted((checkout / folder).rglob("*.py")):
            yield file.relative_to(checkout), ast.parse(file.read_text(encoding="utf-8"))


def test_no_file_names_a_machine_or_a_host_or_leaves_work_undone(checkout: Path) -> None:
    found = [
        f"{file.relative_to(checkout)}:{number}: {line.strip()[:100]}"
        for file in _tracked(checkout)
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1)
        if FORBIDDEN.search(line)
    ]
    assert found == []


def test_a_file_fits_in_the_head(checkout: Path) -> None:
    lengths = {
        str(file.relative_to(checkout)): len(file.read_text(encoding="utf-8").splitlines())
        for folder in ("puffling", "tests")
        for file in (checkout / folder).rglob("*.py")
        if "versions" not in file.parts
    }
    assert {name: length for name, length in lengths.items() if length > LONGEST_FILE} == {}


def test_folders_beside_the_package_hide_no_library(checkout: Path) -> None:
    assert [
        *(checkout / "packaging").rglob("__init__.py"),
        *(checkout / "resources").rglob("__init__.py"),
    ] == []


def _imported(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.partition(".")[0]


def test_every_import_is_declared(checkout: Path) -> None:
    project = tomllib.loads((checkout / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    offered = ("server", "postgres", "cluster", "data", "plots")
    wanted = [*project["dependencies"], *(line for name in offered for line in extras[name])]
    # What makes the shipped data runs in a checkout only.
    making = [line for line in extras["dev"] if line.startswith("bokeh")]

    def names(lines: list[str]) -> set[str]:
        return {re.split(r"[^\w.-]", line)[0].lower().replace("_", "-") for line in lines}

    homes = packages_distributions()
    undeclared = {
        f"{file}: {name}"
        for file, tree in _sources(checkout, "puffling")
        for name in _imported(tree)
        if name != "puffling"
        and name not in sys.stdlib_module_names
        and not names(wanted + making * file.name.endswith("_data.py")).intersection(
            home.lower().replace("_", "-") for home in homes.get(name, [name])
        )
    }
    assert undeclared == set()


def _name(call: ast.Call) -> str:
    if isinstance(call.func, ast.Attribute):
        return call.func.attr
    return call.func.id if isinstance(call.func, ast.Name) else ""


def _is_raw_text(node: ast.expr | None) -> bool:
    """Whether an expression is words written on the spot; signs and symbols such as SPY are not words."""
    if isinstance(node, ast.JoinedStr):
        return any(_is_raw_text(part) for part in node.values)
    return (
        isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and bool(re.search(r"[^\W\d_A-Z]{2}", node.value))
    )


def _untranslated(tree: ast.Module) -> Iterator[int]:
    """The lines on which words reach a person past `tr`."""
    for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
        name = _name(call)
        words: list[ast.expr] = []
        if name in TEXT_SETTERS or name in TEXT_WIDGETS:
            words = list(call.args)
        elif name in ERRORS:
            words = [*call.args, *(word.value for word in call.keywords if word.arg in {"message", "hint"})]
        if any(_is_raw_text(word) for word in words):
            yield call.lineno


def test_words_for_people_pass_through_one_door(checkout: Path) -> None:
    found = [
        f"{file}:{line}" for file, tree in _sources(checkout, "puffling") for line in _untranslated(tree)
    ]
    assert found == []


@pytest.mark.parametrize(
    ("code", "lines"),
    [
        ('QLabel("Price")', [1]),
        ('label.setText(f"{count} rows")', [1]),
        ('raise NotFound("Gone", hint=tr("Look elsewhere"))', [1]),
        ('raise NotFound(tr("Gone"), hint="Look elsewhere")', [1]),
        ('label.setText(tr("Price"))', []),
        ('label.setText("%")', []),
        ('field.setPlaceholderText("SPY, QQQ")', []),
    ],
)
def test_the_door_check_sees_words(code: str, lines: list[int]) -> None:
    assert list(_untranslated(ast.parse(code))) == lines


def test_nothing_runs_a_loop_inside_the_loop(checkout: Path) -> None:
    banned = {"exec", "exec_", "processEvents"}
    found = [
        f"{file}:{call.lineno} {_name(call)}"
        for file, tree in _sources(checkout, "puffling/desktop")
        for call in ast.walk(tree)
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr in banned
    ]
    assert found == []
