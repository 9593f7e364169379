"""Accounts as the person has them: the one that is always there, and those at brokers."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta
from decimal import Decimal

import pytest

from puffling.core.core import Core
from puffling.puffin.broker.base import Broker
from puffling.puffin.orders import Kind, Lasting, Side
from puffling.runtime.actor import Actor, Caller, calling_as
from puffling.runtime.clock import FixedClock
from puffling.runtime.errors import Conflict, InvalidInput, NotFound, Refused, Unavailable
from puffling.runtime.paths import Paths
from puffling.settings.live import LiveSettings
from puffling.store.database import Unit
from puffling.store.orders import OrderTerms
from puffling.trading.accounts.offers import PAPER, offer
from puffling.trading.accounts.records import choose, take_on
from puffling.trading.accounts.shelf import AccountShelf
from puffling.trading.accounts.values import Result
from puffling.trading.events import ChosenAccountChanged
from puffling.trading.proposals import Proposal
from puffling.trading.values import LineState, Mode
from tests.fakes.alpaca_data import KEY, SECRET
from tests.fakes.alpaca_trading import AlpacaTrading
from tests.fakes.local_server import serving
from tests.fakes.own_broker import OwnBroker
from tests.trading.test_standing import NoRows

PAPER_KEYS = {"ALPACA_API_KEY": KEY, "ALPACA_SECRET_KEY": SECRET}
LIVE_KEYS = {"ALPACA_LIVE_API_KEY": KEY, "ALPACA_LIVE_SECRET_KEY": SECRET}


async def until(condition: Callable[[], Awaitable[object]]) -> None:
    """Wait for a condition; it fails when it never comes."""
    for _ in range(10_000):
        if await condition():
            return
        await asyncio.sleep(0.001)
    raise AssertionError("it never came")


async def ready(core: Core) -> None:
    """Wait until every line stands."""
    await core.account_shelf.opened()

    async def there() -> bool:
        return core.desk.ready

    await until(there)


def heard_choices(core: Core) -> list[tuple[str, str]]:
    """Give what is told of where orders go, each with where the desk sends them at that moment."""
    heard: list[tuple[str, str]] = []
    core.bus.on(ChosenAccountChanged, lambda event: heard.append((event.account.id, core.desk.chosen)))
    return heard


@pytest.fixture
def alpaca(clock: FixedClock) -> Iterator[AlpacaTrading]:
    """A stand-in for Alpaca on this machine."""
    with serving() as server:
        yield AlpacaTrading(server, now=clock.now)


@asynccontextmanager
async def opened(
    paths: Paths, clock: FixedClock, alpaca: AlpacaTrading, keys: dict[str, str]
) -> AsyncIterator[Core]:
    """A core whose orders for Alpaca go to the stand-in."""
    address = {"PUFFLING_BROKER__ALPACA_ADDRESS": alpaca.server.address}
    core = await Core.open(paths, clock=clock, environment={**address, **keys})
    try:
        await ready(core)
        yield core
    finally:
        await core.close()


async def test_an_account_of_play_money_is_there_from_the_first_start(core: Core, as_person: None) -> None:
    await ready(core)
    [state] = await core.accounts.all()
    assert (state.account.id, state.account.mode) == ("demo", Mode.DEMO)
    assert state.chosen
    assert state.line is LineState.READY
    view = await core.desk.account("demo")
    assert view.info is not None
    assert view.info.cash == 100_000


async def test_prices_decide_which_account_works_and_each_keeps_its_book(core: Core, as_person: None) -> None:
    await ready(core)
    await core.accounts.pay_in(Decimal(5))

    async def at_work(id: str) -> None:
        async def there() -> bool:
            states = await core.accounts.all() if core.desk.ready else ()
            return [state.account.id for state in states] == [id] and states[0].line is LineState.READY

        await until(there)

    await core.settings.put("market.feeds", ["samples"])
    await at_work("paper")
    [state] = await core.accounts.all()
    assert state.account.mode == Mode.PAPER
    await core.settings.put("market.feeds", ["demo"])
    await at_work("demo")
    info = (await core.desk.account("demo")).info
    assert info is not None
    assert info.cash == 100_005


async def test_a_reset_puts_another_account_in_the_place_and_keeps_the_past(
    core: Core, as_person: None
) -> None:
    await ready(core)
    terms = OrderTerms(
        "demo", "SPY", Side.BUY, Decimal(1), Kind.LIMIT, limit=Decimal(650), lasting=Lasting.GTC
    )
    valid = core.clock.now() + timedelta(hours=1)
    placed = await core.desk.place(Proposal(terms, "person", "one", valid))
    assert placed.intent is not None
    id = placed.intent.id
    state = await core.accounts.reset(Decimal(2_500))
    assert (state.account.id, state.account.label) == ("demo-2", "Demo account")
    await ready(core)
    assert [each.account.id for each in await core.accounts.all()] == ["demo-2"]
    info = (await core.desk.account("demo-2")).info
    assert info is not None
    assert info.cash == 2_500
    former = (await core.account_shelf.get("demo")).account
    assert not former.active
    intent = await core.store.read(core.user, lambda unit: unit.intents.get(id))
    assert intent.state == "CANCELED"


async def test_the_account_that_is_always_there_cannot_be_let_go(core: Core, as_person: None) -> None:
    await ready(core)
    with pytest.raises(Refused, match="always there"):
        await core.accounts.disconnect("demo")
    renamed = await core.accounts.rename("Demo account", "Playground")
    assert renamed.account.label == "Playground"
    assert (await core.accounts.choose("playground")).chosen
    with pytest.raises(NotFound, match="nowhere"):
        await core.accounts.choose("nowhere")
    with pytest.raises(Refused, match="no real money"):
        await core.accounts.choose_live("demo")
    with pytest.raises(InvalidInput):
        await core.accounts.pay_in(Decimal(-200_000))


async def test_what_trading_costs_on_paper_changes_with_the_settings(core: Core, as_person: None) -> None:
    await ready(core)
    await core.settings.put("paper.short", True)
    await core.settings.put("paper.leverage", 1.0)
    assert core.account_shelf.paper.broker.abilities.short
    assert core.account_shelf.paper.broker.terms.leverage == 1.0


async def test_nobody_but_the_person_resets_pays_in_or_touches_real_money(core: Core) -> None:
    await ready(core)
    acts: tuple[Callable[[], Awaitable[object]], ...] = (
        core.accounts.reset,
        lambda: core.accounts.pay_in(Decimal(1)),
        lambda: core.accounts.connect_live("alpaca-live"),
        lambda: core.accounts.choose_live("demo"),
    )
    for actor in (Actor.HTTP, Actor.AGENT, Actor.SCHEDULE):
        for act in acts:
            with calling_as(Caller(actor)), pytest.raises(Refused):
                await act()


async def test_without_keys_the_test_says_which_are_missing_and_where_they_come_from(
    core: Core, as_person: None
) -> None:
    await ready(core)
    offers = await core.accounts.brokers()
    assert [offer.mode for offer in offers] == [Mode.PAPER, Mode.LIVE]
    check = await core.accounts.check("alpaca-paper")
    assert not check.ready
    assert [each.code for each in check.missing] == ["keys"]
    assert "ALPACA_API_KEY" in check.missing[0].text
    assert "https://" in check.missing[0].hint
    assert {each.result for each in check.findings[1:]} == {Result.SKIPPED}
    with pytest.raises(Unavailable, match="ALPACA_API_KEY"):
        await core.accounts.connect("alpaca-paper")
    with pytest.raises(NotFound, match="acme"):
        await core.accounts.check("acme")


async def test_a_broker_is_tested_connected_chosen_and_let_go(
    paths: Paths, clock: FixedClock, alpaca: AlpacaTrading, as_person: None
) -> None:
    async with opened(paths, clock, alpaca, PAPER_KEYS) as core:
        check = await core.accounts.check("alpaca-paper")
        assert {each.code: each.result for each in check.findings if each.result is Result.MISSING} == {}
        assert check.ready
        assert check.equity == 100_000
        state = await core.accounts.connect("alpaca-paper", "My Alpaca")
        assert state.account.number == check.number
        await ready(core)
        chosen = await core.accounts.choose("My Alpaca")
        assert chosen.chosen
        assert (await core.accounts.all())[0].account.id == state.account.id
        assert (await core.desk.accounts())[0].account.id == state.account.id
        with pytest.raises(Conflict, match="connected already"):
            await core.accounts.connect("alpaca-paper")
        gone = await core.accounts.disconnect("My Alpaca")
        assert not gone.account.active
        assert [each.account.id for each in await core.accounts.all()] == ["demo"]
        again = await core.accounts.connect("alpaca-paper")
        assert again.account.id == state.account.id


async def test_whoever_hears_that_orders_go_elsewhere_finds_them_going_there(
    paths: Paths, clock: FixedClock, alpaca: AlpacaTrading, as_person: None
) -> None:
    async with opened(paths, clock, alpaca, PAPER_KEYS) as core:
        heard = heard_choices(core)
        mine = (await core.accounts.connect("alpaca-paper")).account.id
        assert heard == []
        await core.accounts.choose(mine)
        assert heard == [(mine, mine)]
        await core.accounts.disconnect(mine)
        assert heard[1:] == [("demo", "demo")]
        await core.accounts.reset()
        assert heard[2:] == [("demo-2", "demo-2")]


async def test_other_prices_and_a_restored_backup_tell_where_orders_go_now(
    paths: Paths, clock: FixedClock, alpaca: AlpacaTrading, as_person: None
) -> None:
    async with opened(paths, clock, alpaca, PAPER_KEYS) as core:
        heard = heard_choices(core)

        async def told(*ids: str) -> None:
            async def there() -> bool:
                return heard == [(id, id) for id in ids]

            await until(there)

        await core.settings.put("market.feeds", ["samples"])
        await told("paper")
        with pytest.raises(Conflict, match="other prices"):
            await core.accounts.choose("demo")
        mine = (await core.accounts.connect("alpaca-paper")).account.id
        await core.accounts.choose(mine)
        backup = await core.backups.create()
        await core.accounts.choose("paper")
        await told("paper", mine, "paper")
        await core.backups.restore(backup.name)
        await told("paper", mine, "paper", mine)


async def test_an_account_that_is_reset_while_orders_go_elsewhere_moves_no_orders(
    paths: Paths, clock: FixedClock, alpaca: AlpacaTrading, as_person: None
) -> None:
    async with opened(paths, clock, alpaca, PAPER_KEYS) as core:
        mine = (await core.accounts.connect("alpaca-paper")).account.id
        await core.accounts.choose(mine)
        heard = heard_choices(core)
        await core.accounts.reset()
        assert heard == []
        assert core.desk.chosen == mine


async def test_an_account_is_connected_again_at_the_next_start(
    paths: Paths, clock: FixedClock, alpaca: AlpacaTrading, as_person: None
) -> None:
    async with opened(paths, clock, alpaca, PAPER_KEYS) as core:
        id = (await core.accounts.connect("alpaca-paper")).account.id
    async with opened(paths, clock, alpaca, PAPER_KEYS) as core:

        async def there() -> bool:
            return (await core.account_shelf.get(id)).line is LineState.READY

        await until(there)
    async with opened(paths, clock, alpaca, {}) as core:

        async def said() -> bool:
            return "keys" in (await core.account_shelf.get(id)).reason

        await until(said)


async def test_an_account_with_something_open_is_not_let_go(
    paths: Paths, clock: FixedClock, alpaca: AlpacaTrading, as_person: None
) -> None:
    alpaca.set(fills_at_once=False)
    alpaca.place(symbol="SPY", side="buy", qty="3", type="limit", limit_price="1.00", time_in_force="gtc")
    async with opened(paths, clock, alpaca, PAPER_KEYS) as core:
        state = await core.accounts.connect("alpaca-paper")
        await core.desk.compared(state.account.id)
        with pytest.raises(Conflict, match="Buy 3 SPY"):
            await core.accounts.disconnect(state.account.id)


async def test_real_money_is_connected_and_chosen_by_acts_of_its_own(
    paths: Paths, clock: FixedClock, alpaca: AlpacaTrading, as_person: None
) -> None:
    async with opened(paths, clock, alpaca, LIVE_KEYS) as core:
        with pytest.raises(Refused, match="its own act"):
            await core.accounts.connect("alpaca-live")
        state = await core.accounts.connect_live("alpaca-live")
        assert state.account.mode == Mode.LIVE
        assert not state.chosen
        with pytest.raises(Refused, match="real money"):
            await core.accounts.choose(state.account.id)
        assert (await core.accounts.choose_live(state.account.id)).chosen


async def test_what_is_wrong_is_named_with_what_to_do(
    paths: Paths, clock: FixedClock, alpaca: AlpacaTrading, as_person: None
) -> None:
    async with opened(paths, clock, alpaca, PAPER_KEYS) as core:
        alpaca.fault("read_html")
        [away] = (await core.accounts.check("alpaca-paper")).missing
        assert away.code == "account"
        assert away.hint
        alpaca.accepted.clear()
        check = await core.accounts.check("alpaca-paper")
        [refused] = check.missing
        assert refused.code == "keys"
        assert "does not accept" in refused.text
        assert refused.hint
        assert not check.number


async def test_clocks_that_are_far_apart_are_found(
    paths: Paths, clock: FixedClock, alpaca: AlpacaTrading, as_person: None
) -> None:
    async with opened(paths, clock, alpaca, PAPER_KEYS) as core:
        alpaca.set(offset_seconds=200)
        check = await core.accounts.check("alpaca-paper")
        assert [each.code for each in check.missing] == ["clock"]
        with pytest.raises(Unavailable, match="Clock"):
            await core.accounts.connect("alpaca-paper")


async def test_who_waits_for_the_accounts_finds_those_at_brokers_connected_and_compared(
    paths: Paths, clock: FixedClock
) -> None:
    core = await Core.open(paths, clock=clock, environment=PAPER_KEYS)
    await ready(core)
    await core.account_shelf.close()
    asked, let_go = threading.Event(), threading.Event()

    def make_slowly(*_: object) -> Broker:
        asked.set()
        let_go.wait(20)
        return OwnBroker(now=clock.now)

    def remember(unit: Unit) -> None:
        account = take_on(unit, offer(PAPER), "mine", "1", "")
        choose(unit, account.id, "demo", live=False)

    await core.store.run(core.user, remember)
    shelf = AccountShelf(
        store=core.store,
        user=core.user,
        clock=clock,
        bus=core.bus,
        scope=core.scope,
        port=core.port,
        market=core.market,
        live=LiveSettings(NoRows(), {}, {}),
        secrets=core.secrets,
        desk=core.desk,
        maker=make_slowly,
    )
    try:
        shelf.begin()
        waiting = core.scope.spawn(shelf.opened(), name="waits")

        async def being_made() -> bool:
            return asked.is_set()

        await until(being_made)
        await core.desk.compared("demo")
        for _ in range(100):
            await asyncio.sleep(0)
        assert not waiting.done()
        let_go.set()
        await waiting
        assert (core.desk.chosen, (await core.desk.account("mine")).state) == ("mine", LineState.READY)
    finally:
        let_go.set()
        await shelf.close()
        await core.close()
