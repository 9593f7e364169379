"""Company reports are asked for once, kept apart by source, and still there when the network is not."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from puffling.market.fundamentals import FRESH_FOR, EdgarReports, ReportBook, ReportSource
from puffling.market.report_cache import ReportCache
from puffling.puffin.data.statements import Company, Fact
from puffling.puffin.errors import SourceFailed, UnknownSymbol
from puffling.runtime.clock import FixedClock
from puffling.runtime.errors import NotFound, Unavailable
from puffling.runtime.port import Port
from tests.fakes.edgar import FakeEdgar, edgar
from tests.fixtures.cores import NOON

CONTACT = "tests@example.org"
Make = Callable[..., ReportBook]


class Shelf:
    """A source with one company on it, which can fail."""

    dated = False
    label = "Shelf"

    def __init__(self) -> None:
        self.asked = 0
        self.failing = False
        self.open = threading.Event()
        self.open.set()

    def missing(self) -> str:
        """Need nothing."""
        return ""

    def company(self, symbol: str, now: datetime) -> Company:
        """Give the one there is."""
        self.asked += 1
        self.open.wait()
        if self.failing:
            raise SourceFailed("The shelf is locked")
        if symbol != "BOOK":
            raise UnknownSymbol(symbol)
        day = now.date()
        fact = Fact("revenue", day, 5.0, day, day - timedelta(days=364), "10-K")
        return Company("BOOK", "Bookshop", "EUR", (fact,), ())


def kept_in(folder: Path) -> list[str]:
    return sorted(file.relative_to(folder).as_posix() for file in folder.rglob("*.json"))


@pytest.fixture
def fake() -> Iterator[FakeEdgar]:
    with edgar() as serving:
        yield serving


@pytest.fixture
async def port(clock: FixedClock) -> AsyncIterator[Port]:
    port = Port(clock)
    yield port
    await port.close()


@pytest.fixture
def make(fake: FakeEdgar, port: Port, clock: FixedClock, tmp_path: Path) -> Make:
    """Books on one folder, each as after a start of its own."""

    def book(
        order: Sequence[str] = ("edgar", "shelf"), *, contact: str = CONTACT, shelf: Shelf | None = None
    ) -> ReportBook:
        sources: dict[str, ReportSource] = {
            "edgar": EdgarReports(lambda: contact, fake.address),
            "shelf": shelf or Shelf(),
        }

        def cache() -> ReportCache:
            return ReportCache(tmp_path / "reports")

        return ReportBook(sources, order=lambda: order, demo_seed=7, cache=cache, clock=clock, port=port)

    return book


async def test_the_first_source_that_has_a_company_answers(make: Make) -> None:
    book = make()
    acme, bookshop = await book.reports("ACME"), await book.reports("BOOK")
    assert (acme.source, acme.label, acme.company.name) == ("edgar", "SEC EDGAR", "Acme Corp.")
    assert (bookshop.source, bookshop.company.currency) == ("shelf", "EUR")
    assert acme.fetched_at == NOON


async def test_a_company_is_fetched_once_a_day_and_kept_over_a_restart(
    make: Make, fake: FakeEdgar, clock: FixedClock
) -> None:
    first = await make().reports("ACME")
    asked = len(fake.asked)
    again = await make().reports("ACME")
    assert len(fake.asked) == asked
    assert (again.company, again.fetched_at) == (first.company, first.fetched_at)
    clock.advance((FRESH_FOR + timedelta(minutes=1)).total_seconds())
    assert (await make().reports("ACME")).fetched_at == clock.now()
    assert len(fake.asked) > asked


async def test_who_asks_at_the_same_time_waits_for_one_answer(make: Make) -> None:
    shelf = Shelf()
    book = make(("shelf",), shelf=shelf)
    found = await asyncio.gather(*(book.reports("BOOK") for _ in range(5)))
    assert shelf.asked == 1
    assert len({id(each) for each in found}) == 1


async def test_what_nobody_waits_for_any_more_is_not_asked(make: Make) -> None:
    shelf = Shelf()
    shelf.open.clear()
    book = make(("shelf",), shelf=shelf)
    async with asyncio.TaskGroup() as group:
        first = group.create_task(book.reports("BOOK"), name="first")
        while not shelf.asked:  # noqa: ASYNC110  the thread that asks tells nobody
            await asyncio.sleep(0.001)
        passed_over = [group.create_task(book.reports(f"NO{number}"), name="passed") for number in range(5)]
        await asyncio.sleep(0.02)
        for each in passed_over:
            each.cancel()
        await asyncio.sleep(0)
        shelf.open.set()
        assert (await first).company.name == "Bookshop"
    assert shelf.asked == 1


async def test_older_reports_are_shown_when_the_source_fails_and_say_so(
    make: Make, clock: FixedClock
) -> None:
    shelf = Shelf()
    await make(("shelf",), shelf=shelf).reports("BOOK")
    clock.advance(3 * 86_400)
    shelf.failing = True
    found = await make(("shelf",), shelf=shelf).reports("BOOK")
    assert found.fetched_at == NOON
    assert found.warning == "The shelf is locked."


async def test_without_a_contact_nobody_is_asked_and_the_person_is_told(make: Make, fake: FakeEdgar) -> None:
    with pytest.raises(Unavailable, match="e-mail address"):
        await make(("edgar",), contact="").reports("ACME")
    assert fake.asked == []
    await make().reports("ACME")
    kept = await make(("edgar",), contact="").reports("ACME")
    assert kept.company.name == "Acme Corp."


async def test_what_no_source_has_is_not_found_and_what_failed_is_unavailable(make: Make) -> None:
    with pytest.raises(NotFound):
        await make().reports("NOSUCH")
    shelf = Shelf()
    shelf.failing = True
    with pytest.raises(Unavailable, match="The shelf is locked"):
        await make(shelf=shelf).reports("NOSUCH")
    with pytest.raises(Unavailable):
        await make(()).reports("ACME")


async def test_sources_are_never_mixed(make: Make, tmp_path: Path) -> None:
    await make().reports("ACME")
    await make().reports("BOOK")
    assert kept_in(tmp_path) == ["reports/edgar/ACME.json", "reports/shelf/BOOK.json"]
    (tmp_path / "reports/shelf/ACME.json").write_bytes((tmp_path / "reports/edgar/ACME.json").read_bytes())
    with pytest.raises(NotFound):
        await make(("shelf",)).reports("ACME")


@pytest.mark.parametrize("damage", [b"", b"{", b"[]", b"null", b'{"version": 1}', b"\xff"])
async def test_a_damaged_file_is_fetched_anew(make: Make, tmp_path: Path, damage: bytes) -> None:
    first = await make().reports("ACME")
    (tmp_path / "reports/edgar/ACME.json").write_bytes(damage)
    assert (await make().reports("ACME")).company == first.company
    assert json.loads((tmp_path / "reports/edgar/ACME.json").read_bytes())["symbol"] == "ACME"


def test_a_symbol_with_a_slash_stays_in_its_folder(tmp_path: Path) -> None:
    cache = ReportCache(tmp_path / "reports")
    company = Company("../../A/B", "Sly", "USD", (), ())
    cache.keep("edgar", company, NOON)
    assert cache.load("edgar", "../../A/B") == (company, NOON)
    assert [name.count("/") for name in kept_in(tmp_path)] == [2]


async def test_a_folder_that_cannot_be_written_costs_nothing_but_the_copy(make: Make, tmp_path: Path) -> None:
    (tmp_path / "reports").write_text("a file in the way")
    assert (await make().reports("ACME")).company.name == "Acme Corp."
