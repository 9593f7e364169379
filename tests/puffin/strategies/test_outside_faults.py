"""Strategies from outside that are odd, fail, take too long or are gone."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from puffling.puffin.backtest.costs import Terms
from puffling.puffin.backtest.heard import Heard
from puffling.puffin.backtest.hearing import Acts
from puffling.puffin.backtest.own_sizes import Rule
from puffling.puffin.data.samples import SamplesProvider
from puffling.puffin.errors import InvalidValue
from puffling.puffin.search.axes import Axis
from puffling.puffin.search.space import Method, planned
from puffling.puffin.strategies.asking import Trouble, _answered, act, decide, settle
from puffling.puffin.strategies.base import Signals
from puffling.puffin.strategies.loading import OwnStrategyFailed, faults_named, line_of
from puffling.puffin.strategies.own import OwnFolder, OwnSource
from puffling.puffin.strategies.recipe import Recipe
from puffling.puffin.strategies.upstream import offered, parameters_of

PROVIDER = SamplesProvider()
BARS = PROVIDER.bars("IBM")[:400]

ODD = """
from __future__ import annotations

NUMBER = 7


class Nothing:
    pass


class Raises:
    def generate_signals(self, data):
        return 1 / 0


class Slow:
    def generate_signals(self, data):
        while True:
            len(data)


class Typed:
    def __init__(self, days: Unheard = 3):
        self.days = days

    def generate_signals(self, data):
        return data
"""

POINTS = "[puffling.strategies]\n" + "".join(
    f"{name.lower()} = odd_strategies:{name}\n" for name in ("NUMBER", "Nothing", "Raises", "Slow", "Typed")
)


@pytest.fixture
def odd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A package called odd that is installed."""
    (tmp_path / "odd_strategies.py").write_text(ODD, encoding="utf-8")
    about = tmp_path / "odd-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: odd\nVersion: 1.0\n", encoding="utf-8")
    (about / "entry_points.txt").write_text(POINTS, encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    yield
    sys.modules.pop("odd_strategies", None)


@pytest.mark.usefixtures("odd")
class TestInstalled:
    """Strategies of packages."""

    def test_are_offered(self) -> None:
        assert offered()

    @pytest.mark.parametrize(
        ("name", "said"),
        [
            ("odd:number", "odd:number is not a class of strategies"),
            ("odd:nothing", "odd:nothing has neither generate_signals nor on_bar"),
        ],
    )
    def test_that_are_none_say_so(self, name: str, said: str) -> None:
        trouble = settle(Recipe(name))
        assert isinstance(trouble, Trouble)
        assert trouble.message == said

    def test_that_fail_are_named_with_what_they_raised(self) -> None:
        trouble = decide(Recipe("odd:raises"), {"IBM": BARS}, "IBM")
        assert isinstance(trouble, Trouble)
        assert (trouble.message, trouble.field) == (
            "odd:raises: ZeroDivisionError: division by zero",
            "strategy",
        )

    def test_that_take_too_long_are_named(self) -> None:
        trouble = decide(Recipe("odd:slow"), {"IBM": BARS}, "IBM", patience_seconds=0.05)
        assert isinstance(trouble, Trouble)
        assert trouble.message.startswith("odd:slow: ")
        assert "no answer after" in trouble.message

    def test_whose_parameters_cannot_be_read_offer_none(self) -> None:
        assert parameters_of(Recipe("odd:typed").kind()) == ()


def test_a_module_put_there_by_hand_is_no_installed_puffin() -> None:
    known = sys.modules.get("puffin")
    sys.modules["puffin"] = ModuleType("puffin")
    try:
        with pytest.raises(InvalidValue, match="Unknown strategy 'puffin:crossing'; installed are: none"):
            Recipe("puffin:crossing").kind()
    finally:
        del sys.modules["puffin"]
        if known is not None:
            sys.modules["puffin"] = known


class TestOwn:
    """A person's own files."""

    def _recipe(self, tmp_path: Path, text: str) -> Recipe:
        (tmp_path / "strategies").mkdir()
        folder = OwnFolder(tmp_path / "strategies", tmp_path / "trusted.json")
        (folder.folder / "mine.py").write_text(text, encoding="utf-8")
        file = folder.trust("mine", folder.find("mine").digest)
        return Recipe(file.strategy, {}, file.source())

    def test_a_text_too_deep_for_python_is_named(self, tmp_path: Path) -> None:
        recipe = self._recipe(tmp_path, "x = " + "-" * 50_000 + "1\n")
        with pytest.raises(OwnStrategyFailed) as failed:
            recipe.kind()
        assert failed.value.line == 1

    def test_two_parameters_of_one_name_are_refused(self, tmp_path: Path) -> None:
        text = (
            "from puffling.puffin.factors.declaration import Whole\n"
            "from puffling.puffin.strategies.base import Strategy\n\n"
            "class Mine(Strategy):\n"
            "    parameters = (Whole('days', 'Days', 5, 1, 9), Whole('days', 'Days', 5, 1, 9))\n"
        )
        recipe = self._recipe(tmp_path, text)
        with pytest.raises(OwnStrategyFailed, match="line 5: two parameters are called days"):
            recipe.kind()
        with pytest.raises(InvalidValue, match="two parameters are called days"):
            planned(recipe, (Axis("days", "Days", (1, 2)),), Method.GRID, 10, 1)

    def test_what_is_raised_outside_of_every_file_passes(self) -> None:
        with pytest.raises(ZeroDivisionError), faults_named(None):
            _ = 1 / 0

    def test_of_a_text_that_is_no_python_the_first_line_is_named(self) -> None:
        assert line_of(OwnSource("mine", "mine.py", b"class (:", ""), "decide") == 1

    def test_a_file_that_goes_away_meanwhile_is_passed_over(self, tmp_path: Path) -> None:
        class Vanishing(OwnFolder):
            def _paths(self) -> list[Path]:
                return [self.folder / "gone.py"]

        folder = Vanishing(tmp_path, tmp_path / "trusted.json")
        assert folder.stamp() == ()
        gone = folder._read(tmp_path / "gone.py", {})
        assert (gone.text, gone.trusted) == (b"", False)


def test_of_several_symbols_one_is_said_of_by_itself() -> None:
    series = {symbol: PROVIDER.bars(symbol)[-300:] for symbol in ("IBM", "MSFT")}
    said = decide(Recipe("balanced", {"first": 0.7}), series, "MSFT")
    assert isinstance(said, Signals)
    assert float(said.signal[-1]) == pytest.approx(0.3)


def test_one_that_sends_its_own_orders_says_what_it_does_at_the_newest_close() -> None:
    closes = [Heard(int(each) + 1, int(each), 100_000.0, {}) for each in BARS.time[-60:]]
    told = act(
        Recipe("bracket_breakout"),
        {"IBM": BARS},
        closes,
        Terms(),
        Rule(),
        first_us=int(BARS.time[-60]),
        steps={},
    )
    assert isinstance(told, Acts)
    assert told.aims == {}


def test_what_fails_of_the_house_is_a_fault_of_the_house() -> None:
    def work() -> Signals:
        raise ZeroDivisionError("of ours")

    with pytest.raises(ZeroDivisionError, match="of ours"):
        _answered(Recipe("momentum"), work)
