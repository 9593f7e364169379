"""Trades, flows of money and what an account was worth, on SQLite and on PostgreSQL."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from puffling.puffin.orders import Side
from puffling.runtime.actor import DEFAULT_USER, UserId
from puffling.runtime.errors import Conflict, InvalidInput, NotFound
from puffling.store.database import Store, Unit
from puffling.store.events import CashFlowsChanged, TradesChanged, WorthMarked
from puffling.store.orders import CashFlow, FlowKind, Trade
from puffling.store.repositories.flows import LONGEST_NOTE
from tests.store.conftest import START, Place

OTHER = UserId("other")


def bought(
    unit: Unit,
    symbol: str = "SPY",
    *,
    account: str = "paper",
    side: Side = Side.BUY,
    at: datetime = START,
    execution_id: str | None = None,
) -> Trade:
    """A trade of ten."""
    return unit.trades.add(
        account=account,
        mode="PAPER",
        source="person",
        symbol=symbol,
        side=side,
        quantity=Decimal("10.000000001"),
        price=Decimal("512.34"),
        fees=Decimal("0.02"),
        traded_at=at,
        execution_id=execution_id,
    )


async def test_a_trade_comes_back_exactly_as_it_was(store: Store) -> None:
    kept = await store.run(DEFAULT_USER, bought)
    assert await store.read(DEFAULT_USER, lambda unit: unit.trades.get(kept.id)) == kept
    assert (kept.quantity, kept.price, kept.realized) == (Decimal("10.000000001"), Decimal("512.34"), None)


async def test_trades_are_found_by_what_they_are_the_newest_first(store: Store) -> None:
    def make(unit: Unit) -> None:
        bought(unit, "SPY")
        bought(unit, "AAPL", at=START + timedelta(hours=1))
        bought(unit, "SPY", side=Side.SELL, at=START + timedelta(hours=2))
        bought(unit, "SPY", account="live", at=START + timedelta(hours=3))

    await store.run(DEFAULT_USER, make)
    found = await store.read(DEFAULT_USER, lambda unit: unit.trades.newest(2, account="paper"))
    assert [(each.symbol, each.side) for each in found] == [("SPY", Side.SELL), ("AAPL", Side.BUY)]
    sold = await store.read(DEFAULT_USER, lambda unit: unit.trades.newest(9, side=Side.SELL))
    assert len(sold) == 1
    between = await store.read(
        DEFAULT_USER,
        lambda unit: unit.trades.newest(
            9, since=START + timedelta(hours=1), until=START + timedelta(hours=2)
        ),
    )
    assert [each.symbol for each in between] == ["AAPL"]
    oldest = await store.read(DEFAULT_USER, lambda unit: unit.trades.of("paper", "SPY"))
    assert [each.side for each in oldest] == [Side.BUY, Side.SELL]


async def test_trades_of_one_moment_stand_in_the_order_they_were_written(store: Store) -> None:
    symbols = [f"S{number}" for number in range(20)]
    for symbol in symbols:
        await store.run(DEFAULT_USER, bought, symbol)
    found = await store.read(DEFAULT_USER, lambda unit: unit.trades.of("paper"))
    assert [each.symbol for each in found] == symbols
    newest = await store.read(DEFAULT_USER, lambda unit: unit.trades.newest(3))
    assert [each.symbol for each in newest] == ["S19", "S18", "S17"]


async def test_a_note_and_tags_are_what_a_person_may_change(store: Store) -> None:
    kept = await store.run(DEFAULT_USER, bought)
    noted = await store.run(
        DEFAULT_USER, lambda unit: unit.trades.annotate(kept.id, note="Too early", tags=["fomo", "fomo"])
    )
    assert (noted.note, noted.tags) == ("Too early", ("fomo",))
    tagged = await store.run(DEFAULT_USER, lambda unit: unit.trades.annotate(kept.id, tags=[]))
    assert (tagged.note, tagged.tags) == ("Too early", ())
    with pytest.raises(InvalidInput, match="20 tags at most"):
        await store.run(
            DEFAULT_USER, lambda unit: unit.trades.annotate(kept.id, tags=[str(each) for each in range(21)])
        )
    with pytest.raises(InvalidInput, match="2000 characters"):
        await store.run(DEFAULT_USER, lambda unit: unit.trades.annotate(kept.id, note="x" * 2_001))


async def test_a_correction_forgets_what_a_trade_earned_and_a_bust_takes_it_away(store: Store) -> None:
    kept = await store.run(DEFAULT_USER, lambda unit: bought(unit, execution_id="e1"))
    await store.run(
        DEFAULT_USER, lambda unit: unit.trades.realize("paper", "SPY", {kept.id: Decimal("1.50")})
    )
    found = await store.read(DEFAULT_USER, lambda unit: unit.trades.of_execution("paper", "e1"))
    assert found is not None
    assert found.realized == Decimal("1.50")
    right = await store.run(
        DEFAULT_USER,
        lambda unit: unit.trades.correct(
            kept.id, execution_id="e2", quantity=Decimal(9), price=Decimal("512.30"), fees=Decimal(0)
        ),
    )
    assert (right.quantity, right.realized, right.execution_id) == (Decimal(9), None, "e2")
    await store.run(DEFAULT_USER, lambda unit: unit.trades.remove(kept.id))
    with pytest.raises(NotFound):
        await store.read(DEFAULT_USER, lambda unit: unit.trades.get(kept.id))
    assert await store.read(DEFAULT_USER, lambda unit: unit.trades.of_execution("paper", "e1")) is None


async def test_nobody_sees_what_another_person_traded(store: Store) -> None:
    kept = await store.run(DEFAULT_USER, bought)
    await store.run(OTHER, lambda unit: unit.users.ensure("Somebody"))
    assert await store.read(OTHER, lambda unit: unit.trades.newest(9)) == ()
    assert await store.read(OTHER, lambda unit: unit.trades.of("paper")) == ()
    with pytest.raises(NotFound):
        await store.run(OTHER, lambda unit: unit.trades.remove(kept.id))


async def test_what_earned_nothing_new_is_no_news(place: Place) -> None:
    heard: list[object] = []
    place.bus.on(TradesChanged, heard.append)
    async with place.open() as store:
        kept = await store.run(DEFAULT_USER, bought)
        assert heard == [TradesChanged(DEFAULT_USER, "paper", "SPY")]
        for _ in range(2):
            await store.run(
                DEFAULT_USER, lambda unit: unit.trades.realize("paper", "SPY", {kept.id: Decimal(5)})
            )
        assert len(heard) == 2


def paid(unit: Unit, broker_id: str | None = None, amount: Decimal = Decimal("1000.00")) -> CashFlow:
    """A deposit."""
    return unit.flows.add("paper", FlowKind.DEPOSIT, amount, START, note="Pay", broker_id=broker_id)


async def test_a_flow_the_broker_tells_twice_is_one_flow(place: Place) -> None:
    heard: list[object] = []
    place.bus.on(CashFlowsChanged, heard.append)
    async with place.open() as store:
        first = await store.run(DEFAULT_USER, paid, "b1")
        again = await store.run(DEFAULT_USER, paid, "b1", Decimal(7))
        assert again == first
        assert await store.read(DEFAULT_USER, lambda unit: unit.flows.of("paper")) == (first,)
        assert heard == [CashFlowsChanged(DEFAULT_USER, "paper")]


async def test_a_flow_entered_by_hand_can_be_removed_one_of_the_broker_stays(
    store: Store,
) -> None:
    told = await store.run(DEFAULT_USER, paid, "b1")
    entered = await store.run(DEFAULT_USER, paid)
    removed = await store.run(DEFAULT_USER, lambda unit: unit.flows.remove(entered.id))
    assert await store.read(DEFAULT_USER, lambda unit: unit.flows.of("paper")) == (told,)
    back = await store.run(DEFAULT_USER, lambda unit: unit.flows.restore(removed))
    assert back == entered
    with pytest.raises(Conflict, match="there already"):
        await store.run(DEFAULT_USER, lambda unit: unit.flows.restore(removed))
    with pytest.raises(Conflict, match="broker told"):
        await store.run(DEFAULT_USER, lambda unit: unit.flows.remove(told.id))
    with pytest.raises(InvalidInput, match="No money"):
        await store.run(DEFAULT_USER, paid, None, Decimal(0))
    with pytest.raises(NotFound, match="no flow"):
        await store.run(DEFAULT_USER, lambda unit: unit.flows.remove("nobody"))


async def test_a_note_to_a_flow_is_short(store: Store) -> None:
    def noted(unit: Unit, length: int) -> CashFlow:
        return unit.flows.add("paper", FlowKind.DEPOSIT, Decimal(1), START, note="n" * length)

    assert len((await store.run(DEFAULT_USER, noted, LONGEST_NOTE)).note) == LONGEST_NOTE
    with pytest.raises(InvalidInput, match="characters at most"):
        await store.run(DEFAULT_USER, noted, LONGEST_NOTE + 1)


def marked(unit: Unit, equity: Decimal) -> None:
    """What the account is worth at the start."""
    unit.worth.mark("paper", START, equity, Decimal(5))


async def test_the_last_word_about_a_moment_counts(place: Place) -> None:
    heard: list[object] = []
    place.bus.on(WorthMarked, heard.append)
    async with place.open() as store:
        for equity in (Decimal("100.10"), Decimal("100.20")):
            await store.run(DEFAULT_USER, marked, equity)
        [mark] = await store.read(DEFAULT_USER, lambda unit: unit.worth.curve("paper"))
        assert (mark.equity, mark.cash, mark.at) == (Decimal("100.20"), Decimal(5), START)
        assert len(heard) == 2


async def test_of_old_marks_the_first_the_spared_and_the_last_and_highest_of_a_stretch_stay(
    place: Place,
) -> None:
    begin = START - timedelta(days=100)
    begin = begin.replace(hour=0, minute=0, second=0, microsecond=0)
    spared = begin + timedelta(hours=7)

    def make(unit: Unit) -> None:
        for hour in range(48):
            high = 900 if hour == 30 else hour
            unit.worth.mark("paper", begin + timedelta(hours=hour), Decimal(high), Decimal(0))
        for minute in range(10):
            unit.worth.mark("paper", START - timedelta(minutes=minute), Decimal(minute), Decimal(0))

    async with place.open() as store:
        await store.run(DEFAULT_USER, make)
        assert (
            await store.run(DEFAULT_USER, lambda unit: unit.worth.thin("paper", sparing=frozenset({spared})))
            == 43
        )
        curve = await store.read(DEFAULT_USER, lambda unit: unit.worth.curve("paper"))
        assert [mark.equity for mark in curve[:5]] == [0, 7, 23, 900, 47]
        assert len(curve) == 15
        assert await store.run(DEFAULT_USER, lambda unit: unit.worth.thin("paper")) == 1
        last = await store.read(
            DEFAULT_USER, lambda unit: unit.worth.last("paper", before=begin + timedelta(days=1))
        )
        assert last is not None
        assert last.equity == 23
