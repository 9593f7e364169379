"""Searches for better parameters and what they tried, on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from puffling.runtime.actor import DEFAULT_USER, UserId
from puffling.runtime.errors import InvalidInput, NotFound
from puffling.store.database import Unit
from puffling.store.events import SearchesChanged
from puffling.store.research import Attempt, SearchHead, SearchState, StoredTrial
from tests.store.conftest import Place

OTHER = UserId("other")


def begun(unit: Unit, name: str = "Trend on SPY") -> SearchHead:
    """A search that has just begun."""
    return unit.searches.begin(
        name=name,
        strategy="momentum",
        method="grid",
        objective="sharpe_ratio",
        space={"axes": [{"name": "short_window", "values": [5, 10]}], "trials": 2},
        request={"strategy": "momentum"},
        seed=2**40,
    )


def trials(numbers: Sequence[int]) -> list[StoredTrial]:
    """What was tried under these numbers."""
    return [
        StoredTrial(each, {"short_window": each}, {"score": each / 7, "sums": [None, 1.5]})
        for each in numbers
    ]


async def test_what_a_search_tries_is_kept_as_it_comes(place: Place) -> None:
    told: list[SearchesChanged] = []
    place.bus.on(SearchesChanged, told.append)
    async with place.open() as store:
        head = await store.run(DEFAULT_USER, begun)
        assert (head.state, head.trials, head.seed) == (SearchState.RUNNING, 0, 2**40)
        await store.run(DEFAULT_USER, lambda unit: unit.searches.keep(head.id, trials([1, 0])))
    async with place.open() as store:
        # As after a kill: what was tried is there, and nobody says that it has ended.
        assert (await store.read(DEFAULT_USER, lambda unit: unit.searches.get(head.id))).trials == 2
        failed = StoredTrial(2, {"short_window": 2}, {"trouble": "Too few bars"}, failed=True)
        await store.run(DEFAULT_USER, lambda unit: unit.searches.keep(head.id, [*trials([1]), failed]))
        found = await store.read(DEFAULT_USER, lambda unit: unit.searches.trials(head.id))
        assert found == (*trials([0, 1]), failed)
        ended = await store.run(
            DEFAULT_USER,
            lambda unit: unit.searches.end(
                head.id, SearchState.DONE, best={"short_window": 1}, judged={"grade": "C"}
            ),
        )
        assert (ended.state, ended.best, ended.judged, ended.trials) == (
            SearchState.DONE, {"short_window": 1}, {"grade": "C"}, 3,
        )  # fmt: skip
        assert ended.finished_at is not None
        on = await store.run(DEFAULT_USER, lambda unit: unit.searches.go_on(head.id))
        assert (on.state, on.best, on.judged, on.finished_at, on.trials) == (
            SearchState.RUNNING, None, None, None, 3,
        )  # fmt: skip
    assert {event.id for event in told} == {head.id}


async def test_a_search_that_is_removed_comes_back_whole(place: Place) -> None:
    async with place.open() as store:
        older = await store.run(DEFAULT_USER, begun, "Older")
        head = await store.run(DEFAULT_USER, begun)
        await store.run(DEFAULT_USER, lambda unit: unit.searches.keep(head.id, trials(range(700))))
        await store.run(DEFAULT_USER, lambda unit: unit.searches.keep(older.id, trials([3])))
        removed = await store.run(DEFAULT_USER, lambda unit: unit.searches.remove(head.id))
        assert [each.name for each in await store.read(DEFAULT_USER, lambda unit: unit.searches.all())] == [
            "Older"
        ]
        assert await store.read(DEFAULT_USER, lambda unit: unit.searches.trials(head.id)) == ()
        with pytest.raises(NotFound, match="There is no search"):
            await store.read(DEFAULT_USER, lambda unit: unit.searches.get(head.id))
        back = await store.run(DEFAULT_USER, lambda unit: unit.searches.restore(removed))
        assert (back.id, back.trials, back.created_at) == (head.id, 700, head.created_at)
        assert len(await store.read(DEFAULT_USER, lambda unit: unit.searches.trials(head.id))) == 700
        counts = {
            each.id: each.trials for each in await store.read(DEFAULT_USER, lambda unit: unit.searches.all())
        }
        assert counts == {head.id: 700, older.id: 1}


async def test_nobody_sees_the_searches_of_another(place: Place) -> None:
    async with place.open() as store:
        await store.run(OTHER, lambda unit: unit.users.ensure("Somebody"))
        head = await store.run(DEFAULT_USER, begun)
        await store.run(DEFAULT_USER, lambda unit: unit.searches.keep(head.id, trials([0])))
        assert await store.read(OTHER, lambda unit: unit.searches.all()) == ()
        assert await store.read(OTHER, lambda unit: unit.searches.trials(head.id)) == ()
        with pytest.raises(NotFound):
            await store.run(OTHER, lambda unit: unit.searches.remove(head.id))


async def test_a_search_needs_a_name(place: Place) -> None:
    async with place.open() as store:
        with pytest.raises(InvalidInput):
            await store.run(DEFAULT_USER, begun, " ")
        assert await store.read(DEFAULT_USER, lambda unit: unit.searches.all()) == ()


async def test_hundreds_of_attempts_at_once_count_each_different_one_once(place: Place) -> None:
    def attempts(numbers: Sequence[int]) -> list[Attempt]:
        return [
            Attempt("demo|SPY|1d", f"digest {each}", "momentum", {}, "person", each / 9, 50)
            for each in numbers
        ]

    async with place.open() as store:
        await store.run(DEFAULT_USER, lambda unit: unit.attempts.add(attempts(range(650))))
        await store.run(DEFAULT_USER, lambda unit: unit.attempts.add(attempts(range(600, 900))))
        assert (await store.read(DEFAULT_USER, lambda unit: unit.attempts.on("demo|SPY|1d"))).count == 900
