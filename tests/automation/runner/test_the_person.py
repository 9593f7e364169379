"""Whose shares they are: what the person does meanwhile, and what came to nothing."""

from __future__ import annotations

from pathlib import Path

from puffling.automation.runner.activation import deactivate
from puffling.store.database import Unit
from puffling.store.decisions import DecisionState, Fate
from puffling.store.orders import OrderState
from tests.automation.runner.rooms import ACCOUNT, open_room
from tests.automation.runner.test_faults import HOLD, TURNING, orders


async def test_what_the_person_has_is_neither_counted_nor_sold(tmp_path: Path) -> None:
    async with open_room(tmp_path) as room:
        await room.buys("SPY", 30)
        config = await room.activated("macd", parameters=TURNING)
        for _ in range(15):
            await room.close_of_day(config.id)
            await room.open_of_day(config.id)
        made = [order for each in await room.decisions(config.id) for order in each.orders]
        entered = [order for order in made if order.fate is Fate.ENTERED]
        assert {order.leg for order in entered} >= {"grow", "leave"}
        # Selling short would sell what the person has.
        refused = [order for order in made if order.fate is Fate.REFUSED]
        assert refused
        assert all("would trade yours" in order.text for order in refused)
        own = sum(order.quantity * int(order.side.sign) for order in entered)
        holding = await room.read(lambda unit: unit.holdings.find(ACCOUNT, "SPY"))
        assert holding is not None
        assert holding.quantity == 30 + own
        assert own >= 0


async def test_deactivated_between_decision_and_order_nothing_is_ordered(tmp_path: Path) -> None:
    async with open_room(tmp_path) as room:
        config = await room.activated(HOLD)
        await room.close_of_day(config.id)
        await room.run(lambda unit: deactivate(unit, config.id, "It was deactivated before."))
        assert await room.runner.look(config.id) is None
        await room.open_of_day(config.id)
        [made] = await room.decisions(config.id)
        assert (made.state, made.reason) == (DecisionState.SKIPPED, "It was deactivated before.")
        assert await orders(room) == []


async def test_what_the_person_closes_is_not_opened_again_before_it_changes_its_mind(tmp_path: Path) -> None:
    async with open_room(tmp_path) as room:
        config = await room.activated(HOLD)
        await room.close_of_day(config.id)
        await room.open_of_day(config.id)
        [made] = await room.decisions(config.id)
        await room.buys("SPY", -int(made.orders[0].quantity))
        for _ in range(3):
            await room.close_of_day(config.id)
            await room.open_of_day(config.id)
        assert len(await orders(room)) == 2
        holding = await room.read(lambda unit: unit.holdings.find(ACCOUNT, "SPY"))
        assert holding is not None
        assert holding.quantity == 0


async def test_an_order_that_came_to_nothing_is_tried_on_the_next_bar(tmp_path: Path) -> None:
    async with open_room(tmp_path) as room:
        config = await room.activated(HOLD)
        await room.close_of_day(config.id)
        room.clock.set(room.calendar.next_open(room.clock.now()))
        await room.look_after()
        await room.runner.look(config.id)
        [intent] = await room.desk.intents(ACCOUNT)
        await room.desk.cancel(intent.id)
        await room.close_of_day(config.id)
        await room.open_of_day(config.id)
        first, second = await room.decisions(config.id)
        assert (first.aims[0].before, second.aims[0].before) == (0.0, None)
        assert [order.fate for order in second.orders] == [Fate.ENTERED]
        assert (await room.desk.intents(ACCOUNT))[0].state is OrderState.FILLED


async def test_another_version_than_was_activated_is_switched_off(tmp_path: Path) -> None:
    async with open_room(tmp_path) as room:
        config = await room.activated(HOLD)

        def change(unit: Unit) -> None:
            unit.strategies.set_mode(config.id, "manual")
            unit.strategies.change(
                config.id, name="Mine", strategy=HOLD, parameters={}, symbols=("AMZN",), interval="1d"
            )
            unit.strategies.set_mode(config.id, "auto-trade")

        await room.run(change)
        assert await room.runner.look(config.id) is None
        assert not await room.is_active(config.id)
        assert any("changed since it was activated" in each for each in await room.told())
