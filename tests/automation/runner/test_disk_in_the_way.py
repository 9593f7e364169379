"""What the disk did not take at once is no refusal: an order that is written down is the strategy's."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from puffling.runtime.errors import StorageFailed
from puffling.store.database import Unit
from puffling.store.decisions import Fate
from puffling.store.orders import OrderState
from puffling.trading.gate import SafetyGate
from puffling.trading.judging import LiveFacts
from puffling.trading.proposals import Proposal
from puffling.trading.verdicts import Verdict
from tests.automation.runner.rooms import ACCOUNT, RunnerRoom, open_room
from tests.automation.runner.test_own_orders import one_day, trusted
from tests.automation.runner.test_own_orders_kept import PATIENT


@dataclass
class FullOnce:
    """A gate that cannot read what is kept when the order is to be sent, once."""

    gate: SafetyGate
    full: bool = True

    def judge(self, unit: Unit, proposal: Proposal, live: LiveFacts) -> Verdict:
        """Judge as ever."""
        return self.gate.judge(unit, proposal, live)

    def stops(self, unit: Unit, *, shrinks: bool) -> str:
        """Fail the first time."""
        full, self.full = self.full, False
        if full:
            raise StorageFailed("The disk is full")
        return self.gate.stops(unit, shrinks=shrinks)


@pytest.mark.parametrize("days", [1, 3])
async def test_an_order_that_was_written_down_before_the_disk_was_full_is_not_sent_anew(
    tmp_path: Path, days: int
) -> None:
    async with open_room(tmp_path) as room:
        code = await trusted(room, PATIENT, "patient")
        config = await room.activated("own:patient", ("AMZN",), code=code)
        gate = room.parts.gate
        assert isinstance(gate, SafetyGate)
        room.parts.gate = FullOnce(gate)
        for _ in range(days):
            await one_day(room, config.id, ("AMZN",))
            # It goes out as soon as it is found again; a whole day later its time would be over.
            await room.until(lambda: _works(room))
        [intent] = await room.desk.intents(ACCOUNT)
        [made, *_] = await room.decisions(config.id)
        assert [(each.fate, each.intent_id) for each in made.orders] == [(Fate.ENTERED, intent.id)]


async def _works(room: RunnerRoom) -> bool:
    return any(each.state is OrderState.ACKED for each in await room.desk.intents(ACCOUNT))
