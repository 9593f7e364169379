"""Results put together by hand, and what tests of nothing, of little and of foreign answers say."""

from __future__ import annotations

import math
import sys
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd
import pytest

from puffling.puffin.backtest.engine import Backtester, BacktestResult, bars_a_year
from puffling.puffin.backtest.manifest import code_digest, library_versions
from puffling.puffin.backtest.orders import Fill, Ticket, Wanted
from puffling.puffin.backtest.panel import Panel
from puffling.puffin.backtest.reporting import (
    aligned,
    costs_of,
    curves_of,
    distribution_of,
    falls_of,
    plain,
    positions_of,
    refusals_of,
    years_of,
)
from puffling.puffin.backtest.splits import Past, by_bar
from puffling.puffin.backtest.targets import panel_of, targets_of
from puffling.puffin.backtest.view import View
from puffling.puffin.backtest.waiting import Protection
from puffling.puffin.data.actions import CorporateAction
from puffling.puffin.data.bars import Bars
from puffling.puffin.data.instants import US_PER_DAY
from puffling.puffin.errors import InvalidValue, NotOffered
from puffling.puffin.orders import Kind, Side
from puffling.puffin.strategies.buy_and_hold import BuyAndHoldStrategy
from tests.puffin.backtest.markets import bars_of, panel_of_rows

DAY = datetime(2026, 3, 4, tzinfo=UTC)


def flat(price: float, count: int = 4) -> list[tuple[float, float, float, float]]:
    """Days on which nothing moves."""
    return [(price,) * 4] * count


class TestByHand:
    """A result that somebody makes of a curve and of fills, as Puffin's users do."""

    def test_its_round_trips_are_those_of_its_fills(self) -> None:
        fills = [
            Fill("B", "buy", 2.0, 10.0, 1.0, 0.0, DAY),
            Fill("A", "sell", 1.0, 50.0, 0.0, 0.0, DAY),
            Fill("B", "sell", 2.0, 13.0, 1.0, 0.0, DAY + timedelta(days=1)),
            Fill("A", "buy", 1.0, 55.0, 0.0, 0.0, DAY + timedelta(days=2)),
        ]
        curve = pd.Series([100.0, 104.0, 99.0])
        result = BacktestResult(curve, fills, 100.0, 99.0)
        # Six for two pieces less two of fees; what was sold short was bought back five dearer.
        assert sorted(result.trades.profit.tolist()) == [-5.0, 4.0]
        assert result.equity.tolist() == [100.0, 104.0, 99.0]
        assert result.equity_curve is curve
        assert result.fills == fills
        assert result.bars_a_year == 252.0
        assert result.metrics()["total_return"] == pytest.approx(-0.01)
        assert result.slippage_paid == 0.0
        assert result.positions() == []

    def test_without_anything_it_holds_nothing(self) -> None:
        result = BacktestResult()
        assert result.fills == []
        assert len(result.trades) == 0
        assert costs_of(result) == costs_of(BacktestResult(pd.Series([1.0])))
        assert (costs_of(result).commission, costs_of(result).slippage, costs_of(result).carry) == (0, 0, 0)

    def test_drawing_needs_a_library_and_says_which(self) -> None:
        known = sys.modules.get("matplotlib")
        sys.modules["matplotlib"] = None  # type: ignore[assignment]
        try:
            with pytest.raises(NotOffered, match="pip install matplotlib"):
                Backtester().run(BuyAndHoldStrategy(), bars_of(flat(10.0))).plot()
        finally:
            del sys.modules["matplotlib"]
            if known is not None:
                sys.modules["matplotlib"] = known

    def test_what_is_held_at_the_end_cost_what_was_paid_for_it(self) -> None:
        result = Backtester().run(BuyAndHoldStrategy(), bars_of(flat(10.0)))
        [position] = result.positions()
        assert (position.symbol, position.qty) == ("ASSET", 10_000.0)
        assert position.avg_price == pytest.approx(10.0)


class TestYears:
    """How many bars a year has."""

    @pytest.mark.parametrize(
        ("times", "expected"),
        [
            ([0, 1], 252.0),
            ([4, 5, 6, 7, 8, 11, 12, 13, 14, 15], 252.0),
            (list(range(14)), 365.0),
            ([0, 7, 14, 21], 365.0 / 7.0),
            ([day + hour / 24 for day in (4, 5, 6) for hour in (15, 16, 17)], 3 * 252.0),
        ],
        ids=["too few to tell", "days of an exchange", "around the clock", "weeks", "three a day"],
    )
    def test_is_found_from_the_times(self, times: list[float], expected: float) -> None:
        same = np.full(len(times), 10.0)
        time = np.array([round(each * US_PER_DAY) for each in times], dtype=np.int64)
        panel = Panel.of({"X": Bars(time, same, same, same, same, same)})
        assert bars_a_year(panel) == pytest.approx(expected)


class TestReports:
    """Rows of a report where there is little to tell."""

    def test_months_and_years_are_worked_out_from_the_second_bar_on(self) -> None:
        days = [date.timestamp() for date in (datetime(2025, 11, 28, tzinfo=UTC),
                datetime(2025, 12, 31, tzinfo=UTC), datetime(2026, 1, 30, tzinfo=UTC))]  # fmt: skip
        close = np.array([10.0, 11.0, 9.9])
        time = np.array([round(day * 1e6) for day in days], dtype=np.int64)
        panel = Panel.of({"X": Bars(time, close, close, close, close, close)})
        result = BacktestResult(pd.Series([100.0, 110.0, 99.0]), (), 100.0, 99.0, panel=panel)
        first, second = years_of(result, close)
        assert (first.year, second.year) == (2025, 2026)
        assert first.months[11] == pytest.approx(0.1)
        assert first.months[:11] == (None,) * 11
        assert second.months[0] == pytest.approx(-0.1)
        assert first.total == pytest.approx(0.1)
        assert second.total == pytest.approx(-0.1)
        assert second.benchmark == pytest.approx(-0.1)
        [fall] = falls_of(result)
        assert fall.depth == pytest.approx(-0.1)
        assert (fall.end, fall.bars) == (None, 1)

    def test_one_bar_has_no_returns_and_no_trades_no_distribution(self) -> None:
        panel = panel_of_rows(flat(10.0, 1))
        result = BacktestResult(panel=panel)
        assert years_of(result, None) == ()
        assert distribution_of(result) == ()
        assert positions_of(result) == ()
        assert set(curves_of(result, 0.0, None).exposure) == {0.0}

    def test_trades_that_all_brought_nothing_are_in_one_bin(self) -> None:
        fills = [Fill("X", side, 1.0, 10.0, 0.0, 0.0, DAY) for side in ("buy", "sell") * 2]
        bins = distribution_of(BacktestResult(pd.Series([1.0]), fills))
        assert sum(each.count for each in bins) == 2
        assert len(bins) == 1

    def test_positions_and_refusals_are_rows(self) -> None:
        class Overreaches:
            def on_bar(self, view: View) -> None:
                if view.bar == 0:
                    view.send(Ticket("X", Side.BUY, 5.0))
                    view.send(Ticket("X", Side.BUY, 1e6))

        result = Backtester().trade(Overreaches(), panel_of_rows(flat(10.0)))
        [held] = positions_of(result)
        assert (held.symbol, held.quantity, held.price, held.value) == ("X", 5.0, 10.0, 50.0)
        [refused] = refusals_of(result)
        assert (refused.symbol, refused.side, refused.quantity) == ("X", "buy", 1e6)
        assert refused.reason

    def test_other_prices_are_put_on_the_times_of_the_test(self) -> None:
        panel, rows = panel_of_rows(flat(10.0, 3)), [(float(each),) * 4 for each in (7, 8, 9)]
        told = aligned(bars_of(rows), panel)
        assert told is not None
        assert told.tolist() == [7.0, 8.0, 9.0]
        assert aligned(bars_of(rows)[1:], panel) is None
        assert aligned(bars_of(rows)[:0], panel) is None

    def test_everything_becomes_what_json_can_hold(self) -> None:
        told = {1: (Decimal("1.5"), "x"), "at": DAY, "day": DAY.date(), "numbers": (1, 2.5), "none": None}
        assert plain(told) == {
            "1": ["1.5", "x"],
            "at": "2026-03-04T00:00:00+00:00",
            "day": "2026-03-04",
            "numbers": [1, 2.5],
            "none": None,
        }


class Says:
    """A strategy of somebody else that gives whatever it was told to."""

    def __init__(self, told: Any) -> None:
        self._told = told

    def generate_signals(self, data: pd.DataFrame) -> Any:
        """Give it, or what it makes of the data."""
        return self._told(data) if callable(self._told) else self._told


class TestForeignAnswers:
    """What strategies from outside give, and what they are tested on."""

    @pytest.mark.parametrize(
        ("told", "said"),
        [
            (None, "no column signal"),
            (lambda data: pd.DataFrame({"buy": 1.0}, index=data.index), "no column signal"),
            (lambda data: pd.DataFrame({"signal": [1.0]}), "1 signals for 4 bars of X; it needs one for"),
            (lambda data: pd.DataFrame({"signal": [1.0] * 4}), "another index than that of the bars of X"),
            (lambda data: pd.DataFrame({"signal": "up"}, index=data.index), "not all numbers"),
            (lambda data: pd.DataFrame({"signal": 1.1}, index=data.index), "not a number from -1 to 1"),
            (lambda data: pd.DataFrame({"signal": math.nan}, index=data.index), "leave 0 where there is"),
        ],
    )
    def test_that_are_not_as_agreed_are_refused_in_words(self, told: object, said: str) -> None:
        with pytest.raises(InvalidValue, match=said):
            targets_of(Says(told), panel_of_rows(flat(10.0)))

    def test_that_are_as_agreed_are_the_shares_to_hold(self) -> None:
        told = targets_of(Says(lambda data: pd.DataFrame({"signal": 0.5}, index=data.index)),
                          panel_of_rows(flat(10.0)))  # fmt: skip
        assert told.weights[:, 0].tolist() == [0.5] * 4

    def test_a_strategy_that_sends_orders_has_no_targets(self) -> None:
        class Trades:
            def on_bar(self, view: View) -> None:
                view.target("X", 1.0)

        with pytest.raises(InvalidValue, match="has no targets"):
            targets_of(Trades(), panel_of_rows(flat(10.0)))  # type: ignore[arg-type]

    def test_data_of_every_shape_become_one_market(self) -> None:
        bars, other = bars_of(flat(10.0)), bars_of(flat(20.0))
        both = panel_of({"A": bars, "B": other})
        assert panel_of(both) is both
        assert panel_of(both, ["A", "B"]) is both
        assert panel_of(both, ["B"]).symbols == ("B",)
        assert panel_of(bars).symbols == ("ASSET",)
        assert panel_of(bars, ["X"]).symbols == ("X",)
        assert panel_of(bars.to_frame(), ["X"]).symbols == ("X",)
        frame = pd.concat({"A": bars.to_frame(), "B": other.to_frame()}, names=["Symbol", "Date"])
        assert panel_of(frame).symbols == ("A", "B")
        unnamed = frame.swaplevel().set_axis(frame.swaplevel().index.set_names([None, None]))
        assert panel_of(unnamed, ["B"]).close[:, 0].tolist() == [20.0] * 4

    @pytest.mark.parametrize(
        ("data", "symbols", "said"),
        [
            ([1.0, 2.0], None, "must be bars, bars by symbol, or a frame"),
            ({"A": bars_of(flat(10.0))}, ["A", "B", "C"], "holds no B, C"),
            ({"A": bars_of(flat(10.0))[:0]}, None, "no bars of A"),
            ({"A": bars_of(flat(math.inf))}, None, "not a number"),
            ({"A": bars_of(flat(0.0))}, None, "price of zero or less"),
        ],
    )
    def test_data_of_no_use_are_refused_in_words(
        self, data: object, symbols: list[str] | None, said: str
    ) -> None:
        with pytest.raises(InvalidValue, match=said):
            panel_of(data, symbols)


class TestSmallThings:
    """Rules of one line."""

    def test_a_share_that_risks_much_is_capped_and_one_without_a_stop_behind_it_is_none(self) -> None:
        wanted = Wanted(0.01, stop=95.0)
        # One percent lost over five of a hundred is a fifth of the equity.
        assert wanted.at(100.0, Side.BUY) == pytest.approx(0.2)
        assert wanted.at(90.0, Side.BUY) is None
        assert wanted.at(90.0, Side.SELL) == pytest.approx(0.18)
        assert Wanted(3.0, most=2.0).at(1.0, Side.BUY) == pytest.approx(2.0)

    def test_protections_lie_within_their_bounds(self) -> None:
        with pytest.raises(InvalidValue, match="Stop loss must be below 1"):
            Protection(stop_loss=1.0)
        with pytest.raises(InvalidValue, match="Trail must be below 1"):
            Protection(trail=-0.1)
        with pytest.raises(InvalidValue, match="must not be negative"):
            Protection(most_bars=-1)

    def test_a_split_before_the_first_bar_or_after_the_last_is_in_the_prices_already(self) -> None:
        panel = panel_of_rows(flat(10.0))
        days = [datetime.fromtimestamp(int(each) / 1e6, UTC).date() for each in panel.time]
        splits = [CorporateAction(day, split_ratio=2.0) for day in (days[0], days[2])]
        late = CorporateAction(days[-1] + timedelta(days=1), split_ratio=2.0)
        assert by_bar(panel, {"X": [*splits, late]}) == {2: [(0, splits[1])]}

    def test_a_dividend_changes_no_shares(self) -> None:
        panel = panel_of_rows(flat(10.0))
        day = datetime.fromtimestamp(int(panel.time[1]) / 1e6, UTC).date()
        past = Past(panel, {"X": [CorporateAction(day, dividend=0.5)]})
        assert past.until(3, 0).close.tolist() == [10.0] * 4

    def test_a_kind_that_is_in_no_file_is_known_by_the_name_of_its_module(self) -> None:
        class Lost:
            def get_source(self, name: str) -> str:
                raise OSError(name)

        made = {}
        for name, loader in (("without_loader", None), ("without_file", Lost())):
            module = ModuleType(name)
            if loader is not None:
                module.__spec__ = type("Spec", (), {"loader": loader})()
            sys.modules[name] = module
            try:
                kind = type("Kind", (), {"__module__": name})
                made[name] = code_digest(kind)
                assert code_digest(kind) == made[name]
            finally:
                del sys.modules[name]
        assert made["without_loader"] != made["without_file"]

    def test_the_versions_of_what_computed_are_told(self) -> None:
        told = library_versions()
        assert told["numpy"] == np.__version__
        assert told["python"] == ".".join(map(str, sys.version_info[:3]))

    def test_a_stop_order_is_sized_at_its_stop(self) -> None:
        class Opens:
            def on_bar(self, view: View) -> None:
                if view.bar == 0:
                    view.send(Ticket("X", Side.BUY, None, Kind.STOP, stop=20.0))

        rows = [*flat(10.0, 2), (20.0, 20.0, 20.0, 20.0), (20.0, 20.0, 20.0, 20.0)]
        result = Backtester(initial_capital=1_000.0).trade(Opens(), panel_of_rows(rows))
        assert [fill.qty for fill in result.fills] == [50.0]
