"""Chart templates: kept under a name, one of them for new charts, and brought back when deleted."""

from __future__ import annotations

import pytest
from pydantic import JsonValue

from puffling.controllers.templates import KEY, MOST
from puffling.core.core import Core
from puffling.runtime.errors import Conflict, InvalidInput, NotFound

LOOK: dict[str, JsonValue] = {
    "indicators": [{"key": "rsi-1", "indicator": "rsi", "parameters": {"period": 9}}]
}

pytestmark = pytest.mark.usefixtures("as_person")


async def test_a_template_is_found_by_its_name_and_replaced_under_it(core: Core) -> None:
    await core.templates.save(" Swing ", LOOK)
    await core.templates.save("Clean", {})
    await core.templates.save("swing", {"looks": {"kind": "line"}})
    found = await core.templates.all()
    assert [(each.name, each.content) for each in found] == [
        ("Clean", {}),
        ("swing", {"looks": {"kind": "line"}}),
    ]


async def test_one_template_at_most_is_for_new_charts(core: Core) -> None:
    for name in ("One", "Two"):
        await core.templates.save(name, LOOK)
        await core.templates.choose(name)
    assert [each.default for each in await core.templates.all()] == [False, True]
    await core.templates.save("Two", {})
    assert [each.default for each in await core.templates.all()] == [False, True]
    await core.templates.choose()
    assert not any(each.default for each in await core.templates.all())


async def test_a_new_name_must_be_free(core: Core) -> None:
    await core.templates.save("One", LOOK)
    await core.templates.save("Two", {})
    with pytest.raises(Conflict):
        await core.templates.rename("One", "two")
    assert (await core.templates.rename("one", "ONE")).content == LOOK
    await core.templates.rename("ONE", "Three")
    assert [each.name for each in await core.templates.all()] == ["Three", "Two"]
    with pytest.raises(NotFound) as caught:
        await core.templates.rename("One", "Four")
    assert "Three" in caught.value.hint


async def test_what_was_deleted_comes_back_as_it_was(core: Core) -> None:
    await core.templates.save("One", LOOK)
    await core.templates.choose("One")
    before = await core.templates.all()
    gone = await core.templates.delete("one")
    assert await core.templates.all() == ()
    await core.templates.restore(gone.name, gone.content, gone.default)
    assert await core.templates.all() == before


async def test_a_name_of_spaces_is_refused_and_there_is_an_end_to_their_number(core: Core) -> None:
    with pytest.raises(InvalidInput):
        await core.templates.save("   ", LOOK)
    rows: list[JsonValue] = [
        {"name": f"T{number}", "content": {}, "default": False} for number in range(MOST)
    ]
    await core.settings.put(KEY, rows)
    with pytest.raises(Conflict):
        await core.templates.save("One more", LOOK)


async def test_damaged_rows_are_passed_over(core: Core) -> None:
    await core.settings.put(
        KEY, [3, {"name": ""}, {"name": "One", "content": 4}, {"name": "Two", "content": {}}]
    )
    assert [each.name for each in await core.templates.all()] == ["Two"]
