"""Drawings: kept per symbol, whole and in order; whatever does not fit is named."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from puffling.core.core import Core
from puffling.runtime.actor import UserId, calling_as
from puffling.runtime.clock import FixedClock, microseconds
from puffling.runtime.errors import Conflict, InvalidInput, NotFound
from puffling.runtime.paths import Paths
from puffling.store.events import DrawingsChanged
from puffling.store.values import Drawing, DrawingKind
from tests.fixtures.cores import PERSON

DAY = microseconds(datetime(2026, 3, 2, tzinfo=UTC))


async def put(core: Core, symbol: str = "SPY", **changes: Any) -> Drawing:
    """A trend line, or what the changes make of it."""
    sketch = {"symbol": symbol, "kind": "line", "points": [("2026-03-02", 500.0), ("2026-03-04", 510.5)]}
    drawn = await core.registry.invoke("drawings.put", {**sketch, **changes})
    assert isinstance(drawn, Drawing)
    return drawn


@pytest.mark.usefixtures("as_person")
async def test_what_was_drawn_is_there_per_symbol_lowest_first(core: Core) -> None:
    first = await put(core)
    second = await put(core, kind="note", points=[(DAY, 1.5)], style={"text": "Here", "colour": "pink"})
    await put(core, "QQQ")
    assert await core.drawings.all("spy") == (first, second)
    assert first.points == ((DAY, 500.0), (DAY + 2 * 86_400_000_000, 510.5))
    assert second.style == {"text": "Here", "colour": "pink"}
    assert second.position > first.position


@pytest.mark.usefixtures("as_person")
async def test_a_drawing_is_changed_in_its_place_and_brought_to_the_front(core: Core) -> None:
    first, second = await put(core), await put(core)
    moved = await put(core, drawing=first.id, points=[(DAY, 1), (DAY, 2)], position=first.position)
    assert await core.drawings.all("SPY") == (moved, second)
    front = await put(core, drawing=first.id)
    assert [each.id for each in await core.drawings.all("SPY")] == [second.id, front.id]


@pytest.mark.usefixtures("as_person")
async def test_what_was_removed_comes_back_where_it_was(core: Core) -> None:
    drawn = [await put(core) for _ in range(4)]
    gone = await core.drawings.remove(drawn[1].id)
    assert gone == drawn[1]
    await core.registry.invoke("drawings.restore", {"drawings": [_sketch(gone)]})
    assert list(await core.drawings.all("SPY")) == drawn
    some = await core.drawings.clear("SPY", (drawn[0].id, drawn[2].id))
    assert list(some) == [drawn[0], drawn[2]]
    assert list(await core.drawings.clear("SPY")) == [drawn[1], drawn[3]]
    assert await core.drawings.clear("SPY") == ()
    await core.registry.invoke("drawings.restore", {"drawings": [_sketch(each) for each in drawn]})
    assert list(await core.drawings.all("SPY")) == drawn


@pytest.mark.usefixtures("as_person")
@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"kind": "circle"}, "kind"),
        ({"points": [(DAY, float("nan")), (DAY, 1.0)]}, "points.0.1"),
        ({"points": [(DAY, 1.0), (DAY, float("inf"))]}, "points.1.1"),
        ({"points": [("yesterday", 1.0), (DAY, 1.0)]}, "points.0.0"),
        ({"points": [(-(10**18), 1.0), (DAY, 1.0)]}, "points.0.0"),
        ({"points": [(DAY, 1.0)]}, "points"),
        ({"points": []}, "points"),
        ({"kind": "horizontal"}, "points"),
        ({"style": {"colour": "#ff0000"}}, "style.colour"),
        ({"style": {"width": 40}}, "style.width"),
        ({"style": {"levels": [0.5, float("nan")]}}, "style.levels.1"),
        ({"style": {"text": "x" * 501}}, "style.text"),
        ({"style": {"blink": True}}, "style.blink"),
        ({"symbol": "no such symbol"}, "symbol"),
        ({"drawing": "a/b"}, "drawing"),
    ],
)
async def test_what_does_not_fit_is_named_and_nothing_is_kept(
    core: Core, changes: dict[str, Any], field: str
) -> None:
    with pytest.raises(InvalidInput) as caught:
        await put(core, **changes)
    assert caught.value.field == field
    assert await core.drawings.all("SPY") == ()


@pytest.mark.usefixtures("as_person")
@pytest.mark.parametrize("kind", list(DrawingKind))
async def test_every_kind_is_kept_with_its_points(core: Core, kind: DrawingKind) -> None:
    points = [(DAY + number, 100.0 + number) for number in range(kind.points)]
    assert (await put(core, kind=kind, points=points)).points == tuple(points)


@pytest.mark.usefixtures("as_person")
async def test_a_drawing_does_not_turn_into_another(core: Core) -> None:
    drawn = await put(core)
    for changes in ({"symbol": "QQQ"}, {"kind": "ray"}):
        with pytest.raises(Conflict, match="line on SPY"):
            await put(core, drawing=drawn.id, **changes)
    with pytest.raises(NotFound):
        await core.drawings.remove("nothing")
    assert await core.drawings.all("SPY") == (drawn,)


@pytest.mark.usefixtures("as_person")
async def test_restoring_is_whole_or_not_at_all(core: Core) -> None:
    drawn = await put(core)
    gone = await core.drawings.remove(drawn.id)
    broken = {**_sketch(gone), "id": "other", "points": [(DAY, 1.0)]}
    with pytest.raises(InvalidInput) as caught:
        await core.registry.invoke("drawings.restore", {"drawings": [_sketch(gone), broken]})
    assert caught.value.field == "drawings.1.points"
    assert await core.drawings.all("SPY") == ()


async def test_nobody_takes_the_place_of_a_drawing_of_another(core: Core) -> None:
    with calling_as(PERSON):
        drawn = await put(core)
    other = UserId("other")
    await core.store.ensure_user(other, "Somebody else")
    theirs = Drawing(drawn.id, "SPY", "line", drawn.points, {}, 0)
    with pytest.raises(Conflict, match="taken"):
        await core.store.run(other, lambda unit: unit.drawings.put(theirs))
    assert await core.store.run(other, lambda unit: unit.drawings.clear("SPY")) == ()
    with calling_as(PERSON):
        assert await core.drawings.all("SPY") == (drawn,)


async def test_drawings_are_there_after_a_restart_and_every_change_is_told(
    paths: Paths, clock: FixedClock
) -> None:
    core = await Core.open(paths, clock=clock, environment={})
    told: list[str] = []
    core.bus.on(DrawingsChanged, lambda event: told.append(event.symbol))
    with calling_as(PERSON):
        drawn = [await put(core, "GLD"), await put(core, "GLD")]
        await core.drawings.remove(drawn.pop().id)
    await core.close()
    assert told == ["GLD"] * 3
    core = await Core.open(paths, clock=clock, environment={})
    with calling_as(PERSON):
        assert list(await core.drawings.all("GLD")) == drawn
    await core.close()


def _sketch(drawing: Drawing) -> dict[str, Any]:
    """A drawing as it goes back."""
    return {
        "id": drawing.id,
        "symbol": drawing.symbol,
        "kind": drawing.kind,
        "points": drawing.points,
        "style": drawing.style,
        "position": drawing.position,
    }


@pytest.mark.usefixtures("as_person")
async def test_the_audit_trail_says_when_in_words(core: Core) -> None:
    ability = core.registry.get("drawings.put")
    points = [("2026-03-02", 1.0), ("2026-03-04T15:30:00+00:00", 2.0)]
    told = ability.shown_arguments({"symbol": "SPY", "kind": "line", "points": points})
    assert told["points"] == [["2026-03-02", 1.0], ["2026-03-04T15:30:00+00:00", 2.0]]
