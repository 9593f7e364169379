"""The test of a connection: each step says what it found, what is missing says what to do about it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from puffling.puffin.broker.base import (
    AccountInfo,
    Broker,
    BrokerClock,
    BrokerRefusedError,
    BrokerUpdate,
    OrderStatusInfo,
    Position,
    UnclearError,
    UpdateKind,
)
from puffling.puffin.errors import NotOffered
from puffling.runtime.errors import Unavailable
from puffling.trading.accounts.checking import check_broker
from puffling.trading.accounts.offers import LIVE, PAPER, make_broker, offer
from puffling.trading.accounts.values import BrokerCheck, Finding, Result
from tests.fakes.bare_broker import BareBroker
from tests.fakes.own_broker import EVERYTHING, OwnBroker
from tests.trading.cases import NOW

KEYS = {"ALPACA_API_KEY": "PK0001", "ALPACA_SECRET_KEY": "not-a-secret"}


class Asked(OwnBroker):
    """A broker whose account is as a test wants it, and which fails where it is told to."""

    def __init__(
        self, *, account: Mapping[str, Any] | None = None, failing: Mapping[str, Exception] | None = None
    ) -> None:
        super().__init__(now=lambda: NOW)
        self.account = account or {}
        self.failing = failing or {}
        self.closed = 0

    def _answer(self, name: str) -> None:
        if name in self.failing:
            raise self.failing[name]

    def get_account(self) -> AccountInfo:
        self._answer("account")
        return replace(super().get_account(), **self.account)

    def get_positions(self) -> dict[str, Position]:
        self._answer("positions")
        return super().get_positions()

    def find_order(self, client_order_id: str) -> OrderStatusInfo | None:
        self._answer("look-up")
        return super().find_order(client_order_id)

    def get_clock(self) -> BrokerClock:
        self._answer("clock")
        return super().get_clock()

    def listen(self, hear: Callable[[BrokerUpdate], None]) -> Callable[[], None]:
        if "stream" in self.failing:
            return lambda: None
        return super().listen(hear)

    def close(self) -> None:
        self.closed += 1


def check(broker: Broker, known: str = PAPER, *, keys: Mapping[str, str] = KEYS) -> BrokerCheck:
    """Test a connection, patient for no longer than a test is."""
    return check_broker(broker, offer(known), keys, lambda: NOW, skew_seconds=30.0, stream_seconds=0.0)


def found(code: str, broker: Broker, known: str = PAPER) -> Finding:
    """Give what one step of the test says."""
    [finding] = [each for each in check(broker, known).findings if each.code == code]
    return finding


def test_a_connection_with_nothing_against_it_is_ready_and_let_go_of() -> None:
    broker = Asked()
    told = check(broker)
    assert told.ready
    assert {each.result for each in told.findings} == {Result.GOOD}
    assert told.equity == 100_000
    assert (told.positions, told.orders) == (0, 0)
    assert broker.closed == 1


def test_a_broker_that_does_not_answer_does_not_say_that_the_keys_are_wrong() -> None:
    broker = Asked(failing={"account": UnclearError("Connection reset")})
    told = check(broker)
    results = {each.code: each.result for each in told.findings}
    assert (results["keys"], results["account"]) == (Result.GOOD, Result.MISSING)
    assert {results[code] for code in ("permissions", "orders", "look-up", "clock", "stream")} == {
        Result.SKIPPED
    }
    assert not told.ready
    assert broker.closed == 1


@pytest.mark.parametrize(
    ("known", "names", "key", "says"),
    [
        (PAPER, ("ALPACA_API_KEY", "ALPACA_SECRET_KEY"), "AK0001", "keys of a live account"),
        (LIVE, ("ALPACA_LIVE_API_KEY", "ALPACA_LIVE_SECRET_KEY"), "PK0001", "keys of a paper account"),
        (PAPER, ("ALPACA_API_KEY", "ALPACA_SECRET_KEY"), "PK0001", "Make a new pair"),
        (LIVE, ("ALPACA_LIVE_API_KEY", "ALPACA_LIVE_SECRET_KEY"), "AK0001", "Make a new pair"),
    ],
)
def test_keys_that_are_refused_are_told_from_those_of_the_other_account(
    known: str, names: tuple[str, str], key: str, says: str
) -> None:
    broker = Asked(failing={"account": BrokerRefusedError("unauthorized")})
    [refused] = check(broker, known, keys=dict(zip(names, (key, "not-a-secret"), strict=True))).missing
    assert refused.code == "keys"
    assert says in refused.hint


@pytest.mark.parametrize(
    ("account", "result", "says"),
    [
        ({"blocked": "trading is suspended"}, Result.MISSING, "trading is suspended"),
        ({"equity": 0}, Result.NOTE, "no money"),
        ({"may_short": False}, Result.NOTE, "not sell short"),
    ],
)
def test_what_the_account_may_not_do_is_said(account: dict[str, Any], result: Result, says: str) -> None:
    said = found("permissions", Asked(account=account))
    assert said.result is result
    assert says in said.text


def test_what_is_there_already_is_counted_and_what_cannot_be_read_is_missing() -> None:
    broker = Asked()
    broker.fill(broker.place_elsewhere("SPY", 3))
    broker.place_elsewhere("QQQ", 1)
    said = found("orders", broker)
    assert said.result is Result.NOTE
    assert "1 positions and 1 open orders" in said.text
    unread = found("orders", Asked(failing={"positions": UnclearError("Connection reset")}))
    assert unread.result is Result.MISSING


def test_a_broker_that_finds_no_order_again_is_good_for_play_money_only() -> None:
    broker = Asked()
    broker.abilities = replace(EVERYTHING, finds_client_ids=False)
    assert found("look-up", broker).result is Result.NOTE
    assert found("look-up", broker, LIVE).result is Result.MISSING
    unheard = Asked(failing={"look-up": UnclearError("Connection reset")})
    assert found("look-up", unheard).result is Result.MISSING


@pytest.mark.parametrize(
    ("ahead_seconds", "result"),
    [(0, Result.GOOD), (2, Result.GOOD), (10, Result.NOTE), (30, Result.NOTE), (31, Result.MISSING)],
)
def test_a_clock_that_is_off_is_noted_and_one_that_orders_would_be_refused_for_is_missing(
    ahead_seconds: int, result: Result
) -> None:
    broker = Asked()
    broker.clock_ahead = timedelta(seconds=-ahead_seconds)
    assert found("clock", broker).result is result


def test_a_broker_that_does_not_tell_the_time_is_told_from_one_that_does_not_answer() -> None:
    assert found("clock", Asked(failing={"clock": NotOffered("no clock")})).result is Result.NOTE
    assert found("clock", Asked(failing={"clock": UnclearError("reset")})).result is Result.MISSING


def test_news_that_do_not_arrive_are_missing_and_none_at_all_are_noted() -> None:
    assert found("stream", Asked(failing={"stream": UnclearError("closed")})).result is Result.MISSING
    quiet = Asked()
    quiet.abilities = replace(EVERYTHING, streams=False)
    assert found("stream", quiet).result is Result.NOTE


def test_a_broker_of_the_bare_contract_is_told_what_it_lacks() -> None:
    told = check(BareBroker(OwnBroker(now=lambda: NOW)))
    results = {each.code: each.result for each in told.findings}
    assert results["orders"] is Result.MISSING
    assert (results["look-up"], results["clock"], results["stream"]) == (Result.NOTE,) * 3


def test_a_broker_that_cannot_be_made_says_why() -> None:
    def now() -> datetime:
        return NOW

    with pytest.raises(Unavailable, match="key"):
        make_broker(PAPER, {"ALPACA_API_KEY": "", "ALPACA_SECRET_KEY": ""}, now)


def test_a_line_that_is_not_up_yet_is_no_line() -> None:
    class Mute(Asked):
        def listen(self, hear: Callable[[BrokerUpdate], None]) -> Callable[[], None]:
            hear(BrokerUpdate(UpdateKind.MUTE))
            return lambda: None

    assert found("stream", Mute()).result is Result.MISSING
