"""What every strategy keeps to, and the two that Puffin's users know best, worked out bar by bar."""

from __future__ import annotations

import inspect
from decimal import Decimal
from statistics import fmean, pstdev
from typing import Any, ClassVar

import numpy as np
import pandas as pd
import pytest

from puffling.puffin.data.bars import Bars
from puffling.puffin.data.instants import US_PER_DAY
from puffling.puffin.data.samples import SamplesProvider
from puffling.puffin.errors import InvalidValue
from puffling.puffin.factors.declaration import Choice, Whole
from puffling.puffin.strategies.base import Signals, Strategy
from puffling.puffin.strategies.market_making import MarketMakingStrategy
from puffling.puffin.strategies.mean_reversion import MeanReversionStrategy
from puffling.puffin.strategies.momentum import MomentumStrategy
from puffling.puffin.strategies.portfolio import PortfolioStrategy
from puffling.puffin.strategies.registry import find_strategy, get_strategy, list_strategies, register

KINDS = [find_strategy(name) for name in list_strategies()]
# Those that decide for one symbol alone.
ALONE = [kind for kind in KINDS if not issubclass(kind, PortfolioStrategy)]
# Those whose answer to a price that never moves is to hold.
HOLDING = {"buy_and_hold", "volatility_target"}


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    """Thirteen years of a real share."""
    return SamplesProvider().fetch_historical("IBM", "2000-01-01")


def flat(count: int) -> Bars:
    """A price that never moves."""
    same = np.full(count, 20.1)
    return Bars(np.arange(count) * US_PER_DAY, same, same, same, same, same)


def average(closes: list[float], kind: str, window: int) -> list[float | None]:
    """A simple average, or an exponential one that begins with it."""
    given: list[float | None] = [None] * (window - 1)
    for at in range(window - 1, len(closes)):
        before = given[-1] if given else None
        if kind == "sma" or before is None:
            given.append(fmean(closes[at - window + 1 : at + 1]))
        else:
            given.append(before + 2 / (window + 1) * (closes[at] - before))
    return given


def followed(
    closes: list[float], short: int, long: int, kind: str, least: float
) -> list[tuple[float, float]]:
    """Momentum as a person would work it out."""
    said = []
    for fast, slow in zip(average(closes, kind, short), average(closes, kind, long), strict=True):
        distance = 0.0 if fast is None or slow is None else (fast - slow) / slow
        if abs(distance) <= least:
            said.append((0.0, 0.0))
        else:
            said.append((1.0 if distance > 0 else -1.0, min(abs(distance) / 0.05, 1.0)))
    return said


def reverted(
    closes: list[float], window: int, edge: float, low: float, high: float
) -> list[tuple[float, float]]:
    """Mean reversion as a person would work it out."""
    said, holding = [], False
    for at in range(len(closes)):
        seen = closes[at - window + 1 : at + 1] if at >= window - 1 else []
        z = (closes[at] - fmean(seen)) / pstdev(seen) if seen else 0.0
        if seen and z >= high:
            holding = False
        elif seen and z <= low:
            holding = True
        said.append((1.0, min(abs(z) / edge, 1.0)) if holding else (0.0, 0.0))
    return said


@pytest.mark.parametrize(
    ("short", "long", "kind", "least"), [(20, 50, "sma", 0.0), (5, 100, "ema", 0.0), (10, 20, "sma", 0.02)]
)
def test_momentum_is_what_its_definition_says(
    frame: pd.DataFrame, short: int, long: int, kind: str, least: float
) -> None:
    given = MomentumStrategy(short, long, kind, least).generate_signals(frame)
    expected = followed(frame["Close"].tolist(), short, long, kind, least)
    assert set(given["signal"]) == {-1.0, 0.0, 1.0}
    np.testing.assert_array_equal(given["signal"], [signal for signal, _ in expected])
    np.testing.assert_allclose(given["confidence"], [sure for _, sure in expected], rtol=0, atol=1e-10)


@pytest.mark.parametrize(
    ("window", "edge", "low", "high"), [(20, 2.0, -2.0, 0.0), (10, 1.5, -1.5, 1.0), (30, 2.5, -2.5, -1.0)]
)
def test_mean_reversion_is_what_its_definition_says(
    frame: pd.DataFrame, window: int, edge: float, low: float, high: float
) -> None:
    given = MeanReversionStrategy(window, edge, low, high).generate_signals(frame)
    expected = reverted(frame["Close"].tolist(), window, edge, low, high)
    assert int((given["signal"].diff() == 1.0).sum()) > 20
    np.testing.assert_array_equal(given["signal"], [signal for signal, _ in expected])
    np.testing.assert_allclose(given["confidence"], [sure for _, sure in expected], rtol=0, atol=1e-9)


@pytest.mark.parametrize("kind", ALONE, ids=lambda kind: kind.name())
def test_no_bar_to_come_changes_what_was_said(kind: type[Strategy], frame: pd.DataFrame) -> None:
    strategy = kind()
    whole = strategy.generate_signals(frame)
    for count in (strategy.bars_needed(), 333, 2_000, len(frame) - 1):
        pd.testing.assert_frame_equal(
            strategy.generate_signals(frame[:count]), whole[:count], check_exact=True, check_freq=False
        )


@pytest.mark.parametrize("kind", KINDS, ids=list_strategies())
def test_a_declaration_is_complete_and_agrees_with_its_constructor(kind: type[Strategy]) -> None:
    assert kind.title
    assert kind.help.endswith(".")
    declared = {each.name: each.default for each in kind.parameters}
    assert kind().get_parameters() == declared
    if kind.__init__ is not Strategy.__init__:
        taken = inspect.signature(kind).parameters.values()
        assert {each.name: each.default for each in taken} == declared


@pytest.mark.parametrize("kind", ALONE, ids=lambda kind: kind.name())
def test_signals_keep_to_their_bounds_and_index(kind: type[Strategy], frame: pd.DataFrame) -> None:
    abroad = frame.tz_localize("America/New_York")
    given = kind().generate_signals(abroad)
    assert list(given.columns) == ["signal", "confidence"]
    assert given.index.equals(abroad.index)
    assert given["signal"].between(-1, 1).all()
    assert given["confidence"].between(0, 1).all()
    signal, confidence = kind().signals(flat(500))
    assert signal.any() == confidence.any() == (kind.name() in HOLDING)


@pytest.mark.parametrize("kind", KINDS, ids=list_strategies())
def test_wrong_parameters_are_named(kind: type[Strategy]) -> None:
    for each in kind.parameters:
        wrong: list[Any] = ["magic", None, [], True, -1_000_000, 10**400, float("nan"), float("inf")]
        if not isinstance(each, Choice):
            wrong.append(each.maximum + 1)
        if isinstance(each, Whole):
            wrong.append(each.default + 0.5)
        for value in wrong:
            with pytest.raises(InvalidValue) as caught:
                get_strategy(kind.name(), **{each.name: value})
            assert caught.value.field == each.name
    with pytest.raises(InvalidValue, match="there are: ") as caught:
        get_strategy(kind.name(), wavelength=3)
    assert caught.value.field == "wavelength"


def test_numbers_may_come_as_any_kind_of_number() -> None:
    for window, width in ((np.int64(10), np.float32(1.5)), (Decimal(10), Decimal("1.5")), (10.0, 1.5)):
        given: dict[str, Any] = {"window": window, "num_std": width}
        parameters = get_strategy("mean_reversion", **given).get_parameters()
        assert [type(value) for value in parameters.values()] == [int, float, float, float]
        assert (parameters["window"], parameters["num_std"]) == (10, 1.5)


def test_parameters_that_do_not_fit_together_are_named() -> None:
    with pytest.raises(InvalidValue) as caught:
        MomentumStrategy(50, 50)
    assert caught.value.field == "short_window"
    with pytest.raises(InvalidValue) as caught:
        MeanReversionStrategy(zscore_entry=-1.0, zscore_exit=-1.0)
    assert caught.value.field == "zscore_entry"


@pytest.mark.parametrize("kind", ALONE, ids=lambda kind: kind.name())
def test_data_that_will_not_do_is_named(kind: type[Strategy], frame: pd.DataFrame) -> None:
    strategy = kind()
    gap = frame.copy()
    gap.iloc[100, 3] = np.nan
    undated = frame.set_axis(frame.index.where(frame.index != frame.index[9]))
    words = frame.assign(Close="dear")
    several = pd.concat({"IBM": frame}, names=["Symbol", "Date"]).swaplevel()
    cases: list[tuple[pd.DataFrame, str, str]] = [
        (frame[: strategy.bars_needed() - 1], "data", f"needs {strategy.bars_needed()} bars"),
        (frame.drop(columns="Volume"), "volume", "no column Volume"),
        (gap, "close", f"not a number at {frame.index[100]:%Y-%m-%d}"),
        (words, "close", "not a number"),
        (frame.reset_index(), "data", "indexed by Date"),
        (undated, "data", "indexed by Date"),
        (several, "data", "one symbol"),
        (frame[::-1], "time", "rise"),
    ]
    for data, field, words_of_it in cases:
        with pytest.raises(InvalidValue, match=words_of_it) as caught:
            strategy.generate_signals(data)
        assert caught.value.field == field


def test_the_strategies_of_the_house_are_found_in_the_order_people_know() -> None:
    assert list_strategies()[:2] == ["momentum", "mean_reversion"]
    strategy = get_strategy("momentum", short_window=5)
    assert isinstance(strategy, MomentumStrategy)
    assert (strategy.short_window, strategy.long_window, strategy.name()) == (5, 50, "momentum")
    with pytest.raises(InvalidValue, match="momentum, mean_reversion") as caught:
        get_strategy("momentun")
    assert caught.value.field == "name"


def test_a_name_that_is_taken_is_not_given_away() -> None:
    class Other(Strategy):
        pass

    with pytest.raises(InvalidValue, match="already"):
        register("momentum")(Other)
    assert find_strategy("momentum") is MomentumStrategy
    assert register()(MomentumStrategy) is MomentumStrategy


@pytest.mark.parametrize(
    ("size", "value", "field"), [(9, 0.0, "signal"), (10, 1.5, "signal"), (10, -0.5, "confidence")]
)
def test_a_strategy_that_answers_wrongly_is_told_so(size: int, value: float, field: str) -> None:
    class Loose(Strategy):
        parameters: ClassVar = ()

        def decide(self, bars: Bars) -> Signals:
            return Signals(np.full(size, value), np.full(size, value))

    with pytest.raises(InvalidValue, match=f"loose has to give a {field}") as caught:
        Loose().signals(flat(10))
    assert caught.value.field == field


def test_quotes_stand_around_the_price_and_further_apart_when_it_is_wild() -> None:
    maker = MarketMakingStrategy(spread_bps=10.0)
    assert maker.get_quote_prices(100.0) == pytest.approx((99.95, 100.05))
    assert maker.get_quote_prices(100, 0.01) == pytest.approx((99.45, 100.55))
    for price, volatility, field in ((0.0, 0.0, "mid_price"), (100.0, -0.1, "volatility")):
        with pytest.raises(InvalidValue) as refused:
            maker.get_quote_prices(price, volatility)
        assert refused.value.field == field


def test_the_four_that_puffins_users_know_come_first() -> None:
    assert list_strategies()[:4] == ["momentum", "mean_reversion", "stat_arb", "market_making"]
