"""`puffling halt`: the switch first, and only then a word to whoever is running."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Sequence
from typing import Any

from puffling.cli.arguments import Parser
from puffling.cli.output import clean
from puffling.cli.verbs import complain, complain_in_words, say
from puffling.core.attach import attach
from puffling.core.emergency import press_halt
from puffling.runtime.errors import PufflingError, StorageFailed
from puffling.runtime.paths import Paths
from puffling.runtime.text import tr
from puffling.settings.bootstrap import conceivable, locate

_PATIENCE_SECONDS = 1.0
# Brokers may be slow; by then nothing new leaves any more.
_CANCEL_PATIENCE_SECONDS = 60.0


def halt(paths: Paths, words: Sequence[str]) -> int:
    """Halt trading, whatever state Puffling is in."""
    parser = Parser(
        prog="puffling halt", description=tr("Let no order leave from now on."), allow_abbrev=False
    )
    parser.add_argument("reason", nargs="*", help=tr("Why, in your own words."))
    parser.add_argument("--keep-orders", action="store_true", help=tr("Leave open orders as they are."))
    parser.add_argument("--json", action="store_true", help=tr("Print the answer as JSON."))
    found = parser.parse_args(list(words))
    reason = " ".join(found.reason)[:200]
    places, unclear = _places(paths)
    pressed = {place: standing for place in places if (standing := _press(place, reason))}
    told = [place for place in places if _told(place, reason)]
    halted = [place for place in places if place in pressed or place in told]
    if not halted:
        return StorageFailed.exit_code
    why = next(iter(pressed.values()), reason or tr("Halted by hand."))
    folders = [str(place.data) for place in halted]
    if found.json:
        cancelled = {} if found.keep_orders else _cancelled(told, reason)
        answer = {"trading": "HALTED", "reason": why, "owner_told": bool(told), **cancelled}
        say(json.dumps(answer | ({"folders": folders} if unclear else {}), ensure_ascii=False))
    else:
        say(tr("Trading is halted: {reason}", reason=clean(why)))
        for folder in folders if unclear else ():
            say(tr("Halted there: {folder}", folder=clean(folder)))
        say(tr("Only you can lift it, with: puffling resume"))
        if not found.keep_orders:
            _say_cancelled(_cancelled(told, reason))
    if unclear is None or any(_has_records(place) for place in halted):
        return 0
    complain_in_words(
        tr("No records were found there."),
        tr("If yours are elsewhere, make an empty file called HALT in their folder: it halts trading."),
    )
    return unclear.exit_code


def _places(paths: Paths) -> tuple[tuple[Paths, ...], PufflingError | None]:
    """Give where to halt, and what speaks against being sure of that."""
    try:
        return (locate(paths, os.environ).paths,), None
    except PufflingError as error:
        complain(error)
        return conceivable(paths), error


def _press(place: Paths, reason: str) -> str:
    """Press the switch and give the reason that stands; none when it could not be pressed."""
    try:
        return press_halt(place, reason).reason
    except PufflingError as error:
        complain(error)
        return ""


def _told(place: Paths, reason: str) -> bool:
    try:
        return asyncio.run(_tell_the_owner(place, reason))
    except PufflingError as error:
        # The switch is pressed; that the owner cannot be told now changes nothing about it.
        complain(error)
    except TimeoutError:
        complain_in_words(
            tr("Puffling does not answer, so it could not be told."), tr("No order leaves all the same.")
        )
    return False


def _cancelled(told: Sequence[Paths], reason: str) -> dict[str, Any]:
    """Let whoever is running cancel what is open; give how many were, and which could not be."""
    report: dict[str, Any] = {}
    for place in told:
        try:
            report = asyncio.run(_cancel_through_the_owner(place, reason))
        except PufflingError as error:
            complain(error)
        except TimeoutError:
            complain_in_words(
                tr("Whether all open orders were cancelled is not known yet."), tr("Look at your orders.")
            )
    return {
        "cancelled": report.get("cancelled", 0),
        "not_cancelled": [f"{each['title']}: {each['reason']}" for each in report.get("failed", ())],
    }


def _say_cancelled(report: dict[str, Any]) -> None:
    if report["cancelled"]:
        say(tr("Open orders cancelled: {count}", count=report["cancelled"]))
    for each in report["not_cancelled"]:
        say(tr("Not cancelled: {order}", order=clean(each)))


def _has_records(place: Paths) -> bool:
    # A folder that lets nobody in is no reason to fail now, as a Path would.
    return any(os.path.exists(place.data / name) for name in ("puffling.db", "puffling.lock"))  # noqa: PTH110


async def _tell_the_owner(paths: Paths, reason: str) -> bool:
    attached = await attach(paths, patience_seconds=_PATIENCE_SECONDS)
    if attached is None:
        return False
    async with asyncio.timeout(_PATIENCE_SECONDS):
        await attached.halt(reason)
    return True


async def _cancel_through_the_owner(paths: Paths, reason: str) -> dict[str, Any]:
    attached = await attach(paths, patience_seconds=_PATIENCE_SECONDS)
    if attached is None:
        return {}
    async with asyncio.timeout(_CANCEL_PATIENCE_SECONDS):
        report: dict[str, Any] = await attached.halt(reason, cancel_open=True)
    return report
