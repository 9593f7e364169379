"""Indicators through the core: listed as declared, computed on warmed-up history, wrong choices named."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from puffling.core.core import Core
from puffling.puffin.data.interval import Interval
from puffling.puffin.factors.indicator import find_indicators
from puffling.runtime.errors import InvalidInput

pytestmark = pytest.mark.usefixtures("as_person")


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
