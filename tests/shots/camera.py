"""One run of the real window on a clock that stands still, photographed part by part."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import QApplication
from qasync import QEventLoop

from puffling.core.core import Core
from puffling.desktop.crash import CrashDesk
from puffling.desktop.snapshot import Snapshot
from puffling.desktop.theme import Appearance, Scheme, look
from puffling.desktop.window import Window
from puffling.desktop.workspaces import WORKSPACES
from puffling.runtime.clock import FixedClock
from puffling.runtime.paths import Paths

# A Friday afternoon in New York with the market open.
MOMENT = datetime(2026, 3, 6, 19, 30, tzinfo=UTC)
PANEL_SIZE = (720, 460)
LONGEST_WAIT_SECONDS = 20.0
SETTLING_SECONDS = 0.6


async def photograph(out: Path, size_name: str, size: tuple[int, int], names: list[str]) -> None:
    """Opens the house, takes every picture that was asked for, and closes it again."""
    with tempfile.TemporaryDirectory(prefix="puffling-shots-") as folder:
        paths = Paths.under(Path(folder))
        core = await Core.open(paths, clock=FixedClock(MOMENT), environment={})
        window = Window(Snapshot(), CrashDesk(paths.logs))
        window.resize(*size)
        window.show()
        live = asyncio.Event()
        window.became_live.connect(live.set)
        window.connect_core(core)
        await asyncio.wait_for(live.wait(), LONGEST_WAIT_SECONDS)
        for scheme in (Scheme.LIGHT, Scheme.DARK):
            look().wear(Appearance(scheme=scheme))
            for workspace in WORKSPACES:
                if not names or workspace.id in names:
                    window.open_workspace(workspace.id)
                    window.resize(*size)
                    await take(window.grab, out / f"workspace-{workspace.id}-{scheme.value}-{size_name}.png")
            for panel_id, dock in window.docks.items():
                if not names or panel_id in names:
                    window.show_panel(panel_id)
                    dock.setFloating(True)
                    dock.resize(*PANEL_SIZE)
                    await take(dock.grab, out / f"panel-{panel_id}-{scheme.value}-{size_name}.png")
                    dock.setFloating(False)
        await window.disconnect_core()
        await window.session.dispatch.close()
        await core.close()
        window.let_close()


async def take(grab: Callable[[], QPixmap], file: Path) -> None:
    """Waits until what is shown has settled and keeps a picture of it."""
    await asyncio.sleep(SETTLING_SECONDS)
    grab().save(str(file))
    sys.stdout.write(f"{file}\n")


def main() -> None:
    """Runs on the window's own kind of loop."""
    out, size_name, size, *names = sys.argv[1:]
    width, _, height = size.partition("x")
    application = QApplication(["puffling"])
    application.setQuitOnLastWindowClosed(False)
    with asyncio.Runner(loop_factory=lambda: QEventLoop(application)) as runner:
        runner.run(photograph(Path(out), size_name, (int(width), int(height)), names))


if __name__ == "__main__":
    main()
