"""What the person wants to hear about: made, changed, switched, removed, and what was heard."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated, Any

from pydantic import Field

from puffling.automation.alerts.conditions import (
    AnyCondition,
    Level,
    Once,
    Percent,
    PriceCondition,
    PriceCrosses,
    PriceMoves,
    WayTo,
    condition_of,
)
from puffling.automation.alerts.values import AlertLine, AlertState, Way
from puffling.automation.alerts.watch import MADE_UP, made_up, seen_of
from puffling.market.market import Market
from puffling.market.parameters import Symbol
from puffling.market.values import Price
from puffling.runtime.actor import current_caller
from puffling.runtime.bus import Bus
from puffling.runtime.capability import Controller, capability
from puffling.runtime.errors import InvalidInput, PufflingError
from puffling.runtime.gate import Effect
from puffling.runtime.streams import Topics, stream
from puffling.runtime.text import tr
from puffling.store.database import Store
from puffling.store.events import AlertRaised
from puffling.store.removed import Removed
from puffling.store.values import Alert, AlertNote

MOST_REMOVED = 50
PAUSE_SECONDS = 60

AlertId = Annotated[str, Field(description="Id of the alert.", min_length=1, max_length=64)]
Name = Annotated[str, Field(description="A name of your own; it begins the message.", max_length=120)]
Pause = Annotated[
    int,
    Field(description="How many seconds it stays silent after it was raised.", ge=0, le=30 * 86_400),
]
Count = Annotated[int, Field(description="How many at the most, the newest first.", ge=1, le=1000)]


class Alerts(Controller):
    """Alerts on prices: watched while Puffling runs, told in the window and kept in a history."""

    def __init__(self, store: Store, market: Market, bus: Bus) -> None:
        self._store = store
        self._market = market
        self._bus = bus
        self._removed = Removed[Alert](store, MOST_REMOVED, "alert")

    @capability(
        title="List alerts", verb="list", effect=Effect.READ, http="GET /api/alerts", tool="list_alerts"
    )
    async def all(self) -> tuple[AlertLine, ...]:
        """Show every alert, what it waits for and how it stands."""
        kept = await self._store.read(current_caller().user, lambda unit: unit.alerts.all())
        return tuple(self._line(alert) for alert in kept)

    @capability(
        title="What alerts said",
        effect=Effect.READ,
        http="GET /api/alerts/history",
        tool="list_alert_history",
    )
    async def history(self, limit: Count = 200) -> tuple[AlertNote, ...]:
        """Show when alerts were raised and what they said, the newest first."""
        return await self._store.read(current_caller().user, lambda unit: unit.alerts.history(limit))

    @capability(title="Show alert", effect=Effect.READ, http="GET /api/alerts/{alert}")
    async def show(self, alert: AlertId) -> AlertLine:
        """Show one alert."""
        return self._line(await self._store.read(current_caller().user, lambda unit: unit.alerts.get(alert)))

    @capability(title="New alert", effect=Effect.WRITE, http="POST /api/alerts", tool="create_alert")
    async def create(
        self, condition: AnyCondition, name: Name = "", cooldown_seconds: Pause = PAUSE_SECONDS
    ) -> AlertLine:
        """Be told when a price crosses a level, or moves so far in a day."""
        memory = await self._memory(condition)
        made = await self._store.run(
            current_caller().user,
            lambda unit: unit.alerts.add(
                name=name,
                kind=condition.kind,
                condition=condition.plain(),
                memory=memory,
                cooldown_seconds=cooldown_seconds,
            ),
        )
        return self._line(made)

    @capability(title="Alert at a price", effect=Effect.WRITE)
    async def price(
        self,
        symbol: Symbol,
        level: Level,
        way: WayTo = Way.EITHER,
        once: Once = True,
        name: Name = "",
        cooldown_seconds: Pause = PAUSE_SECONDS,
    ) -> AlertLine:
        """Be told when the price of a symbol rises to a level, falls to it, or crosses it."""
        condition = PriceCrosses(symbol=symbol, level=level, way=way, once=once)
        return await self.create(condition, name, cooldown_seconds)

    @capability(title="Alert on a move", effect=Effect.WRITE)
    async def move(
        self, symbol: Symbol, percent: Percent, way: WayTo = Way.EITHER, once: Once = False, name: Name = ""
    ) -> AlertLine:
        """Be told when the price of a symbol moves so many percent in a day."""
        return await self.create(PriceMoves(symbol=symbol, percent=percent, way=way, once=once), name)

    @capability(title="Change alert", effect=Effect.WRITE, http="PUT /api/alerts/{alert}")
    async def change(
        self,
        alert: AlertId,
        condition: AnyCondition,
        name: Annotated[
            str | None, Field(description="Its new name; nothing leaves it.", max_length=120)
        ] = None,
        cooldown_seconds: Annotated[
            int | None,
            Field(description="Its new pause in seconds; nothing leaves it.", ge=0, le=30 * 86_400),
        ] = None,
    ) -> AlertLine:
        """Let an alert wait for something else; it is switched on and begins anew."""
        memory = await self._memory(condition)
        changed = await self._store.run(
            current_caller().user,
            lambda unit: unit.alerts.change(
                alert,
                name=name,
                condition=condition.plain(),
                memory=memory,
                cooldown_seconds=cooldown_seconds,
                enabled=True,
            ),
        )
        return self._line(changed)

    @capability(title="Move alert", effect=Effect.WRITE, http="PUT /api/alerts/{alert}/level")
    async def place(self, alert: AlertId, level: Level) -> AlertLine:
        """Let an alert wait for another price; it is switched on and begins anew."""
        known = await self._store.read(current_caller().user, lambda unit: unit.alerts.get(alert))
        condition = condition_of(known.condition)
        if not isinstance(condition, PriceCrosses):
            raise InvalidInput(
                tr("{words}: there is no price to move.", words=condition.words),
                field="level",
                hint=tr("Only alerts at a price have one."),
            )
        return await self.change(alert, condition.model_copy(update={"level": level}))

    @capability(title="Switch alert", effect=Effect.WRITE, http="PUT /api/alerts/{alert}/enabled")
    async def switch(
        self, alert: AlertId, enabled: Annotated[bool, Field(description="Whether it is watched.")]
    ) -> AlertLine:
        """Switch an alert on, from the price that stands, or off."""
        user = current_caller().user
        known = await self._store.read(user, lambda unit: unit.alerts.get(alert))
        memory = await self._memory(condition_of(known.condition)) if enabled else known.memory
        return self._line(
            await self._store.run(
                user, lambda unit: unit.alerts.change(alert, enabled=enabled, memory=memory)
            )
        )

    @capability(title="Remove alert", effect=Effect.WRITE, http="DELETE /api/alerts/{alert}")
    async def remove(self, alert: AlertId) -> AlertLine:
        """Remove an alert; it can be restored for a while, and what it said stays in the history."""
        user = current_caller().user
        return self._line(await self._removed.remove(user, alert, lambda unit, id: unit.alerts.remove(id)))

    @capability(title="Restore alert", effect=Effect.WRITE, http="POST /api/alerts/{alert}/restore")
    async def restore(self, alert: AlertId) -> AlertLine:
        """Bring back an alert that was removed since Puffling was started."""
        user = current_caller().user
        back = await self._removed.bring_back(user, alert, lambda unit, it: unit.alerts.restore(it))
        return self._line(back)

    @capability(title="Mark alerts read", effect=Effect.WRITE, http="POST /api/alerts/history/read")
    async def read(self) -> int:
        """Take note that everything alerts said was read; gives how much was not."""
        return await self._store.run(current_caller().user, lambda unit: unit.alerts.mark_read())

    @stream(title="Alerts", ws="/ws/alerts")
    async def raised(self, topics: Topics) -> AsyncIterator[AlertNote]:
        """Tell each alert as it is raised; topics narrow it to symbols."""
        user = current_caller().user
        news: asyncio.Queue[AlertNote] = asyncio.Queue()

        def heard(event: AlertRaised) -> None:
            wanted = {name.upper() for name in topics.names}
            if event.user == user and (not wanted or event.note.symbol in wanted):
                news.put_nowait(event.note)

        end = self._bus.on(AlertRaised, heard)
        try:
            while True:
                yield await news.get()
        finally:
            end()

    async def _memory(self, condition: PriceCondition) -> dict[str, Any]:
        """Give what a condition remembers at first: what it is made on is the price that stands."""
        await self._market.learn(condition.symbol)
        try:
            price = await self._market.latest(condition.symbol)
        except PufflingError:
            # It begins with the first price there is of the kind that is to come.
            return {MADE_UP: made_up(self._market.quality_of(condition.symbol))}
        return {**condition.begin(seen_of(price, self._market)), MADE_UP: made_up(price.quality)}

    def _price(self, symbol: str) -> Price | None:
        try:
            return self._market.price(symbol)
        except PufflingError:
            return None

    def _line(self, alert: Alert) -> AlertLine:
        condition = condition_of(alert.condition)
        price = self._price(condition.symbol)
        return AlertLine(
            id=alert.id,
            kind=alert.kind,
            symbol=condition.symbol,
            title=condition.words,
            way=condition.way,
            level=condition.level if isinstance(condition, PriceCrosses) else None,
            percent=condition.percent if isinstance(condition, PriceMoves) else None,
            once=condition.once,
            cooldown_seconds=alert.cooldown_seconds,
            state=_state(alert, price, once=condition.once),
            name=alert.name,
            price=None if price is None else price.price,
            last_raised_at=alert.last_raised_at,
            created_at=alert.created_at,
        )


def _state(alert: Alert, price: Price | None, *, once: bool) -> AlertState:
    if not alert.enabled:
        return AlertState.DONE if once and alert.last_raised_at is not None else AlertState.OFF
    if price is not None and made_up(price.quality) is not alert.memory.get(MADE_UP, made_up(price.quality)):
        return AlertState.OTHER_PRICES
    return AlertState.WATCHING
