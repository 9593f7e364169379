"""`puffling serve`: a core with the server as its only face."""

from __future__ import annotations

import argparse
import asyncio
import gc
import signal
import sys
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from puffling.core.attach import attach
from puffling.core.core import Core, DataInUse
from puffling.core.events import NoticeRaised
from puffling.core.terminal import core_when_free
from puffling.runtime.actor import Actor, Caller, Scope, calling_as
from puffling.runtime.errors import Conflict, InvalidInput
from puffling.runtime.log import Log, watch_for_crashes
from puffling.runtime.paths import Paths
from puffling.runtime.text import tr
from puffling.server.serve import Server


def main(paths: Paths, words: Sequence[str]) -> int:
    """Serve until told to stop, and give the exit code."""
    chosen = _chosen(words)
    with asyncio.Runner() as runner:
        return runner.run(_serve(paths, chosen))


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise InvalidInput(
            tr("{message}.", message=message[:1].upper() + message[1:]), hint=tr("See: puffling serve --help")
        )


def _chosen(words: Sequence[str]) -> argparse.Namespace:
    parser = _Parser(prog="puffling serve", description=tr("Serve HTTP until Ctrl-C."), allow_abbrev=False)
    parser.add_argument("--host", help=tr("Address to listen on. Default: the setting server.host."))
    parser.add_argument("--port", type=int, help=tr("Port to listen on. Default: the setting server.port."))
    parser.add_argument(
        "--allow-network",
        action="store_true",
        help=tr("Let other computers in, on a network that you trust."),
    )
    parser.add_argument(
        "--host-name",
        action="append",
        default=[],
        metavar="NAME",
        help=tr("A name under which it may be called besides localhost; may be repeated."),
    )
    found = parser.parse_args(list(words))
    if found.port is not None and not 0 <= found.port <= 65535:
        parser.error(tr("the port must lie between 0 and 65535"))
    return found


async def _serve(paths: Paths, chosen: argparse.Namespace) -> int:
    stop = asyncio.Event()
    stop_listening = _on_end_of_process(stop.set)
    paths.prepare()
    # The terminal gets plain lines; what a bug has to say stands in the log.
    with Log(paths.logs, terminal=None) as log:
        end_watch = watch_for_crashes(
            lambda _: _say(tr("Something went wrong; the log in {folder} says what.", folder=paths.logs))
        )
        try:
            return await _served(paths, chosen, log, stop)
        finally:
            end_watch()
            stop_listening()


async def _served(paths: Paths, chosen: argparse.Namespace, log: Log, stop: asyncio.Event) -> int:
    try:
        core = await core_when_free(paths, log, "server")
    except DataInUse:
        owner = await attach(paths)
        if owner is None or owner.greeting.role != "window":
            raise
        raise Conflict(
            tr("The window is open and owns your data."),
            hint=tr("It can serve HTTP itself: puffling settings put server.enabled true"),
        ) from None
    for notice in core.notices:
        _tell(notice)
    core.bus.on(NoticeRaised, _tell)
    try:
        settings = core.settings_now.server
        server = Server(
            core,
            host=chosen.host or settings.host,
            port=settings.port if chosen.port is None else chosen.port,
            host_names=(*settings.host_names, *chosen.host_name),
            allow_network=chosen.allow_network or settings.allow_network,
        )
        await server.start()
        try:
            _say(tr("Puffling serves at {address}", address=server.address))
            _say(tr("What it offers: {address}/docs", address=server.address))
            await _first_token(core)
            # What the start has made stays: walking it again would hold up an answer.
            gc.freeze()
            await stop.wait()
        finally:
            await server.close()
    finally:
        await core.close()
    _say(tr("Puffling has stopped serving."))
    return 0


async def _first_token(core: Core) -> None:
    # Whoever starts the server sits at the machine; the token is theirs, and shown this once.
    with calling_as(Caller(Actor.PERSON, core.user, present=True)):
        if await core.access.all():
            return
        made = await core.access.create(tr("First token"), (Scope.READ, Scope.WRITE))
    _say(tr("Access token, shown only now: {token}", token=made.token))
    _say(tr("Send it as the header Authorization: Bearer <token>. It may read and write, and never trade."))


def _tell(notice: NoticeRaised) -> None:
    _say(f"{notice.text} {notice.hint}".rstrip())


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def _on_end_of_process(stop: Callable[[], None]) -> Callable[[], None]:
    signals = (signal.SIGINT, signal.SIGTERM)
    loop = asyncio.get_running_loop()
    before: dict[signal.Signals, Any] = {}
    for each in signals:
        if sys.platform == "win32":
            before[each] = signal.signal(each, lambda *_: loop.call_soon_threadsafe(stop))
        else:
            loop.add_signal_handler(each, stop)

    def restore() -> None:
        for each in signals:
            if sys.platform == "win32":
                signal.signal(each, before[each])
            else:
                loop.remove_signal_handler(each)

    return restore
