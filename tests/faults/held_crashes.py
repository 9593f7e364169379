"""kill -9 at every point of a life with what this computer holds: two ways out, and the exits of a bracket.

A life buys ten, holds its exits here, and goes through the prices that take them: of two ways out some of the
profit and then the stop for the rest, of a bracket the stop for what its entry filled in parts. It is killed
(with signal 9, really) before or after one of its transactions or calls; the next finds what is there, and
in the end nothing is held and exactly ten were sold. `python -m tests.faults.held_crashes` goes through all.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import sys
import tempfile
from contextlib import suppress
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from puffling.puffin.broker.base import OrderStatus
from puffling.puffin.orders import Kind, Side
from puffling.runtime.clock import FixedClock
from puffling.trading.entering import OrderRefused
from puffling.trading.proposals import Proposal
from puffling.trading.states import ENDED
from tests.fakes.own_book import OVER, Row
from tests.fakes.own_broker import OwnBroker
from tests.faults.crashes import Death, MortalBroker, MortalStore, Point, forked, points_of
from tests.trading.cases import NOW
from tests.trading.rooms import MINE, Room, open_room
from tests.trading.test_two_ways_out import SINGLE

KINDS = ("pair", "bracket")
TEN, PROFIT, LOSS = Decimal(10), Decimal(120), Decimal(90)
# A life has done all there is to do long before.
_TURNS = 30
# So that the next life still wants what the one before was killed over.
_HOUR = 3600


class MortalHolder(MortalBroker):
    """One that may be the last thing the process asks to cancel something, too."""

    def cancel_order(self, order_id: str) -> bool:
        with self._call():
            return super().cancel_order(order_id)


async def live(kind: str, folder: Path, point: Point | None, later_seconds: float) -> dict[str, Any]:
    """Buy ten, hold what leads out of them, go through its prices, and give what there is in the end."""
    clock, death = FixedClock(NOW + timedelta(seconds=later_seconds)), Death(point)
    broker = MortalHolder(death, abilities=SINGLE, file=folder / "broker.json", now=clock.now)
    async with open_room(folder / "home", clock=clock, store_type=MortalStore) as room:
        assert isinstance(room.store, MortalStore)
        room.store.death = death
        await room.desk.connect(MINE, broker)
        await room.desk.compared(MINE.id)
        for _ in range(_TURNS):
            for wish in _wishes(room, kind):
                # Whoever wants it asks again, as a job does; and too early at first.
                with suppress(OrderRefused):
                    await room.desk.place(wish)
            clock.advance(2)
            await room.settle()
            waits = bool(await room.read(lambda unit: unit.intents.held()))
            if not _go_on(room, broker, kind, waits=waits):
                break
        room.store.death = None
        await room.settle()
        intents = await room.desk.intents()
        return {
            "sold": str(sum(Decimal(row["filled"]) for row in broker.accepted() if row["side"] == "sell")),
            "held": str(await room.held()),
            "open": [intent.state.value for intent in intents if intent.state not in ENDED],
            "broken": await room.broken(broker),
            "failures": [repr(failure) for failure in room.failures],
            "counts": death.counts,
        }


def _wishes(room: Room, kind: str) -> tuple[Proposal, ...]:
    if kind == "bracket":
        return (room.wish("in", quantity=10, valid_seconds=_HOUR, take_profit=PROFIT, stop_loss=LOSS),)
    ways: dict[str, Any] = {"limit": PROFIT, "stop_loss": LOSS, "one_cancels_other": True}
    out = room.wish("out", quantity=10, side=Side.SELL, kind=Kind.LIMIT, **ways)
    return room.wish("in", quantity=10, valid_seconds=_HOUR), out


def _go_on(room: Room, broker: OwnBroker, kind: str, *, waits: bool) -> bool:
    """Let the market do the next thing; tell whether there is any. No price comes before it is waited for."""
    rows = broker.accepted()
    working = [row for row in rows if OrderStatus(row["status"]) not in OVER]
    if working and (working[0]["limit"] is None or not Decimal(working[0]["filled"])):
        _fill(broker, working[0])
    elif Decimal(broker.book.positions.get("SPY", "0")) or not rows:
        if not waits:
            return True
        sold = any(Decimal(row["filled"]) for row in rows if row["side"] == "sell")
        room.move(float(LOSS if kind == "bracket" or sold else PROFIT))
    else:
        return False
    return True


def _fill(broker: OwnBroker, row: Row) -> None:
    left = Decimal(row["qty"]) - Decimal(row["filled"])
    # In parts, so that what is held here grows and shrinks; of the profit some, and then the price turns.
    broker.fill(row["id"], min(Decimal(4), left))


def judged(last: dict[str, Any]) -> list[str]:
    """Say what is not as it must be, in the end."""
    wrong = [*last["broken"], *(f"failed: {failure}" for failure in last["failures"])]
    if (last["sold"], last["held"], last["open"]) != ("10", "0", []):
        wrong.append(f"{last['sold']} sold, {last['held']} held, still open: {last['open']}")
    return wrong


def carried_out(kind: str, folder: Path, first: int, every: int) -> tuple[int, int, list[str]]:
    """Kill a life at some of its points; give at how many, of how many, and what was wrong after the next."""

    def run(name: str, point: Point | None, later_seconds: float) -> dict[str, Any] | None:
        return forked(lambda: asyncio.run(live(kind, folder / kind / name, point, later_seconds)))

    (folder / kind / "whole").mkdir(parents=True)
    whole = run("whole", None, 0)
    if whole is None or "error" in whole:
        return 0, 0, [f"{kind}: {whole}"]
    wrong = [f"{kind}: {sentence}" for sentence in judged(whole)]
    points = points_of(whole["counts"])
    chosen = points[first::every]
    for number, point in enumerate(chosen):
        name = str(number)
        (folder / kind / name).mkdir()
        if (died := run(name, point, 0)) is not None:
            # It came to its end another way round, before this point.
            wrong += [f"{kind} not killed {point}: {sentence}" for sentence in _of(died)]
            continue
        wrong += [f"{kind} killed {point}: {sentence}" for sentence in _of(run(name, None, 300))]
    return len(chosen), len(points), wrong


def _of(answer: dict[str, Any] | None) -> list[str]:
    if answer is None or "error" in answer:
        return [str(answer)]
    return judged(answer)


def main() -> int:
    """Carry out every point, or every so-and-so-manieth."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.held_crashes", description=__doc__)
    parser.add_argument("--kind", choices=KINDS, action="append", help="only this one")
    parser.add_argument("--every", type=int, default=1, help="only one of so many points")
    parser.add_argument("--first", type=int, default=0, help="the number of the first")
    wanted = parser.parse_args()
    failed = 0
    with tempfile.TemporaryDirectory(prefix="puffling-held-") as name:
        folder = Path(name)
        # What a life loads only when it needs it is there in every fork then; no thread of it is left.
        (folder / "rehearsal").mkdir()
        asyncio.run(live("pair", folder / "rehearsal", None, 0))
        gc.collect()
        gc.freeze()
        for kind in wanted.kind or KINDS:
            count, whole, wrong = carried_out(kind, folder, wanted.first, wanted.every)
            failed += len(wrong)
            sys.stdout.write("".join(f"{sentence}\n" for sentence in wrong))
            sys.stdout.write(f"{kind}: killed at {count} of {whole} points, {len(wrong)} things wrong\n")
            sys.stdout.flush()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
