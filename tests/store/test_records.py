"""Settings, layouts, tokens, drawings and scheduled jobs, on both databases."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from puffling.runtime.actor import DEFAULT_USER
from puffling.runtime.errors import Conflict, InvalidInput, NotFound
from puffling.store.database import Store, Unit
from puffling.store.events import LayoutChanged, SettingChanged
from puffling.store.values import Drawing, ScheduledJob
from tests.store.conftest import START, Place

PLAIN: list[Any] = [
    None,
    True,
    0,
    1.5,
    1e300,
    "ü ☃ 😀",
    "",
    [],
    {"a": [1, {"b": None}]},
    12345678901234567890,
]


@pytest.mark.parametrize("value", PLAIN)
async def test_a_setting_comes_back_as_it_was_put(store: Store, value: Any) -> None:
    await store.run(DEFAULT_USER, lambda unit: unit.settings.put("look.theme", value))
    found = await store.read(DEFAULT_USER, lambda unit: unit.settings.find("look.theme"))
    assert found is not None
    assert found.value == value
    assert type(found.value) is type(value)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), {"a": b"bytes"}, object(), "\ud800"])
async def test_a_setting_that_is_not_plain_data_is_refused(store: Store, value: Any) -> None:
    with pytest.raises(InvalidInput):
        await store.run(DEFAULT_USER, lambda unit: unit.settings.put("a", value))


async def test_a_setting_of_millions_of_letters_is_refused(store: Store) -> None:
    with pytest.raises(InvalidInput, match="too large"):
        await store.run(DEFAULT_USER, lambda unit: unit.settings.put("a", "x" * 4_000_000))


async def test_a_setting_changed_meanwhile_is_not_overwritten(store: Store, place: Place) -> None:
    heard: list[SettingChanged] = []
    place.bus.on(SettingChanged, heard.append)
    first = await store.run(DEFAULT_USER, lambda unit: unit.settings.put("a", 1, version=0))
    await store.run(DEFAULT_USER, lambda unit: unit.settings.put("a", 2, version=first.version))
    with pytest.raises(Conflict):
        await store.run(DEFAULT_USER, lambda unit: unit.settings.put("a", 3, version=first.version))
    await store.run(DEFAULT_USER, lambda unit: unit.settings.put("a", 2))
    await store.run(DEFAULT_USER, lambda unit: unit.settings.remove("a"))
    assert [event.key for event in heard] == ["a", "a", "a"]
    with pytest.raises(NotFound):
        await store.run(DEFAULT_USER, lambda unit: unit.settings.remove("a"))


async def test_a_changed_type_is_a_change(store: Store) -> None:
    await store.run(DEFAULT_USER, lambda unit: unit.settings.put("a", 1))
    await store.run(DEFAULT_USER, lambda unit: unit.settings.put("a", True))
    found = await store.read(DEFAULT_USER, lambda unit: unit.settings.find("a"))
    assert found is not None
    assert found.value is True


async def test_a_layout_is_kept_until_it_is_reset(store: Store, place: Place) -> None:
    heard: list[LayoutChanged] = []
    place.bus.on(LayoutChanged, heard.append)
    for _ in range(2):
        await store.run(DEFAULT_USER, lambda unit: unit.layouts.put("Trade", {"docks": "AAA="}, "geo"))
    kept = await store.read(DEFAULT_USER, lambda unit: unit.layouts.find("Trade"))
    assert kept is not None
    assert (kept.state, kept.geometry) == ({"docks": "AAA="}, "geo")
    await store.run(DEFAULT_USER, lambda unit: unit.layouts.reset("Trade"))
    assert await store.read(DEFAULT_USER, lambda unit: unit.layouts.all()) == ()
    assert len(heard) == 2


async def test_a_token_is_found_by_its_digest_until_it_is_withdrawn(store: Store, place: Place) -> None:
    token = await store.run(DEFAULT_USER, lambda unit: unit.tokens.grant("phone", "d1", ["write", "read"]))
    assert token.scopes == ("read", "write")
    for seconds in (0, 30, 90):
        place.clock.set(START + timedelta(seconds=seconds))
        await store.run(DEFAULT_USER, lambda unit: unit.tokens.used(token.id))
    found = await store.read(DEFAULT_USER, lambda unit: unit.tokens.find("d1"))
    assert found is not None
    assert found.last_used_at == START + timedelta(seconds=90)
    assert await store.read(DEFAULT_USER, lambda unit: unit.tokens.find("d2")) is None
    await store.run(DEFAULT_USER, lambda unit: unit.tokens.withdraw(token.id))
    assert await store.read(DEFAULT_USER, lambda unit: unit.tokens.find("d1")) is None


async def test_a_removed_drawing_can_be_put_back(store: Store) -> None:
    line = Drawing("", "SPY", "line", ((1, 10.5), (2, 11.0)), {"color": "up"}, 0)
    kept = await store.run(DEFAULT_USER, lambda unit: unit.drawings.put(line))
    removed = await store.run(DEFAULT_USER, lambda unit: unit.drawings.remove(kept.id))
    assert await store.read(DEFAULT_USER, lambda unit: unit.drawings.of("SPY")) == ()
    assert await store.run(DEFAULT_USER, lambda unit: unit.drawings.put(removed)) == kept
    assert await store.read(DEFAULT_USER, lambda unit: unit.drawings.of("SPY")) == (kept,)


async def test_failures_of_a_job_are_counted_until_one_run_succeeds(store: Store) -> None:
    job = await store.run(
        DEFAULT_USER,
        lambda unit: unit.scheduled_jobs.put(
            ScheduledJob("", "Scan", "market_scan", "0 10 * * mon-fri", "America/New_York", {"n": 1}, True)
        ),
    )

    def fail(unit: Unit) -> ScheduledJob:
        return unit.scheduled_jobs.ran(job.id, START, "x", failed=True)

    await store.run(DEFAULT_USER, fail)
    ran = await store.run(DEFAULT_USER, fail)
    assert ran.failures == 2
    ran = await store.run(DEFAULT_USER, lambda unit: unit.scheduled_jobs.ran(job.id, START, "done"))
    assert (ran.failures, ran.last_outcome, ran.last_run_at) == (0, "done", START)
