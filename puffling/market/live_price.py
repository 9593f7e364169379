"""What is known of a symbol between two pictures: its newest price, its day, and the way it has come."""

from __future__ import annotations

from dataclasses import dataclass, field

from puffling.market.doubts import SOUND_BAND, NewLevel
from puffling.market.values import Price


@dataclass(slots=True)
class LivePrice:
    """The newest price of one symbol: a value that changes, because each tick does it."""

    price: Price
    since_us: int
    last: float
    time_us: int
    high: float
    low: float
    volume: float
    floor: float
    ceiling: float
    # The way since the price was told last: where it began, how far it went, and to which end last.
    begun: float
    top: float
    bottom: float
    fell_last: bool = False
    jump: NewLevel = field(default_factory=NewLevel)

    @classmethod
    def of(cls, price: Price) -> LivePrice:
        """Begin with a price a feed told."""
        return cls(
            price=price,
            since_us=price.time_us,
            last=price.price,
            time_us=price.time_us,
            high=price.day_high,
            low=price.day_low,
            volume=price.day_volume,
            floor=price.price / SOUND_BAND,
            ceiling=price.price * SOUND_BAND,
            begun=price.price,
            top=price.price,
            bottom=price.price,
        )

    def anchor(self, price: float) -> None:
        """Take a price that is sound for the middle of what passes without a second look."""
        self.floor, self.ceiling = price / SOUND_BAND, price * SOUND_BAND

    def begin_anew_at(self, price: float) -> None:
        """Believe a new level: the day before the jump was counted in another unit."""
        self.high = self.low = price
        self.anchor(price)

    def come_from(self, before: LivePrice) -> None:
        """Go on from another state: with its way that was not told yet, and with a price that is newer."""
        self.begun, self.fell_last = before.begun, before.fell_last
        if before.time_us > self.time_us:
            # An answer that took its time: what was traded meanwhile stands.
            self.last, self.time_us = before.last, before.time_us
            if self.price.previous_close == before.price.previous_close:
                self.high, self.low = max(self.high, before.high), min(self.low, before.low)
                self.volume = max(self.volume, before.volume)
        self.top, self.bottom = max(before.top, self.last), min(before.bottom, self.last)

    def take_turns(self) -> tuple[float, ...]:
        """Give how far the price went on its way to where it is, in that order, and begin the way anew."""
        last, top, bottom = self.last, self.top, self.bottom
        if top == bottom:
            return ()
        turns = [price for price in (top, bottom) if not self._lies_between(price)]
        if not self.fell_last:
            turns.reverse()
        self.begun = self.top = self.bottom = last
        return tuple(turns)

    def _lies_between(self, price: float) -> bool:
        return min(self.begun, self.last) <= price <= max(self.begun, self.last)

    def told(self) -> Price:
        """Give the state as a value."""
        return self.price._replace(
            price=self.last,
            time_us=self.time_us,
            day_high=self.high,
            day_low=self.low,
            day_volume=self.volume,
        )
