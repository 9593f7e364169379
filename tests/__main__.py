"""Everything that must hold, in one command: format, lint, types, floors, tests."""

from __future__ import annotations

import compileall
import subprocess
import sys
import time
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
PYTHON = sys.executable
IMPORT_LINTER = "from importlinter.cli import lint_imports_command; lint_imports_command()"
STEPS: dict[str, list[str]] = {
    "format": [PYTHON, "-m", "ruff", "format", "--check", "."],
    "lint": [PYTHON, "-m", "ruff", "check", "."],
    "types": [PYTHON, "-m", "mypy"],
    "floors": [PYTHON, "-c", IMPORT_LINTER, "--no-cache"],
    "tests": [PYTHON, "-m", "pytest", "-n", "2"],
}


def say(text: str) -> None:
    """Writes one line at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def passes(name: str, words: list[str]) -> bool:
    """Runs one step and says how it went; what it printed is shown when it failed."""
    started = time.perf_counter()
    step = subprocess.run(
        words, cwd=CHECKOUT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True, errors="replace", check=False,
    )  # fmt: skip
    lines = step.stdout.strip().splitlines()
    left_out = [line for line in lines if "left out" in line]
    outcome = "; ".join([lines[-1], *left_out]) if lines and name == "tests" else ""
    verdict = "passed" if step.returncode == 0 else "FAILED"
    say(f"{name:<8}{verdict}  {time.perf_counter() - started:5.1f} s  {outcome}".rstrip())
    if step.returncode:
        say("\n".join(f"    {line}" for line in lines))
    return step.returncode == 0


def main() -> int:
    """Runs the steps named on the command line, or all of them."""
    chosen = {name: STEPS[name] for name in sys.argv[1:] or STEPS}
    if "tests" in chosen:
        # Where Python may not keep byte code by itself every process of a test would compile the house again.
        compileall.compile_dir(CHECKOUT / "puffling", quiet=2)
    failed = [name for name, words in chosen.items() if not passes(name, words)]
    say(f"Failed: {', '.join(failed)}" if failed else "Everything holds.")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
