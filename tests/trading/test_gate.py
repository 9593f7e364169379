"""The gate: each check alone refuses what it is there for, and nothing that is not known passes."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from puffling.market.values import AssetClass, Instrument, SessionState
from puffling.puffin.broker.base import Asset, BrokerAbilities
from puffling.puffin.orders import Kind, Lasting, Side
from puffling.trading.flags import Standing
from puffling.trading.gate import CASE_CHECKS, EARLY_CHECKS, judge
from puffling.trading.proposals import Proposal
from puffling.trading.values import Mode, TradingState
from puffling.trading.verdicts import Outcome, Verdict
from tests.trading.cases import (
    ABILITIES,
    ACCOUNT,
    FACTS,
    LIVE,
    NOW,
    WISH,
    answer,
    facts,
    verdict,
    waiting,
    wish,
)

HALTED = Standing(TradingState.HALTED, "too wild", "you", NOW)
REDUCING = Standing(TradingState.REDUCING, "winding down", "you", NOW)
LONG = {"held": Decimal(10)}
SELL = wish(side=Side.SELL)
REAL = {
    "account": replace(ACCOUNT, id="paper", broker="alpaca", mode="LIVE"),
    "mode": Mode.LIVE,
    "live_granted": True,
    "live_keys": True,
}
LIMIT_BUY = wish(kind=Kind.LIMIT, limit=Decimal(400))


def limit_at(price: str, **terms: Any) -> Proposal:
    """Give a limit order at a price."""
    return wish(kind=Kind.LIMIT, limit=Decimal(price), **terms)


# For each check: orders and facts that it alone refuses. Whoever takes the check away lets them through.
REFUSED_BY: dict[str, list[tuple[Proposal, dict[str, Any]]]] = {
    "halted": [(SELL, {"standing": HALTED, **LONG})],
    "limits": [(WISH, {"limits": None})],
    "account_ready": [
        (WISH, {"not_ready": "Not compared with the broker yet."}),
        (wish(account="other"), {}),
        (WISH, {"account": replace(ACCOUNT, active=False)}),
    ],
    "account_known": [
        (SELL, {"info": None, **LONG}),
        (SELL, {"info_at": None, **LONG}),
        (WISH, {"info_at": NOW - timedelta(minutes=5, seconds=1)}),
        (WISH, {"blocked": "pattern day trader"}),
    ],
    "mode": [
        (WISH, {"mode": Mode.LIVE}),
        (WISH, REAL | {"mode": Mode.PAPER}),
        (WISH, REAL | {"live_granted": False}),
        (WISH, REAL | {"live_keys": False}),
        (WISH, REAL | {"abilities": replace(ABILITIES, finds_client_ids=False)}),
    ],
    "valid_until": [
        (replace(WISH, valid_until=NOW), {}),
        (replace(WISH, valid_until=NOW - timedelta(days=1)), {}),
    ],
    "symbol_clear": [(WISH, {"unclear": True}), (SELL, {"unclear": True, **LONG})],
    "numbers": [
        *(
            (wish(quantity=Decimal(bad)), {})
            for bad in ("0", "-1", "NaN", "Infinity", "1E+12", "0.0000000001")
        ),
        *((limit_at(bad), {}) for bad in ("0", "-1", "NaN", "-Infinity")),
        (wish(kind=Kind.LIMIT), {}),
        (wish(limit=Decimal(400)), {}),
        (wish(kind=Kind.STOP), {}),
        (wish(kind=Kind.STOP_LIMIT, limit=Decimal(401)), {}),
        (wish(kind=Kind.LIMIT, limit=Decimal(400), stop=Decimal(401)), {}),
        (wish(kind=Kind.TRAILING_STOP), {}),
        (wish(trail=Decimal(1)), {}),
        (wish(kind=Kind.TRAILING_STOP, trail=Decimal(1), trail_share=Decimal("0.1")), {}),
        (wish(kind=Kind.TRAILING_STOP, trail_share=Decimal(1)), {}),
        (wish(take_profit=Decimal("NaN")), {}),
        (wish(stop_loss=Decimal(-1)), {}),
    ],
    "broker_kind": [
        (LIMIT_BUY, {"abilities": replace(ABILITIES, kinds=frozenset({Kind.MARKET}))}),
        (wish(lasting=Lasting.GTC), {"abilities": replace(ABILITIES, lasting=frozenset({Lasting.DAY}))}),
        (wish(take_profit=Decimal(440)), {"abilities": replace(ABILITIES, brackets=False)}),
        (wish(stop_loss=Decimal(380)), {"abilities": replace(ABILITIES, brackets=False)}),
        (limit_at("400", extended_hours=True), {"abilities": replace(ABILITIES, extended_hours=False)}),
        (wish(extended_hours=True), {}),
    ],
    "tradable": [
        (WISH, {"asset": Asset("SPY", tradable=False)}),
        (WISH, {"asset": Asset("QQQ")}),
    ],
    "quantity_step": [
        (wish(quantity=Decimal("1.5")), {"asset": Asset("SPY")}),
        (wish(quantity=Decimal("1.5")), {"abilities": replace(ABILITIES, fractions=False)}),
        (wish(quantity=Decimal("1.505")), {"asset": Asset("SPY", quantity_step=Decimal("0.01"))}),
        (WISH, {"asset": Asset("SPY", quantity_step=Decimal(0))}),
    ],
    "price_step": [
        (limit_at("400.005"), {}),
        (limit_at("400.02"), {"asset": Asset("SPY", price_step=Decimal("0.05"))}),
        (wish(kind=Kind.STOP, stop=Decimal("410.001")), {}),
        (wish(take_profit=Decimal("440.001")), {}),
        (wish(stop_loss=Decimal("380.001")), {}),
        (wish(kind=Kind.TRAILING_STOP, trail=Decimal("1.001")), {}),
    ],
    "clock": [
        (WISH, {"skew_seconds": None}),
        (WISH, {"skew_seconds": float("nan")}),
        (WISH, {"skew_seconds": float("inf")}),
        (WISH, {"skew_seconds": 300.0}),
        (WISH, {"skew_seconds": -60.5}),
    ],
    "proposed": [],
    "price": [
        (WISH, {"doubt": "an impossible jump"}),
        (WISH, {"bid": Decimal("400.50"), "ask": Decimal("400.10")}),
        (WISH, {"at": NOW + timedelta(seconds=16)}),
        (WISH, {"previous_close": Decimal("0.40")}),
        (WISH, {"previous_close": Decimal(20_001), "bid": None, "ask": None}),
        (WISH, {"bid": Decimal(8)}),
    ],
    "price_age": [
        (WISH, {"at": NOW - timedelta(seconds=121)}),
        (SELL, {"at": NOW - timedelta(seconds=121), **LONG}),
        (WISH, {"at": NOW - timedelta(seconds=121 + 1200), "late_seconds": 1200}),
        (WISH, REAL | {"at": NOW - timedelta(seconds=130), "late_seconds": 1200}),
    ],
    "price_real": [
        (WISH, REAL | {"made_up": True}),
        (WISH, {"made_up": True}),
        (WISH, {"made_up": True, "mode": Mode.DEMO}),
        (WISH, {"made_up": True, "account": replace(ACCOUNT, mode="DEMO")}),
    ],
    "price_band": [
        (limit_at("440.01"), {}),
        (limit_at("359.99"), {}),
        (wish(kind=Kind.STOP_LIMIT, stop=Decimal(420), limit=Decimal(463)), {}),
        (limit_at("408"), {"price_band": Decimal("0.019")}),
    ],
    "stop_side": [
        (wish(kind=Kind.STOP, stop=Decimal(400)), {}),
        (wish(kind=Kind.STOP, stop=Decimal(399)), {}),
        (wish(kind=Kind.STOP, stop=Decimal(401), side=Side.SELL), LONG),
        (wish(kind=Kind.STOP, stop=Decimal(400), side=Side.SELL), LONG),
        (wish(kind=Kind.STOP, stop=Decimal(601)), {"approval_above": Decimal(5_000)}),
        (wish(kind=Kind.STOP, stop=Decimal(199), side=Side.SELL), LONG),
        (wish(kind=Kind.TRAILING_STOP, trail=Decimal(201)), {}),
        (wish(kind=Kind.TRAILING_STOP, trail_share=Decimal("0.51")), {}),
        (wish(take_profit=Decimal(400)), {}),
        (wish(take_profit=Decimal(399)), {}),
        (wish(stop_loss=Decimal(400)), {}),
        (limit_at("395", take_profit=Decimal(394)), {}),
        (wish(side=Side.SELL, take_profit=Decimal(410)), {}),
        (wish(side=Side.SELL, stop_loss=Decimal(390)), {}),
    ],
    "hours": [
        *(
            (WISH, {"session": session})
            for session in (SessionState.CLOSED, SessionState.PRE, SessionState.POST, None)
        ),
        (limit_at("400", extended_hours=True), {"session": SessionState.PRE}),
        (LIMIT_BUY, {"session": SessionState.PRE, "hours": "extended"}),
        (limit_at("400", extended_hours=True), {"session": SessionState.CLOSED, "hours": "extended"}),
        (limit_at("400", extended_hours=True), {"session": None, "hours": "extended"}),
    ],
    "reducing": [(WISH, {"standing": REDUCING}), (WISH, {"standing": REDUCING, **LONG})],
    "whitelist": [(WISH, {"whitelist": frozenset({"QQQ"})})],
    "short": [
        (SELL, {"asset": Asset("SPY", shortable=False)}),
        (SELL, {"asset": Asset("SPY", shortable=False), "held": Decimal(1)}),
        (SELL, {"abilities": replace(ABILITIES, short=False)}),
        (SELL, {"may_short": False}),
        (SELL, {"may_short": False, **LONG, "waiting": (waiting(Side.SELL, 9),)}),
    ],
    "duplicate": [(WISH, {"repeated_at": NOW - timedelta(seconds=29)})],
    "orders_per_day": [(WISH, {"entered_today": 10}), (WISH, {"entered_today": 0, "orders_per_day": 0})],
    "exits_per_hour": [
        (SELL, {"exits_last_hour": 100, **LONG}),
        (SELL, {"exits_last_hour": 1, "exits_per_hour": 1, **LONG}),
    ],
    "position": [
        (wish(quantity=Decimal(26)), {"approval_above": Decimal(10**6)}),
        (WISH, {"held": Decimal(24)}),
        (WISH, {"waiting": (waiting(Side.BUY, 24),)}),
        (WISH, {"siblings": Decimal(26)}),
        (WISH, {"position_share": Decimal("0.005")}),
        (WISH, {"grants": {"SPY": Decimal("0.005")}}),
        (wish(side=Side.SELL, quantity=Decimal(26)), {"approval_above": Decimal(10**6)}),
        (wish(side=Side.SELL, quantity=Decimal(36)), {"approval_above": Decimal(10**6), **LONG}),
    ],
    "cash": [
        (WISH, {"cash": Decimal(816)}),
        (WISH, {"buying_power": Decimal(816)}),
        (WISH, {"settled_cash": Decimal(816)}),
        (WISH, {"settled_cash": float("nan")}),
        (WISH, {"cash": float("nan")}),
        (WISH, {"buying_power": Decimal("Infinity")}),
        (WISH, {"unheard": Decimal(49_500)}),
        (WISH, {"buying_power": Decimal(816), "margin": True}),
        (SELL, {"buying_power": Decimal(799)}),
    ],
    "daily_loss": [
        (WISH, {"day_start": None}),
        (WISH, {"day_start": Decimal(0)}),
        (WISH, {"day_start": Decimal("103092.79")}),
        (WISH, {"moved_today": Decimal(3_100)}),
        (WISH, {"daily_loss": Decimal("0.01"), "day_start": Decimal(101_011)}),
    ],
    "drawdown": [
        (WISH, {"best": Decimal(117_648)}),
        (WISH, {"best": Decimal(101_011), "drawdown": Decimal("0.01")}),
    ],
    "approval": [],
}

SCENARIOS = [(code, proposal, changes) for code, cases in REFUSED_BY.items() for proposal, changes in cases]


def test_an_order_with_nothing_against_it_passes_every_check() -> None:
    found = verdict()
    assert found.outcome is Outcome.PASS
    assert [check.code for check in found.checks] == list(REFUSED_BY)
    assert all(check.text and not check.hint for check in found.checks)
    assert found.reserved == Decimal("800.02")
    assert not found.shrinks


def test_there_is_a_case_for_every_check() -> None:
    assert len(EARLY_CHECKS) + len(CASE_CHECKS) + 4 == len(REFUSED_BY)
    assert {code for code, cases in REFUSED_BY.items() if not cases} == {"proposed", "approval"}


@pytest.mark.parametrize(("code", "proposal", "changes"), SCENARIOS)
def test_each_check_alone_refuses_what_it_is_there_for(
    code: str, proposal: Proposal, changes: dict[str, Any]
) -> None:
    found = judge(proposal, replace(FACTS, limits=None) if "limits" in changes else facts(**changes))
    assert {check.code for check in found.refusals} == {code}
    assert found.outcome is Outcome.REFUSE
    assert all(check.text and check.hint for check in found.refusals)


def test_a_verdict_without_checks_refuses() -> None:
    assert Verdict((), shrinks=False, reserved=Decimal(0)).outcome is Outcome.REFUSE


def test_nothing_that_could_not_be_read_passes() -> None:
    nothing = replace(
        FACTS,
        limits=None,
        used=None,
        session=None,
        live=replace(
            LIVE, info=None, info_at=None, asset=None, price=None, skew_seconds=None, instrument=None
        ),
    )
    refusals = {check.code for check in judge(WISH, nothing).refusals}
    assert refusals == {"limits", "account_known", "symbol_clear"}
    known_limits = replace(nothing, limits=FACTS.limits, used=FACTS.used)
    refusals = {check.code for check in judge(WISH, known_limits).refusals}
    unknown = {"account_known", "clock", "tradable", "quantity_step", "price_step", "price", "hours"}
    assert refusals == unknown | {"position", "cash", "daily_loss", "drawdown", "approval"}


def test_unsound_numbers_are_not_counted_with() -> None:
    found = verdict(wish(quantity=Decimal("NaN")), standing=HALTED)
    assert {check.code for check in found.refusals} == {"halted", "numbers"}
    assert found.reserved == 0
    assert not found.shrinks
    assert found.checks[-1].code == "numbers"


@pytest.mark.parametrize("bad", ["NaN", "Infinity", "0", "-400", "sNaN"])
@pytest.mark.parametrize("field", ["last", "bid", "ask"])
def test_a_price_that_is_no_price_refuses_and_breaks_nothing(bad: str, field: str) -> None:
    assert answer("price", WISH, **{field: Decimal(bad)}).outcome is Outcome.REFUSE


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), Decimal("NaN"), 0, -5])
def test_an_equity_that_is_none_refuses(bad: float | Decimal) -> None:
    found = verdict(WISH, equity=bad)
    assert {"position", "daily_loss", "drawdown"} & {check.code for check in found.refusals}


def test_an_account_worth_nothing_enters_nothing() -> None:
    found = verdict(WISH, equity=0, best=None)
    assert {"position", "daily_loss", "drawdown"} <= {check.code for check in found.refusals}


def test_without_a_mark_of_its_worth_the_account_is_at_its_best() -> None:
    assert answer("drawdown", WISH, best=None).used == 0
    assert answer("drawdown", WISH, best=Decimal(90_000)).used == 0


def test_no_previous_close_is_no_fault() -> None:
    for unknown in (None, Decimal("NaN"), Decimal(0)):
        assert answer("price", WISH, previous_close=unknown).outcome is Outcome.PASS


def test_a_stop_limit_without_any_price_beside_it_is_refused_rather_than_compared() -> None:
    assert answer("price_band", LIMIT_BUY, price=None).outcome is Outcome.REFUSE


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
        from tests.trading.stored import intent

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
        asset = Asset("SPY", price_step=Decimal(0))
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
    assert "-1.96 %" in loss.text
    exactly = answer("daily_loss", WISH, day_start=Decimal(125_000), daily_loss=Decimal("0.2"))
    assert (exactly.outcome, exactly.used) == (Outcome.REFUSE, Decimal("0.2"))
    fallen = answer("drawdown", WISH, best=Decimal(125_000), drawdown=Decimal("0.2"))
    assert (fallen.outcome, fallen.used) == (Outcome.REFUSE, Decimal("0.2"))


def test_money_paid_in_today_is_no_gain_and_money_taken_out_no_loss() -> None:
    assert answer("daily_loss", WISH, moved_today=Decimal(-20_000), day_start=Decimal(120_000)).used == 0
    hidden = answer("daily_loss", WISH, moved_today=Decimal(10_000), day_start=Decimal(100_000))
    assert hidden.outcome is Outcome.REFUSE


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
