"""Own files through the core: only the person trusts them, they run elsewhere, and faults have their line."""

from __future__ import annotations

import os
import sys
from datetime import date
from pathlib import Path

import pytest

from puffling.core.core import Core
from puffling.puffin.data.interval import Interval
from puffling.runtime.actor import Actor, Caller, calling_as
from puffling.runtime.errors import Conflict, InvalidInput, NotFound, Refused
from puffling.runtime.paths import Paths
from puffling.store.events import StrategiesChanged
from tests.fixtures.cores import PERSON

pytestmark = pytest.mark.usefixtures("as_person")

RISING = """import os
import numpy as np
from puffling.puffin.factors.declaration import Whole
from puffling.puffin.strategies.base import Signals, Strategy

open({canary!r}, "a").write(f"{{os.getpid()}} ")


class Rising(Strategy):
    title = "Rising"
    help = "Holds what rose."
    parameters = (Whole("days", "Days", 5, 1, 50),)

    def bars_needed(self):
        return self.days + 1

    def decide(self, bars):
        signal = np.zeros(len(bars))
        signal[self.days :] = bars.close[self.days :] > bars.close[: -self.days]
        return Signals(signal, signal)
"""


def write(paths: Paths, text: str, name: str = "rising") -> Path:
    folder = paths.data / "strategies"
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{name}.py"
    file.write_text(text, encoding="utf-8")
    return file


async def trust(core: Core, name: str = "rising") -> None:
    await core.strategies.trust(name, (await core.strategies.source(name)).digest)


async def test_an_own_strategy_is_used_like_any_other_once_it_is_trusted(
    core: Core, paths: Paths, tmp_path: Path
) -> None:
    loaded = {name for name in sys.modules if name.startswith("own_strategy")}
    told: list[StrategiesChanged] = []
    core.bus.on(StrategiesChanged, told.append)
    canary = tmp_path / "canary"
    file = write(paths, RISING.format(canary=str(canary)))
    [before] = await core.strategies.files()
    assert (before.strategy, before.path, before.trusted) == ("own:rising", str(file), False)
    assert "own:rising" not in {kind.name for kind in await core.strategies.types()}
    for attempt in (
        core.strategies.signals("own:rising", "SPY"),
        core.strategies.create("Mine", "own:rising", ("SPY",)),
    ):
        with pytest.raises(InvalidInput, match="not trusted") as refused:
            await attempt
        assert refused.value.field == "name"
    assert not canary.exists()

    await trust(core)
    assert len(told) == 1
    kind = next(kind for kind in await core.strategies.types() if kind.name == "own:rising")
    assert (kind.title, kind.help, kind.origin, kind.parameters[0].name) == (
        "Rising",
        "Holds what rose.",
        "own",
        "days",
    )
    table = await core.strategies.signals("own:rising", "SPY", parameters={"days": 3})
    bars = (await core.data.history("SPY", Interval.D1, date(2024, 1, 1))).closed
    rose = (bars.close[3:] > bars.close[:-3]).astype(float)
    assert list(table.signal) == rose[-len(table.signal) :].tolist()
    # Not one line of it ran in this process.
    assert str(os.getpid()) not in canary.read_text(encoding="utf-8").split()
    assert {name for name in sys.modules if name.startswith("own_strategy")} == loaded


async def test_a_changed_file_waits_and_an_old_one_is_back_at_once(
    core: Core, paths: Paths, tmp_path: Path
) -> None:
    text = RISING.format(canary=str(tmp_path / "canary"))
    write(paths, text)
    await trust(core)
    saved = await core.strategies.create("Mine", "own:rising", ("SPY",))
    assert saved.trouble == ""
    before = await core.strategies.stamp()
    write(paths, text.replace("Holds what rose.", "Changed."))
    assert await core.strategies.stamp() != before
    [saved] = await core.strategies.all()
    assert "not trusted" in saved.trouble
    await trust(core)
    kind = next(kind for kind in await core.strategies.types() if kind.name == "own:rising")
    assert kind.help == "Changed."
    write(paths, text)
    kind = next(kind for kind in await core.strategies.types() if kind.name == "own:rising")
    assert kind.help == "Holds what rose."
    await core.strategies.distrust("rising")
    assert not (await core.strategies.source("rising")).trusted


async def test_only_the_person_at_the_machine_trusts(core: Core, paths: Paths) -> None:
    write(paths, "x = 1\n")
    digest = (await core.strategies.source("rising")).digest
    for actor in (Actor.HTTP, Actor.MCP, Actor.ASSISTANT, Actor.AGENT, Actor.SCHEDULE):
        with calling_as(Caller(actor)), pytest.raises(Refused):
            await core.strategies.trust("rising", digest)
    with calling_as(Caller(Actor.PERSON)), pytest.raises(Refused):
        await core.strategies.trust("rising", digest)
    ability = core.registry.get("strategies.trust")
    assert (ability.http, ability.tool, ability.job) == (None, None, False)
    with calling_as(PERSON), pytest.raises(Conflict):
        await core.strategies.trust("rising", "0" * 64)
    assert not (await core.strategies.source("rising")).trusted
    # No setting trusts a file either: settings can be written from elsewhere.
    stored = await core.store.read(core.user, lambda unit: unit.settings.all())
    assert [row.key for row in stored if "trust" in row.key] == []


async def test_what_is_wrong_with_a_file_is_listed_with_its_line(core: Core, paths: Paths) -> None:
    write(paths, "import numpy as np\n\nclass Rising(:\n")
    assert (await core.strategies.source("rising")).trouble == ""
    await trust(core)
    [file] = await core.strategies.files()
    assert (file.trusted, file.line, file.trouble) == (True, 3, "invalid syntax")
    with pytest.raises(InvalidInput, match=r"rising.py, line 3: invalid syntax") as caught:
        await core.strategies.signals("own:rising", "SPY")
    assert "trusted anew" in caught.value.hint
    assert "own:rising" not in {kind.name for kind in await core.strategies.types()}


async def test_a_file_that_ends_its_process_ends_nothing_else(core: Core, paths: Paths) -> None:
    write(paths, "import os\nos._exit(3)\n")
    await trust(core)
    [file] = await core.strategies.files()
    assert file.trouble
    assert await core.strategies.types()


async def test_a_new_file_begins_with_something_that_runs(core: Core) -> None:
    made = await core.strategies.new_file("my_idea")
    assert not made.trusted
    await trust(core, "my_idea")
    table = await core.strategies.signals("own:my_idea", "SPY")
    assert set(table.signal) <= {0.0, 1.0}
    with pytest.raises(InvalidInput) as caught:
        await core.strategies.new_file("my_idea")
    assert caught.value.field == "name"
    with pytest.raises(NotFound, match="my_idea"):
        await core.strategies.source("../../secrets")


async def test_a_backtest_runs_exactly_the_text_that_was_trusted(
    core: Core, paths: Paths, tmp_path: Path
) -> None:
    text = RISING.format(canary=str(tmp_path / "canary"))
    write(paths, text)
    with pytest.raises(InvalidInput, match="not trusted"):
        await core.backtests.run("own:rising", ("SPY",))
    await trust(core)
    saved = await core.strategies.create("Mine", "own:rising", ("SPY",), parameters={"days": 9})
    done = await core.backtests.run("Mine")
    assert (done.strategy, done.parameters, done.symbols) == ("own:rising", {"days": 9}, ("SPY",))
    assert (done.metrics["total_trades"] or 0.0) > 5
    assert str(os.getpid()) not in (tmp_path / "canary").read_text(encoding="utf-8").split()

    write(paths, text.replace("signal = np.zeros(len(bars))", "signal = bars.colour"))
    with pytest.raises(InvalidInput, match="not trusted"):
        await core.backtests.run(saved.name)
    await trust(core)
    line = text.splitlines().index("        signal = np.zeros(len(bars))") + 1
    with pytest.raises(InvalidInput, match=f"rising.py, line {line}: AttributeError") as caught:
        await core.backtests.run(saved.name)
    assert caught.value.field == "strategy"


async def test_each_text_of_a_file_that_was_tested_is_an_attempt(
    core: Core, paths: Paths, tmp_path: Path
) -> None:
    text = RISING.format(canary=str(tmp_path / "canary"))
    for place, rule in enumerate((">", ">=", "<")):
        write(paths, text.replace("self.days :] >", f"self.days :] {rule}"))
        await trust(core)
        told = await core.backtests.run("own:rising", ("SPY",))
        assert told.trials == place + 1
    write(paths, text)
    assert (await core.backtests.run("own:rising", ("SPY",))).trials == 3
