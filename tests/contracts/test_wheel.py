"""What a person installs is whole."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

import puffling


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory, checkout: Path) -> Path:
    """A folder into which the wheel of this checkout was installed, without its dependencies."""
    place = tmp_path_factory.mktemp("wheel")

    def run(*words: str | Path) -> None:
        subprocess.run([sys.executable, "-m", *words], cwd=checkout, check=True, stdout=subprocess.DEVNULL)

    run("hatchling", "build", "-t", "wheel", "-d", place)
    (wheel,) = place.glob("*.whl")
    target = place / "installed"
    run("pip", "install", "-q", "--no-deps", "--no-index", "--target", target, wheel)
    return target


def _run(installed: Path, *words: str) -> str:
    """What a fresh interpreter prints that sees the installed package and the libraries, no checkout."""
    run = subprocess.run(
        [sys.executable, "-S", *words],
        cwd=installed.parent,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(installed), sysconfig.get_path("purelib")])},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    return run.stdout.strip()


def test_the_installed_program_runs(installed: Path) -> None:
    assert puffling.__version__ in _run(installed, "-m", "puffling", "--version")
    assert Path(_run(installed, "-c", "import puffling; print(puffling.__file__)")).is_relative_to(installed)


def test_the_installed_program_finds_all_its_resources(installed: Path, checkout: Path) -> None:
    found = Path(_run(installed, "-c", "from puffling.runtime.paths import resources; print(resources())"))
    assert found.is_relative_to(installed)
    shipped = {str(file.relative_to(found)) for file in found.rglob("*") if file.is_file()}
    wanted = checkout / "resources"
    assert shipped == {str(file.relative_to(wanted)) for file in wanted.rglob("*") if file.is_file()}


def test_the_installed_package_holds_every_file_of_the_source(installed: Path, checkout: Path) -> None:
    def files(root: Path) -> set[str]:
        found = (file for file in root.rglob("*") if file.is_file() and file.suffix != ".pyc")
        return {
            str(file.relative_to(root)) for file in found if "_resources" not in file.relative_to(root).parts
        }

    assert files(installed / "puffling") == files(checkout / "puffling")
