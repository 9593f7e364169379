"""Serves HTTP beside the window, for as long as the person's settings say so."""

from __future__ import annotations

import asyncio
import importlib
from typing import TYPE_CHECKING

from puffling.core.events import Level
from puffling.runtime.actor import Actor, Caller, calling_as
from puffling.runtime.errors import PufflingError
from puffling.runtime.text import tr
from puffling.settings.model import Server as Choice
from puffling.store.events import SettingChanged

if TYPE_CHECKING:
    from puffling.core.core import Core
    from puffling.server.serve import Server


async def serve_beside(core: Core) -> None:
    """Start, move and stop the server as the settings change, until cancelled."""
    changed = asyncio.Event()
    forget = core.bus.on(SettingChanged, lambda event: changed.set() if _is_ours(event) else None)
    server: Server | None = None
    served = Choice()
    try:
        while True:
            wanted = core.settings_now.server
            if wanted != served:
                if server is not None:
                    await server.close()
                server = await _started(core, wanted) if wanted.enabled else None
                served = wanted
            await changed.wait()
            changed.clear()
    finally:
        forget()
        if server is not None:
            await server.close()


def _is_ours(event: SettingChanged) -> bool:
    return event.key.startswith("server.")


async def _started(core: Core, choice: Choice) -> Server | None:
    # A quarter of a second of imports: in a thread the window goes on meanwhile.
    await core.port.thread(importlib.import_module, "puffling.server.serve")
    from puffling.server.serve import Server

    try:
        server = Server(
            core,
            host=choice.host,
            port=choice.port,
            host_names=choice.host_names,
            allow_network=choice.allow_network,
        )
        await server.start()
    except PufflingError as error:
        core.notify(Level.ERROR, tr("HTTP is not served: {why}", why=error.message), error.hint)
        return None
    with calling_as(Caller(Actor.PERSON, core.user)):
        hint = (
            "" if await core.access.all() else tr("Make an access token in the File menu for whoever calls.")
        )
    core.notify(Level.INFO, tr("Puffling serves at {address}.", address=server.address), hint)
    return server
