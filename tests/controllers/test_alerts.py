"""Alerts: each crossing is told once, through restarts too, and never by a price that tells nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest

from puffling.automation.alerts.conditions import PriceCrosses, PriceMoves
from puffling.automation.alerts.values import AlertState, Way
from puffling.core.core import Core
from puffling.market.events import PricesMoved
from puffling.market.values import Price, Quality, SessionState
from puffling.puffin.data.instants import to_us
from puffling.runtime.actor import Actor, Caller, UserId, calling_as
from puffling.runtime.clock import FixedClock
from puffling.runtime.errors import InvalidInput, NotFound, Refused
from puffling.runtime.paths import Paths
from puffling.runtime.streams import Topics
from puffling.store.events import AlertRaised, AlertsChanged
from puffling.store.values import AlertNote
from tests.fakes.alpaca_data import KEY, SECRET, AlpacaData
from tests.fakes.local_server import serving
from tests.fixtures.cores import PERSON

pytestmark = pytest.mark.usefixtures("as_person")


@asynccontextmanager
async def opened(paths: Paths, clock: FixedClock) -> AsyncIterator[Core]:
    """A core of one life."""
    core = await Core.open(paths, clock=clock, environment={})
    try:
        with calling_as(PERSON):
            yield core
    finally:
        await core.close()


async def until(happened: Callable[[], bool]) -> None:
    """Come back when it has happened."""
    async with asyncio.timeout(20):
        while not happened():  # noqa: ASYNC110  nobody tells when something was taken up
            await asyncio.sleep(0.005)


async def settle(core: Core) -> None:
    """Come back when everything that is under way has been written."""
    for _ in range(5):
        await core.store.read(core.user, lambda unit: unit.alerts.all())
        await asyncio.sleep(0)


def tell(core: Core, price: float, **changes: Any) -> None:
    """Let the market tell a price of now, as the demo market does."""
    close = core.market.price("SPY").previous_close
    values: dict[str, Any] = {
        "symbol": "SPY", "price": price, "time_us": to_us(core.clock.now()), "session": SessionState.OPEN,
        "previous_close": close, "day_open": close, "day_high": price, "day_low": price, "day_volume": 1.0,
        "source": "demo", "label": "Demo data", "quality": Quality.DEMO,
    }  # fmt: skip
    core.bus.publish(PricesMoved({"SPY": Price(**{**values, **changes})}))


def heard(core: Core) -> list[AlertNote]:
    """What is raised from now on."""
    notes: list[AlertNote] = []
    core.bus.on(AlertRaised, lambda event: notes.append(event.note))
    return notes


def last(core: Core, symbol: str = "SPY") -> float:
    """The price that stands."""
    return core.market.price(symbol).price


async def above(core: Core, *, once: bool = False, pause: int = 0) -> tuple[str, float]:
    """An alert on a rise by one percent; its id and its level."""
    level = round(last(core) * 1.01, 2)
    condition = PriceCrosses(symbol="SPY", level=level, way=Way.ABOVE, once=once)
    line = await core.alerts.create(condition, cooldown_seconds=pause)
    await settle(core)
    return line.id, level


async def test_a_crossing_is_told_once_and_kept(core: Core) -> None:
    notes = heard(core)
    id, level = await above(core)
    for price in (level - 1, level + 1, level + 2, level):
        tell(core, price)
    await until(lambda: len(notes) == 1)
    await settle(core)
    assert [note.alert for note in notes] == [id]
    assert notes[0].message.startswith(f"SPY rose to {level + 1:.2f}")
    assert notes[0].message.endswith("on demo prices")
    assert await core.alerts.history() == tuple(notes)
    line = await core.alerts.show(id)
    assert line.last_raised_at == core.clock.now()


async def test_it_is_told_again_on_the_next_crossing_or_never_when_once_was_asked(core: Core) -> None:
    notes = heard(core)
    _, level = await above(core)
    single, _ = await above(core, once=True)
    for price in (level + 1, level - 1, level + 1):
        tell(core, price)
    await until(lambda: len(notes) == 3)
    await settle(core)
    assert [note.alert for note in notes].count(single) == 1
    assert (await core.alerts.show(single)).state is AlertState.DONE


async def test_while_a_pause_lasts_it_stays_silent(core: Core, clock: FixedClock) -> None:
    notes = heard(core)
    _, level = await above(core, pause=60)
    for price in (level + 1, level - 1, level + 1):
        tell(core, price)
    await settle(core)
    assert len(notes) == 1
    clock.advance(61)
    tell(core, level - 1)
    tell(core, level + 1)
    await until(lambda: len(notes) == 2)


async def test_a_crossing_while_the_program_was_closed_is_told_when_it_opens(
    paths: Paths, clock: FixedClock
) -> None:
    async with opened(paths, clock) as core:
        _, level = await above(core)
    async with opened(paths, clock) as core:
        notes = heard(core)
        await settle(core)
        tell(core, level + 1)
        await until(lambda: len(notes) == 1)
    async with opened(paths, clock) as core:
        notes = heard(core)
        await settle(core)
        assert notes == []
        assert len(await core.alerts.history()) == 1


async def test_the_side_a_price_went_back_to_survives_a_restart(paths: Paths, clock: FixedClock) -> None:
    async with opened(paths, clock) as core:
        notes = heard(core)
        id, level = await above(core)
        tell(core, level + 1)
        await until(lambda: len(notes) == 1)
        await settle(core)
        tell(core, level - 1)

        async def kept() -> bool:
            alert = await core.store.read(core.user, lambda unit: unit.alerts.get(id))
            return bool(alert.memory["side"] == "below")

        async with asyncio.timeout(20):
            while not await kept():
                clock.advance(1)
                await asyncio.sleep(0)
    async with opened(paths, clock) as core:
        notes = heard(core)
        await settle(core)
        tell(core, level + 1)
        await until(lambda: len(notes) == 1)


@pytest.mark.parametrize(
    "changes",
    [
        {"quality": Quality.REALTIME},
        {"quality": Quality.SAMPLE},
        {"quality": Quality.END_OF_DAY},
        {"session": SessionState.PRE},
        {"session": SessionState.CLOSED},
        {"time_us": 0},
    ],
)
async def test_a_price_that_tells_nothing_raises_nothing(core: Core, changes: dict[str, Any]) -> None:
    notes = heard(core)
    _, level = await above(core)
    if "time_us" in changes:
        changes = {"time_us": to_us(core.clock.now() - timedelta(seconds=61))}
    tell(core, level + 1, **changes)
    await settle(core)
    assert notes == []
    tell(core, level + 1)
    await until(lambda: len(notes) == 1)


async def test_made_up_prices_raise_nothing_that_was_made_on_real_ones(core: Core) -> None:
    notes = heard(core)
    condition = PriceCrosses(symbol="SPY", level=last(core) * 1.01, way=Way.ABOVE)
    await core.store.run(
        core.user,
        lambda unit: unit.alerts.add(
            name="", kind="price", condition=condition.plain(), memory={"side": "below", "made_up": False}
        ),
    )
    await settle(core)
    [line] = await core.alerts.all()
    assert line.state is AlertState.OTHER_PRICES
    tell(core, condition.level + 1)
    await settle(core)
    assert notes == []
    tell(core, condition.level + 1, quality=Quality.REALTIME)
    await until(lambda: len(notes) == 1)
    assert "demo" not in notes[0].message


async def test_a_move_in_a_day_is_told_once_a_day(core: Core, clock: FixedClock) -> None:
    notes = heard(core)
    close = core.market.price("SPY").previous_close
    await core.alerts.move("SPY", 7)
    await settle(core)
    for share in (1.06, 1.08, 1.02, 0.92):
        tell(core, close * share, previous_close=close)
    await until(lambda: len(notes) == 1)
    assert "moved +8.00% today" in notes[0].message
    clock.advance(24 * 3600)
    tell(core, close * 0.92, previous_close=close)
    await until(lambda: len(notes) == 2)


async def test_what_is_switched_off_changed_or_removed_is_not_told(core: Core) -> None:
    notes = heard(core)
    id, level = await above(core)
    off = await core.alerts.switch(id, enabled=False)
    assert off.state is AlertState.OFF
    await settle(core)
    tell(core, level + 1)
    moved = PriceCrosses(symbol="SPY", level=level + 10, way=Way.ABOVE)
    line = await core.alerts.change(id, moved)
    assert (line.level, line.state) == (level + 10, AlertState.WATCHING)
    await settle(core)
    tell(core, level + 5)
    await settle(core)
    assert notes == []
    tell(core, level + 11)
    await until(lambda: len(notes) == 1)
    await core.alerts.remove(id)
    await settle(core)
    tell(core, level)
    tell(core, level + 11)
    await settle(core)
    assert len(notes) == 1


async def test_a_removed_alert_comes_back_and_what_it_said_stays(core: Core) -> None:
    notes = heard(core)
    id, level = await above(core)
    tell(core, level + 1)
    await until(lambda: len(notes) == 1)
    await settle(core)
    before = await core.alerts.show(id)
    assert await core.alerts.remove(id) == before
    assert await core.alerts.all() == ()
    assert [note.alert for note in await core.alerts.history()] == [id]
    assert await core.alerts.restore(id) == before
    with pytest.raises(NotFound, match="no removed alert"):
        await core.alerts.restore(id)
    with pytest.raises(NotFound):
        await core.alerts.show("nothing")


async def test_what_was_said_is_read_once(core: Core) -> None:
    notes = heard(core)
    _, level = await above(core)
    tell(core, level + 1)
    await until(lambda: len(notes) == 1)
    changes: list[object] = []
    core.bus.on(AlertsChanged, changes.append)
    assert await core.alerts.read() == 1
    assert await core.alerts.read() == 0
    assert len(changes) == 1
    [note] = await core.alerts.history()
    assert note.read_at is not None


async def test_the_stream_tells_each_as_it_is_raised(core: Core) -> None:
    _, level = await above(core)
    told: list[str] = []

    async def listen() -> None:
        with calling_as(PERSON):
            async with aclosing(core.registry.get_stream("alerts.raised").listen(Topics(("spy",)))) as items:
                told.append((await anext(aiter(items)))["symbol"])

    listening = core.scope.spawn(listen(), name="listening")
    await settle(core)
    tell(core, level + 1)
    await asyncio.wait_for(listening, 20)
    assert told == ["SPY"]


async def test_nonsense_is_refused_and_nobody_sees_the_alerts_of_another(core: Core) -> None:
    id, _ = await above(core)
    with pytest.raises((InvalidInput, NotFound)):
        await core.alerts.price("NOSUCHTHING", 10)
    with pytest.raises(InvalidInput):
        await core.registry.invoke("alerts.create", {"condition": {"kind": "weather"}})
    with pytest.raises(InvalidInput):
        await core.registry.invoke("alerts.price", {"symbol": "SPY", "level": -1})
    with calling_as(Caller(Actor.PERSON, UserId("another"), present=True)):
        assert await core.alerts.all() == ()
        with pytest.raises((NotFound, Refused)):
            await core.alerts.show(id)


async def test_an_alert_moved_to_another_price_waits_for_that_one(core: Core) -> None:
    notes = heard(core)
    id, level = await above(core)
    assert (await core.alerts.place(id, level + 5)).level == level + 5
    await settle(core)
    tell(core, level + 1)
    await settle(core)
    assert notes == []
    tell(core, level + 6)
    await until(lambda: len(notes) == 1)
    moving = await core.alerts.move("SPY", 3)
    with pytest.raises(InvalidInput, match="no price to move"):
        await core.alerts.place(moving.id, 10)


async def test_other_kinds_go_by_the_same_tables(core: Core) -> None:
    made = await core.alerts.create(PriceMoves(symbol="QQQ", percent=2, once=True), name="Tech")
    assert (made.kind, made.percent, made.level, made.name) == ("move", 2, None, "Tech")
    assert made.title == "QQQ moves 2% in a day"


async def test_made_before_any_price_it_waits_for_prices_of_the_kind_its_source_has(
    paths: Paths, clock: FixedClock
) -> None:
    with serving() as server:
        alpaca = AlpacaData(server)
        alpaca.assets.append({"symbol": "NEWCO", "name": "New Company", "class": "us_equity"})
        environment = {
            "PUFFLING_MARKET__FEEDS": '["alpaca", "demo"]',
            "PUFFLING_MARKET__ALPACA_ADDRESS": server.address,
            "ALPACA_API_KEY": KEY,
            "ALPACA_SECRET_KEY": SECRET,
        }
        core = await Core.open(paths, clock=clock, environment=environment)
        try:
            with calling_as(PERSON):
                line = await core.alerts.price("NEWCO", 50, Way.ABOVE)
                assert (line.price, line.state) == (None, AlertState.WATCHING)
                alert = await core.store.read(core.user, lambda unit: unit.alerts.get(line.id))
                assert alert.memory == {"made_up": False}
        finally:
            await core.close()
