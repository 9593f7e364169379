"""What is wrong with a strategy or with prices is said in a sentence, and nothing of it is kept."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from puffling.core.core import Core
from puffling.puffin.data.instants import US_PER_DAY, day_to_us
from puffling.runtime.clock import FixedClock
from puffling.runtime.errors import InvalidInput
from puffling.runtime.paths import Paths
from tests.controllers.test_faulty_prices import BAD, changed_at, keep
from tests.controllers.test_own_strategies import trust, write

pytestmark = pytest.mark.usefixtures("as_person")

ASKED: dict[str, Any] = {
    "symbols": ("SPY",),
    "start": date(2025, 6, 2),
    "end": date(2026, 2, 27),
}

HEAD = """import numpy as np
from puffling.puffin.strategies.base import Signals, Strategy

class Own(Strategy):
    title = "Own"
    help = "Does as it is told."
    def decide(self, bars):
"""
FRAMES = """class Own:
    def generate_signals(self, data):
"""
BROKEN = {
    "raises": (HEAD + "        return bars.nothing\n", r"own\.py, line 8: AttributeError"),
    "too few": (HEAD + "        return Signals(np.zeros(3), np.zeros(3))\n", r"for each of \d+ bars"),
    "not a number": (
        HEAD + "        return Signals(np.full(len(bars), np.nan), np.zeros(len(bars)))\n",
        "from -1 to 1",
    ),
    "another index": (
        FRAMES + "        return data.iloc[5:].assign(signal=1.0)\n",
        r"gave \d+ signals for \d+ bars",
    ),
    "no column": (FRAMES + "        return data\n", "no column signal"),
    "too large": (FRAMES + "        return data.assign(signal=2.0)\n", "not a number from -1 to 1"),
}


@pytest.mark.parametrize("kind", list(BROKEN))
async def test_a_strategy_that_does_not_do_is_named_with_what_it_did(
    core: Core, paths: Paths, kind: str
) -> None:
    text, said = BROKEN[kind]
    write(paths, text, "own")
    await trust(core, "own")
    with pytest.raises(InvalidInput, match=said) as caught:
        await core.backtests.run("own:own", **ASKED)
    assert caught.value.field == "strategy"
    assert caught.value.hint
    assert await core.backtests.all() == ()
    counted = await core.store.read(core.user, lambda unit: unit.attempts.on("demo|SPY|1d"))
    assert counted.count == 0


async def test_a_strategy_nobody_trusts_is_not_run(core: Core, paths: Paths) -> None:
    write(paths, HEAD + "        raise SystemExit\n", "own")
    with pytest.raises(InvalidInput, match="not trusted") as caught:
        await core.backtests.run("own:own", **ASKED)
    assert caught.value.field == "strategy"


async def test_an_own_strategy_that_does_is_tested_and_verified_like_any_other(
    core: Core, paths: Paths
) -> None:
    write(paths, HEAD + "        return Signals(np.ones(len(bars)), np.ones(len(bars)))\n", "own")
    await trust(core, "own")
    told = await core.backtests.run("own:own", **ASKED)
    house = await core.backtests.run("buy_and_hold", **ASKED)
    assert told.metrics == house.metrics
    assert (await core.backtests.verify(told.id)).identical


@pytest.mark.parametrize("columns", [{"close": float("nan")}, {"low": 0.0}])
async def test_faulty_prices_are_kept_away_and_that_is_said(
    paths: Paths, clock: FixedClock, columns: dict[str, float]
) -> None:
    keep(paths, changed_at(BAD, **columns))
    core = await Core.open(paths, clock=clock, environment={})
    told = await core.backtests.run("momentum", **ASKED)
    history = await core.data.history("SPY", start=BAD, end=BAD)
    assert history.kept_away.any()
    assert "1 faulty bars of SPY were kept away." in told.warnings
    assert [each.kept_away for each in told.sources] == [1]
    curves = await core.backtests.curves(told.id)
    assert not any(0 <= each - day_to_us(BAD) < US_PER_DAY for each in curves.time_us)
    await core.close()


async def test_history_that_is_too_short_to_warm_up_says_when_signals_begin(core: Core) -> None:
    told = await core.backtests.run(
        "momentum",
        ("FB",),
        date(2012, 5, 21),
        date(2013, 2, 28),
        source="samples",
        parameters={"long_window": 100},
    )
    assert any("too short to warm up" in each and "2012-10" in each for each in told.warnings)
