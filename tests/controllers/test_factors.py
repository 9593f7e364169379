"""Indicators through the core: listed as declared, computed on warmed-up history, wrong choices named."""

from __future__ import annotations

import asyncio
from datetime import date

import numpy as np
import pytest

from puffling.core.core import Core
from puffling.puffin.data.bars import Bars
from puffling.puffin.data.interval import Interval
from puffling.puffin.factors.declaration import Drawing
from puffling.puffin.factors.indicator import Bar, Live, find_indicators
from puffling.runtime.errors import InvalidInput
from tests.benchmarks.bars import a_million_bars

pytestmark = pytest.mark.usefixtures("as_person")


def bar_at(bars: Bars, index: int) -> Bar:
    """One bar by itself."""
    return Bar(int(bars.time[index]), *(float(column[index]) for column in bars.columns()))


async def test_every_indicator_is_listed_with_its_choices(core: Core) -> None:
    listed = {kind.id: kind for kind in await core.factors.all()}
    assert listed.keys() == find_indicators().keys()
    assert [parameter.name for parameter in listed["rsi"].parameters][:1] == ["period"]
    ability = core.registry.get("factors.list")
    assert len(ability.dump(tuple(listed.values()))) == len(listed)


async def test_an_average_is_there_from_the_first_day_that_was_asked_for(core: Core) -> None:
    table = await core.factors.compute(
        "sma", "SPY", start=date(2026, 1, 2), end=date(2026, 2, 27), parameters={"period": 20}
    )
    history = await core.data.history("SPY", Interval.D1, date(2025, 10, 1), date(2026, 2, 27))
    (values,) = table.outputs.values()
    assert table.time[0].date() == date(2026, 1, 2)
    assert values[0] is not None
    assert values[-1] == pytest.approx(float(np.mean(history.bars.close[-20:])), rel=1e-12)
    assert (table.label, table.data_label) == ("SMA 20", "Demo data")


async def test_a_long_average_has_warmed_up_where_a_short_range_begins(core: Core) -> None:
    table = await core.factors.compute(
        "sma", "SPY", start=date(2026, 2, 2), end=date(2026, 2, 6), parameters={"period": 200}
    )
    (values,) = table.outputs.values()
    assert len(values) == 5
    assert None not in values


async def test_wrong_choices_are_named(core: Core) -> None:
    wrong: list[tuple[str, dict[str, int | float | str], str]] = [
        ("sma", {"period": 0}, "period"),
        ("sma", {"length": 5}, "length"),
        ("magic", {}, "id"),
    ]
    for indicator, parameters, field in wrong:
        with pytest.raises(InvalidInput) as caught:
            await core.factors.compute(indicator, "SPY", parameters=parameters)
        assert caught.value.field == field
        assert caught.value.hint


async def test_a_followed_indicator_says_what_is_computed_and_asks_for_known_parameters(core: Core) -> None:
    bars = (await core.data.history("SPY", Interval.D1, date(2024, 1, 2))).bars
    for follow in (core.factors.follow, core.factors.follow_long):
        started = follow("macd", "SPY", bars[:-1], {"fast": 5})
        live = started if isinstance(started, Live) else await started
        expected = find_indicators()["macd"].compute(bars, fast=5)
        newest = live.update(bar_at(bars, len(bars) - 1))
        for name, column in expected.items():
            np.testing.assert_allclose(live.history[name], column[:-1], rtol=1e-9)
            assert newest[name] == pytest.approx(column[-1], rel=1e-9)
    with pytest.raises(InvalidInput) as caught:
        core.factors.follow("macd", "SPY", bars, {"fast": 0})
    assert caught.value.field == "fast"


async def test_a_long_history_leaves_the_loop_its_turns(core: Core) -> None:
    bars = a_million_bars()
    turns = 0
    computing = core.scope.spawn(core.factors.follow_long("rsi", "SPY", bars, {}), name="follow")
    while not computing.done():
        await asyncio.sleep(0)
        turns += 1
    assert turns > 10
    assert np.isfinite((await computing).newest["rsi"])


async def test_every_indicator_tells_after_how_many_bars_it_speaks(core: Core) -> None:
    bars = (await core.data.history("SPY", Interval.D1, date(2022, 1, 3))).bars
    for id, kind in core.factors.kinds().items():
        needed = core.factors.bars_needed(id, {})
        hidden = {output.name for output in kind.outputs if output.drawing is Drawing.HIDDEN}
        enough = kind.start(bars[:needed]).newest
        short = kind.start(bars[: needed - 1]).newest
        assert all(np.isfinite(value) for name, value in enough.items() if name not in hidden), id
        assert not all(np.isfinite(value) for value in short.values()), id
    assert core.factors.bars_needed("sma", {"period": 4000}) == 4000
