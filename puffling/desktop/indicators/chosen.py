"""Which indicators a chart shows: a list of plain values that goes into a file and comes back."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import field, replace
from typing import Any

from puffling.frozen import frozen

Setting = int | float | str
MOST = 24


@frozen
class Chosen:
    """One indicator with what was chosen for it; the key tells two of a kind apart."""

    key: str
    indicator: str
    parameters: dict[str, Setting] = field(default_factory=dict)
    visible: bool = True
    colour: int = 0
    share: float = 0.0


class ChosenIndicators:
    """The indicators of one chart in the order they were added."""

    def __init__(self, chosen: tuple[Chosen, ...] = ()) -> None:
        self._chosen = {each.key: each for each in chosen}

    def __iter__(self) -> Iterator[Chosen]:
        return iter(tuple(self._chosen.values()))

    def __len__(self) -> int:
        return len(self._chosen)

    def get(self, key: str) -> Chosen:
        """Give the one of this key."""
        return self._chosen[key]

    def new(self, indicator: str, parameters: dict[str, Setting], colour: int) -> Chosen:
        """Put one more at the end."""
        number = 1
        while f"{indicator}-{number}" in self._chosen:
            number += 1
        made = Chosen(f"{indicator}-{number}", indicator, dict(parameters), colour=colour)
        self._chosen[made.key] = made
        return made

    def put(self, chosen: Chosen, place: int | None = None) -> None:
        """Put one in its old place, or in this one."""
        others = [each for each in self if each.key != chosen.key]
        if place is None and chosen.key in self._chosen:
            self._chosen[chosen.key] = chosen
            return
        others.insert(len(others) if place is None else place, chosen)
        self._chosen = {each.key: each for each in others}

    def take(self, key: str) -> tuple[Chosen, int]:
        """Take one out; give it with the place it had."""
        place = list(self._chosen).index(key)
        return self._chosen.pop(key), place

    def change(self, key: str, **changes: Any) -> Chosen:
        """Give one of them other values."""
        self._chosen[key] = replace(self._chosen[key], **changes)
        return self._chosen[key]

    def keep(self) -> list[dict[str, Any]]:
        """Give the list as plain values."""
        return [
            {
                "key": each.key,
                "indicator": each.indicator,
                "parameters": dict(each.parameters),
                "visible": each.visible,
                "colour": each.colour,
                "share": round(each.share, 4),
            }
            for each in self
        ]

    @classmethod
    def of(cls, kept: object) -> ChosenIndicators:
        """Read what was kept; what is damaged is passed over."""
        found = [each for row in kept if (each := _read(row))] if isinstance(kept, list) else []
        return cls(tuple({each.key: each for each in found[:MOST]}.values()))


def _read(row: object) -> Chosen | None:
    if not isinstance(row, dict):
        return None
    key, indicator, parameters = row.get("key"), row.get("indicator"), row.get("parameters", {})
    share, colour = row.get("share", 0.0), row.get("colour", 0)
    if not (isinstance(key, str) and key and isinstance(indicator, str) and isinstance(parameters, dict)):
        return None
    if not all(
        isinstance(name, str) and isinstance(value, (int, float, str)) for name, value in parameters.items()
    ):
        return None
    sound = isinstance(share, (int, float)) and math.isfinite(share) and 0 <= share <= 1
    return Chosen(
        key,
        indicator,
        parameters,
        row.get("visible") is not False,
        colour if isinstance(colour, int) and colour >= 0 else 0,
        float(share) if sound else 0.0,
    )
