"""Renders workspaces and panels, light and dark, small and 4K, on a fixed clock with the demo market."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
PICTURE = CHECKOUT / "resources" / "screenshots" / "window.png"
# By name what Qt multiplies by, and the logical size; the least is looked at when it is asked for.
SIZES = {"small": ("1", "1280x800"), "4k": ("2", "1920x1080"), "least": ("1", "1024x700")}
USUAL = ("small", "4k")


def main() -> int:
    """Renders one size after the other, each in a process of its own, because Qt reads its scale once."""
    parser = argparse.ArgumentParser(prog="python -m tests.shots")
    parser.add_argument("names", nargs="*", help="workspaces and panels; all when empty")
    parser.add_argument("--out", type=Path, default=CHECKOUT / ".shots", help="where the pictures go")
    parser.add_argument("--readme", action="store_true", help="also renew the picture in the README")
    parser.add_argument("--sizes", nargs="+", choices=SIZES, default=USUAL, help="which sizes to take")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    for name in options.sizes:
        scale, size = SIZES[name]
        subprocess.run(
            [sys.executable, "-m", "tests.shots.camera", str(options.out), name, size, *options.names],
            cwd=CHECKOUT, check=True,
            env={**os.environ, "QT_QPA_PLATFORM": "offscreen", "QT_SCALE_FACTOR": scale},
        )  # fmt: skip
    if options.readme:
        PICTURE.parent.mkdir(exist_ok=True)
        PICTURE.write_bytes((options.out / "workspace-trade-dark-small.png").read_bytes())
    return 0


if __name__ == "__main__":
    sys.exit(main())
