"""What each set of a search came to: in what was seen, in what was not, and in every stretch and the next.

Sets of a strategy that says what to hold are run as one matrix; those that send orders, are protected or wait
at the market are run one after the other. Either way the fills are those of a single test.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import field

import numpy as np

from puffling.frozen import frozen
from puffling.puffin.backtest.engine import Backtester, bars_a_year
from puffling.puffin.backtest.metrics import returns_of
from puffling.puffin.backtest.panel import Floats, Panel
from puffling.puffin.backtest.report import Number
from puffling.puffin.backtest.reporting import known, numbers
from puffling.puffin.backtest.simulation import simulate
from puffling.puffin.backtest.splits import Actions, comparable
from puffling.puffin.backtest.sweep import targets_of_many
from puffling.puffin.backtest.targets import Targets
from puffling.puffin.backtest.trust.overfitting import sums_of_blocks
from puffling.puffin.backtest.trust.subjects import Size, subject_of
from puffling.puffin.backtest.walk_forward import stretches
from puffling.puffin.errors import InvalidValue
from puffling.puffin.factors.declaration import Setting
from puffling.puffin.search.measures import Closed, Part, Stretch, closed_of
from puffling.puffin.strategies.base import Strategy
from puffling.puffin.strategies.portfolio import PortfolioStrategy
from puffling.puffin.strategies.recipe import Recipe
from puffling.puffin.strategies.trading import TradingStrategy

# Halves of so many blocks can be put together in 252 ways, few enough for thousands of trials.
BLOCKS = 10
LEAST_BARS = 4 * BLOCKS
_TRAIN_SHARE = 0.7
# Targets of so many prices are worked on before whoever wants to stop is heard.
_TOGETHER = 1_000_000

Progress = Callable[[float], None]


@frozen
class Wanted:
    """A set to try under its number; `first_us` is where history begins for it, so that it can warm up."""

    number: int
    parameters: Mapping[str, Setting]
    first_us: int


@frozen
class Moments:
    """The shape of a record of returns: its Sharpe ratio for a bar, bars, skewness and kurtosis."""

    sharpe: float
    bars: int
    skewness: float
    kurtosis: float


@frozen
class Walked:
    """One stretch of a walk forward: the score where it was chosen, the score and return where it was not."""

    seen: Number
    unseen: Number
    unseen_return: Number


@frozen
class Trial:
    """One set and what it came to; `trouble` says why there is nothing to tell.

    `score` is the chosen measure over what was seen, `ratio` the Sharpe ratio for a bar over all of it;
    `sums` and `squares` are those of the returns in blocks of time.
    """

    number: int
    parameters: dict[str, Setting]
    score: Number = None
    unseen_score: Number = None
    whole: dict[str, Number] = field(default_factory=dict)
    seen: dict[str, Number] = field(default_factory=dict)
    unseen: dict[str, Number] = field(default_factory=dict)
    walked: tuple[Walked, ...] = ()
    moments: Moments | None = None
    ratio: float = 0.0
    bars: int = 0
    sums: tuple[float, ...] = ()
    squares: tuple[float, ...] = ()
    trouble: str = ""


@frozen
class Rules:
    """How a search judges: by which measure, how much it keeps unseen, and in how many stretches it walks."""

    objective: str = "sharpe_ratio"
    holdout: float = 0.3
    stretches: int = 5
    risk_free_rate: float = 0.05


@frozen
class Parts:
    """Where a search chooses, where it looks afterwards, and the stretches it walks through."""

    whole: Stretch
    seen: Stretch
    unseen: Stretch | None
    walk: tuple[tuple[Stretch, Stretch], ...]


def parts_of(returns: int, rules: Rules) -> Parts:
    """Cut so many returns."""
    if returns < LEAST_BARS:
        raise InvalidValue(
            f"A search needs {LEAST_BARS} bars to compare sets by, there are {returns}", field="start"
        )
    cut = returns - round(returns * rules.holdout)
    whole = Stretch(0, returns)
    if cut < 2 or 0 < returns - cut < 2:
        raise InvalidValue("Both parts of history need at least two bars", field="holdout")
    walk: list[tuple[Stretch, Stretch]] = []
    with suppress(InvalidValue):
        # What is too short to walk through is judged without.
        for first, turn, last in stretches(returns, _TRAIN_SHARE, rules.stretches):
            walk.append((Stretch(first, turn), Stretch(turn, last)))
    return Parts(whole, Stretch(0, cut), Stretch(cut, returns) if cut < returns else None, tuple(walk))


def try_sets(
    recipe: Recipe,
    wanted: Sequence[Wanted],
    panel: Panel,
    tester: Backtester,
    rules: Rules,
    *,
    since_us: int,
    actions: Actions | None = None,
    size: Callable[[Panel], Size] | None = None,
    progress: Progress = lambda done: None,
) -> Iterator[Trial]:
    """Try sets, and tell of each as soon as it is known.

    `size` gives the rule of sizes for prices that begin where a set's history does.
    """
    kind = recipe.kind()
    alike = isinstance(kind, type) and issubclass(kind, Strategy)
    alone = not alike or issubclass(kind, (PortfolioStrategy, TradingStrategy))
    if alone or tester.needs_a_walk or actions:
        for place, each in enumerate(wanted):
            progress(place)
            yield _alone(recipe, each, panel, tester, rules, since_us, actions, size)
        return
    step = max(_TOGETHER // max(panel.close.size, 1), 1)
    for first in range(0, len(wanted), step):
        progress(first)
        some = wanted[first : first + step]
        try:
            yield from _together(kind, some, panel, tester, rules, since_us, size)
        except InvalidValue:
            # One of them does not fit these bars; alone each can say so for itself.
            for each in some:
                yield _alone(recipe, each, panel, tester, rules, since_us, actions, size)


def _together(
    kind: type[Strategy],
    wanted: Sequence[Wanted],
    panel: Panel,
    tester: Backtester,
    rules: Rules,
    since_us: int,
    size: Callable[[Panel], Size] | None,
) -> Iterator[Trial]:
    begins = {each.first_us: _beginning(panel, each.first_us, since_us) for each in wanted}
    for begin in sorted({at for _, at in begins.values()}):
        same = [each for each in wanted if begins[each.first_us][1] == begin]
        traded = panel.part(begin, len(panel))
        targets = np.empty((len(same), *traded.close.shape))
        for first_us in {each.first_us for each in same}:
            places = [place for place, each in enumerate(same) if each.first_us == first_us]
            first = begins[first_us][0]
            known_part = panel.part(first, len(panel))
            told = targets_of_many(kind, [same[place].parameters for place in places], known_part)
            if size is not None:
                rule = size(known_part)
                told = np.array([rule(Targets(weights)).weights for weights in told])
            targets[places] = told[:, begin - first :]
        done = simulate(traded, targets, tester.terms, pulse=tester.pulse)
        closed = closed_of(done)
        for first, last in done.chunks():
            tester.pulse()
            part = closed.of_runs(first, last)
            yield from _judged(same[first:last], done.equities(first, last), part, traded, rules)


def _alone(
    recipe: Recipe,
    wanted: Wanted,
    panel: Panel,
    tester: Backtester,
    rules: Rules,
    since_us: int,
    actions: Actions | None,
    size: Callable[[Panel], Size] | None,
) -> Trial:
    first, begin = _beginning(panel, wanted.first_us, since_us)
    part = panel.part(first, len(panel))
    try:
        subject = subject_of(
            recipe.with_parameters(wanted.parameters).make(),
            part,
            tester,
            since=begin - first,
            actions=actions,
            size=None if size is None else size(comparable(part, actions)),
            examined=False,
        )
    except InvalidValue as error:
        return Trial(wanted.number, dict(wanted.parameters), trouble=str(error))
    trades = subject.result.trades
    closed = Closed(np.zeros(len(trades), dtype=np.int64), trades.exit_bar, trades.profit)
    [trial] = _judged([wanted], subject.result.equity[None], closed, subject.traded, rules)
    return trial


def _beginning(panel: Panel, first_us: int, since_us: int) -> tuple[int, int]:
    """Give the bar where a history begins and the one on whose close is decided what trades first."""
    first, since = np.searchsorted(panel.time, (first_us, since_us)).tolist()
    return first, max(since - 1, first)


def _judged(
    wanted: Sequence[Wanted], equity: Floats, closed: Closed, traded: Panel, rules: Rules
) -> Iterator[Trial]:
    """Put into figures what runs came to."""
    returns, bars = returns_of(equity), bars_a_year(traded)
    parts = parts_of(returns.shape[1], rules)

    def over(stretch: Stretch) -> Part:
        return Part(equity, returns, closed, stretch, (rules.risk_free_rate, bars))

    whole, seen = over(parts.whole), over(parts.seen)
    unseen = None if parts.unseen is None else over(parts.unseen)
    walk = [(over(train), over(test)) for train, test in parts.walk]
    all_of, seen_of = whole.figures(), seen.figures()
    unseen_of = {} if unseen is None else unseen.figures()
    score = seen.scores(rules.objective)
    later = score * np.nan if unseen is None else unseen.scores(rules.objective)
    walked = [
        (train.scores(rules.objective), test.scores(rules.objective), test.total_return)
        for train, test in walk
    ]
    ratios, shape = whole.shape[0], np.array(seen.shape)
    sums, squares = sums_of_blocks(returns.T, BLOCKS)
    for place, each in enumerate(wanted):
        yield Trial(
            each.number,
            dict(each.parameters),
            known(float(score[place])),
            known(float(later[place])),
            _row(all_of, place),
            _row(seen_of, place),
            _row(unseen_of, place),
            walked=tuple(Walked(*(known(float(column[place])) for column in row)) for row in walked),
            moments=_moments(shape[:, place], len(parts.seen)),
            ratio=float(np.nan_to_num(ratios[place])),
            bars=returns.shape[1],
            sums=tuple(sums[:, place].tolist()),
            squares=tuple(squares[:, place].tolist()),
        )


def _row(figures: Mapping[str, Floats], place: int) -> dict[str, Number]:
    return numbers({name: float(column[place]) for name, column in figures.items()})


def _moments(shape: Floats, bars: int) -> Moments | None:
    if np.isnan(shape[0]):
        return None
    ratio, skewness, kurtosis = shape.tolist()
    return Moments(ratio, bars, skewness, kurtosis)
