"""What the gate takes for right in one market and at one time and not in another, and how it says so."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from puffling.market.values import AssetClass, Instrument, SessionState
from puffling.puffin.broker.base import Asset, BrokerAbilities
from puffling.puffin.orders import Kind, Lasting, Side
from puffling.trading.proposals import EXITS
from puffling.trading.values import Mode
from puffling.trading.verdicts import Outcome
from tests.trading.cases import (
    ACCOUNT,
    LONG,
    NOW,
    REAL,
    SELL,
    WISH,
    answer,
    limit_at,
    verdict,
    wish,
)
from tests.trading.stored import intent


class TestPlaces:
    """What is right for one market and not for another."""

    def test_cheap_shares_have_four_decimals(self) -> None:
        cheap = {"last": Decimal("0.5"), "bid": None, "ask": None, "previous_close": None}
        assert answer("price_step", limit_at("0.5001"), **cheap).outcome is Outcome.PASS
        assert answer("price_step", limit_at("0.50001"), **cheap).outcome is Outcome.REFUSE
        assert answer("price_step", limit_at("1.0001"), **cheap).outcome is Outcome.REFUSE

    def test_coins_have_the_decimals_of_their_instrument(self) -> None:
        coin = Instrument("SPY", "Coin", AssetClass.CRYPTO, "CRYPTO", price_decimals=4, calendar="24/7")
        assert answer("price_step", limit_at("400.0001"), instrument=coin).outcome is Outcome.PASS
        assert answer("price_step", limit_at("400.00001"), instrument=coin).outcome is Outcome.REFUSE
        assert answer("price_step", limit_at("400.0001"), instrument=None).outcome is Outcome.REFUSE

    def test_a_broken_step_of_the_broker_is_not_believed(self) -> None:
        for step in ("0", "-0.01", "NaN", "Infinity", "1E-30"):
            asset = Asset("SPY", price_step=Decimal(step))
            assert answer("price_step", limit_at("400.01"), asset=asset).outcome is Outcome.PASS
            assert answer("price_step", limit_at("400.001"), asset=asset).outcome is Outcome.REFUSE

    def test_made_up_prices_are_for_the_demo_account(self) -> None:
        demo = {"account": replace(ACCOUNT, mode="DEMO"), "mode": Mode.DEMO}
        assert verdict(WISH, made_up=True, **demo).outcome is Outcome.PASS
        assert verdict(WISH, **demo).outcome is Outcome.PASS

    def test_prices_that_are_late_by_nature_are_good_enough_for_play_money(self) -> None:
        late = {"at": NOW - timedelta(seconds=1000), "late_seconds": 1200}
        assert answer("price_age", WISH, **late).outcome is Outcome.PASS
        assert answer("price_age", WISH, **late, **REAL).outcome is Outcome.REFUSE

    def test_a_price_a_little_ahead_is_a_clock_s_business(self) -> None:
        assert verdict(WISH, at=NOW + timedelta(seconds=15)).outcome is Outcome.PASS

    @pytest.mark.parametrize(
        ("hours", "session", "asks_for_it", "passes"),
        [
            ("regular", SessionState.OPEN, False, True),
            ("extended", SessionState.OPEN, False, True),
            ("extended", SessionState.PRE, True, True),
            ("extended", SessionState.POST, True, True),
            ("any", SessionState.CLOSED, False, True),
            ("any", None, False, True),
            ("any", SessionState.PRE, False, True),
        ],
    )
    def test_the_person_says_when_orders_may_be_entered(
        self, hours: str, session: SessionState | None, asks_for_it: bool, passes: bool
    ) -> None:
        proposal = limit_at("400", extended_hours=asks_for_it)
        assert (answer("hours", proposal, hours=hours, session=session).outcome is Outcome.PASS) is passes

    def test_what_this_computer_holds_need_not_be_held_by_the_broker(self) -> None:
        poor = BrokerAbilities()
        proposal = wish(kind=Kind.STOP, stop=Decimal(410), lasting=Lasting.GTC)
        assert answer("broker_kind", proposal, abilities=poor).outcome is Outcome.REFUSE
        assert answer("broker_kind", proposal, abilities=poor, held_here=True).outcome is Outcome.PASS

    def test_a_stop_that_was_held_here_is_sent_when_its_price_is_met(self) -> None:
        met = wish(kind=Kind.STOP, stop=Decimal(405), side=Side.SELL)
        assert answer("stop_side", met, **LONG).outcome is Outcome.REFUSE
        assert answer("stop_side", met, **LONG, confirmed="Its stop was met").outcome is Outcome.PASS

    def test_whole_shares_where_no_fractions_are_traded(self) -> None:
        assert answer("quantity_step", wish(quantity=Decimal("1.5"))).outcome is Outcome.PASS
        lots = Asset("SPY", quantity_step=Decimal(100))
        assert answer("quantity_step", wish(quantity=Decimal(150)), asset=lots).outcome is Outcome.REFUSE
        assert answer("quantity_step", wish(quantity=Decimal(200)), asset=lots).outcome is Outcome.PASS

    def test_brackets_have_their_exits_on_their_sides(self) -> None:
        bracket = limit_at("400", take_profit=Decimal(420), stop_loss=Decimal(390))
        assert verdict(bracket).outcome is Outcome.PASS
        short = limit_at("400", side=Side.SELL, take_profit=Decimal(380), stop_loss=Decimal(420))
        assert verdict(short).outcome is Outcome.PASS

    def test_without_a_price_exits_cannot_be_placed(self) -> None:
        assert answer("stop_side", wish(take_profit=Decimal(440)), price=None).outcome is Outcome.REFUSE


def test_the_day_s_loss_and_the_fall_are_named_with_their_limits() -> None:
    loss = answer("daily_loss", WISH, day_start=Decimal(102_000))
    assert loss.outcome is Outcome.PASS
    assert loss.limit == Decimal("0.03")
    assert "-1.96%" in loss.text
    exactly = answer("daily_loss", WISH, day_start=Decimal(125_000), daily_loss=Decimal("0.2"))
    assert (exactly.outcome, exactly.used) == (Outcome.REFUSE, Decimal("0.2"))
    fallen = answer("drawdown", WISH, best=Decimal(125_000), drawdown=Decimal("0.2"))
    assert (fallen.outcome, fallen.used) == (Outcome.REFUSE, Decimal("0.2"))


def test_money_paid_in_today_is_no_gain_and_money_taken_out_no_loss() -> None:
    assert answer("daily_loss", WISH, moved_today=Decimal(-20_000), day_start=Decimal(120_000)).used == 0
    hidden = answer("daily_loss", WISH, moved_today=Decimal(10_000), day_start=Decimal(100_000))
    assert hidden.outcome is Outcome.REFUSE


def test_a_way_out_that_was_confirmed_may_be_tried_again_at_once() -> None:
    again = {"repeated_at": NOW - timedelta(seconds=1), **LONG}
    assert verdict(SELL, **again).outcome is Outcome.REFUSE
    assert verdict(SELL, **again, confirmed="Close everything").outcome is Outcome.PASS
    assert verdict(WISH, **again, confirmed="Close everything").outcome is Outcome.REFUSE


def test_a_stop_may_be_half_the_price_away() -> None:
    for stop, outcome in ((Decimal(600), Outcome.PASS), (Decimal("600.01"), Outcome.REFUSE)):
        assert answer("stop_side", wish(kind=Kind.STOP, stop=stop)).outcome is outcome


def test_a_refusal_says_how_much_room_or_money_there_is() -> None:
    held = answer("position", wish(quantity=Decimal(10)), held=Decimal(20), approval_above=Decimal(10**6))
    assert held.outcome is Outcome.REFUSE
    assert "room for $2,000.00 more" in held.hint
    short = answer("cash", wish(kind=Kind.LIMIT, limit=Decimal(400)), cash=Decimal(300))
    assert "$500.00 less" in short.hint
    missing = answer("numbers", wish(kind=Kind.STOP))
    assert missing.text == "A stop order needs a stop."
    assert answer("numbers", wish(limit=Decimal(1))).text == "A market order has no limit."


def test_a_repeated_order_says_how_long_to_wait() -> None:
    check = answer("duplicate", WISH, repeated_at=NOW - timedelta(seconds=10))
    assert (check.used, check.limit) == (Decimal(10), Decimal(30))
    assert "20 s" in check.hint


def test_clocks_apart_are_blocked_with_the_reason() -> None:
    assert "5 min ahead of" in answer("clock", WISH, skew_seconds=300.0).text
    assert "5 min behind" in answer("clock", WISH, skew_seconds=-300.0).text
    assert answer("clock", WISH, skew_seconds=-60.0).outcome is Outcome.PASS


def test_real_money_moves_where_the_person_typed_live_with_its_keys() -> None:
    assert verdict(WISH, **REAL).outcome is Outcome.PASS


def test_a_plain_order_put_in_the_place_of_another_is_a_repetition_too() -> None:
    again = {"repeated_at": NOW - timedelta(seconds=10)}
    check = answer("duplicate", WISH, **again, replaces=intent())
    assert check.outcome is Outcome.REFUSE
    assert check.text == "The same order was entered 10 s ago."
    assert answer("duplicate", WISH, **again, replaces=intent(leg=EXITS)).outcome is Outcome.PASS
