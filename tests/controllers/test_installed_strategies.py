"""Strategies that somebody installed, through the core: listed, kept, asked, tested and verified."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from textwrap import dedent

import pytest

from puffling.automation.runner.deciding import code_of
from puffling.automation.values import Origin
from puffling.core.core import Core
from puffling.runtime.errors import InvalidInput
from tests.automation.runner.rooms import open_room
from tests.puffin.strategies.test_upstream import PACKAGE, PUFFIN

pytestmark = pytest.mark.usefixtures("as_person")

START, END = date(2022, 1, 3), date(2024, 12, 31)


@pytest.fixture
def installed(tmp_path: Path) -> Iterator[None]:
    """A package called puffin that keeps to the contract, and one with entry points."""
    folder = tmp_path / "packages"
    for name, text in (PUFFIN | PACKAGE).items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(dedent(text), encoding="utf-8")
    sys.path.insert(0, str(folder))
    importlib.invalidate_caches()
    yield
    sys.path.remove(str(folder))
    importlib.invalidate_caches()


@pytest.mark.usefixtures("installed")
async def test_what_is_installed_is_listed_asked_tested_and_verified_like_any_other(core: Core) -> None:
    kinds = {kind.name: kind for kind in await core.strategies.types()}
    assert kinds["puffin:crossing"].origin is kinds["sober:calm"].origin is Origin.PACKAGE
    assert [each.name for each in kinds["puffin:crossing"].parameters] == ["window", "edge", "short"]
    saved = await core.strategies.create("Crossing", "puffin:crossing", ("SPY",), parameters={"window": 15})
    assert saved.trouble == ""
    table = await core.strategies.signals("Crossing", "SPY", parameters={"short": "yes"})
    assert set(table.signal) == {-1.0, 1.0}
    told = await core.backtests.run("Crossing", (), START, END)
    assert (told.strategy, told.parameters["window"]) == ("puffin:crossing", 15)
    assert told.reasons[0].check == "foresight"
    assert told.reasons[0].outcome == "fine"
    assert (told.metrics["total_trades"] or 0.0) > 10
    assert (await core.backtests.verify(told.id)).identical
    held = await core.backtests.run("sober:calm", ("SPY",), START, END)
    house = await core.backtests.run("buy_and_hold", ("SPY",), START, END)
    assert held.metrics == house.metrics
    # Nothing of them came into this process.
    assert not {"puffin", "sober"} & set(sys.modules)


@pytest.mark.usefixtures("installed")
async def test_what_of_it_does_not_fit_is_named(core: Core) -> None:
    wrong: list[tuple[str, dict[str, int | float | str], str]] = [
        ("puffin:nobody", {}, "strategy"),
        ("sober:broken", {}, "strategy"),
        ("puffin:crossing", {"window": 0}, "window"),
    ]
    for strategy, parameters, field in wrong:
        with pytest.raises(InvalidInput) as caught:
            await core.backtests.run(strategy, ("SPY",), START, END, parameters=parameters)
        assert caught.value.field == field
    assert await core.backtests.all() == ()


@pytest.mark.usefixtures("installed")
async def test_a_package_is_pinned_when_its_strategy_is_activated(core: Core) -> None:
    await core.strategies.create("Crossing", "puffin:crossing", ("SPY",), parameters={"window": 15})
    made = await core.live_strategies.activate("Crossing")
    recipe, settled = await core.strategy_shelf.recipe("puffin:crossing", {"window": 15})
    assert made.activation.code == code_of(recipe, settled) != ""


@pytest.mark.usefixtures("installed")
async def test_a_package_that_changed_does_not_go_on_by_itself(tmp_path: Path) -> None:
    async with open_room(tmp_path / "room") as room:
        recipe, settled = await room.shelf.recipe("puffin:crossing", {})
        config = await room.activated("puffin:crossing", code=code_of(recipe, settled))
        await room.close_of_day(config.id)
        assert await room.is_active(config.id)
        [file, *_] = sorted((tmp_path / "packages" / "puffin").rglob("*.py"))
        file.write_text(file.read_text(encoding="utf-8") + "\n# Another.\n", encoding="utf-8")
        await room.open_of_day(config.id)
        await room.close_of_day(config.id)
        assert not await room.is_active(config.id)
        assert any("The package of Mine is not as it was" in each for each in await room.told())
