"""What became of an order for the day is told late: it is not sent again before that is known."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

from puffling.puffin.backtest.fills import Candle
from puffling.puffin.broker.base import BrokerError, BrokerUpdate
from puffling.puffin.broker.paper import PaperBroker
from puffling.runtime.clock import FixedClock
from puffling.store.decisions import DecisionState
from puffling.store.orders import OrderState
from tests.automation.runner.rooms import (
    ACCOUNT,
    COMMISSION,
    MONDAY,
    SLIPPAGE,
    open_room,
    paper_broker,
)
from tests.automation.runner.test_own_orders import trusted

R = TypeVar("R")

# Buys a little lower for the day whenever it holds nothing and nothing waits.
DAILY = """from puffling.puffin.backtest.orders import Ticket
from puffling.puffin.orders import Kind, Lasting, Side


class Daily:
    def on_bar(self, view):
        symbol, = view.symbols
        if not view.position(symbol) and not view.waiting:
            price = 0.9 * view.close(symbol)
            view.send(Ticket(symbol, Side.BUY, 10.0, Kind.LIMIT, limit=price, lasting=Lasting.DAY))
"""


class Unheard(PaperBroker):
    """A broker that tells no news, and at times cannot be reached."""

    gone = False

    def listen(self, hear: Callable[[BrokerUpdate], None]) -> Callable[[], None]:
        """Tell nothing."""
        return lambda: None

    def _answer(self, ask: Callable[[], R]) -> R:
        if self.gone:
            raise BrokerError("The line is down")
        return super()._answer(ask)


async def test_an_order_for_the_day_whose_fill_is_told_late_is_not_sent_again(tmp_path: Path) -> None:
    clock = FixedClock(MONDAY)
    broker = paper_broker(clock, 100_000, (SLIPPAGE, COMMISSION), tmp_path / "broker.json", Unheard)
    assert isinstance(broker, Unheard)
    async with open_room(tmp_path, clock=clock, broker=broker) as room:
        code = await trusted(room, DAILY, "daily")
        config = await room.activated("own:daily", ("AMZN",), code=code)
        await room.close_of_day(config.id)
        room.clock.set(room.calendar.next_open(room.clock.now()))
        await room.look_after()
        await room.runner.look(config.id)
        [intent] = await room.desk.intents(ACCOUNT)
        assert intent.state is OrderState.ACKED
        assert intent.terms.limit is not None
        broker.gone = True
        price = float(intent.terms.limit) * 0.99
        candle = Candle(price, price, price, price, 1e6)
        broker.on_bars({"AMZN": candle}, room.clock.now(), until=room.clock.now())
        # The day is over, and nobody has heard of the fill.
        await room.close_of_day(config.id)
        [_, made] = await room.decisions(config.id)
        assert (made.state, made.orders) == (DecisionState.WITHHELD, ())
        assert "not known yet" in made.reason
        broker.gone = False
        room.clock.set(room.clock.now() + timedelta(minutes=1))
        await room.look_after()
        await room.runner.look(config.id)
        room.clock.set(room.calendar.next_open(room.clock.now()))
        await room.look_after()
        await room.runner.look(config.id)
        [_, made] = await room.decisions(config.id)
        assert (made.state, made.orders) == (DecisionState.DONE, ())
        assert [each.id for each in await room.desk.intents(ACCOUNT)] == [intent.id]
        assert broker.held("AMZN") == 10
