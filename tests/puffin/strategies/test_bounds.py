"""What strategies refuse in words, and what they say of little or nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from puffling.puffin.backtest.aims import GROW, LEAVE, SHRINK, Aims, Turn, aims_of, turn_to
from puffling.puffin.backtest.costs import Terms
from puffling.puffin.backtest.orders import Sizing
from puffling.puffin.backtest.panel import Panel
from puffling.puffin.backtest.targets import targets_of
from puffling.puffin.data.bars import Bars
from puffling.puffin.data.instants import US_PER_DAY
from puffling.puffin.data.samples import SamplesProvider
from puffling.puffin.errors import InvalidValue
from puffling.puffin.factors.declaration import Setting
from puffling.puffin.strategies.asking import Trouble, aim, decide
from puffling.puffin.strategies.balanced import BalancedStrategy
from puffling.puffin.strategies.base import Signals
from puffling.puffin.strategies.buy_and_hold import BuyAndHoldStrategy
from puffling.puffin.strategies.factor_long_short import FactorLongShortStrategy
from puffling.puffin.strategies.holding import before
from puffling.puffin.strategies.loading import OwnStrategyFailed
from puffling.puffin.strategies.momentum import MomentumStrategy
from puffling.puffin.strategies.own import OwnFolder
from puffling.puffin.strategies.portfolio import Allocation, PortfolioStrategy, SymbolColumns, risen
from puffling.puffin.strategies.recipe import Recipe
from puffling.puffin.strategies.registry import get_strategy

BARS = SamplesProvider().bars("IBM")[:400]


def days(*closes: list[float], first: int = 20_000) -> Panel:
    """Symbols S0, S1, ... with these closes, a day apart."""
    time = (np.arange(len(closes[0])) + first) * US_PER_DAY
    series = {}
    for place, told in enumerate(closes):
        close = np.array(told)
        series[f"S{place}"] = Bars(time, close, close, close, close, close)
    return Panel.of(series)


@pytest.mark.parametrize(
    ("name", "settings", "field", "said"),
    [
        ("macd", {"fast": 26, "slow": 26}, "fast", "Fast must be shorter than slow"),
        ("rsi_reversal", {"middle": 30.0}, "middle", "between oversold and overbought"),
        ("rsi_reversal", {"middle": 80.0}, "middle", "between oversold and overbought"),
        ("stat_arb", {"exit_zscore": 2.0}, "exit_zscore", "Leave at z must lie below enter at z"),
    ],
)
def test_parameters_that_contradict_each_other_are_named(
    name: str, settings: Mapping[str, Setting], field: str, said: str
) -> None:
    with pytest.raises(InvalidValue, match=said) as refused:
        get_strategy(name, **settings)
    assert refused.value.field == field


class Gives(PortfolioStrategy):
    """Gives what it is told to."""

    def __init__(self, told: Any) -> None:
        super().__init__()
        self.told = told

    def bars_needed(self) -> int:
        """Two."""
        return 2

    def allocate(self, columns: SymbolColumns) -> Allocation:
        """Give it."""
        return Allocation(np.full(columns.close.shape, self.told)) if self.told else self.told


class TestPortfolios:
    """Strategies that weigh symbols against each other."""

    @pytest.mark.parametrize("told", [None, 1.5, np.nan])
    def test_a_share_is_from_minus_one_to_one_for_each_symbol_and_bar(self, told: float | None) -> None:
        with pytest.raises(InvalidValue, match="a share from -1 to 1 for each symbol and bar"):
            targets_of(Gives(told), days([1.0, 2.0, 3.0]))

    def test_too_few_symbols_and_too_few_bars_are_named(self) -> None:
        with pytest.raises(InvalidValue, match="needs 2 symbols, there are 1"):
            targets_of(BalancedStrategy(), days([1.0, 2.0]))
        with pytest.raises(InvalidValue, match="needs 2 bars with these parameters, there are 1"):
            targets_of(Gives(0.5), days([1.0]))

    def test_one_symbol_is_weighed_as_if_it_were_all_there_is(self) -> None:
        told = Gives(-0.5).signals(BARS)
        assert (set(told.signal.tolist()), set(told.confidence.tolist())) == ({-0.5}, {0.5})
        frame = Gives(-0.5).generate_signals(BARS.to_frame())
        assert isinstance(frame, pd.DataFrame)
        assert set(frame["signal"]) == {-0.5}

    def test_a_rise_over_more_bars_than_there_are_is_not_known(self) -> None:
        close = np.array([[10.0], [11.0], [12.1]])
        assert risen(close, 2)[2, 0] == pytest.approx(0.21)
        assert np.isnan(risen(close, 3)).all()
        assert np.isnan(before(close[:, 0], 3)).all()
        assert before(close[:, 0], 2)[2] == 10.0

    def test_what_is_balanced_once_is_never_set_anew(self) -> None:
        panel = days([10.0, 20.0, 30.0], [5.0, 5.0, 5.0])
        told = targets_of(BalancedStrategy(every="never"), panel)
        assert told.rebalance is None
        assert told.weights.tolist() == [[0.6, 0.4]] * 3

    @pytest.mark.parametrize(("factor", "bought"), [("momentum", 0), ("reversal", 1), ("low_volatility", 2)])
    def test_each_factor_buys_its_best_and_sells_its_worst(self, factor: str, bought: int) -> None:
        count = np.arange(80)
        rising, falling = 100.0 * 1.02**count, 100.0 * 0.98**count
        shaken = np.where(count % 2 == 0, 1.0, 0.9)
        closes = [rising * shaken, falling * shaken, np.full(80, 100.0)]
        panel = days(*(each.tolist() for each in closes), first=20_000)
        told = targets_of(FactorLongShortStrategy(factor=factor, lookback=20, part=0.34), panel)
        assert int(np.argmax(told.weights[-1])) == bought
        assert told.weights[-1].sum() == pytest.approx(0.0)


class TestMany:
    """Many of one kind at a time."""

    def test_none_of_a_kind_say_nothing(self) -> None:
        assert MomentumStrategy.signals_of_many(BARS, []).shape == (0, len(BARS))


class TestAims:
    """What to hold at the newest close, and the orders that lead there."""

    def test_the_newest_bar_decides(self) -> None:
        told = aims_of(BuyAndHoldStrategy(), {"IBM": BARS}, Terms(), Sizing.EQUITY)
        assert told == Aims(("IBM",), (1.0,))
        panel = days([10.0] * 3, [5.0] * 3, first=20_484)
        series = {symbol: panel.bars(symbol) for symbol in panel.symbols}
        monthly = aims_of(BalancedStrategy(every="month"), series, Terms(), Sizing.EQUITY)
        assert (monthly.weights, monthly.rebalance) == ((0.6, 0.4), bool(_is_first(panel)))

    def test_it_is_asked_of_every_kind(self) -> None:
        told = aim(Recipe("buy_and_hold"), {"IBM": BARS}, Terms(), Sizing.EQUITY)
        assert told == Aims(("IBM",), (1.0,))
        trading = aim(Recipe("bracket_breakout"), {"IBM": BARS}, Terms(), Sizing.EQUITY)
        stood = decide(Recipe("bracket_breakout"), {"IBM": BARS}, "IBM")
        assert isinstance(stood, Signals)
        assert isinstance(trading, Aims)
        assert trading.weights == (float(stood.signal[-1]),)
        short = aim(Recipe("momentum"), {"IBM": BARS[:3]}, Terms(), Sizing.EQUITY)
        assert isinstance(short, Trouble)
        assert "bars" in short.message

    def test_orders_leave_and_shrink_before_others_grow(self) -> None:
        """A thousand in all: sixty of the first are left, of the second twenty stay, the third begins."""
        made = turn_to(
            ["A", "B", "C"],
            cash=0.0,
            held=[6.0, 4.0, 0.0],
            prices=[100.0, 100.0, 50.0],
            weights=[0.0, 0.2, 0.8],
            changed=[True, True, True],
            terms=Terms(capital=1_000.0),
            sizing=Sizing.EQUITY,
        )
        assert made == (Turn("A", -6.0, LEAVE), Turn("B", -2.0, SHRINK), Turn("C", 16.0, GROW))

    def test_a_side_is_left_before_the_other_is_taken(self) -> None:
        made = turn_to(
            ["A"],
            cash=0.0,
            held=[10.0],
            prices=[100.0],
            weights=[-0.5],
            changed=[True],
            terms=Terms(capital=1_000.0),
            sizing=Sizing.EQUITY,
        )
        assert made == (Turn("A", -10.0, LEAVE), Turn("A", -5.0, GROW))

    def test_what_did_not_change_is_left_alone(self) -> None:
        assert not turn_to(
            ["A"],
            cash=500.0,
            held=[5.0],
            prices=[100.0],
            weights=[1.0],
            changed=[False],
            terms=Terms(),
            sizing=Sizing.EQUITY,
        )


def _is_first(panel: Panel) -> bool:
    newest, one_before = (
        np.datetime64(int(each), "us").astype("datetime64[M]") for each in panel.time[:-3:-1]
    )
    return bool(newest != one_before)


class TestFiles:
    """Files of a person's own strategies that are gone, unreadable, or hold something else."""

    def _folder(self, tmp_path: Path) -> OwnFolder:
        (tmp_path / "strategies").mkdir()
        return OwnFolder(tmp_path / "strategies", tmp_path / "trusted.json")

    def _recipe(self, tmp_path: Path, text: str) -> Recipe:
        folder = self._folder(tmp_path)
        (folder.folder / "mine.py").write_text(text, encoding="utf-8")
        file = folder.trust("mine", folder.find("mine").digest)
        return Recipe(file.strategy, {}, file.source())

    @pytest.mark.parametrize("kept", ["{", "[]", '{"trusted": []}', '{"trusted": {"a": 3}}'])
    def test_a_list_of_trusted_texts_that_says_nothing_trusts_nothing(
        self, tmp_path: Path, kept: str
    ) -> None:
        folder = self._folder(tmp_path)
        made = folder.write_new("idea")
        folder.trust("idea", made.digest)
        assert folder.find("idea").trusted
        (tmp_path / "trusted.json").write_text(kept, encoding="utf-8")
        assert not folder.find("idea").trusted

    def test_a_text_python_cannot_take_in_is_named_with_its_line(self, tmp_path: Path) -> None:
        recipe = self._recipe(tmp_path, "x = 1\n\0\n")
        with pytest.raises(OwnStrategyFailed) as failed:
            recipe.kind()
        assert (failed.value.line, failed.value.file) == (1, recipe.own.file if recipe.own else "")

    def test_a_text_that_is_another_than_the_trusted_one_never_runs(self, tmp_path: Path) -> None:
        recipe = self._recipe(tmp_path, "raise SystemExit\n")
        assert recipe.own is not None
        other = replace(recipe, own=replace(recipe.own, text=b"x = 1\n"))
        with pytest.raises(OwnStrategyFailed, match="not the one that was trusted"):
            other.kind()
        with pytest.raises(InvalidValue, match="own:mine is not trusted"):
            Recipe("own:mine").kind()

    def test_a_class_that_answers_nothing_is_no_strategy(self, tmp_path: Path) -> None:
        with pytest.raises(OwnStrategyFailed, match="there is no strategy"):
            self._recipe(tmp_path, "class Mine:\n    pass\n").kind()

    def test_an_answer_that_does_not_fit_is_the_fault_of_its_file(self, tmp_path: Path) -> None:
        text = (
            "import numpy as np\n"
            "from puffling.puffin.strategies.base import Signals, Strategy\n\n"
            "class Mine(Strategy):\n"
            "    def decide(self, bars):\n"
            "        return Signals(np.full(len(bars), 7.0), np.ones(len(bars)))\n"
        )
        trouble = decide(self._recipe(tmp_path, text), {"IBM": BARS}, "IBM")
        assert isinstance(trouble, Trouble)
        assert trouble.line == 5
        assert "a signal from -1 to 1" in trouble.message
