"""Where company numbers come from: sources in order, each kept apart from the others."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from puffling.frozen import frozen
from puffling.puffin.errors import SourceFailed, UnknownSymbol
from puffling.runtime.clock import Clock
from puffling.runtime.errors import NotFound, Unavailable
from puffling.runtime.port import Port
from puffling.runtime.text import tr

if TYPE_CHECKING:
    from puffling.market.report_cache import ReportCache
    from puffling.puffin.data.edgar import Edgar
    from puffling.puffin.data.statements import Company

DEMO = "demo"
# Companies report four times a year, and corrections come the next day at the soonest.
FRESH_FOR = timedelta(hours=20)
_KEPT = 16


class ReportSource(Protocol):
    """One source of company reports; it is asked in a thread and may block."""

    @property
    def label(self) -> str:
        """What a person reads beside its numbers."""
        ...

    @property
    def dated(self) -> bool:
        """Whether its numbers carry the day they were filed, so that a past day can be looked at."""
        ...

    def missing(self) -> str:
        """Say what it still needs from the person before it can be asked; empty when nothing."""
        ...

    def company(self, symbol: str, now: datetime) -> Company:
        """Fetch a company; `UnknownSymbol` when it has none of that symbol."""
        ...


@frozen
class Reports:
    """A company's reports with where they come from; `warning` says why they are older than they might be."""

    company: Company
    source: str
    label: str
    dated: bool
    fetched_at: datetime
    warning: str = ""


class EdgarReports:
    """Reports as companies file them with the SEC; asks only when the person left a contact."""

    dated = True

    def __init__(self, contact: Callable[[], str], base_url: str | None = None) -> None:
        self._contact = contact
        self._base_url = base_url
        self._edgar: Edgar | None = None

    @property
    def label(self) -> str:
        """What a person reads beside its numbers."""
        return tr("SEC EDGAR")

    def missing(self) -> str:
        """Say that the SEC wants to know whom to write to."""
        if "@" in self._contact():
            return ""
        return tr("The SEC answers only who leaves an e-mail address: set it in the preferences.")

    def company(self, symbol: str, now: datetime) -> Company:
        """Fetch facts and filings."""
        from puffling.puffin.data.edgar import Edgar

        agent = f"Puffling {self._contact()}"
        if self._edgar is None or self._edgar.user_agent != agent:
            self._edgar = Edgar(agent, base_url=self._base_url)
        return self._edgar.company(symbol)


class ReportBook:
    """Gives the reports of companies: from memory, from disk, or from the first source that has them."""

    def __init__(
        self,
        sources: Mapping[str, ReportSource],
        *,
        order: Callable[[], Sequence[str]],
        demo_seed: int,
        cache: Callable[[], ReportCache],
        clock: Clock,
        port: Port,
    ) -> None:
        self._sources = dict(sources)
        self._order = order
        self._demo_seed = demo_seed
        # Made when the first company is asked for: a start has no use for it.
        self._open_cache = cache
        self._clock = clock
        self._port = port
        # One question at a time, and none for a symbol nobody looks at any more when its turn comes.
        self._lane = port.lane("reports")
        self._kept: OrderedDict[tuple[str, str], Reports] = OrderedDict()
        self._asking: dict[tuple[str, str], asyncio.Lock] = {}

    @classmethod
    def of(
        cls,
        *,
        order: Callable[[], Sequence[str]],
        contact: Callable[[], str],
        demo_seed: int,
        folder: Path,
        clock: Clock,
        port: Port,
    ) -> ReportBook:
        """Build the book with every source there is; nothing is asked before a company is."""
        from puffling.market.yahoo_reports import YahooReports

        sources: dict[str, ReportSource] = {"edgar": EdgarReports(contact), "yahoo": YahooReports(folder)}
        return cls(
            sources,
            order=order,
            demo_seed=demo_seed,
            cache=partial(_cache_in, folder / "reports"),
            clock=clock,
            port=port,
        )

    def demo(self, symbol: str) -> Reports:
        """Give what a company of the demo market has reported by now."""
        from puffling.market.demo.statements import demo_company

        now = self._clock.now()
        company = demo_company(self._demo_seed, symbol, now.date())
        return Reports(company, DEMO, tr("Demo data"), True, now)

    def nothing(self, symbol: str, name: str) -> Reports:
        """Give the reports of what is no company: none, and nobody has to be asked for them."""
        from puffling.puffin.data.statements import Company

        return Reports(Company(symbol, name, "", (), ()), "", "", True, self._clock.now())

    async def reports(self, symbol: str, source: str | None = None) -> Reports:
        """Give a company from one source, or from the first of the person's order that has it."""
        names = [source] if source is not None else list(self._order())
        unknown = 0
        reasons: list[str] = []
        for name in names:
            asked = self._sources[name]
            if (missing := asked.missing()) and not await self._is_kept(name, symbol):
                reasons.append(missing)
                continue
            try:
                return await self._from(name, asked, symbol)
            except UnknownSymbol:
                unknown += 1
            except SourceFailed as failed:
                reasons.append(f"{failed}.")
        if unknown and not reasons:
            raise NotFound(
                tr("No source has reports of {symbol}.", symbol=symbol),
                hint=tr("Companies that report to the SEC are known by their American ticker."),
            )
        raise Unavailable(
            tr("The reports of {symbol} cannot be had now.", symbol=symbol), hint=" ".join(reasons)
        )

    @cached_property
    def _cache(self) -> ReportCache:
        return self._open_cache()

    async def _is_kept(self, name: str, symbol: str) -> bool:
        return (name, symbol) in self._kept or await self._port.thread(
            self._cache.load, name, symbol
        ) is not None

    async def _from(self, name: str, source: ReportSource, symbol: str) -> Reports:
        place = (name, symbol)
        # Whoever asks for the same company at the same time waits for the one question that is under way.
        async with self._asking.setdefault(place, asyncio.Lock()):
            found = self._kept.get(place)
            if found is None and (kept := await self._port.thread(self._cache.load, name, symbol)):
                found = Reports(kept[0], name, source.label, source.dated, kept[1])
            now = self._clock.now()
            # What was fetched after the present moment of a rehearsal is as fresh as can be.
            if found is None or now - found.fetched_at > FRESH_FOR:
                found = await self._renewed(name, source, symbol, now, found)
            self._kept[place] = found
            self._kept.move_to_end(place)
            if len(self._kept) > _KEPT:
                self._asking.pop(self._kept.popitem(last=False)[0], None)
            return found

    async def _renewed(
        self, name: str, source: ReportSource, symbol: str, now: datetime, older: Reports | None
    ) -> Reports:
        if older is not None and source.missing():
            return older
        try:
            company = await self._lane.run(source.company, symbol, now)
        except SourceFailed as failed:
            if older is None:
                raise
            return Reports(older.company, name, older.label, older.dated, older.fetched_at, f"{failed}.")
        await self._port.thread(self._cache.keep, name, company, now)
        return Reports(company, name, source.label, source.dated, now)


def _cache_in(folder: Path) -> ReportCache:
    from puffling.market.report_cache import ReportCache

    return ReportCache(folder)
