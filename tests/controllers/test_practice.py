"""Practice: what it came to is kept beside the results of backtests and never mixed up with them."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from puffling.controllers.practice import MOST_REMOVED
from puffling.core.core import Core
from puffling.puffin.broker.base import InvalidOrderError
from puffling.puffin.broker.practice import Practice
from puffling.puffin.data.bars import Bars
from puffling.puffin.data.instants import US_PER_DAY
from puffling.puffin.data.interval import Interval
from puffling.puffin.orders import Kind, Side
from puffling.runtime.actor import Actor, Caller, UserId, calling_as
from puffling.runtime.errors import NotFound
from puffling.store.events import PracticesChanged
from puffling.trading.values import OrderLine
from tests.fixtures.cores import PERSON

pytestmark = pytest.mark.usefixtures("as_person")


def end_of(begun_us: int) -> int:
    """When a day is over."""
    return begun_us + US_PER_DAY


async def days(core: Core) -> Bars:
    """Days of the demo market."""
    return (await core.data.history("SPY", Interval.D1, date(2025, 3, 1), date(2025, 6, 1))).bars


def practised(core: Core, bars: Bars, count: int = 40) -> Practice:
    """Some days of holding ten shares."""
    practice = core.practice.begin("SPY", end_of(int(bars.time[0])), float(bars.close[0]))
    practice.order(Side.BUY, Decimal(10))
    practice.follow(bars, end_of, end_of(int(bars.time[count])))
    practice.close()
    practice.follow(bars, end_of, end_of(int(bars.time[count + 1])))
    return practice


async def test_a_practice_is_kept_with_its_score_and_its_curve(core: Core) -> None:
    practice = practised(core, await days(core))
    line = await core.practice.keep(core.practice.name(), practice, Interval.D1, new=True)
    assert (line.symbol, line.interval, line.bars, line.trades) == ("SPY", "1d", 41, 1)
    assert line.ahead == line.gained - line.held
    assert await core.practice.all() == (line,)
    detail = await core.practice.show(line.id)
    assert detail.line == line
    assert [(deal.side, deal.quantity) for deal in detail.deals] == [
        ("buy", Decimal(10)),
        ("sell", Decimal(10)),
    ]
    assert len(detail.times_us) == len(detail.equity) == 42
    assert detail.equity[-1] == float(practice.equity)


async def test_a_practice_that_goes_on_is_kept_in_its_place(core: Core) -> None:
    bars = await days(core)
    practice = practised(core, bars)
    first = await core.practice.keep(core.practice.name(), practice, Interval.D1, new=True)
    practice.follow(bars, end_of, end_of(int(bars.time[50])))
    then = await core.practice.keep(first.id, practice, Interval.D1)
    assert [line.id for line in await core.practice.all()] == [first.id]
    assert then.bars == 50


async def test_it_trades_under_the_terms_of_the_paper_account(core: Core) -> None:
    await core.settings.put("paper.cash", 5_000.0)
    await core.settings.put("paper.commission", 3.0)
    practice = practised(core, await days(core))
    assert [fill.fee for fill in practice.fills] == [Decimal(3), Decimal(3)]
    assert practice.score.cash == Decimal(5_000)


async def test_what_goes_on_is_taken_up_as_it_was_and_what_is_over_is_not(core: Core) -> None:
    bars = await days(core)
    practice = practised(core, bars)
    practice.order(Side.BUY, Decimal(3), Kind.LIMIT, 10.0)
    line = await core.practice.keep(core.practice.name(), practice, Interval.D1, new=True)
    found = await core.practice.resume(line.id)
    assert found is not None
    again, interval = found
    assert interval is Interval.D1
    for each in (practice, again):
        each.follow(bars, end_of, end_of(int(bars.time[50])))
    assert (again.at_us, again.equity, again.position, again.orders, again.fills, again.score) == (
        practice.at_us, practice.equity, practice.position, practice.orders, practice.fills, practice.score,
    )  # fmt: skip
    again.rewind(again.earliest_us)
    with pytest.raises(InvalidOrderError):
        again.rewind(again.earliest_us - 1)
    await core.practice.keep(line.id, practice, Interval.D1, over=True)
    assert await core.practice.resume(line.id) is None
    await core.practice.discard(line.id)
    assert await core.practice.resume(line.id) is None


async def test_neither_orders_nor_accounts_nor_backtests_know_of_it(core: Core) -> None:
    await core.open_accounts()
    before = await core.portfolio.show()
    line = await core.practice.keep(
        core.practice.name(), practised(core, await days(core)), Interval.D1, new=True
    )
    orders: tuple[OrderLine, ...] = await core.broker.orders()
    assert orders == ()
    assert await core.portfolio.show() == before
    assert await core.backtests.all() == ()
    with pytest.raises(NotFound):
        await core.backtests.show(line.id)
    with pytest.raises(NotFound):
        await core.backtests.delete(line.id)


async def test_a_removed_practice_comes_back_as_it_was(core: Core) -> None:
    line = await core.practice.keep(
        core.practice.name(), practised(core, await days(core)), Interval.D1, new=True
    )
    detail = await core.practice.show(line.id)
    heard: list[object] = []
    core.bus.on(PracticesChanged, heard.append)
    assert await core.practice.remove(line.id) == line
    assert await core.practice.all() == ()
    with pytest.raises(NotFound, match=line.id):
        await core.practice.show(line.id)
    assert await core.practice.restore(line.id) == line
    assert await core.practice.show(line.id) == detail
    assert len(heard) == 2
    with pytest.raises(NotFound, match="no removed practice"):
        await core.practice.restore(line.id)


async def test_nobody_sees_what_another_person_practised(core: Core) -> None:
    line = await core.practice.keep(
        core.practice.name(), practised(core, await days(core)), Interval.D1, new=True
    )
    with calling_as(Caller(Actor.PERSON, user=UserId("another"), present=True)):
        assert await core.practice.all() == ()
        with pytest.raises(NotFound):
            await core.practice.show(line.id)
    with calling_as(PERSON):
        assert await core.practice.all() == (line,)


async def test_one_that_was_removed_does_not_come_back_by_being_kept_again(core: Core) -> None:
    practice = practised(core, await days(core))
    line = await core.practice.keep(core.practice.name(), practice, Interval.D1, new=True)
    await core.practice.remove(line.id)
    with pytest.raises(NotFound):
        await core.practice.keep(line.id, practice, Interval.D1)
    assert await core.practice.all() == ()


async def test_one_that_is_kept_twice_as_a_new_one_is_one(core: Core) -> None:
    practice, id = practised(core, await days(core)), core.practice.name()
    for _ in range(2):
        await core.practice.keep(id, practice, Interval.D1, new=True)
    assert [line.id for line in await core.practice.all()] == [id]


async def test_of_many_that_were_removed_only_the_newest_come_back(core: Core) -> None:
    practice, ids = practised(core, await days(core)), []
    for _ in range(MOST_REMOVED + 1):
        ids.append((await core.practice.keep(core.practice.name(), practice, Interval.D1, new=True)).id)
        await core.practice.remove(ids[-1])
    with pytest.raises(NotFound, match="no removed practice"):
        await core.practice.restore(ids[0])
    for id in ids[1:]:
        await core.practice.restore(id)
    assert {line.id for line in await core.practice.all()} == set(ids[1:])
