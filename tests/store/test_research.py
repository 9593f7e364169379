"""Configurations, results and attempts, on SQLite and on PostgreSQL."""

from __future__ import annotations

from dataclasses import replace

import pytest

from puffling.runtime.actor import DEFAULT_USER, UserId
from puffling.runtime.errors import Conflict, InvalidInput, NotFound
from puffling.store.database import Unit
from puffling.store.research import Attempt, ResultHead, StrategyConfig
from tests.store.conftest import Place

OTHER = UserId("other")


def made(unit: Unit, name: str = "Trend") -> StrategyConfig:
    """A configured strategy."""
    return unit.strategies.create(
        name=name,
        strategy="momentum",
        parameters={"short_window": 10},
        symbols=["SPY", "QQQ"],
        interval="1d",
    )


def kept(unit: Unit, strategy_id: str | None = None) -> ResultHead:
    """A result."""
    return unit.results.add(
        name="Trend on SPY",
        request={"strategy": "momentum"},
        metrics={"total_return": 0.12, "profit_factor": None},
        report={"equity": [1.0, 1.1, 1.12]},
        grade="B",
        data_digest="abc",
        strategy_id=strategy_id,
    )


def note(unit: Unit, id: str, *, notes: str, tags: tuple[str, ...]) -> ResultHead:
    """What the person says of a result."""
    return unit.results.annotate(id, name=None, notes=notes, tags=tags)


def attempt(number: int, sharpe: float, *, made_by: str = "person") -> Attempt:
    """An attempt on the same data."""
    return Attempt("demo|SPY|1d", f"digest {number}", "momentum", {"window": number}, made_by, sharpe, 500)


def tried(unit: Unit, made: Attempt) -> None:
    """Write an attempt down."""
    unit.attempts.add([made])


async def test_a_configuration_is_made_changed_removed_and_brought_back(place: Place) -> None:
    async with place.open() as store:
        first = await store.run(DEFAULT_USER, made)
        changed = await store.run(
            DEFAULT_USER,
            lambda unit: unit.strategies.change(
                first.id, name="Trend", strategy="momentum", parameters={}, symbols=["IWM"], interval="1h"
            ),
        )
        assert (changed.version, changed.symbols, changed.interval) == (2, ("IWM",), "1h")
        removed = await store.run(DEFAULT_USER, lambda unit: unit.strategies.remove("trend"))
        assert await store.read(DEFAULT_USER, lambda unit: unit.strategies.all()) == ()
        back = await store.run(DEFAULT_USER, lambda unit: unit.strategies.restore(removed))
        assert (back.id, back.version, back.symbols) == (first.id, 2, ("IWM",))


async def test_two_configurations_never_share_a_name(place: Place) -> None:
    async with place.open() as store:
        await store.run(DEFAULT_USER, made)
        with pytest.raises(Conflict, match="There is a strategy named Trend already"):
            await store.run(DEFAULT_USER, made, "tREND ")
        await store.run(OTHER, lambda unit: unit.users.ensure("Somebody"))
        assert (await store.run(OTHER, made)).name == "Trend"


async def test_a_configuration_that_is_gone_leaves_its_results(place: Place) -> None:
    async with place.open() as store:
        config = await store.run(DEFAULT_USER, made)
        result = await store.run(DEFAULT_USER, lambda unit: kept(unit, config.id))
        assert result.strategy_id == config.id
        await store.run(DEFAULT_USER, lambda unit: unit.strategies.remove(config.id))
        left = await store.read(DEFAULT_USER, lambda unit: unit.results.get(result.id))
        assert left.head.strategy_id is None


async def test_results_are_listed_newest_first_and_told_apart_by_their_owner(place: Place) -> None:
    async with place.open() as store:
        await store.run(OTHER, lambda unit: unit.users.ensure("Somebody"))
        result = await store.run(DEFAULT_USER, kept)
        assert await store.read(OTHER, lambda unit: unit.results.all()) == ()
        with pytest.raises(NotFound):
            await store.read(OTHER, lambda unit: unit.results.get(result.id))
        assert await store.read(DEFAULT_USER, lambda unit: unit.results.all()) == (result,)
        whole = await store.read(DEFAULT_USER, lambda unit: unit.results.get(result.id))
        assert whole.report == {"equity": [1.0, 1.1, 1.12]}
        assert whole.head.metrics["profit_factor"] is None


async def test_a_result_takes_notes_and_tags_and_comes_back_with_them(place: Place) -> None:
    async with place.open() as store:
        result = await store.run(DEFAULT_USER, kept)
        noted = await store.run(DEFAULT_USER, note, result.id, notes="Look again", tags=("good", "good"))
        assert (noted.name, noted.notes, noted.tags) == ("Trend on SPY", "Look again", ("good",))
        removed = await store.run(DEFAULT_USER, lambda unit: unit.results.remove(result.id))
        assert await store.read(DEFAULT_USER, lambda unit: unit.results.all()) == ()
        assert await store.run(DEFAULT_USER, lambda unit: unit.results.restore(removed)) == noted
        for tags, notes in ((("x" * 41,), ""), (tuple(map(str, range(21))), ""), ((), "x" * 20_001)):
            with pytest.raises(InvalidInput):
                await store.run(DEFAULT_USER, note, result.id, notes=notes, tags=tags)


async def test_every_different_attempt_counts_once_whoever_makes_it(place: Place) -> None:
    async with place.open() as store:
        await store.run(
            DEFAULT_USER, lambda unit: unit.attempts.add([attempt(1, 0.1), attempt(2, 0.3), attempt(1, 0.1)])
        )
        await store.run(DEFAULT_USER, lambda unit: unit.attempts.add([attempt(2, 0.3, made_by="assistant")]))
        told = await store.read(DEFAULT_USER, lambda unit: unit.attempts.on("demo|SPY|1d"))
        assert told.count == 2
        assert told.variance == pytest.approx(0.02)
        assert (await store.read(DEFAULT_USER, lambda unit: unit.attempts.on("demo|IWM|1d"))).count == 0
        assert (await store.read(OTHER, lambda unit: unit.attempts.on("demo|SPY|1d"))).count == 0


async def test_attempts_on_data_that_shares_a_symbol_count_together(place: Place) -> None:
    async with place.open() as store:
        for symbols in ("SPY", "QQQ", "QQQ,SPY", "AGG,QQQ", "IWM", "SPYG"):
            for number in (1, 2):
                made = replace(attempt(number, number / 10), data_key=f"demo|{symbols}|1d")
                await store.run(DEFAULT_USER, tried, made)
        for key in ("demo|SPY|1h", "yahoo|SPY|1d", "demo_|SPY|1d"):
            elsewhere = replace(attempt(1, 0.1), data_key=key)
            await store.run(DEFAULT_USER, tried, elsewhere)

        async def counted(symbols: str, besides: str = "") -> int:
            told = await store.read(
                DEFAULT_USER, lambda unit: unit.attempts.on(f"demo|{symbols}|1d", besides=besides)
            )
            return told.count

        assert await counted("SPY") == 4
        assert await counted("QQQ") == 6
        assert await counted("QQQ,SPY") == 8
        assert await counted("AGG") == 2
        assert await counted("GLD") == 0
        # The same attempt on other data is another one: only that on this very data is left out.
        assert await counted("SPY", besides=attempt(1, 0.1).digest) == 3
