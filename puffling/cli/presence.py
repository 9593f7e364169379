"""What only a person at this terminal can give: a typed code, a secret."""

from __future__ import annotations

import contextlib
import getpass
import secrets
import signal
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from puffling.cli.arguments import Argument
from puffling.cli.output import clean
from puffling.runtime.errors import InvalidInput, Refused, Stopped
from puffling.runtime.text import tr

_CODE_SIGNS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
_CODE_LENGTH = 4
_LONGEST_SECRET = 10_000


def confirm(title: str) -> None:
    """Return when the person at the controlling terminal has typed a fresh code; nothing piped in counts."""
    code = "".join(secrets.choice(_CODE_SIGNS) for _ in range(_CODE_LENGTH))
    question = tr("{title}: only you may do this. Type {code} to go on: ", title=clean(title), code=code)
    with _stoppable():
        typed = _asked_at_terminal(question)
    if typed is None:
        raise Refused(
            tr("{title} is for the person at the machine only.", title=title),
            hint=tr("Do it in the window, or in a terminal that you can type in."),
        )
    if typed.strip().upper() != code:
        raise Stopped(tr("The code was not typed. Nothing was done."), hint=tr("Try again if you meant to."))


def agreed(shown: str) -> bool:
    """Show what would be done and tell whether to do it; False where nobody sits at a terminal."""
    with _stoppable():
        typed = _asked_at_terminal(f"{shown}\n\n" + tr("Do it? Type yes to go on: "))
    if typed is None:
        return False
    if typed.strip().casefold() != tr("yes"):
        raise Stopped(tr("Nothing was done."), hint=tr("Call it again and type yes if you meant to."))
    return True


def _asked_at_terminal(question: str) -> str | None:
    reading, writing = ("CONIN$", "CONOUT$") if sys.platform == "win32" else ("/dev/tty", "/dev/tty")
    with contextlib.ExitStack() as opened:
        try:
            writer = opened.enter_context(Path(writing).open("w", encoding="utf-8"))
            reader = opened.enter_context(Path(reading).open(encoding="utf-8"))
        except OSError:
            return None
        writer.write(question)
        writer.flush()
        return reader.readline()


def ask_secrets(wanted: Sequence[Argument]) -> dict[str, Any]:
    """Ask for each secret without showing it, or read one line for each from what is piped in."""
    with _stoppable():
        return {argument.name: _secret(argument) for argument in wanted}


@contextlib.contextmanager
def _stoppable() -> Iterator[None]:
    """Let Ctrl-C end the question: asyncio would only mark the task that is stuck in it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _secret(argument: Argument) -> str:
    if sys.stdin is None:
        text = ""
    elif not sys.stdin.isatty():
        text = sys.stdin.readline(_LONGEST_SECRET).rstrip("\r\n")
    else:
        text = getpass.getpass(f"{argument.help.rstrip('.') or argument.name}: ")
    if not text:
        raise InvalidInput(
            tr("{field} is missing.", field=argument.name),
            field=argument.name,
            hint=tr("Type it when asked, or pipe it in; it never stands on the command line."),
        )
    return text
