"""The gate: each check alone refuses what it is there for, and nothing that is not known passes."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from puffling.market.values import SessionState
from puffling.puffin.broker.base import Asset
from puffling.puffin.orders import Kind, Lasting, Side
from puffling.trading.gate import CASE_CHECKS, EARLY_CHECKS, judge
from puffling.trading.proposals import Proposal
from puffling.trading.values import Mode
from puffling.trading.verdicts import Outcome, Verdict
from tests.trading.cases import (
    ABILITIES,
    ACCOUNT,
    FACTS,
    HALTED,
    LIMIT_BUY,
    LIVE,
    LONG,
    NOW,
    REAL,
    REDUCING,
    SELL,
    WISH,
    answer,
    facts,
    limit_at,
    verdict,
    waiting,
    wish,
)


def two_ways_out(limit: int = 480, stop_loss: int = 380) -> Proposal:
    """Sell what is held above the price or below it, whichever comes first."""
    return wish(
        side=Side.SELL,
        kind=Kind.LIMIT,
        limit=Decimal(limit),
        stop_loss=Decimal(stop_loss),
        one_cancels_other=True,
    )


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
        (wish(stop_loss_limit=Decimal(380)), {}),
        (replace(two_ways_out(), terms=replace(two_ways_out().terms, stop_loss=None)), LONG),
        (replace(two_ways_out(), terms=replace(two_ways_out().terms, take_profit=Decimal(480))), LONG),
    ],
    "broker_kind": [
        (LIMIT_BUY, {"abilities": replace(ABILITIES, kinds=frozenset({Kind.MARKET}))}),
        (wish(lasting=Lasting.GTC), {"abilities": replace(ABILITIES, lasting=frozenset({Lasting.DAY}))}),
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
        *(
            (WISH, {"asset": Asset("SPY", quantity_step=Decimal(step))})
            for step in ("0", "-1", "NaN", "Infinity", "1E-30")
        ),
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
        *(
            (two_ways_out(limit=limit, stop_loss=stop_loss), LONG)
            for limit, stop_loss in ((400, 380), (390, 380), (601, 380), (480, 400), (480, 410), (480, 199))
        ),
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
    "way_out": [
        (two_ways_out(), {}),
        (two_ways_out(), {"held": Decimal(1)}),
        (two_ways_out(), {**LONG, "waiting": (waiting(Side.SELL, 9),)}),
    ],
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
        (WISH, {"best": Decimal(125_000), "drawdown": Decimal("0.2")}),
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


def test_a_market_in_which_bid_and_ask_are_one_is_a_market() -> None:
    assert answer("price", WISH, bid=Decimal(400), ask=Decimal(400)).outcome is Outcome.PASS


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
