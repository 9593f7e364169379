"""Watchlists: what is shown as saved is saved, and whatever is wrong is said."""

from __future__ import annotations

import pytest

from puffling.core.core import Core
from puffling.core.first_content import FIRST_SYMBOLS
from puffling.runtime.actor import Actor, Caller, UserId, calling_as
from puffling.runtime.clock import FixedClock
from puffling.runtime.errors import Conflict, InvalidInput, NotFound
from puffling.runtime.paths import Paths
from puffling.store.events import WatchlistsChanged
from tests.fixtures.cores import PERSON


async def test_a_new_person_starts_with_one_list_and_a_deleted_one_stays_deleted(
    paths: Paths, clock: FixedClock
) -> None:
    core = await Core.open(paths, clock=clock, environment={})
    with calling_as(PERSON):
        [first] = await core.watchlists.all()
        assert first.symbols == FIRST_SYMBOLS
        await core.watchlists.delete(first.id)
    await core.close()

    core = await Core.open(paths, clock=clock, environment={})
    with calling_as(PERSON):
        assert await core.watchlists.all() == ()
    await core.close()


@pytest.mark.usefixtures("as_person")
async def test_a_list_is_known_by_id_and_by_name(core: Core) -> None:
    [first] = await core.watchlists.all()
    assert await core.watchlists.show("core") == await core.watchlists.show(first.id) == first
    with pytest.raises(NotFound, match="nothing") as caught:
        await core.watchlists.show("nothing")
    assert "Core" in caught.value.hint


@pytest.mark.usefixtures("as_person")
async def test_symbols_are_added_moved_and_removed_in_the_order_asked_for(core: Core) -> None:
    made = await core.watchlists.create("Mine", ("SPY", "QQQ"))
    assert (await core.watchlists.add(made.id, "gld", 0)).symbols == ("GLD", "SPY", "QQQ")
    assert (await core.watchlists.add(made.id, "SPY")).symbols == ("GLD", "SPY", "QQQ")
    assert (await core.watchlists.move(made.id, "QQQ", 0)).symbols == ("QQQ", "GLD", "SPY")
    assert (await core.watchlists.remove(made.id, "GLD")).symbols == ("QQQ", "SPY")
    assert (await core.watchlists.show("Mine")).symbols == ("QQQ", "SPY")


@pytest.mark.usefixtures("as_person")
@pytest.mark.parametrize(
    "written", ["spy,qqq gld", ["SPY, QQQ", "GLD"], ("SPY;QQQ,", "gld"), ["SPY", "QQQ", "GLD"]]
)
async def test_symbols_are_taken_as_people_write_them(core: Core, written: object) -> None:
    create = core.registry.get("watchlists.create")
    made = await create.invoke({"name": "Mine", "symbols": written})
    assert made.symbols == ("SPY", "QQQ", "GLD")


@pytest.mark.usefixtures("as_person")
async def test_a_deleted_list_comes_back_as_it_was(core: Core) -> None:
    await core.watchlists.create("Second", ("SPY",))
    before = await core.watchlists.all()
    gone = await core.watchlists.delete("core")
    await core.watchlists.restore(gone.id, gone.name, gone.symbols, gone.position)
    assert await core.watchlists.all() == before


@pytest.mark.usefixtures("as_person")
async def test_every_change_is_told_once(core: Core) -> None:
    told: list[WatchlistsChanged] = []
    core.bus.on(WatchlistsChanged, told.append)
    await core.watchlists.create("Mine")
    await core.watchlists.rename("Mine", "Ours")
    await core.watchlists.move_list("Ours", 0)
    assert [found.name for found in await core.watchlists.all()] == ["Ours", "Core"]
    assert len(told) == 3


@pytest.mark.usefixtures("as_person")
async def test_an_unknown_symbol_is_answered_with_near_ones_and_nothing_is_kept(core: Core) -> None:
    with pytest.raises(NotFound, match="SPYY") as caught:
        await core.watchlists.add("Core", "SPYY")
    assert "SPY" in caught.value.hint
    with pytest.raises(NotFound):
        await core.watchlists.create("Bad", ("SPY", "NOPE"))
    assert [found.name for found in await core.watchlists.all()] == ["Core"]


@pytest.mark.usefixtures("as_person")
@pytest.mark.parametrize("symbol", ["", "../../etc/passwd", "A..B", "SPY;DROP", "=SPY()", "x" * 30, "/etc"])
async def test_what_is_no_symbol_is_refused_by_its_field(core: Core, symbol: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        await core.watchlists.add("Core", symbol)
    assert caught.value.field == "symbol"


@pytest.mark.usefixtures("as_person")
async def test_two_lists_cannot_have_one_name(core: Core) -> None:
    with pytest.raises(Conflict):
        await core.watchlists.create("core")
    with pytest.raises(InvalidInput):
        await core.watchlists.create("   ")


async def test_one_user_never_sees_the_lists_of_another(core: Core) -> None:
    other = UserId("somebody")
    await core.store.ensure_user(other, "Somebody")
    with calling_as(Caller(Actor.PERSON, other, present=True)):
        assert await core.watchlists.all() == ()
        with pytest.raises(NotFound):
            await core.watchlists.show("Core")
