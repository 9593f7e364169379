"""`puffling halt`: the switch first, and only then a word to whoever is running."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence

from puffling.cli.arguments import Parser
from puffling.cli.output import clean
from puffling.cli.verbs import complain, say
from puffling.core.attach import attach
from puffling.core.emergency import press_halt
from puffling.runtime.errors import PufflingError
from puffling.runtime.paths import Paths
from puffling.runtime.text import tr

_PATIENCE_SECONDS = 1.0


def halt(paths: Paths, words: Sequence[str]) -> int:
    """Halt trading, whatever state Puffling is in."""
    parser = Parser(
        prog="puffling halt", description=tr("Let no order leave from now on."), allow_abbrev=False
    )
    parser.add_argument("reason", nargs="*", help=tr("Why, in your own words."))
    parser.add_argument("--json", action="store_true", help=tr("Print the answer as JSON."))
    found = parser.parse_args(list(words))
    reason = " ".join(found.reason)[:200]
    standing = press_halt(paths, reason)
    told = False
    try:
        told = asyncio.run(_tell_the_owner(paths, reason))
    except PufflingError as error:
        # The switch is pressed; that the owner cannot be told now changes nothing about it.
        complain(error)
    if found.json:
        say(
            json.dumps(
                {"trading": "HALTED", "reason": standing.reason, "owner_told": told}, ensure_ascii=False
            )
        )
    else:
        say(tr("Trading is halted: {reason}", reason=clean(standing.reason)))
        say(tr("Only you can lift it, with: puffling resume"))
    return 0


async def _tell_the_owner(paths: Paths, reason: str) -> bool:
    attached = await attach(paths, patience_seconds=_PATIENCE_SECONDS)
    if attached is None:
        return False
    async with asyncio.timeout(_PATIENCE_SECONDS):
        await attached.halt(reason)
    return True
