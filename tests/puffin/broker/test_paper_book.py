"""The book of a paper account: money, splits, changes, and that nothing of it is lost or told too early."""

from __future__ import annotations

import json
from datetime import date, timedelta
from decimal import Decimal

import numpy as np
import pytest

from puffling.puffin.backtest.costs import Carry
from puffling.puffin.broker.base import (
    BrokerError,
    DuplicateOrderError,
    InsufficientFundsError,
    Order,
    OrderStatus,
    UnknownOrderError,
    UpdateKind,
)
from puffling.puffin.broker.paper import PaperBroker
from puffling.puffin.broker.paper_book import ENDED_KEPT, EXECUTIONS_KEPT
from puffling.puffin.broker.paper_terms import around_the_clock, hours_of
from puffling.puffin.data.actions import CorporateAction
from puffling.puffin.data.instants import day_to_us
from puffling.puffin.data.sessions import Sessions
from puffling.puffin.errors import InvalidValue
from puffling.puffin.orders import Kind, Lasting, Side
from tests.puffin.broker.papers import TEN, Paper, office_hours, revived

BUY, SELL = Side.BUY, Side.SELL


def test_two_ways_out_survive_being_kept() -> None:
    paper = Paper()
    paper.send()
    paper.trade(100.0)
    order = paper.send(SELL, 10, Kind.LIMIT, limit_price=110, stop_loss=90, one_cancels_other=True)
    paper.broker = revived(paper)
    paper.trade(85.0)
    assert paper.order(order).status is OrderStatus.CANCELED
    assert paper.broker.held("X") == 0


def test_a_stop_limit_that_was_jumped_over_waits_as_a_limit_also_after_a_restart() -> None:
    paper = Paper()
    paper.send(type=Kind.STOP_LIMIT, stop_price=101, limit_price=102)
    paper.trade(105.0)
    paper.broker = revived(paper)
    paper.trade(101.5)
    assert paper.fills == [(10.0, 101.5)]


def test_a_client_id_is_used_once_for_ever() -> None:
    paper = Paper(cash=10_000_000)
    paper.send(qty=1, client_order_id="pf1-p-first")
    with pytest.raises(DuplicateOrderError):
        paper.send(client_order_id="pf1-p-first")
    paper.trade(100.0)
    for _ in range(ENDED_KEPT + 1):
        paper.broker.cancel_order(paper.send(type=Kind.LIMIT, limit_price=1, qty=1))
    paper.broker = revived(paper)
    with pytest.raises(DuplicateOrderError):
        paper.send(client_order_id="pf1-p-first")
    with pytest.raises(BrokerError, match="no longer known"):
        paper.broker.find_order("pf1-p-first")
    assert paper.broker.find_order("pf1-p-never") is None
    assert len(paper.broker.get_all_orders(limit=9_999)) <= ENDED_KEPT + 1


def test_a_book_does_not_grow_with_its_age() -> None:
    paper = Paper(cash=10_000_000)
    for place in range(EXECUTIONS_KEPT // 2 + 5):
        paper.send(qty=1)
        paper.send(SELL, 1)
        paper.trade(100.0 + place % 7)
    assert len(paper.executions) == EXECUTIONS_KEPT
    assert paper.broker.held("X") == 0


def test_an_old_order_is_remembered_while_its_ways_out_wait_and_when_they_end() -> None:
    paper = Paper(cash=10_000_000)
    entry = paper.send(qty=1, take_profit=200, stop_loss=50)
    paper.trade(100.0)
    for _ in range(ENDED_KEPT + 2):
        paper.broker.cancel_order(paper.send(type=Kind.LIMIT, limit_price=1, qty=1))
    paper.broker = revived(paper)
    paper.later(seconds=1)
    paper.trade(40.0)
    assert [leg.status for leg in paper.order(entry).legs] == [OrderStatus.FILLED, OrderStatus.CANCELED]


def test_an_order_is_found_by_its_client_id() -> None:
    paper = Paper()
    order = paper.send(client_order_id="pf1-p-one")
    found = paper.broker.find_order("pf1-p-one")
    assert found is not None
    assert found.order_id == order
    with pytest.raises(UnknownOrderError):
        paper.order("paper-99")


def test_orders_are_listed_the_newest_first() -> None:
    paper = Paper()
    first, second = paper.send(type=Kind.LIMIT, limit_price=10), paper.send(qty=1)
    paper.trade(100.0)
    listed = [[each.order_id for each in paper.broker.get_all_orders(status)] for status in (None, "open")]
    assert listed == [[second, first], [first]]
    assert [each.order_id for each in paper.broker.get_all_orders("closed")] == [second]
    assert len(paper.broker.get_all_orders(limit=1)) == 1


def test_borrowed_money_and_short_positions_have_their_margin() -> None:
    paper = Paper(leverage=2.0)
    paper.send(qty=150)
    paper.trade(100.0)
    account = paper.broker.get_account()
    assert (account.equity, account.cash) == (10_000, -5_000)
    assert (account.buying_power, account.margin_used) == (5_000, 7_500)
    assert account.maintenance_margin == 3_750
    paper.trade(40.0)
    assert paper.broker.get_account().buying_power == 0
    short = Paper()
    short.send(SELL, 50)
    short.trade(100.0)
    position = short.broker.get_positions()["X"]
    assert (position.side(), position.cost_basis, position.unrealized_pnl) == ("short", -5_000, 0)
    assert short.broker.get_account().maintenance_margin == 1_500
    assert short.broker.get_account().settled_cash == 10_000


def test_what_was_sold_is_settled_with_the_next_session() -> None:
    paper = Paper()
    paper.send()
    paper.trade(100.0)
    paper.send(SELL)
    paper.trade(110.0)
    assert paper.broker.get_account().settled_cash == 9_000
    paper.later(days=1, hours=6)
    paper.broker.on_time(paper.now)
    assert paper.broker.get_account().settled_cash == 10_100


def test_money_promised_to_an_open_buy_is_not_there_for_another() -> None:
    paper = Paper()
    before = paper.broker.get_account()
    paper.trade(100.0)
    bought = paper.broker.submit_order(Order("X", Side.BUY, 50, Kind.LIMIT, limit_price=90))
    told = paper.broker.get_account()
    assert told.cash == before.cash
    assert Decimal(str(before.settled_cash)) - Decimal(str(told.settled_cash)) >= 4_500
    assert Decimal(str(before.buying_power)) - Decimal(str(told.buying_power)) >= 4_500
    paper.broker.cancel_order(bought)
    assert paper.broker.get_account().settled_cash == before.settled_cash


def test_the_day_before_is_known_once_a_day_has_ended() -> None:
    paper = Paper()
    assert paper.broker.get_account().last_equity == 10_000
    paper.send()
    paper.trade(100.0)
    paper.trade(110.0)
    paper.later(hours=6)
    paper.broker.on_time(paper.now)
    assert paper.broker.get_account().last_equity == 10_100


def test_where_days_are_told_the_last_close_counts_from_the_next_one_on() -> None:
    paper = Paper()
    paper.broker.on_actions("", (), TEN.date())
    paper.send()
    paper.trade(100.0)
    paper.trade(110.0)
    paper.later(hours=6)
    paper.broker.on_time(paper.now)
    assert paper.broker.get_account().last_equity == 10_000
    paper.broker = revived(paper)
    paper.later(hours=9)
    paper.broker.on_actions("", (), paper.now.date())
    assert paper.broker.get_account().last_equity == 10_100
    paper.later(days=1)
    paper.broker.on_actions("", (), paper.now.date())
    assert paper.broker.get_account().last_equity == 10_100


def test_time_costs_and_earns_once_a_day() -> None:
    paper = Paper(carry=Carry(cash_rate=0.0365, margin_rate=0.073, borrow_rate=0.0365))
    paper.broker.on_time(paper.now)
    paper.later(days=1)
    assert not paper.broker.on_time(paper.now)
    assert paper.broker.get_account().cash == Decimal("10001.0")
    paper.trade(100.0)
    assert paper.broker.get_account().cash == Decimal("10001.0")
    paper.send(SELL, 50)
    paper.trade(100.0)
    paper.later(days=1)
    paper.trade(100.0)
    assert float(paper.broker.get_account().cash) == pytest.approx(15_001 + 1.5001 - 0.5)


def test_splits_and_dividends_happen_once_to_what_is_held_and_what_waits() -> None:
    paper = Paper()
    today = TEN.date()
    paper.broker.on_actions("X", (), today)
    paper.send(qty=10, take_profit=140, stop_loss=80)
    paper.trade(100.0)
    tomorrow = today + timedelta(days=1)
    happened = [
        CorporateAction(tomorrow, 2.0, 0.5),
        CorporateAction(today, 3.0),
        CorporateAction(date(2030, 1, 1), 5.0),
    ]
    paper.later(days=1)
    for _ in range(2):
        paper.broker.on_actions("X", happened, tomorrow)
    assert paper.broker.held("X") == 20
    assert paper.broker.get_account().equity == 10_005
    assert [leg.stop_price or leg.limit_price for leg in paper.broker.get_all_orders("open")] == [70, 40]
    paper.trade(50.0)
    assert len(paper.fills) == 1
    paper.trade(39.0)
    assert paper.fills[-1] == (-20.0, 39.0)


def test_what_happened_before_one_bought_does_not_happen_again() -> None:
    paper = Paper()
    today = TEN.date()
    paper.broker.on_actions("", (), today)
    paper.send()
    paper.trade(100.0)
    paper.broker.on_actions("X", [CorporateAction(today, 2.0)], today)
    assert paper.broker.held("X") == 10
    paper.send(SELL)
    paper.trade(100.0)
    paper.broker = revived(paper)
    paper.send()
    paper.trade(50.0)
    paper.broker.on_actions("X", [CorporateAction(today - timedelta(days=3), 2.0)], today)
    assert paper.broker.held("X") == 10


def test_a_split_of_shares_that_wait_to_be_bought_changes_the_order() -> None:
    paper = Paper()
    paper.broker.on_actions("", (), TEN.date())
    order = paper.send(type=Kind.LIMIT, limit_price=90, time_in_force=Lasting.GTC)
    paper.broker.on_quote("X", 1.0, 2.0, paper.now)
    paper.later(days=1)
    paper.broker.on_actions("X", [CorporateAction(paper.now.date(), 0.5)], paper.now.date())
    info = paper.order(order)
    assert (info.qty, info.limit_price) == (5, 180)
    assert paper.events[-1] == "restated"


def test_a_position_turned_round_begins_at_the_new_price() -> None:
    paper = Paper()
    for side, qty, price in ((BUY, 10, 100.0), (BUY, 10, 110.0), (SELL, 5, 90.0), (SELL, 20, 120.0)):
        paper.send(side, qty)
        paper.trade(price)
    held = paper.broker.get_position("X")
    assert held is not None
    assert (held.qty, held.avg_price) == (-5, 120)
    assert paper.broker.get_account().cash == 10_000 - 1_000 - 1_100 + 450 + 2_400


def test_nothing_is_told_before_it_is_kept() -> None:
    paper = Paper(keeps=True)
    paper.send(client_order_id="one")
    assert [each["version"] for each in paper.kept] == [1]
    assert paper.trade(100.0)
    assert paper.events == ["new"]
    book = paper.broker.unkept()
    assert book is not None
    paper.broker.kept(book["version"])
    assert paper.events == ["new", "fill"]
    assert paper.broker.unkept() is None
    assert not paper.trade(101.0)


def test_an_answer_that_holds_something_new_keeps_it_first() -> None:
    paper = Paper(keeps=True)
    paper.send()
    paper.trade(100.0)
    before = len(paper.kept)
    assert len(paper.executions) == 1
    assert len(paper.kept) == before + 1
    assert paper.kept[-1]["executions"] != []


def test_what_cannot_be_kept_is_not_told_and_is_not_lost() -> None:
    paper = Paper(keeps=True)
    paper.send(client_order_id="one")
    paper.fails = True
    with pytest.raises(OSError, match="full"):
        paper.send(client_order_id="two")
    assert paper.events == ["new"]
    with pytest.raises(OSError, match="full"):
        paper.broker.find_order("two")
    paper.fails = False
    assert paper.broker.find_order("two") is not None
    assert paper.events == ["new", "new"]


def test_who_is_killed_before_the_book_was_kept_waits_still_and_after_it_has_the_fill() -> None:
    paper = Paper(keeps=True)
    paper.send(client_order_id="one")
    paper.trade(100.0)
    killed = paper.opened()
    killed.restore(paper.kept[-1])
    assert [each.status for each in killed.get_all_orders()] == [OrderStatus.ACCEPTED]
    assert killed.get_executions(TEN) == []
    later = paper.broker.unkept()
    assert later is not None
    killed.restore(json.loads(json.dumps(later)))
    assert [each.execution_id for each in killed.get_executions(TEN)] == ["paper-1-1"]
    with pytest.raises(DuplicateOrderError):
        paper.send(client_order_id="one")


def test_money_that_moved_is_noted_until_it_is_kept() -> None:
    paper = Paper(keeps=True)
    assert paper.broker.on_cash(500)
    paper.broker.on_cash(-200)
    with pytest.raises(InsufficientFundsError):
        paper.broker.on_cash(-20_000)
    book = paper.broker.unkept()
    assert book is not None
    assert [flow[1:3] for flow in book["flows"]] == [["deposit", "500"], ["withdrawal", "-200"]]
    paper.broker.kept(book["version"])
    assert paper.broker.export()["flows"] == []
    paper.broker.on_cash(1)
    paper.broker.on_cash(1)
    first = paper.broker.unkept()
    assert first is not None
    paper.broker.on_cash(1)
    paper.broker.kept(first["version"])
    assert len(paper.broker.export()["flows"]) == 3


def test_a_reset_begins_anew_and_forgets_no_name() -> None:
    paper = Paper()
    paper.send(client_order_id="one")
    paper.trade(100.0)
    waiting = paper.send(take_profit=200, stop_loss=50, type=Kind.LIMIT, limit_price=60)
    paper.broker.reset(5_000)
    assert paper.order(waiting).status is OrderStatus.CANCELED
    assert paper.broker.get_positions() == {}
    assert paper.broker.get_account().equity == 5_000
    with pytest.raises(DuplicateOrderError):
        paper.send(client_order_id="one")
    assert paper.send() != waiting


def test_listening_begins_with_the_line_and_ends_when_one_says() -> None:
    paper = Paper()
    heard: list[UpdateKind] = []
    end = paper.broker.listen(lambda update: heard.append(update.kind))
    paper.send()
    end()
    end()
    paper.send()
    assert heard == [UpdateKind.CONNECTED, UpdateKind.ORDER]


def test_the_clock_tells_when_the_market_opens_and_closes() -> None:
    paper = Paper()
    told = paper.broker.get_clock()
    assert told.is_open
    assert (told.next_open, told.next_close) == (TEN + timedelta(hours=23.5), TEN + timedelta(hours=6))
    paper.later(hours=-0.75)
    early = paper.broker.get_clock()
    assert not early.is_open
    assert early.next_open == TEN - timedelta(hours=0.5)
    paper.later(hours=7)
    closed = paper.broker.get_clock()
    assert closed.next_close == TEN + timedelta(days=1, hours=6)


def test_a_broker_alone_needs_nothing_but_a_clock() -> None:
    broker = PaperBroker(1_000, now=lambda: TEN)
    assert broker.get_asset("ANY").quantity_step == 0
    assert broker.get_clock().is_open
    assert broker.symbols == frozenset()
    assert broker.mark("X") is None
    assert broker.wakes_at is None
    assert around_the_clock("X", TEN).takes(TEN, extended=True)


def test_sessions_become_hours() -> None:
    day = day_to_us(TEN.date())
    hour = 3_600_000_000
    columns = [[day + hour * at + 24 * hour * each for each in (0, 1)] for at in (0, 9, 16)]
    sessions = Sessions(*(np.array(column, dtype=np.int64) for column in columns))
    assert hours_of(sessions, TEN, 30, 60).late == TEN.replace(hour=17)
    assert hours_of(sessions, TEN.replace(hour=18), 30, 60).opens == TEN.replace(hour=9) + timedelta(days=1)
    with pytest.raises(InvalidValue, match="No session"):
        hours_of(sessions, TEN + timedelta(days=9))
    assert office_hours("X", TEN.replace(hour=18)).opens > TEN


def test_a_book_of_another_format_is_not_read() -> None:
    paper = Paper()
    with pytest.raises(InvalidValue, match="format"):
        paper.broker.restore({"format": 99})
