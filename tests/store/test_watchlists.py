"""Lists of symbols, in the person's order."""

from __future__ import annotations

import pytest

from puffling.runtime.actor import DEFAULT_USER
from puffling.runtime.errors import Conflict, InvalidInput, NotFound
from puffling.store.database import Store, Unit
from puffling.store.events import WatchlistsChanged
from puffling.store.values import Watchlist
from tests.store.conftest import Place


async def _names(store: Store) -> list[str]:
    lists = await store.read(DEFAULT_USER, lambda unit: unit.watchlists.all())
    assert [each.position for each in lists] == list(range(len(lists)))
    return [each.name for each in lists]


@pytest.fixture
async def tech(store: Store) -> Watchlist:
    """A list with three symbols."""
    return await store.run(
        DEFAULT_USER, lambda unit: unit.watchlists.create("Tech", ["AAPL", "MSFT", "BTC-USD"])
    )


async def test_symbols_are_added_moved_and_removed_in_order(store: Store, tech: Watchlist) -> None:
    def work(unit: Unit) -> list[tuple[str, ...]]:
        lists = unit.watchlists
        return [
            lists.add(tech.id, "IBM").symbols,
            lists.add(tech.id, "SPY", 0).symbols,
            lists.add(tech.id, "SPY").symbols,
            lists.move(tech.id, "IBM", 1).symbols,
            lists.remove(tech.id, "MSFT").symbols,
            lists.put(tech.id, ["GLD", "GLD", "AGG"]).symbols,
        ]

    assert await store.run(DEFAULT_USER, work) == [
        ("AAPL", "MSFT", "BTC-USD", "IBM"),
        ("SPY", "AAPL", "MSFT", "BTC-USD", "IBM"),
        ("SPY", "AAPL", "MSFT", "BTC-USD", "IBM"),
        ("SPY", "IBM", "AAPL", "MSFT", "BTC-USD"),
        ("SPY", "IBM", "AAPL", "BTC-USD"),
        ("GLD", "AGG"),
    ]


async def test_a_deleted_list_comes_back_as_it_was(store: Store, tech: Watchlist) -> None:
    await store.run(DEFAULT_USER, lambda unit: unit.watchlists.create("Metals"))
    await store.run(DEFAULT_USER, lambda unit: unit.watchlists.create("Coins"))
    await store.run(DEFAULT_USER, lambda unit: unit.watchlists.place(tech.id, 1))
    removed = await store.run(DEFAULT_USER, lambda unit: unit.watchlists.delete(tech.id))
    assert await _names(store) == ["Metals", "Coins"]
    assert await store.run(DEFAULT_USER, lambda unit: unit.watchlists.restore(removed)) == removed
    assert await _names(store) == ["Metals", "Tech", "Coins"]
    with pytest.raises(Conflict):
        await store.run(DEFAULT_USER, lambda unit: unit.watchlists.restore(removed))


async def test_two_lists_cannot_have_one_name(store: Store, tech: Watchlist) -> None:
    with pytest.raises(Conflict):
        await store.run(DEFAULT_USER, lambda unit: unit.watchlists.create("tech"))
    renamed = await store.run(DEFAULT_USER, lambda unit: unit.watchlists.rename(tech.id, "TECH"))
    assert renamed.name == "TECH"


async def test_an_edit_that_changes_nothing_is_no_news(store: Store, place: Place, tech: Watchlist) -> None:
    heard: list[WatchlistsChanged] = []
    place.bus.on(WatchlistsChanged, heard.append)
    await store.run(DEFAULT_USER, lambda unit: unit.watchlists.add(tech.id, "AAPL"))
    await store.run(DEFAULT_USER, lambda unit: unit.watchlists.rename(tech.id, "Tech"))
    await store.run(DEFAULT_USER, lambda unit: unit.watchlists.move(tech.id, "AAPL", 0))
    assert heard == []


@pytest.mark.parametrize("name", ["", "   ", "x" * 81, "a\nb", "a\0b", "\ud800", "a\u202eb"])
async def test_a_name_that_cannot_be_kept_is_refused(store: Store, name: str) -> None:
    with pytest.raises(InvalidInput):
        await store.run(DEFAULT_USER, lambda unit: unit.watchlists.create(name))


@pytest.mark.parametrize("symbol", ["", "A B", "x" * 33, "a\0"])
async def test_a_symbol_that_cannot_be_kept_is_refused(store: Store, tech: Watchlist, symbol: str) -> None:
    with pytest.raises(InvalidInput):
        await store.run(DEFAULT_USER, lambda unit: unit.watchlists.add(tech.id, symbol))


async def test_what_does_not_exist_is_said_so(store: Store, tech: Watchlist) -> None:
    with pytest.raises(NotFound):
        await store.read(DEFAULT_USER, lambda unit: unit.watchlists.get("nothing"))
    with pytest.raises(NotFound):
        await store.run(DEFAULT_USER, lambda unit: unit.watchlists.remove(tech.id, "TSLA"))
