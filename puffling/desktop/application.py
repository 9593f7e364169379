"""The window's process from its first line to its last: paint first, open the core after, close in order."""

from __future__ import annotations

import asyncio
import gc
import logging
import signal
import sys
from collections.abc import Callable, Coroutine, Sequence
from typing import TYPE_CHECKING, Any

import PySide6
from PySide6.QtCore import QCoreApplication, QEvent, QTimer
from PySide6.QtWidgets import QApplication
from qasync import QEventLoop

from puffling.desktop.crash import CrashDesk
from puffling.desktop.icons import application_icon
from puffling.desktop.snapshot import FILE_NAME, Kept, Snapshot
from puffling.desktop.theme import Appearance, Density, Scheme, look
from puffling.desktop.window import Window
from puffling.runtime.errors import PufflingError, Unavailable
from puffling.runtime.paths import Paths
from puffling.runtime.text import tr

if TYPE_CHECKING:
    from puffling.core.core import Core
    from puffling.runtime.clock import Clock

Milestones = Callable[[str], None]
Companion = Callable[["Core"], Coroutine[Any, Any, None]]

SNAPSHOT_EVERY_SECONDS = 60
LONGEST_START_MILLISECONDS = 10_000

_log = logging.getLogger(__name__)


def main(
    paths: Paths,
    argv: Sequence[str],
    *,
    reached: Milestones = lambda _: None,
    companions: Sequence[Companion] = (),
) -> int:
    """Show the window until the person closes it; `reached` hears "painted", "open", "live" and "closed".

    Companions run on the window's core for as long as it is open, as the server beside it does.
    """
    refuse_broken_qt(PySide6.__version__, sys.version_info[:2])
    application = QApplication(list(argv))
    application.setApplicationName("puffling")
    application.setApplicationDisplayName(tr("Puffling"))
    application.setDesktopFileName("puffling")
    application.setWindowIcon(application_icon())
    # Else closing the last dialog would stop the loop under the core.
    application.setQuitOnLastWindowClosed(False)
    snapshot = Snapshot.load(paths.cache / FILE_NAME)
    look().wear(appearance_of(snapshot.appearance))
    crashes = CrashDesk(paths.logs)
    crashes.catch_strays()
    window = Window(snapshot, crashes)
    crashes.serve(window)
    with asyncio.Runner(loop_factory=lambda: QEventLoop(application)) as runner:
        code = runner.run(Life(paths, window, reached, companions).live())
    # A process that falls off its end with living windows dies in their destructors.
    window.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    application.quit()
    return code


def refuse_broken_qt(qt: str, python: tuple[int, ...]) -> None:
    """Stop before a chart would kill the process: PySide6 6.12 loses references on Python before 3.12."""
    if qt.split(".")[:2] == ["6", "12"] and python < (3, 12):
        raise Unavailable(
            tr("PySide6 {qt} does not work with Python {python}.", qt=qt, python=".".join(map(str, python))),
            hint=tr('Install an earlier one: pip install "pyside6-essentials<6.12"'),
        )


def appearance_of(kept: Kept) -> Appearance:
    """Give the look that was worn last; what cannot be read falls back to the default."""
    blank = Appearance()
    return Appearance(
        scheme=next((each for each in Scheme if each.value == kept.get("scheme")), blank.scheme),
        density=next((each for each in Density if each.value == kept.get("density")), blank.density),
        colour_blind=kept.get("colour_blind") is True,
        reduced_motion=kept.get("reduced_motion") is True,
    )


class Life:
    """One run of the window, from its first paint to its orderly end."""

    def __init__(
        self, paths: Paths, window: Window, reached: Milestones, companions: Sequence[Companion] = ()
    ) -> None:
        self._paths = paths
        self._companions = companions
        self._window = window
        self._reached = reached
        self._core: Core | None = None
        self._opening: asyncio.Task[None] | None = None
        self._painted = asyncio.Event()
        self._closing = asyncio.Event()
        self._exit_code = 0

    async def live(self) -> int:
        """Show, paint, open the core, wait for the person to leave, and put everything away."""
        window = self._window
        asyncio.get_running_loop().set_exception_handler(self._stray)
        window.painted.connect(self._painted.set)
        window.closing.connect(self._closing.set)
        window.became_live.connect(self._live)
        window.became_whole.connect(self._spare_what_is_made)
        window.retry.connect(self._open_soon)
        stop_listening = self._listen_to_signals()
        window.show()
        # Also when something keeps a panel from ever being live.
        QTimer.singleShot(LONGEST_START_MILLISECONDS, window, self._collect_again)
        self._open_soon()
        try:
            await self._closing.wait()
            self._collect_again()
            # A core that is half open cannot be closed: let it finish opening first.
            if self._opening is not None:
                await asyncio.wait([self._opening])
            await self._put_away()
        finally:
            stop_listening()
        return self._exit_code

    async def _open(self) -> None:
        await self._painted.wait()
        self._reached("painted")
        # One more turn, so that the frame reaches the screen before the heavy imports begin.
        await asyncio.sleep(0)
        from puffling.core.core import Core, DataInUse

        try:
            self._core = await Core.open(self._paths, hold_accounts=True)
        except DataInUse as elsewhere:
            await self._raise_the_other(elsewhere)
        except PufflingError as error:
            _log.error("The core did not open: %s", error)
            self._window.show_trouble(error)
        else:
            self._reached("open")
            self._window.connect_core(self._core)
            self._window.session.dispatch.scope.spawn(self._open_accounts(self._core), name="accounts")
            for companion in self._companions:
                self._core.scope.spawn(companion(self._core), name=companion.__name__)
            self._window.session.dispatch.scope.spawn(
                self._keep_snapshots(self._core.clock), name="snapshots"
            )

    async def _open_accounts(self, core: Core) -> None:
        await self._window.session.until_filled()
        await core.open_accounts()

    def _open_soon(self) -> None:
        if self._opening is None or self._opening.done():
            self._opening = self._window.session.dispatch.scope.spawn(self._open(), name="open")

    async def _keep_snapshots(self, clock: Clock) -> None:
        while True:
            await clock.sleep(SNAPSHOT_EVERY_SECONDS)
            self._window.snapshot().save(self._paths.cache / FILE_NAME)

    async def _raise_the_other(self, elsewhere: PufflingError) -> None:
        """Let the window that owns the data come to the front, and leave it the field."""
        from puffling.core.door import attach

        try:
            other = await attach(self._paths)
            if other is None or other.greeting.role != "window":
                # A server or a terminal command has no window to show: say who owns the data instead.
                self._window.show_trouble(elsewhere)
                return
            await other.raise_window()
        except PufflingError as error:
            self._window.show_trouble(error)
            return
        self._closing.set()

    async def _put_away(self) -> None:
        window = self._window
        snapshot = window.snapshot()
        snapshot.save(self._paths.cache / FILE_NAME)
        if self._core is not None:
            await window.disconnect_core()
            await window.session.dispatch.close()
            await self._core.close()
        else:
            await window.session.dispatch.close()
        window.let_close()
        self._reached("closed")

    def _live(self) -> None:
        self._reached("live")
        self._collect_again()

    def _collect_again(self) -> None:
        """Collect rubbish from now on, but never walk what the start has made: that would stop the loop."""
        if not gc.isenabled():
            self._spare_what_is_made()
            gc.enable()

    def _spare_what_is_made(self) -> None:
        gc.freeze()

    def _stray(self, _loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        fault = context.get("exception")
        if isinstance(fault, Exception):
            self._window.crashes.report(fault)
        else:
            _log.error("The loop reports: %s", context.get("message"))

    def _listen_to_signals(self) -> Callable[[], None]:
        signals = (signal.SIGINT, signal.SIGTERM)
        if sys.platform == "win32":
            # Python's handlers run there only between two steps of Python: a heartbeat provides the steps.
            before = {each: signal.signal(each, lambda *_: self._closing.set()) for each in signals}
            heartbeat = QTimer(self._window)
            heartbeat.start(250)

            def stop_heartbeat() -> None:
                heartbeat.stop()
                for each, handler in before.items():
                    signal.signal(each, handler)

            return stop_heartbeat
        loop = asyncio.get_running_loop()
        for each in signals:
            loop.add_signal_handler(each, self._closing.set)

        def stop() -> None:
            for each in signals:
                loop.remove_signal_handler(each)

        return stop
