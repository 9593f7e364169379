"""Watches prices for alerts while the program runs, and has each crossing told exactly once.

What a condition remembers is in the database beside it, and that it was met is written in the same
transaction: killed before, it did not happen and the next price meets it; killed after, it is in the history
and is not told again. Which side of a level a price is on is kept within a second of its change, so that a
crossing that happened while the program was closed is told when it is opened again.

A price counts when it is of a running session and fresh, and of the kind the alert was made on: a made-up
price tells nothing of a real one. Strange prices never come here; the market keeps them away. Of those that
come faster than they are told, the highest and the lowest count with the newest.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from puffling.frozen import frozen
from puffling.market.calendar import calendar
from puffling.market.events import PricesMoved
from puffling.market.market import Market
from puffling.market.values import Price, Quality, SessionState
from puffling.puffin.data.instants import US_PER_SECOND, from_us, to_us
from puffling.runtime.actor import UserId
from puffling.runtime.bus import Bus
from puffling.runtime.clock import Clock
from puffling.runtime.errors import PufflingError
from puffling.runtime.tasks import TaskScope
from puffling.runtime.text import tr
from puffling.store.database import Store
from puffling.store.events import AlertsChanged, DatabaseRestored
from puffling.store.values import Alert

if TYPE_CHECKING:
    from puffling.automation.alerts.conditions import PriceCrosses, PriceMoves, Seen

_log = logging.getLogger(__name__)

# Older prices are nobody's news; those of a delayed feed are late by a quarter of an hour.
FRESH_SECONDS = 60
DELAY_SECONDS = 20 * 60
# A side is kept this long after it changed, so that a price that trembles is not written with every tick.
KEEP_SECONDS = 1.0
_AGAIN_SECONDS = 5.0
# Under this name it is remembered whether an alert was made on made-up prices.
MADE_UP = "made_up"
_MADE_UP = frozenset({Quality.DEMO, Quality.SAMPLE})
TellFailure = Callable[[str, str], None]
_LIVE = frozenset({Quality.REALTIME, Quality.ONE_EXCHANGE, Quality.DELAYED, Quality.DEMO})


@frozen
class _Watched:
    """An alert that is on, with its condition read."""

    alert: Alert
    condition: PriceCrosses | PriceMoves


class _Meeting(NamedTuple):
    """A price that met a condition, and what the condition remembers since."""

    watched: _Watched
    memory: dict[str, object]
    seen: Seen
    price: Price


def made_up(quality: Quality) -> bool:
    """Tell whether nobody ever paid a price of this kind."""
    return quality in _MADE_UP


class AlertWatch:
    """Holds the alerts that are on against the prices that come."""

    def __init__(
        self, store: Store, market: Market, clock: Clock, bus: Bus, user: UserId, tell_failure: TellFailure
    ) -> None:
        self._store = store
        self._market = market
        self._clock = clock
        self._bus = bus
        self._user = user
        self._tell_failure = tell_failure
        self._by_symbol: dict[str, dict[str, _Watched]] = {}
        self._memories: dict[str, dict[str, object]] = {}
        self._met: list[_Meeting] = []
        self._unkept: set[str] = set()
        self._keeping: set[str] = set()
        # What was seen of these is newer than what is just being read.
        self._ahead: set[str] = set()
        self._changed = asyncio.Event()
        self._told = asyncio.Event()
        self._turned = asyncio.Event()
        self._symbols: frozenset[str] = frozenset()
        self._unwatch: Callable[[], None] = _nothing

    def start(self, scope: TaskScope) -> Callable[[], None]:
        """Begin to watch; the answer stops it."""
        ends = [
            self._bus.on(PricesMoved, self._prices_moved),
            self._bus.on(AlertsChanged, lambda _: self._changed.set()),
            self._bus.on(DatabaseRestored, lambda _: self._changed.set()),
        ]
        self._changed.set()
        scope.spawn(self._follow(), name="alerts.follow")
        scope.spawn(self._write(), name="alerts.write")
        scope.spawn(self._remember(), name="alerts.remember")

        def stop() -> None:
            for end in ends:
                end()
            self._unwatch()

        return stop

    async def _follow(self) -> None:
        """Take up what the person changed."""
        while True:
            await self._changed.wait()
            self._changed.clear()
            self._ahead = self._unkept | self._keeping | {each.watched.alert.id for each in self._met}
            try:
                alerts = await self._store.read(self._user, lambda unit: unit.alerts.all())
                self._take_up(tuple(alert for alert in alerts if alert.enabled))
            except Exception as error:  # noqa: BLE001  the edge: what the person changes next must be taken up
                _log.warning("The alerts cannot be taken up: %s", error, exc_info=_is_bug(error))
                await self._clock.sleep(_AGAIN_SECONDS)
                self._changed.set()

    def _take_up(self, alerts: tuple[Alert, ...]) -> None:
        if alerts:
            # Imported here: who has no alerts need not load what reads them.
            from puffling.automation.alerts.conditions import condition_of

            known = {id: each for found in self._by_symbol.values() for id, each in found.items()}
            self._by_symbol, memories = {}, {}
            for alert in alerts:
                try:
                    condition = condition_of(alert.condition)
                except ValueError as error:
                    _log.warning("The alert %s cannot be read: %s", alert.id, error)
                    continue
                before = known.get(alert.id)
                same = before is not None and before.alert.condition == alert.condition
                fresh = same and alert.id in self._ahead
                memories[alert.id] = self._memories[alert.id] if fresh else dict(alert.memory)
                self._by_symbol.setdefault(condition.symbol, {})[alert.id] = _Watched(alert, condition)
            self._memories = memories
        else:
            self._by_symbol, self._memories = {}, {}
        self._unkept &= self._memories.keys()
        symbols = frozenset(self._by_symbol)
        if symbols != self._symbols:
            before_unwatch, self._unwatch = self._unwatch, self._market.watch(symbols)
            self._symbols = symbols
            before_unwatch()
        for symbol in symbols:
            with suppress(PufflingError):
                self._see(self._market.price(symbol))

    def _prices_moved(self, event: PricesMoved) -> None:
        for symbol in self._symbols & event.prices.keys():
            with suppress(PufflingError):
                for price in event.way(symbol):
                    self._see(price)

    def _see(self, price: Price) -> None:
        watched = self._by_symbol.get(price.symbol)
        if not watched or not self._counts(price):
            return
        seen = seen_of(price, self._market)
        for id, each in watched.items():
            memory = self._memories[id]
            if memory.get(MADE_UP, made_up(price.quality)) is not made_up(price.quality):
                continue
            after, met = each.condition.see(memory, seen)
            after = {**memory, **after, MADE_UP: made_up(price.quality)}
            self._memories[id] = after
            if met or after != memory:
                self._ahead.add(id)
            if met:
                self._met.append(_Meeting(each, after, seen, price))
                self._told.set()
            elif after != memory:
                self._unkept.add(id)
                self._turned.set()

    def _counts(self, price: Price) -> bool:
        """Tell whether a price is of a running session, and fresh."""
        if price.quality not in _LIVE or price.session is not SessionState.OPEN:
            return False
        late = DELAY_SECONDS if price.quality is Quality.DELAYED else 0
        age_us = to_us(self._clock.now()) - price.time_us
        return age_us <= (FRESH_SECONDS + late) * US_PER_SECOND

    async def _write(self) -> None:
        """Write down what was met."""
        while True:
            await self._told.wait()
            self._told.clear()
            while self._met:
                try:
                    await self._raise(self._met[0])
                except PufflingError as error:
                    # It is met still; it is told as soon as it can be written.
                    _log.warning("An alert could not be written: %s", error)
                    await self._clock.sleep(_AGAIN_SECONDS)
                    continue
                except Exception:  # noqa: BLE001  the edge: one alert must not keep back the others
                    self._say_unwritten(self._met[0].watched)
                self._met.pop(0)

    def _say_unwritten(self, watched: _Watched) -> None:
        _log.exception("The alert %s was met and could not be written", watched.alert.id)
        self._tell_failure(
            tr("An alert was met and could not be written down: {words}.", words=watched.condition.words),
            tr("The history of alerts lacks it. The log has the details."),
        )

    async def _remember(self) -> None:
        """Keep which side prices are on."""
        while True:
            await self._turned.wait()
            self._turned.clear()
            try:
                await self._keep()
            except Exception as error:  # noqa: BLE001  the edge: what is seen next must be kept
                _log.warning("What alerts remember could not be kept: %s", error, exc_info=_is_bug(error))
                self._turned.set()
            await self._clock.sleep(KEEP_SECONDS)

    async def _raise(self, met: _Meeting) -> None:
        condition, alert, price = met.watched.condition, met.watched.alert, met.price
        message = condition.tell(met.seen)
        if alert.name:
            message = tr("{name}: {message}", name=alert.name, message=message)
        if made_up(price.quality):
            message = tr("{message}, on demo prices", message=message)
        details = {
            "symbol": condition.symbol,
            "price": price.price,
            "at": from_us(price.time_us).isoformat(),
            "source": price.label,
        }
        # What waited for the disk must not undo what was kept meanwhile.
        waits = {*self._unkept, *self._keeping, *(each.watched.alert.id for each in self._met[1:])}
        memory = met.memory if alert.id in waits else self._memories.get(alert.id, met.memory)
        await self._store.run(
            self._user,
            lambda unit: unit.alerts.raised(alert, memory, message, details, once=condition.once),
        )

    async def _keep(self) -> None:
        ids, self._unkept = self._unkept, set()
        conditions = {id: each.alert for found in self._by_symbol.values() for id, each in found.items()}
        kept = {id: (conditions[id].condition, self._memories[id]) for id in ids if id in conditions}
        if not kept:
            return
        self._keeping = ids
        try:
            await self._store.run(self._user, lambda unit: unit.alerts.remember(kept))
        except BaseException:
            self._unkept |= ids
            raise
        finally:
            self._keeping = set()


def seen_of(price: Price, market: Market) -> Seen:
    """Give a price as conditions see it."""
    from puffling.automation.alerts.conditions import Seen

    day_us = calendar(market.instrument(price.symbol).calendar).trading_day_us(price.time_us)
    return Seen(price.price, price.previous_close, from_us(day_us).date().isoformat())


def _is_bug(error: Exception) -> bool:
    return not isinstance(error, PufflingError)


def _nothing() -> None:
    """Do nothing."""
