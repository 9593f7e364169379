"""Installed strategies: an object written for upstream Puffin runs unchanged, a broken package hides none."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from textwrap import dedent
from typing import Any

# The contract as its users know it, in as few lines as it can be said.
PUFFIN = {
    "puffin/__init__.py": "",
    "puffin/strategies/__init__.py": "",
    "puffin/strategies/base.py": """
        from abc import ABC, abstractmethod

        class Strategy(ABC):
            @abstractmethod
            def generate_signals(self, data): ...
            @abstractmethod
            def get_parameters(self): ...
            @property
            def name(self):
                return type(self).__name__
    """,
    "puffin/strategies/registry.py": """
        import pandas as pd
        from puffin.strategies.base import Strategy

        _known = {}

        class Crossing(Strategy):
            'Above the mean of the window.'
            def __init__(self, window=20, edge=0.0, short=False):
                self.window, self.edge, self.short = window, edge, short
            def get_parameters(self):
                return dict(vars(self))
            def generate_signals(self, data):
                close = data['Close']
                mean = close.rolling(self.window).mean()
                signal = (close > mean * (1 + self.edge)).astype(float)
                if self.short:
                    signal -= (close < mean * (1 - self.edge)).astype(float)
                return pd.DataFrame({'signal': signal, 'confidence': signal.abs()}, index=data.index)

        def register_defaults():
            _known['crossing'] = Crossing

        def list_strategies():
            return sorted(_known)

        def get_strategy(name, **kwargs):
            return _known[name](**kwargs)
    """,
}
PACKAGE = {
    "sober/__init__.py": """
        import numpy as np
        from typing import Literal
        from puffling.puffin.strategies.base import Signals, Strategy

        class Calm(Strategy):
            title = 'Calm'
            help = 'Holds.'
            def decide(self, bars):
                return Signals(np.ones(len(bars)), np.ones(len(bars)))

        class Loose:
            def __init__(self, way: Literal['up', 'down'] = 'up'):
                self.way = way
            def generate_signals(self, data):
                return data.assign(signal=1.0 if self.way == 'up' else -1.0)[['signal']]
    """,
    "sober-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: sober\nVersion: 1.0\n",
    "sober-1.0.dist-info/entry_points.txt": """\
        [puffling.strategies]
        calm = sober:Calm
        loose = sober:Loose
        broken = sober:Nothing
    """,
}

ASK = """
import json
from puffling.puffin.backtest.engine import Backtester
from puffling.puffin.data.samples import SamplesProvider
from puffling.puffin.strategies.asking import decide, describe_outside, settle
from puffling.puffin.strategies.recipe import Recipe

bars = SamplesProvider().bars("IBM")[:600]
told = {}
for each in describe_outside():
    told[each.name] = {"help": each.help, "parameters": {one.name: one.default for one in each.parameters}}
    if each.help.startswith("It cannot"):
        continue
    recipe = Recipe(each.name)
    told[each.name]["settled"] = settle(recipe).parameters
    told[each.name]["signal"] = decide(recipe, {"IBM": bars}, "IBM").signal.tolist()
    told[each.name]["fills"] = len(Backtester().run(recipe.make(), bars).fills)
    told[each.name]["class"] = type(recipe.make()).__module__
if "puffin:crossing" in told:
    both = Recipe("puffin:crossing", {"window": 5, "short": "yes"})
    told["both"] = decide(both, {"IBM": bars}, "IBM").signal.tolist()
    wrong = settle(both.with_parameters({"window": 0}))
    told["wrong"] = [wrong.field, wrong.message]
    told["unknown"] = settle(Recipe("sober:nobody")).message
print(json.dumps(told))
"""


def ask(folder: Path, *packages: dict[str, str]) -> dict[str, Any]:
    """Ask in a process of its own, so that nothing of them stays behind."""
    for files in packages:
        for name, text in files.items():
            file = folder / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(dedent(text), encoding="utf-8")
    program = f"import sys; sys.path.insert(0, {str(folder)!r})\n{ASK}"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def test_a_puffin_that_is_installed_offers_its_strategies_and_they_run_unchanged(tmp_path: Path) -> None:
    told = ask(tmp_path, PUFFIN, PACKAGE)
    crossing = told["puffin:crossing"]
    assert crossing["help"] == "Above the mean of the window."
    assert crossing["parameters"] == {"window": 20, "edge": 0.0, "short": "no"}
    assert crossing["settled"] == crossing["parameters"]
    assert crossing["class"] == "puffin.strategies.registry"
    assert crossing["fills"] > 10
    assert set(told["both"]) == {-1.0, 0.0, 1.0}
    assert told["wrong"] == ["window", "Window must lie between 1 and 100000"]
    assert "puffin:crossing" in str(told["unknown"])


def test_packages_offer_strategies_and_a_broken_one_hides_none(tmp_path: Path) -> None:
    told = ask(tmp_path, PACKAGE)
    assert set(told) == {"sober:calm", "sober:loose", "sober:broken"}
    assert told["sober:calm"]["fills"] == told["sober:loose"]["fills"] == 1
    assert told["sober:loose"]["parameters"] == {"way": "up"}
    assert "cannot be loaded: AttributeError" in str(told["sober:broken"]["help"])


def test_a_puffin_without_the_contract_offers_nothing(tmp_path: Path) -> None:
    assert ask(tmp_path, {"puffin/__init__.py": ""}) == {}
