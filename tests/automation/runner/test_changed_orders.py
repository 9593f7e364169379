"""An order of a strategy's own that a person changed: what was filled of it counts once."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

from puffling.automation.runner.standing import find_placed
from puffling.puffin.backtest.heard import key_of
from puffling.puffin.data.instants import to_us
from puffling.store.database import Unit
from puffling.store.orders import Fill, OrderState
from puffling.trading.proposals import replacement_of
from tests.automation.runner.rooms import ACCOUNT, open_room
from tests.automation.runner.test_own_orders import one_day, trusted
from tests.automation.runner.test_own_orders_kept import PATIENT

FOUR = Decimal(4)


async def test_what_was_filled_before_a_change_counts_once_where_the_new_order_begins_with_it(
    tmp_path: Path,
) -> None:
    async with open_room(tmp_path) as room:
        code = await trusted(room, PATIENT, "patient")
        config = await room.activated("own:patient", ("AMZN",), code=code)
        await one_day(room, config.id, ("AMZN",))
        [intent] = await room.desk.intents(ACCOUNT)
        [made] = await room.decisions(config.id)

        def changed(unit: Unit) -> None:
            [row] = unit.orders.of_intent(intent.id)
            now = room.clock.now()
            unit.fills.add(
                Fill(row.broker_order_id, "x1", ACCOUNT, row.mode, row.symbol, row.side, FOUR, Decimal(100),
                     Decimal(0), now, now, order_id=row.id)
            )  # fmt: skip
            unit.orders.put(replace(row, state=OrderState.REPLACED, filled=FOUR))
            unit.intents.put(replace(intent, state=OrderState.REPLACED))
            new = replace(
                intent, id="new", client_id="pf1-p-new", slot_id="new", leg=replacement_of(intent.id),
                parent_id=intent.id, broker_order_id="o-new", state=OrderState.PARTIAL,
            )  # fmt: skip
            unit.intents.add(new)
            unit.orders.put(
                replace(row, id="row-new", broker_order_id="o-new", client_id=new.client_id, intent_id="new",
                        replaces=row.broker_order_id, filled=FOUR, state=OrderState.PARTIAL)
            )  # fmt: skip

        await room.run(changed)
        key = key_of(to_us(made.slot_at), made.orders[0].number)
        placed = await room.read(lambda unit: find_placed(unit, config.id, key))
        assert placed is not None
        assert (placed.filled, placed.remaining) == (FOUR, Decimal(6))
