"""Strategies through the core: listed as declared, computed on warmed-up history, wrong choices named."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from puffling.core.core import Core
from puffling.puffin.data.interval import Interval
from puffling.puffin.strategies.registry import get_strategy, list_strategies
from puffling.runtime.errors import InvalidInput
from tests.fixtures.cores import NOON

pytestmark = pytest.mark.usefixtures("as_person")


async def test_every_strategy_is_listed_with_its_choices(core: Core) -> None:
    listed = {kind.name: kind for kind in await core.strategies.types()}
    assert list(listed) == list_strategies()
    momentum = listed["momentum"]
    assert [each.name for each in momentum.parameters] == list(get_strategy("momentum").get_parameters())
    assert len(core.registry.get("strategies.types").dump(tuple(listed.values()))) == len(listed)


async def test_signals_have_warmed_up_on_the_first_day_that_was_asked_for(core: Core) -> None:
    start, end = date(2026, 1, 2), date(2026, 1, 9)
    table = await core.strategies.signals(
        "momentum", "SPY", start=start, end=end, parameters={"long_window": 200}
    )
    history = await core.data.history("SPY", Interval.D1, date(2024, 1, 2), end)
    signal, confidence = get_strategy("momentum", long_window=200).signals(history.bars)
    count = len(table.time)
    assert [table.time[0].date(), table.time[-1].date()] == [start, end]
    np.testing.assert_array_equal(table.signal, signal[-count:])
    np.testing.assert_allclose(table.confidence, confidence[-count:], rtol=0, atol=1e-12)
    assert all(table.signal)
    assert (table.source, table.data_label) == ("demo", "Demo data")
    assert table.parameters["long_window"] == 200


@pytest.mark.parametrize("interval", list(Interval))
async def test_there_is_enough_history_at_every_width(core: Core, interval: Interval) -> None:
    day = date(2026, 3, 3) if interval.is_intraday else date(2025, 12, 1)
    table = await core.strategies.signals("momentum", "SPY", interval, day, date(2026, 3, 3))
    assert all(table.signal)


async def test_the_newest_bars_of_the_range_are_given(core: Core) -> None:
    long = await core.strategies.signals("mean_reversion", "SPY")
    short = await core.strategies.signals("mean_reversion", "SPY", limit=7)
    assert (short.time, short.signal, short.confidence) == (
        long.time[-7:],
        long.signal[-7:],
        long.confidence[-7:],
    )


async def test_wrong_choices_are_named(core: Core) -> None:
    wrong: list[tuple[str, dict[str, int | float | str], str]] = [
        ("momentum", {"short_window": 0}, "short_window"),
        ("momentum", {"short_window": 60}, "short_window"),
        ("momentum", {"name": 1}, "name"),
        ("momentum", {"self": 1}, "self"),
        ("magic", {}, "name"),
    ]
    for name, parameters, field in wrong:
        with pytest.raises(InvalidInput) as caught:
            await core.strategies.signals(name, "SPY", parameters=parameters)
        assert caught.value.field == field
        assert caught.value.hint


async def test_nothing_is_decided_on_a_bar_that_still_moves(core: Core) -> None:
    table = await core.data.ohlcv("SPY")
    signals = await core.strategies.signals("momentum", "SPY")
    assert table.time[-1].date() == NOON.date()
    assert signals.time[-1] == table.time[-2]


async def test_too_little_history_is_said(core: Core) -> None:
    with pytest.raises(InvalidInput, match="needs 5000 bars") as caught:
        await core.strategies.signals(
            "momentum", "FB", source="samples", end=date(2013, 1, 4), parameters={"long_window": 5000}
        )
    assert caught.value.hint
