"""What the gate lets out, what it asks about, and what it makes of sizes and money."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from puffling.market.values import SessionState
from puffling.puffin.broker.base import Asset
from puffling.puffin.orders import Kind, Side
from puffling.trading.proposals import Proposal
from puffling.trading.verdicts import Outcome
from tests.trading.cases import (
    HALTED,
    LONG,
    NOW,
    REDUCING,
    SELL,
    WISH,
    answer,
    limit_at,
    verdict,
    waiting,
    wish,
)
from tests.trading.stored import intent


class TestAWayOut:
    """Orders that only make a position smaller."""

    @pytest.mark.parametrize(
        "changes",
        [
            {"standing": REDUCING},
            {"whitelist": frozenset({"QQQ"})},
            {"entered_today": 10},
            {"position_share": Decimal("0.001")},
            {"cash": Decimal(0), "buying_power": Decimal(0)},
            {"day_start": Decimal(200_000)},
            {"best": Decimal(900_000)},
            {"session": SessionState.CLOSED, "at": NOW - timedelta(hours=12)},
            {"may_short": False, "asset": Asset("SPY")},
        ],
    )
    def test_is_let_through_where_nothing_new_is(self, changes: dict[str, Any]) -> None:
        assert verdict(SELL, **LONG, **changes).outcome is Outcome.PASS
        assert verdict(WISH, **changes).outcome is Outcome.REFUSE or "may_short" in changes

    @pytest.mark.parametrize("leg", ["exits", "leave", "shrink"])
    def test_leads_out_of_nothing_that_is_not_held(self, leg: str) -> None:
        more = replace(wish(side=Side.SELL, quantity=Decimal(20)), leg=leg)
        said = answer("way_out", more, **LONG)
        assert said.outcome is Outcome.REFUSE
        assert said.text == "An exit is for what is held of SPY and not promised to others."

    def test_takes_no_exposure(self) -> None:
        found = verdict(SELL, **LONG)
        assert found.shrinks
        assert found.reserved == 0

    @pytest.mark.parametrize(
        ("proposal", "changes", "shrinks"),
        [
            (wish(side=Side.SELL, quantity=Decimal(10)), LONG, True),
            (wish(side=Side.SELL, quantity=Decimal("10.1")), LONG, False),
            (SELL, {"held": Decimal(0)}, False),
            (SELL, {"held": Decimal(-5)}, False),
            (WISH, {"held": Decimal(-5)}, True),
            (WISH, LONG, False),
            (SELL, LONG | {"waiting": (waiting(Side.SELL, 8),)}, True),
            (SELL, LONG | {"waiting": (waiting(Side.SELL, 9),)}, False),
            (SELL, LONG | {"waiting": (waiting(Side.SELL, 5), waiting(Side.SELL, 4))}, False),
            (SELL, LONG | {"waiting": (waiting(Side.BUY, 50),)}, True),
            (SELL, LONG | {"siblings": Decimal(10)}, True),
            (SELL, LONG | {"siblings": Decimal(11)}, False),
            (wish(side=Side.SELL, take_profit=Decimal(380)), LONG, False),
            (wish(side=Side.SELL, stop_loss=Decimal(420)), LONG, False),
        ],
    )
    def test_is_one_whatever_else_on_its_side_is_filled_first(
        self, proposal: Proposal, changes: dict[str, Any], shrinks: bool
    ) -> None:
        assert verdict(proposal, **changes).shrinks is shrinks

    def test_that_goes_on_to_the_other_side_takes_exposure_for_what_is_beyond(self) -> None:
        found = verdict(wish(side=Side.SELL, quantity=Decimal(12)), **LONG)
        assert found.reserved == 2 * Decimal(400)
        assert answer("position", wish(side=Side.SELL, quantity=Decimal(12)), **LONG).used == Decimal("0.008")

    def test_is_counted_by_a_limit_of_its_own(self) -> None:
        check = answer("exits_per_hour", SELL, exits_last_hour=4, **LONG)
        assert (check.used, check.limit) == (Decimal(5), Decimal(100))
        assert answer("exits_per_hour", WISH, exits_last_hour=200).outcome is Outcome.PASS

    def test_that_the_person_confirmed_does_not_hang_on_a_feed(self) -> None:
        for broken in ({"price": None}, {"doubt": "not a number"}, {"at": NOW - timedelta(hours=1)}):
            assert verdict(SELL, **LONG, **broken, confirmed="Close everything").outcome is Outcome.PASS
            assert verdict(SELL, **LONG, **broken).outcome is Outcome.REFUSE
            assert verdict(WISH, **broken, confirmed="Close everything").outcome is Outcome.REFUSE
            limit = limit_at("400", side=Side.SELL)
            assert verdict(limit, **LONG, **broken, confirmed="Close everything").outcome is Outcome.REFUSE

    def test_waits_for_the_next_session_but_not_on_an_old_price_within_one(self) -> None:
        old = {"at": NOW - timedelta(hours=1), **LONG}
        assert verdict(SELL, session=SessionState.CLOSED, **old).outcome is Outcome.PASS
        assert answer("price_age", SELL, **old).outcome is Outcome.REFUSE
        assert answer("price_age", SELL, session=SessionState.PRE, **old).outcome is Outcome.REFUSE


class TestModels:
    """A model proposes, and nothing else."""

    @pytest.mark.parametrize("source", ["assistant", "mcp"])
    def test_the_smallest_order_of_a_model_is_a_question(self, source: str) -> None:
        found = verdict(replace(WISH, source=source))
        assert found.outcome is Outcome.ASK
        assert [check.code for check in found.questions] == ["proposed"]

    def test_whatever_is_put_as_a_question_is_one(self) -> None:
        assert verdict(replace(WISH, is_question=True)).outcome is Outcome.ASK


class TestApproval:
    """Orders that move much money ask."""

    def test_above_the_threshold_the_person_is_asked_and_not_below(self) -> None:
        assert verdict(limit_at("400", quantity=Decimal("2.5"))).outcome is Outcome.PASS
        found = verdict(limit_at("400.02", quantity=Decimal("2.5")))
        assert found.outcome is Outcome.ASK
        (question,) = found.questions
        assert (question.code, question.used, question.limit) == (
            "approval",
            Decimal("1000.050"),
            Decimal(1000),
        )

    def test_the_worst_price_counts(self) -> None:
        assert verdict(wish(quantity=Decimal("2.46"))).outcome is Outcome.ASK
        assert verdict(wish(quantity=Decimal("2.45"))).outcome is Outcome.PASS
        assert verdict(wish(quantity=Decimal("2.51"), side=Side.SELL), **LONG).outcome is Outcome.ASK

    def test_a_threshold_of_nothing_always_asks(self) -> None:
        assert verdict(WISH, approval_above=Decimal(0)).outcome is Outcome.ASK

    def test_what_the_person_confirmed_already_is_not_asked_again(self) -> None:
        assert verdict(wish(quantity=Decimal(20)), confirmed="Close everything").outcome is Outcome.PASS

    def test_a_refusal_outweighs_a_question(self) -> None:
        assert verdict(wish(quantity=Decimal(20)), standing=HALTED).outcome is Outcome.REFUSE


class TestExposure:
    """What a symbol would be of the account."""

    def used(self, proposal: Proposal = WISH, **changes: Any) -> Decimal:
        found = answer("position", proposal, **changes).used
        assert found is not None
        return found * 100_000

    def test_holds_what_is_held_what_waits_and_the_order_itself(self) -> None:
        assert self.used(limit_at("400")) == 800
        assert self.used(limit_at("400"), **LONG) == 4_800
        assert self.used(limit_at("400"), waiting=(waiting(Side.BUY, 3, 390),)) == 800 + 3 * 390
        assert self.used(limit_at("400"), waiting=(waiting(Side.BUY, 3),)) == 800 + 3 * Decimal("400.01")
        assert self.used(limit_at("400"), waiting=(waiting(Side.SELL, 3),)) == 800

    def test_of_a_buy_is_at_its_limit_and_of_a_sale_at_least_at_the_price(self) -> None:
        assert self.used(limit_at("410")) == 820
        assert self.used(limit_at("390")) == 780
        assert self.used(limit_at("410", side=Side.SELL)) == 820
        assert self.used(limit_at("390", side=Side.SELL)) == 800
        assert self.used(wish(kind=Kind.STOP, stop=Decimal(420))) == 840

    def test_of_an_order_that_crosses_to_the_other_side_is_what_is_left_there(self) -> None:
        assert self.used(limit_at("400", quantity=Decimal(15)), held=Decimal(-10)) == 2_000
        assert (
            self.used(
                limit_at("400", quantity=Decimal(15)), held=Decimal(-10), waiting=(waiting(Side.BUY, 5),)
            )
            == 4_000
        )
        assert self.used(limit_at("390", quantity=Decimal(15)), held=Decimal(-10)) == 2_000

    def test_legs_of_which_one_cancels_the_other_count_once(self) -> None:
        assert self.used(limit_at("400"), siblings=Decimal(2)) == 800
        assert self.used(limit_at("400"), siblings=Decimal(5)) == 2_000

    def test_exactly_at_the_limit_passes(self) -> None:
        changes = {"approval_above": Decimal(10**6)}
        assert answer("position", limit_at("400", quantity=Decimal(25)), **changes).outcome is Outcome.PASS
        over = answer("position", limit_at("400", quantity=Decimal("25.01")), **changes)
        assert over.outcome is Outcome.REFUSE
        assert "$10,000.00" in over.hint

    def test_a_granted_symbol_may_be_more(self) -> None:
        found = verdict(
            limit_at("400", quantity=Decimal(100)),
            grants={"SPY": Decimal("0.6")},
            approval_above=Decimal(10**6),
        )
        assert found.outcome is Outcome.PASS

    def test_five_orders_of_four_percent_against_ten_let_two_pass(self) -> None:
        passed: list[int] = []
        for _ in range(5):
            waits = tuple(waiting(Side.BUY, 10, 400) for _ in passed)
            if (
                answer("position", limit_at("400", quantity=Decimal(10)), waiting=waits).outcome
                is Outcome.PASS
            ):
                passed.append(1)
        assert len(passed) == 2


class TestCounting:
    """What counts among the orders of a day."""

    def test_the_last_one_passes(self) -> None:
        check = answer("orders_per_day", WISH, entered_today=9)
        assert (check.outcome, check.used, check.limit) == (Outcome.PASS, Decimal(10), Decimal(10))

    def test_replacements_and_legs_were_counted_with_their_first_one(self) -> None:
        assert answer("orders_per_day", WISH, entered_today=10, replaces=intent()).outcome is Outcome.PASS
        assert answer("orders_per_day", WISH, entered_today=10, parent_id="first").outcome is Outcome.PASS


class TestMoney:
    """What an order may cost."""

    def test_the_broker_s_credit_counts_only_where_the_person_allows_it(self) -> None:
        big = {"approval_above": Decimal(10**6), "position_share": Decimal(1), "cash": Decimal(1_000)}
        assert answer("cash", limit_at("400", quantity=Decimal(3)), **big).outcome is Outcome.REFUSE
        assert (
            answer("cash", limit_at("400", quantity=Decimal(3)), **big, margin=True).outcome is Outcome.PASS
        )

    def test_money_that_is_not_settled_is_not_there(self) -> None:
        assert answer("cash", WISH, settled_cash=Decimal(817)).outcome is Outcome.PASS
        assert answer("cash", WISH, settled_cash=Decimal(816)).outcome is Outcome.REFUSE

    def test_what_others_took_meanwhile_is_not_there(self) -> None:
        check = answer("cash", limit_at("400"), unheard=Decimal(49_200))
        assert (check.outcome, check.used, check.limit) == (Outcome.PASS, Decimal(50_000), Decimal(50_000))
