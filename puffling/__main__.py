"""One command: it chooses a face, and turns what goes wrong into a line and an exit code."""

from __future__ import annotations

import gc
import multiprocessing
import os
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from puffling.core.core import Core
    from puffling.desktop.application import Companion
    from puffling.runtime.errors import PufflingError
    from puffling.runtime.paths import Paths

EXIT_BUG = 70
EXIT_INTERRUPTED = 130
EXIT_NOBODY_READS = 141

_MATRIX_THREADS = "OPENBLAS_NUM_THREADS"


def main(words: Sequence[str] | None = None) -> int:
    """Do what the words ask for and give the exit code."""
    multiprocessing.freeze_support()
    words = list(sys.argv[1:] if words is None else words)
    if words[:1] == ["--compute-child"]:
        # A frozen program has no other interpreter than itself to compute in.
        from puffling.runtime.child import main as compute

        compute(*words[1:])
    if words[:1] in (["--version"], ["-V"]):
        from puffling import __version__

        sys.stdout.write(f"puffling {__version__}\n")
        return 0
    for stream in (sys.stdout, sys.stderr):
        # A terminal that cannot show a sign shows another one; it is no reason to fail.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    from puffling.runtime.errors import PufflingError

    try:
        return _face(words)
    except PufflingError as error:
        return _told(error)
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        # Whoever read the answer has seen enough; Python would complain once more at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_NOBODY_READS
    except Exception as bug:  # noqa: BLE001  the edge: nobody ever reads a traceback
        return _logged(bug)


def _face(words: list[str]) -> int:
    from puffling.runtime.paths import Paths
    from puffling.settings.bootstrap import locate

    paths = Paths.discover()
    if words[:1] not in (["doctor"], ["halt"]):
        # These two work when the file that says where the data is does not.
        paths = locate(paths, os.environ).paths
    if not words:
        return _window(paths)
    if words[0] == "serve":
        from puffling.server.main import main as serve

        return serve(paths, words[1:])
    from puffling.cli.main import main as terminal

    return terminal(paths, words)


def _window(paths: Paths) -> int:
    from puffling.runtime.errors import Unavailable
    from puffling.runtime.text import tr

    platform = os.environ.get("QT_QPA_PLATFORM", "").partition(":")[0]
    screen = os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    if sys.platform.startswith("linux") and not screen and platform in {"", "xcb", "wayland"}:
        raise Unavailable(
            tr("There is no display to open a window on."),
            hint=tr("Use the terminal (puffling help), or serve HTTP (puffling serve)."),
        )
    return open_window(paths, companions=[_serve_beside])


def open_window(
    paths: Paths, *, reached: Callable[[str], None] = lambda _: None, companions: Sequence[Companion] = ()
) -> int:
    """Load the window, without what would only slow that down, and show it until the person closes it."""
    from puffling.runtime.errors import Unavailable
    from puffling.runtime.text import tr

    # A start makes things that stay: looking through them for rubbish would take a tenth of its time. The
    # window collects again once its first content is there.
    gc.disable()
    # Threads for matrices larger than any in a window; each would take a core while it waits for the first.
    # Processes that compute have theirs.
    ours = not os.environ.get(_MATRIX_THREADS)
    if ours:
        os.environ[_MATRIX_THREADS] = "1"
    try:
        from puffling.desktop.application import main as window
    except ImportError as error:
        raise Unavailable(
            tr("The window cannot be opened: {reason}.", reason=str(error).rstrip(".")),
            hint=tr("puffling doctor says what is missing. The terminal works without it: puffling help"),
        ) from error
    finally:
        if ours:
            del os.environ[_MATRIX_THREADS]
    return window(paths, ["puffling"], reached=reached, companions=companions)


async def _serve_beside(core: Core) -> None:
    from puffling.server.beside import serve_beside

    await serve_beside(core)


def _told(error: PufflingError) -> int:
    sys.stderr.write(f"{_on_lines(error.message)}\n")
    if error.hint:
        sys.stderr.write(f"  {_on_lines(error.hint)}\n")
    return error.exit_code


def _on_lines(text: str) -> str:
    return "".join(sign if sign.isprintable() or sign == "\n" else "\ufffd" for sign in text)


def _logged(bug: Exception) -> int:
    import logging

    from puffling.runtime.errors import PufflingError
    from puffling.runtime.log import Log
    from puffling.runtime.paths import Paths
    from puffling.runtime.text import tr

    place = ""
    try:
        paths = Paths.discover()
        paths.prepare()
        with Log(paths.logs, terminal=None):
            logging.getLogger("puffling").critical("The command failed", exc_info=bug)
        place = tr(" The log in {folder} has the details.", folder=paths.logs)
    except (OSError, PufflingError):
        # Without a log there is still the line below.
        pass
    sys.stderr.write(
        tr("Something went wrong inside Puffling ({kind}).", kind=type(bug).__name__) + f"{place}\n"
    )
    return EXIT_BUG


if __name__ == "__main__":
    sys.exit(main())
