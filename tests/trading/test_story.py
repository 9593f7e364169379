"""Why an order happened can be told from the first wish to the last fill, and whoever altered it is found."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

from puffling.puffin.orders import Kind
from puffling.store.orders import OrderState
from puffling.trading import approvals
from tests.fakes.own_broker import OwnBroker
from tests.trading.rooms import LOOSE, open_room


async def test_the_story_of_an_order_goes_from_the_wish_through_every_gate_to_each_fill(home: Path) -> None:
    broker = OwnBroker()
    async with open_room(home, broker, limits={**LOOSE, "trading.approval_above": 100}) as room:
        wish = room.wish(kind=Kind.LIMIT, limit=Decimal(100), source="strategy:momentum")
        asked = await room.desk.place(wish)
        assert asked.approval is not None
        assert broker.submitted == 0
        shown = await room.parts.run(approvals.show, asked.approval.id, Decimal(100))
        await room.parts.run(approvals.give, asked.approval.id, approvals.seal_of(shown), "you")
        placed = await room.desk.place(wish, approval_id=asked.approval.id)
        assert placed.intent is not None
        broker.fill("o1", 2)
        broker.fill("o1", 3)
        await room.until_state(placed.intent.id, OrderState.FILLED)
        changed = await room.desk.story(placed.intent.id)
        titles = [step.title for step in changed.steps]
        assert titles[0] == "Wanted by strategy:momentum"
        assert "Gate: asked you" in titles
        assert titles.count("Filled") == 2
        for outcome in ("asked", "entered", "sending", "accepted", "filled"):
            assert f"Desk: {outcome}" in titles
        assert sum(step.title.startswith("Gate: ") for step in changed.steps) == len(placed.verdict.checks)
        assert len(changed.fills) == 2
        trail = await room.read(lambda unit: unit.audit.verify())
        assert trail.intact
        lines = await room.read(lambda unit: unit.audit.newest(capability="desk.fill"))
        assert [line.details["intent"] for line in lines] == [placed.intent.id] * 2


async def test_the_story_of_a_changed_order_names_the_one_it_stands_for(home: Path) -> None:
    broker = OwnBroker()
    async with open_room(home, broker) as room:
        placed = await room.desk.place(room.wish(kind=Kind.LIMIT, limit=Decimal(100)))
        assert placed.intent is not None
        changed = await room.desk.replace(placed.intent.id, limit=Decimal(99), slot="c", source="person")
        assert changed.intent is not None
        story = await room.desk.story(changed.intent.id)
        assert any(placed.intent.id in step.title for step in story.steps)
        ends = await room.desk.story(placed.intent.id)
        assert "Desk: replacing" in [step.title for step in ends.steps]
