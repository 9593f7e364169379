"""A strategy lives through the past as it would live now: limits and all, kept, beside its backtest."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from puffling.core.core import Core
from puffling.puffin.data.interval import Interval
from puffling.runtime.errors import InvalidInput, NotFound, Stopped
from puffling.runtime.jobs import JobState

pytestmark = pytest.mark.usefixtures("as_person")

FROM, UNTIL = date(2025, 11, 3), date(2026, 2, 20)


async def kept(core: Core, kind: str = "momentum", symbols: tuple[str, ...] = ("AMZN",)) -> None:
    """A strategy that changes its mind often."""
    parameters: dict[str, int | float | str] = {}
    if kind == "momentum":
        parameters = {"short_window": 3, "long_window": 8}
    await core.strategies.create("Mine", kind, symbols, Interval.D1, parameters)


async def test_within_its_limits_a_rehearsal_makes_the_orders_of_the_backtest(core: Core) -> None:
    await kept(core)
    # Both sides: what is held is left first, and the other side opened after that has filled.
    await core.settings.put("paper.short", True)
    line = await core.rehearsals.run("Mine", FROM, UNTIL, 8_000.0)
    assert (line.refused, line.undecided, line.same) == (0, 0, True)
    assert line.orders >= 4
    # Above the threshold each buying order asks, and was agreed to.
    assert line.asked > 0
    whole = await core.rehearsals.show(line.id)
    assert whole.differences == ()
    assert len(whole.time) == len(whole.equity) == len(whole.tested_equity) > 60
    assert whole.equity == pytest.approx(whole.tested_equity, abs=0.01)
    assert whole.final == whole.equity[-1]
    assert {each.side for each in whole.made} == {"buy", "sell"}
    assert (await core.rehearsals.all())[0] == line
    assert await core.backtests.all() == ()
    # Nothing of it is the person's.
    assert await core.broker.orders() == ()
    assert await core.live_strategies.active() == ()


async def test_what_the_gate_refuses_is_told_and_differs_from_the_backtest(core: Core) -> None:
    await kept(core)
    line = await core.rehearsals.run("Mine", FROM, UNTIL, 50_000.0)
    assert not line.same
    assert (line.orders, line.final) == (0, 50_000.0)
    assert line.refused > 0
    whole = await core.rehearsals.show(line.id)
    refused = [each for each in whole.made if each.fate == "refused"]
    assert any("of the account" in each.text for each in refused)
    assert all(each.startswith("Only tested: ") for each in whole.differences)


async def test_who_does_not_agree_has_no_order_that_asks(core: Core) -> None:
    await kept(core)
    line = await core.rehearsals.run("Mine", FROM, UNTIL, 8_000.0, agree=False)
    assert (line.orders, line.same) == (0, False)


@pytest.mark.parametrize("symbols", [("TSLA",), ("AMZN", "TSLA")])
async def test_one_that_sends_its_own_orders_fills_as_its_backtest(
    core: Core, symbols: tuple[str, ...]
) -> None:
    parameters: dict[str, int | float | str] = {"window": 3, "risk": 0.02, "reward": 1.5}
    await core.strategies.create("Mine", "bracket_breakout", symbols, Interval.D1, parameters)
    line = await core.rehearsals.run("Mine", FROM, UNTIL, 8_000.0)
    whole = await core.rehearsals.show(line.id)
    assert whole.differences == ()
    assert (line.refused, line.undecided, line.same) == (0, 0, True)
    assert line.orders >= 10
    assert whole.equity == pytest.approx(whole.tested_equity, abs=0.01)


async def test_a_strategy_of_several_symbols_is_rehearsed_too(core: Core) -> None:
    await core.strategies.create(
        "Mine", "balanced", ("AMZN", "GLD"), Interval.D1, {"every": "month", "first": 0.5}
    )
    line = await core.rehearsals.run("Mine", FROM, UNTIL, 8_000.0)
    assert (line.same, line.refused) == (True, 0)
    assert line.orders >= 2


async def test_a_rehearsal_that_is_cancelled_leaves_nothing(core: Core) -> None:
    await kept(core)
    job = await core.registry.get("rehearsal.run").start(
        {"strategy": "Mine", "start": date(2022, 1, 3), "end": UNTIL}
    )
    while job.record.fraction == 0.0 and not job.record.final:
        await core.port.thread(int)
    await core.jobs.cancel(job.id)
    with pytest.raises(Stopped):
        await job.wait()
    assert job.record.state is JobState.CANCELLED
    assert await core.rehearsals.all() == ()


async def test_what_cannot_be_rehearsed_is_named(core: Core) -> None:
    await kept(core)
    await core.strategies.create("Empty", "momentum")
    for name, first, field in (
        ("Mine", UNTIL, "start"),
        ("Mine", date(2026, 2, 18), "start"),
        ("Empty", FROM, "symbols"),
    ):
        with pytest.raises(InvalidInput) as caught:
            await core.rehearsals.run(name, first, UNTIL)
        assert caught.value.field == field
    with pytest.raises(NotFound):
        await core.rehearsals.run("Nobody")


async def test_a_rehearsal_is_removed(core: Core) -> None:
    await kept(core)
    line = await core.rehearsals.run("Mine", date(2026, 1, 5), UNTIL, 8_000.0)
    assert (await core.rehearsals.delete(line.id)).id == line.id
    with pytest.raises(NotFound):
        await core.rehearsals.show(line.id)


async def test_a_rehearsal_is_an_attempt_on_its_data(core: Core) -> None:
    await kept(core)
    await core.rehearsals.run("Mine", FROM, UNTIL, 8_000.0)
    asked: dict[str, Any] = {"start": FROM, "end": UNTIL}
    assert (await core.backtests.run("Mine", parameters={"short_window": 4}, **asked)).trials == 2
    # Its backtest was seen with it: to ask for that alone is no other attempt.
    assert (await core.backtests.run("Mine", **asked)).trials == 2
    made = await core.store.read(core.user, lambda unit: unit.attempts.on("demo|AMZN|1d"))
    assert made.count == 2
    assert made.variance > 0.0
