"""Every strategy there is behind one door: those of the house, the person's own, those of packages.

What others wrote never runs in this process: a child process reads it, makes it and asks it, for a while at
the most. Of the person's own files only those run whose content the person has trusted. A digest counts, not
a name: a file that changed waits to be trusted anew, and one that is again as it was runs at once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from puffling.automation.values import Origin, OwnStrategyFile, OwnStrategyText, StrategyKind
from puffling.puffin.data.bars import Bars
from puffling.puffin.errors import InvalidValue
from puffling.puffin.factors.declaration import Setting
from puffling.puffin.strategies.base import Signals
from puffling.puffin.strategies.own import PREFIX, OwnFile, OwnFolder
from puffling.runtime.errors import Crashed, InvalidInput, Unavailable
from puffling.runtime.jobs import JobBoard
from puffling.runtime.paths import Paths
from puffling.runtime.port import Port
from puffling.runtime.text import tr

if TYPE_CHECKING:
    from puffling.puffin.backtest.aims import Aims
    from puffling.puffin.backtest.costs import Terms
    from puffling.puffin.backtest.heard import Heard
    from puffling.puffin.backtest.hearing import Acts
    from puffling.puffin.backtest.orders import Sizing, Steps
    from puffling.puffin.backtest.own_sizes import Rule
    from puffling.puffin.strategies.asking import Declared, Settled, Trouble
    from puffling.puffin.strategies.recipe import Recipe

R = TypeVar("R")

FOLDER = "strategies"
TRUSTED = "trusted-strategies.json"

# A child gives up by itself before; this is for one that cannot even do that.
_LONGEST_SECONDS = 30.0
_MOST_REMEMBERED = 200


class StrategyShelf:
    """Lists strategies, makes recipes of them and asks them, wherever they may run."""

    def __init__(self, paths: Paths, port: Port, board: JobBoard) -> None:
        # Beside the settings and not among them: nothing that is reached from elsewhere may trust a file.
        self.own = OwnFolder(paths.data / FOLDER, paths.config / TRUSTED)
        self._port = port
        self._lane = port.lane("strategies")
        self._board = board
        self._described: dict[str, Declared | Trouble] = {}
        self._outside: tuple[Declared, ...] | None = None

    async def kinds(self) -> tuple[StrategyKind, ...]:
        """Give every strategy that can run: those of the house, the person's own, those of packages."""
        trusted = [file for file in await self._port.thread(self.own.all) if file.trusted]
        described = await asyncio.gather(*(self._describe(file) for file in trusted))
        return (
            *await self._lane.run(_house_kinds),
            *(_kind(each, Origin.OWN) for each in described if each is not None),
            *(_kind(each, Origin.PACKAGE) for each in await self._installed()),
        )

    async def stamp(self) -> tuple[tuple[str, int, int], ...]:
        """Give what changes whenever one of the person's own files does."""
        return await self._port.thread(self.own.stamp)

    async def files(self) -> tuple[OwnStrategyFile, ...]:
        """Give every file of the person's own, with what is wrong with it; what is not trusted is not run."""
        return tuple([await self.state_of(file) for file in await self._port.thread(self.own.all)])

    async def text_of(self, file: OwnFile) -> OwnStrategyText:
        """Give one file as faces show it, with its text."""
        state = await self.state_of(file)
        return OwnStrategyText(**asdict(state), text=file.text.decode("utf-8", "replace"))

    async def state_of(self, file: OwnFile) -> OwnStrategyFile:
        """Give one file as faces show it."""
        trouble, line = "", 0
        if not file.digest:
            trouble = tr("The file cannot be read, or is too large to be a strategy.")
        elif not file.text:
            trouble = tr("The file is empty.")
        elif file.trusted and not await self._describe(file):
            failed = self._described[file.digest]
            line = getattr(failed, "line", 0)
            trouble = getattr(failed, "said", "") or getattr(failed, "message", "")
        return OwnStrategyFile(
            file.name, file.strategy, str(file.path), file.size, file.digest, file.trusted, trouble, line
        )

    async def recipe(self, name: str, parameters: Mapping[str, Setting]) -> tuple[Recipe, Settled]:
        """Give what makes this strategy anywhere, after making sure that it can be made."""
        from puffling.puffin.strategies.asking import settle

        recipe = await self.prepared(name, parameters)
        settled = await self._ask(recipe, settle, recipe)
        return recipe.with_parameters(settled.parameters), settled

    async def prepared(self, name: str, parameters: Mapping[str, Setting]) -> Recipe:
        """Give what makes this strategy anywhere; whether the parameters fit is known when it is made."""
        from puffling.puffin.strategies.recipe import Recipe

        source = None
        if name.startswith(PREFIX):
            try:
                source = (await self._port.thread(self.own.find, name)).source()
            except InvalidValue as error:
                raise InvalidInput(
                    f"{error}.",
                    field=error.field,
                    hint=tr("Trust it in the Strategies panel, or with: puffling strategies trust"),
                ) from None
        return Recipe(name, dict(parameters), source)

    async def signals(self, recipe: Recipe, series: Mapping[str, Bars], symbol: str) -> Signals:
        """Give what a strategy says at every bar of a symbol."""
        from puffling.puffin.strategies.asking import decide, trades

        # What goes from bar to bar would starve this process.
        here = recipe.in_house and not await self._lane.run(trades, recipe)
        return await self._ask(recipe, decide, recipe, dict(series), symbol, here=here)

    async def aims(self, recipe: Recipe, series: Mapping[str, Bars], terms: Terms, sizing: Sizing) -> Aims:
        """Give what a strategy wants to hold after the newest bar, as shares of its money."""
        from puffling.puffin.strategies.asking import aim, trades

        here = recipe.in_house and not await self._lane.run(trades, recipe)
        return await self._ask(recipe, aim, recipe, dict(series), terms, sizing, here=here)

    async def acts(
        self,
        recipe: Recipe,
        series: Mapping[str, Bars],
        heard: Sequence[Heard],
        terms: Terms,
        rule: Rule,
        *,
        first_us: int,
        steps: Steps,
    ) -> Acts:
        """Give what a strategy with orders of its own says to the last close it heard of."""
        from puffling.puffin.strategies.asking import act

        asked = partial(act, first_us=first_us, steps=steps)
        return await self._ask(recipe, asked, recipe, dict(series), tuple(heard), terms, rule, here=False)

    async def _describe(self, file: OwnFile) -> Declared | None:
        """Give what a trusted file declares; the same content is asked once."""
        from puffling.puffin.strategies.asking import Trouble, describe
        from puffling.puffin.strategies.recipe import Recipe

        found = self._described.get(file.digest)
        if found is None or (not isinstance(found, Trouble) and found.name != file.strategy):
            recipe = Recipe(file.strategy, {}, file.source())
            try:
                found = await self._in_child(describe, recipe)
            except Unavailable as error:
                found = Trouble(error.message, said=error.message)
            if len(self._described) >= _MOST_REMEMBERED:
                self._described.clear()
            self._described[file.digest] = found
        return None if isinstance(found, Trouble) else found

    async def _installed(self) -> tuple[Declared, ...]:
        """Give what packages offer; they are looked through once."""
        from puffling.puffin.strategies.asking import describe_outside
        from puffling.puffin.strategies.upstream import offered

        if self._outside is None:
            there = await self._lane.run(offered)
            self._outside = await self._in_child(describe_outside) if there else ()
        return self._outside

    async def _ask(
        self, recipe: Recipe, fn: Callable[..., R | Trouble], *arguments: object, here: bool | None = None
    ) -> R:
        from puffling.puffin.strategies.asking import Trouble

        here = recipe.in_house if here is None else here
        answer = await (self._lane.run(fn, *arguments) if here else self._in_child(fn, *arguments))
        if isinstance(answer, Trouble):
            raise InvalidInput(
                f"{answer.message}.",
                field=answer.field,
                hint=tr("The list of strategies says what can be chosen.")
                if not answer.line
                else tr("Mend the file; what is changed has to be trusted anew."),
            )
        return answer

    async def _in_child(self, fn: Callable[..., R], *arguments: object) -> R:
        computing = self._board.compute.run(fn, arguments, {}, progress=lambda *_: None)
        try:
            async with asyncio.timeout(_LONGEST_SECONDS):
                answer: R = await computing
                return answer
        except TimeoutError:
            raise Unavailable(
                tr("The strategy did not answer within {seconds} seconds.", seconds=int(_LONGEST_SECONDS)),
                hint=tr("Look for a loop in it that does not end."),
            ) from None
        except Crashed as error:
            raise Unavailable(error.message, hint=tr("The strategy ended the process it ran in.")) from None


def _house_kinds() -> tuple[StrategyKind, ...]:
    from puffling.puffin.strategies.portfolio import PortfolioStrategy
    from puffling.puffin.strategies.registry import find_strategy, list_strategies
    from puffling.puffin.strategies.trading import TradingStrategy

    kinds = {name: find_strategy(name) for name in list_strategies()}
    return tuple(
        StrategyKind(
            name,
            tr(kind.title),
            tr(kind.help),
            kind.parameters,
            several=issubclass(kind, PortfolioStrategy),
            trades=issubclass(kind, TradingStrategy),
        )
        for name, kind in kinds.items()
    )


def _kind(declared: Declared, origin: Origin) -> StrategyKind:
    return StrategyKind(
        declared.name,
        declared.title,
        declared.help,
        declared.parameters,
        origin,
        declared.several,
        declared.trades,
    )
