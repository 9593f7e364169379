"""Searches through the core: exact, counted, kept as they come, and never without a judgement."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from itertools import product
from typing import Any

import pytest

from puffling.automation.research.values import Leaving
from puffling.core.core import Core
from puffling.puffin.data.interval import Interval
from puffling.runtime.actor import Actor, Caller, calling_as
from puffling.runtime.errors import Conflict, InvalidInput, NotFound, PufflingError
from puffling.runtime.jobs import Job, JobState
from puffling.store.database import Unit
from puffling.store.events import SearchesChanged
from puffling.store.research import SearchState, StoredTrial

pytestmark = pytest.mark.usefixtures("as_person")

START, END = date(2022, 1, 3), date(2024, 12, 31)
DAYS: dict[str, Any] = {"start": START, "end": END}
PAIRS = ("short_window=5,10,20", "long_window=30,60")


async def attempts(core: Core, key: str = "demo|SPY|1d") -> int:
    """How many different attempts there are on these prices."""
    return (await core.store.read(core.user, lambda unit: unit.attempts.on(key))).count


async def test_every_trial_has_the_figures_of_a_single_backtest(core: Core) -> None:
    told = await core.optimization.run("momentum", ("SPY",), PAIRS, **DAYS)
    trials = await core.optimization.trials(told.summary.id)
    assert {(each.parameters["short_window"], each.parameters["long_window"]) for each in trials} == set(
        product((5, 10, 20), (30, 60))
    )
    assert await attempts(core) == 6
    for trial in trials[:2]:
        alone = await core.backtests.run("momentum", ("SPY",), parameters=trial.parameters, **DAYS)
        for figure, value in trial.whole.items():
            assert alone.metrics[figure] == pytest.approx(value, rel=1e-12), figure
        # It is the same attempt on the same data, and every verdict after it counts all of them.
        assert alone.trials == 6
    assert await attempts(core) == 6
    another = await core.backtests.run("macd", ("SPY",), **DAYS)
    assert another.trials == 7


@pytest.mark.parametrize(
    ("strategy", "symbols", "vary", "rules"),
    [
        ("momentum", ("SPY", "QQQ"), ("long_window=40..60:10",), {"leaving": Leaving(stop_loss=0.05)}),
        ("dual_momentum", ("SPY", "QQQ", "AGG"), ("lookback=20,60",), {}),
        ("bracket_breakout", ("SPY",), ("window=10,20",), {}),
        ("mean_reversion", ("SPY",), ("window=10,20",), {"adjusted": False}),
        ("momentum", ("SPY",), ("ma_type=sma,ema",), {"sizing": "volatility", "size": 0.1}),
    ],
)
async def test_whatever_way_it_is_traded_the_figures_are_those_of_a_single_backtest(
    core: Core, strategy: str, symbols: tuple[str, ...], vary: tuple[str, ...], rules: dict[str, Any]
) -> None:
    told = await core.optimization.run(strategy, symbols, vary, **DAYS, **rules)
    assert told.best is not None
    alone = await core.backtests.run(strategy, symbols, parameters=told.best.parameters, **DAYS, **rules)
    for figure, value in told.best.whole.items():
        assert alone.metrics[figure] == pytest.approx(value, rel=1e-12), figure


async def test_the_best_never_comes_without_what_is_to_be_thought_of_it(core: Core) -> None:
    told = await core.optimization.run(
        "momentum", ("SPY",), objective="calmar_ratio", trials=40, method="random", **DAYS
    )
    assert told.summary.state == "done"
    assert told.summary.tried == told.summary.planned == 40
    assert told.summary.grade in set("ABCDF")
    checks = {each.check for each in told.findings}
    assert {"deflated", "overfitting", "unseen", "walk_forward", "plateau"} <= checks
    assert told.figures["attempts"] == 40
    assert 0.0 <= (told.figures["overfitting_probability"] or 0.0) <= 1.0
    assert len(told.stretches) == 5
    assert told.best is not None
    scores = [each.score for each in told.leaders]
    assert told.best == told.leaders[0]
    assert scores == sorted(scores, key=lambda each: -(each or 0.0))
    assert all(each.score == each.seen["calmar_ratio"] for each in told.leaders)
    assert (told.data_label, told.quality) == ("Demo data", "demo")
    [line] = await core.optimization.all()
    assert line == told.summary
    assert (line.score, line.unseen_score) == (told.best.score, told.best.unseen_score)
    assert set(line.best) == {"short_window", "long_window"}


async def test_the_same_seed_draws_the_same_sets(core: Core) -> None:
    vary = ("short_window=2..40:1", "long_window=50..200:1")
    found = []
    for seed in (3, 3, 4):
        told = await core.optimization.run(
            "momentum", ("SPY",), vary, method="random", trials=8, seed=seed, **DAYS
        )
        found.append(sorted(str(each.parameters) for each in await core.optimization.trials(told.summary.id)))
    assert found[0] == found[1] != found[2]


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"vary": ("short_window=0..20:5",)}, "short_window"),
    ({"vary": ("short_window=20..5:5",)}, "short_window"),
    ({"vary": ("wings=1..2",)}, "wings"),
    ({"vary": ("short_window=5",)}, "vary"),
    ({"vary": ("short_window=2..900:1", "long_window=2..900:1")}, "vary"),
    ({"vary": ("short_window=60,70",)}, "short_window"),
    ({"vary": ("short_window=5,10",), "parameters": {"long_window": 4}}, "short_window"),
    ({"vary": ("short_window=5,10",), "parameters": {"wings": 4}}, "wings"),
    ({"strategy": "magic"}, "strategy"),
    ({"strategy": "buy_and_hold"}, "strategy"),
    ({"symbols": ()}, "symbols"),
    ({"symbols": ("NOSUCH",)}, "symbols"),
    ({"start": date(2024, 12, 2)}, "start"),
    ({"start": date(2025, 1, 2)}, "start"),
    ({"holdout": 0.95}, "holdout"),
    ({"strategy": "bracket_breakout", "vary": ("window=10,20",), "leaving": Leaving(stop_loss=0.1)},
     "leaving.stop_loss"),
]  # fmt: skip


@pytest.mark.parametrize(("wrong", "field"), WRONG)
async def test_what_cannot_be_searched_names_the_field_and_keeps_nothing(
    core: Core, wrong: dict[str, Any], field: str
) -> None:
    asked = {"strategy": "momentum", "symbols": ("SPY",), "vary": PAIRS, **DAYS, **wrong}
    with pytest.raises(InvalidInput) as caught:
        await core.optimization.run(**asked)
    assert caught.value.field == field
    assert caught.value.message
    assert await core.optimization.all() == ()
    assert await attempts(core) == 0


SLOW = '''
from puffling.puffin.strategies.trading import TradingStrategy
from puffling.puffin.factors.declaration import Whole

class Slow(TradingStrategy):
    """Buys and sells by turns, and thinks long about it."""
    parameters = (Whole("window", "Window", 5, 2, 500),)
    window: int

    def on_bar(self, view):
        sum(range(200))
        if view.bar % self.window == 0:
            view.target(view.symbols[0], float(view.bar // self.window % 2))
'''


SIGNALS = '''
class Above:
    """Long above an average, as somebody writes it who never heard of our base class."""

    def __init__(self, window: int = 20, share: float = 1.0) -> None:
        self.window, self.share = window, share

    def generate_signals(self, data):
        above = data["Close"] > data["Close"].rolling(self.window).mean()
        return above.astype(float).mul(self.share).to_frame("signal")
'''


async def own(core: Core, name: str, text: str) -> str:
    """A trusted strategy of the person's own."""
    folder = core.paths.data / "strategies"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.py").write_text(text)
    [file] = await core.strategies.files()
    await core.strategies.trust(file.name, file.digest)
    return file.strategy


async def test_a_strategy_of_the_persons_own_is_searched_as_it_is_tested(core: Core) -> None:
    strategy = await own(core, "above", SIGNALS)
    told = await core.optimization.run(strategy, ("SPY",), ("window=10..30:10", "share=0.5,1"), **DAYS)
    assert told.summary.tried == 6
    assert told.best is not None
    alone = await core.backtests.run(strategy, ("SPY",), parameters=told.best.parameters, **DAYS)
    assert alone.trials == 6
    for figure, value in told.best.whole.items():
        assert alone.metrics[figure] == pytest.approx(value, rel=1e-12), figure
    await core.store.run(
        core.user,
        lambda unit: unit.searches.end(told.summary.id, SearchState.CANCELLED, best=None, judged=None),
    )
    await own(core, "above", SIGNALS.replace("> data", ">= data"))
    with pytest.raises(Conflict, match="changed since"):
        await core.optimization.resume(told.summary.id)


async def stopped(core: Core, strategy: str, *, news: int = 2) -> tuple[str, Job]:
    """A search that was cancelled in the very moment of some news: it begins, then it keeps something."""
    job = await core.registry.get("optimization.run").start(
        {"strategy": strategy, "symbols": ["SPY"], "vary": ["window=5..500:1"], "start": START, "end": END}
    )

    heard: list[SearchesChanged] = []

    def cancel(event: SearchesChanged) -> None:
        heard.append(event)
        if len(heard) == news:
            core.board.cancel(job.id)

    unsubscribe = core.bus.on(SearchesChanged, cancel)
    await job.finished()
    unsubscribe()
    return heard[0].id, job


async def test_a_cancelled_search_keeps_what_it_tried_and_goes_on_where_it_was(core: Core) -> None:
    strategy = await own(core, "slow", SLOW)
    id, job = await stopped(core, strategy)
    assert job.state is JobState.CANCELLED
    told = await core.optimization.show(id)
    assert told.summary.state == "cancelled"
    assert 0 < told.summary.tried < told.summary.planned == 496
    # Of the lot under way, too, nothing is lost that had come to its end.
    assert told.summary.tried == job.done
    # What is best so far is judged by what was tried so far.
    assert told.findings
    assert told.best is not None
    before = await core.optimization.trials(id, limit=10_000)
    assert len(before) == told.summary.tried
    assert await attempts(core) == len(before)
    # Most of the rest is taken for tried, or a test would last as long as the search.
    await core.store.run(core.user, lambda unit: pretend(unit, id, strategy_sets()))
    resumed = await core.optimization.resume(id)
    assert (resumed.summary.state, resumed.summary.tried) == ("done", 496)
    with pytest.raises(Conflict):
        await core.optimization.resume(id)


async def test_a_search_that_was_cancelled_before_it_tried_anything_leaves_nothing(core: Core) -> None:
    id, job = await stopped(core, await own(core, "slow", SLOW), news=1)
    assert job.state is JobState.CANCELLED
    assert await core.optimization.all() == ()
    with pytest.raises(NotFound):
        await core.optimization.show(id)


async def test_what_is_kept_twice_counts_once(core: Core) -> None:
    told = await core.optimization.run("momentum", ("SPY",), PAIRS, **DAYS)
    trials = await core.store.read(core.user, lambda unit: unit.searches.trials(told.summary.id))
    again = await core.store.run(core.user, lambda unit: unit.searches.keep(told.summary.id, trials))
    assert again == frozenset()
    assert (await core.optimization.show(told.summary.id)).summary.tried == 6


def strategy_sets() -> list[dict[str, Any]]:
    """The sets of the slow search."""
    return [{"window": window} for window in range(5, 501)]


def pretend(unit: Unit, id: str, sets: list[dict[str, Any]]) -> None:
    """Keep all but the last two sets as if they had been tried."""
    last = unit.searches.trials(id)[-1]
    unit.searches.keep(id, [StoredTrial(number, each, last.metrics) for number, each in enumerate(sets[:-2])])


async def test_a_search_that_nobody_works_on_any_more_was_interrupted(core: Core) -> None:
    told = await core.optimization.run("momentum", ("SPY",), PAIRS, **DAYS)
    id = told.summary.id

    def as_after_a_kill(unit: Unit) -> None:
        unit.searches.end(id, SearchState.RUNNING, best=None, judged=None)

    await core.store.run(core.user, as_after_a_kill)
    [line] = await core.optimization.all()
    assert (line.state, line.grade, line.best) == ("interrupted", "", {})
    again = await core.optimization.show(id)
    assert again.best == told.best
    assert again.findings == told.findings
    news: list[SearchesChanged] = []
    core.bus.on(SearchesChanged, news.append)
    resumed = await core.optimization.resume(id)
    # It goes on and ends: what was tried is not tried again.
    assert len(news) == 2
    assert resumed == replace(told, summary=resumed.summary)
    assert resumed.summary.state == "done"


async def test_a_search_goes_on_only_where_strategy_and_sets_are_the_same(core: Core) -> None:
    told = await core.optimization.run("momentum", ("SPY",), PAIRS, **DAYS)
    id = told.summary.id

    def changed(unit: Unit) -> None:
        kept = unit.searches.remove(id)
        trials = (*kept.trials[:-1], replace(kept.trials[-1], parameters={"short_window": 7}))
        unit.searches.restore(replace(kept, trials=trials))
        unit.searches.end(id, SearchState.CANCELLED, best=None, judged=None)

    await core.store.run(core.user, changed)
    with pytest.raises(Conflict, match="changed since"):
        await core.optimization.resume(id)


async def test_a_search_is_deleted_and_comes_back_and_its_attempts_stay(core: Core) -> None:
    told = await core.optimization.run("momentum", ("SPY",), PAIRS, **DAYS)
    id = told.summary.id
    assert (await core.optimization.delete(id)).id == id
    assert await core.optimization.all() == ()
    assert await attempts(core) == 6
    for gone in (core.optimization.show, core.optimization.trials, core.optimization.delete):
        with pytest.raises(NotFound):
            await gone(id)
    assert await core.optimization.restore(id) == told.summary
    assert await core.optimization.show(id) == told
    with pytest.raises(NotFound):
        await core.optimization.restore(id)


async def test_a_plan_says_what_would_be_tried(core: Core) -> None:
    plan = await core.optimization.plan("momentum", ("SPY",))
    assert [each.name for each in plan.varied] == ["short_window", "long_window"]
    assert plan.trials == plan.combinations > 10
    assert plan.text == f"{plan.trials} sets, some seconds"
    more = await core.optimization.plan(
        "bracket_breakout", ("SPY", "QQQ"), ("window=10..200:1",), start=date(2000, 1, 3)
    )
    assert more.seconds > plan.seconds
    assert "191 sets, about" in more.text
    drawn = await core.optimization.plan(
        "momentum", ("SPY",), ("short_window=2..90:1", "long_window=100..200:1"), method="random", trials=50
    )
    assert (drawn.trials, drawn.combinations) == (50, 89 * 101)
    with pytest.raises(InvalidInput) as caught:
        await core.optimization.plan("momentum", ("SPY",), ("short_window=2..90:1", "long_window=100..200:1"))
    assert caught.value.field == "vary"
    assert "8,989 combinations" in caught.value.message


async def test_a_configured_strategy_is_searched_on_its_own_symbols(core: Core) -> None:
    saved = await core.strategies.create(
        "Trend", "momentum", symbols=("QQQ",), interval=Interval.D1, parameters={"ma_type": "ema"}
    )
    told = await core.optimization.run("Trend", vary=PAIRS, **DAYS)
    assert told.summary.symbols == ("QQQ",)
    assert told.request["strategy_id"] == saved.id
    assert all(each.parameters["ma_type"] == "ema" for each in told.leaders)
    await core.strategies.delete(saved.id)
    assert (await core.optimization.show(told.summary.id)).request["strategy"] == "momentum"


async def test_a_model_may_search_and_its_attempts_count_as_anybodys(core: Core) -> None:
    with calling_as(Caller(Actor.ASSISTANT)):
        await core.optimization.run("momentum", ("SPY",), PAIRS, **DAYS)
    told = await core.backtests.run("macd", ("SPY",), **DAYS)
    assert told.trials == 7


async def test_one_set_that_needs_too_long_a_past_does_not_stop_the_others(core: Core) -> None:
    rules: dict[str, Any] = {"source": "samples", "start": date(2012, 6, 1), "end": date(2013, 2, 28)}
    told = await core.optimization.run(
        "momentum", ("FB",), ("long_window=30,40,5000",), parameters={"short_window": 5}, **rules
    )
    assert told.summary.tried == 3
    trials = await core.optimization.trials(told.summary.id)
    assert [bool(each.trouble) for each in trials] == [False, False, True]
    assert await attempts(core, "samples|FB|1d") == 2
    with pytest.raises(PufflingError, match="No set can be tested"):
        await core.optimization.run("momentum", ("FB",), ("long_window=4000,5000",), **rules)
