"""A person's own strategies: what is not trusted never runs, and what is wrong is named with its line."""

from __future__ import annotations

import stat
import sys
from pathlib import Path

import numpy as np
import pytest

from puffling.puffin.backtest.engine import Backtester
from puffling.puffin.data.samples import SamplesProvider
from puffling.puffin.errors import InvalidValue
from puffling.puffin.strategies.asking import Declared, Settled, Trouble, decide, describe, settle
from puffling.puffin.strategies.base import Signals
from puffling.puffin.strategies.loading import OwnStrategyFailed, load_own
from puffling.puffin.strategies.own import MOST_BYTES, OwnFolder, OwnSource
from puffling.puffin.strategies.recipe import Recipe

BARS = SamplesProvider().bars("IBM")[:400]

HEAD = """import numpy as np
from puffling.puffin.factors.declaration import Whole
from puffling.puffin.strategies.base import Signals, Strategy


class Mine(Strategy):
    parameters = (Whole("days", "Days", 5, 1, 50),)

    def decide(self, bars):
"""


@pytest.fixture
def folder(tmp_path: Path) -> OwnFolder:
    """An empty folder of strategies, nothing trusted."""
    (tmp_path / "strategies").mkdir()
    return OwnFolder(tmp_path / "strategies", tmp_path / "trusted.json")


def put(folder: OwnFolder, text: str, name: str = "mine") -> None:
    (folder.folder / f"{name}.py").write_text(text, encoding="utf-8")


def trusted(folder: OwnFolder, text: str, name: str = "mine") -> Recipe:
    put(folder, text, name)
    file = folder.trust(name, folder.find(name).digest)
    return Recipe(file.strategy, {}, file.source())


def test_a_new_file_is_a_strategy_that_runs(folder: OwnFolder) -> None:
    made = folder.write_new("my_idea")
    assert not made.trusted
    recipe = trusted(folder, made.text.decode(), "my_idea")
    told = describe(recipe)
    assert isinstance(told, Declared)
    assert (told.name, told.title) == ("own:my_idea", "My idea")
    assert [each.name for each in told.parameters] == ["window", "margin", "side"]
    for side, lowest in (("long", 0.0), ("both", -1.0)):
        said = decide(recipe.with_parameters({"side": side, "window": 20}), {"IBM": BARS}, "IBM")
        assert isinstance(said, Signals)
        assert (said.signal.min(), said.signal.max()) == (lowest, 1.0)
        assert not said.signal[:19].any()
    assert len(Backtester().run(recipe.make(), BARS).fills) > 2


def test_a_file_is_never_written_over_another(folder: OwnFolder) -> None:
    folder.write_new("idea.py")
    for name, why in (("idea", "already"), ("Idea", "small letter"), ("../idea", "small letter")):
        with pytest.raises(InvalidValue, match=why) as refused:
            folder.write_new(name)
        assert refused.value.field == "name"
    assert [file.name for file in folder.all()] == ["idea"]


def test_what_is_not_trusted_never_runs(folder: OwnFolder, tmp_path: Path) -> None:
    canary = tmp_path / "canary"
    put(folder, f"open({str(canary)!r}, 'w').close()\n{HEAD}        pass\n")
    [file] = folder.all()
    with pytest.raises(InvalidValue, match="not trusted"):
        file.source()
    assert isinstance(describe(Recipe(file.strategy, {}, None)), Trouble)
    smuggled = OwnSource("mine", "mine.py", file.text, "0" * 64)
    with pytest.raises(OwnStrategyFailed, match="not the one that was trusted"):
        load_own(smuggled)
    assert isinstance(describe(Recipe(file.strategy, {}, smuggled)), Trouble)
    assert not canary.exists()
    folder.trust("mine", file.digest)
    describe(Recipe(file.strategy, {}, folder.find("mine").source()))
    assert canary.exists()


def test_a_changed_file_waits_and_one_that_is_as_it_was_runs_at_once(folder: OwnFolder) -> None:
    first = f"{HEAD}        return Signals(np.zeros(len(bars)), np.zeros(len(bars)))\n"
    recipe = trusted(folder, first)
    before = folder.stamp()
    put(folder, first + "# changed\n")
    assert folder.stamp() != before
    assert not folder.find("mine").trusted
    assert isinstance(describe(recipe), Declared)
    put(folder, first)
    assert folder.find("mine").trusted
    folder.trust("mine", folder.find("mine").digest)
    folder.distrust("own:mine")
    assert not folder.find("mine.py").trusted


def test_only_what_was_looked_at_can_be_trusted(folder: OwnFolder) -> None:
    put(folder, "x = 1\n")
    seen = folder.find("mine").digest
    put(folder, "x = 2\n")
    with pytest.raises(InvalidValue, match="has changed"):
        folder.trust("mine", seen)
    put(folder, "#" * (MOST_BYTES + 1))
    large = folder.find("mine")
    assert (large.digest, large.text) == ("", b"")
    with pytest.raises(InvalidValue, match="larger"):
        folder.trust("mine", "")


def test_only_the_person_can_read_what_is_trusted(folder: OwnFolder, tmp_path: Path) -> None:
    trusted(folder, "x = 1\n")
    # Windows keeps a person's folders from others by itself.
    if sys.platform != "win32":
        assert stat.S_IMODE((tmp_path / "trusted.json").stat().st_mode) == 0o600
    (tmp_path / "trusted.json").write_text("[damaged", encoding="utf-8")
    assert not folder.find("mine").trusted


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("import numpy as np\n\nclass Mine(:\n", 3, "invalid syntax"),
        ("x = 1\ny = x / 0\n", 2, "ZeroDivisionError: division by zero"),
        ("\nimport no_such_package\n", 2, "ModuleNotFoundError"),
        ("\n\nraise SystemExit\n", 3, "SystemExit"),
        ("x = 1\n", 1, "there is no strategy"),
        ("\nclass Mine:\n    def on_tick(self, view): 0\n", 1, "or that has generate_signals or on_bar"),
        (f"{HEAD}        pass\n\nclass Other(Strategy):\n    pass\n", 12, "more than one strategy"),
        (HEAD.replace('(Whole("days", "Days", 5, 1, 50),)', "[1]") + "        pass\n", 7, "must be a tuple"),
        (HEAD.replace("5, 1, 50", "5, 8, 50") + "        pass\n", 7, "default of days does not fit"),
        (HEAD.replace('"days", "Days"', '"help", "Days"') + "        pass\n", 7, "cannot be called 'help'"),
        (f"{HEAD}        pass\n\n    def check(self):\n        raise KeyError('days')\n", 13, "KeyError"),
        ("class Mine:\n    def generate_signals(self, data): 0\n    def __init__(self):\n        1 / 0\n", 4,
         "by zero"),
        ("\x00", 1, "null bytes"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_file_is_named_with_its_line(
    folder: OwnFolder, text: str, line: int, said: str
) -> None:
    trouble = describe(trusted(folder, text))
    assert isinstance(trouble, Trouble)
    assert said in trouble.said
    assert trouble.line == line
    assert trouble.message.startswith(f"mine.py, line {line}: ")


@pytest.mark.parametrize(
    ("body", "line", "said"),
    [
        ("return bars.colour", 10, "AttributeError"),
        ("return None", 9, "two columns of numbers"),
        ("return Signals(['a'] * len(bars), ['b'] * len(bars))", 9, "two columns of numbers"),
        ("return Signals(np.ones(3), np.ones(3))", 9, "a signal from -1 to 1 for each of 400 bars"),
        ("return Signals(np.full(len(bars), 7.0), np.ones(len(bars)))", 9, "a signal from -1 to 1"),
    ],
)
def test_a_strategy_that_fails_or_answers_nonsense_is_named_with_its_line(
    folder: OwnFolder, body: str, line: int, said: str
) -> None:
    recipe = trusted(folder, f"{HEAD}        {body}\n")
    trouble = decide(recipe, {"IBM": BARS}, "IBM")
    assert isinstance(trouble, Trouble)
    assert said in trouble.message
    assert trouble.line == line
    with pytest.raises(OwnStrategyFailed, match=f"mine.py, line {line}"), recipe.faults_named():
        Backtester().run(recipe.make(), BARS)


ORDERS = """from puffling.puffin.backtest.orders import Ticket
from puffling.puffin.errors import InvalidValue
from puffling.puffin.factors.declaration import Whole
from puffling.puffin.orders import Kind, Side
from puffling.puffin.strategies.trading import TradingStrategy


class Mine(TradingStrategy):
    title = "Mine"
    help = "Sends orders."
    parameters = (Whole("days", "Days", 5, 1, 50),)

    def check(self):
        if self.days == 13:
            raise InvalidValue("Not on a thirteenth", field="days")

    def on_bar(self, view):
"""


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("view.colour", "AttributeError"),
        ("view.target('GOOG', 1.0)", "GOOG is not part of this test"),
        ("view.target('IBM', 7.0)", "between -1 and 1"),
        ("view.send(Ticket('IBM', Side.BUY, -1.0))", "Quantity must be above 0"),
        ("view.send(Ticket('IBM', Side.BUY, 1.0, Kind.LIMIT))", "A limit order needs a limit price"),
    ],
)
def test_an_order_that_makes_no_sense_is_named_with_its_line(folder: OwnFolder, body: str, said: str) -> None:
    recipe = trusted(folder, f"{ORDERS}        {body}\n")
    trouble = decide(recipe, {"IBM": BARS}, "IBM")
    assert isinstance(trouble, Trouble)
    assert said in trouble.message
    assert trouble.line == 18
    with pytest.raises(OwnStrategyFailed, match=r"mine\.py, line 18"), recipe.faults_named():
        Backtester().run(recipe.make(), {"IBM": BARS})


def test_a_strategy_that_trades_is_declared_settled_and_asked_like_any_other(folder: OwnFolder) -> None:
    recipe = trusted(
        folder, f"{ORDERS}        if view.bar == self.days:\n            view.target('IBM', -1.0)\n"
    )
    told = describe(recipe)
    assert isinstance(told, Declared)
    assert told.trades
    assert settle(recipe) == Settled({"days": 5}, 1, False, True)
    trouble = settle(recipe.with_parameters({"days": 13}))
    assert isinstance(trouble, Trouble)
    assert (trouble.field, trouble.line) == ("days", 0)
    stood = decide(recipe.with_parameters({"days": 9}), {"IBM": BARS}, "IBM")
    assert not isinstance(stood, Trouble)
    # Decided on the close of a bar, it stands from the next one on.
    assert stood.signal.tolist() == [0.0] * 10 + [-1.0] * (len(BARS) - 10)


def test_a_strategy_that_trades_needs_no_base_class_and_remembers_nothing_of_another_run(
    folder: OwnFolder,
) -> None:
    recipe = trusted(
        folder,
        "class Mine:\n"
        "    def __init__(self, days: int = 3):\n"
        "        self.days, self.left = days, 1\n\n"
        "    def on_bar(self, view):\n"
        "        if view.bar >= self.days and self.left:\n"
        "            self.left -= 1\n"
        "            view.target('IBM', 1.0)\n",
    )
    told = describe(recipe)
    assert isinstance(told, Declared)
    assert (told.trades, [each.name for each in told.parameters]) == (True, ["days"])
    first, second = (decide(recipe, {"IBM": BARS}, "IBM") for _ in range(2))
    assert not isinstance(first, Trouble)
    assert not isinstance(second, Trouble)
    assert first.signal.tolist() == second.signal.tolist() == [0.0] * 4 + [1.0] * (len(BARS) - 4)


def test_a_parameter_that_does_not_fit_is_no_fault_of_the_file(folder: OwnFolder) -> None:
    recipe = trusted(folder, f"{HEAD}        pass\n")
    trouble = settle(recipe.with_parameters({"days": 99}))
    assert isinstance(trouble, Trouble)
    assert (trouble.field, trouble.line) == ("days", 0)
    fine = settle(recipe.with_parameters({"days": 9}))
    assert fine == Settled({"days": 9}, 1, False)


def test_a_strategy_in_the_style_of_upstream_needs_no_base_class(folder: OwnFolder) -> None:
    recipe = trusted(
        folder,
        "import pandas as pd\n\n"
        "class Crossing:\n"
        '    """Above its own past."""\n\n'
        "    def __init__(self, days: int = 20, both: bool = False, edge: float = 0.0, note: str = 'x'):\n"
        "        self.days, self.both, self.edge = days, both, edge\n\n"
        "    def generate_signals(self, data):\n"
        "        signal = (data['Close'] > data['Close'].shift(self.days) * (1 + self.edge)).astype(float)\n"
        "        return pd.DataFrame({'signal': signal * (-1 if self.both else 1)}, index=data.index)\n",
    )
    told = describe(recipe)
    assert isinstance(told, Declared)
    assert (told.title, told.help) == ("Mine", "Above its own past.")
    assert [each.name for each in told.parameters] == ["days", "both", "edge"]
    said = decide(recipe.with_parameters({"days": 3, "both": "yes"}), {"IBM": BARS}, "IBM")
    assert isinstance(said, Signals)
    rose = np.concatenate(([False] * 3, BARS.close[3:] > BARS.close[:-3]))
    assert np.array_equal(said.signal, -rose.astype(float))


def test_waiting_has_an_end_at_the_line_that_does_not(folder: OwnFolder) -> None:
    recipe = trusted(folder, f"{HEAD}        while True:\n            len(bars)\n")
    trouble = decide(recipe, {"IBM": BARS}, "IBM", patience_seconds=0.05)
    assert isinstance(trouble, Trouble)
    assert trouble.line in (10, 11)
    assert "no answer after" in trouble.message
