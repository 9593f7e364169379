"""The same wish has the same name for ever, and another wish another one."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from puffling.puffin.orders import Kind, Lasting, Side
from puffling.store.orders import OrderTerms
from puffling.trading.proposals import Proposal, client_id, is_ours, order_hash, slot_id
from puffling.trading.values import Mode

TERMS = OrderTerms("paper", "SPY", Side.BUY, Decimal(10), Kind.LIMIT, Decimal("410.5"))
WISH = Proposal(TERMS, "strategy:one", "2026-03-02T21:00:00Z", datetime(2026, 3, 3, tzinfo=UTC))


def test_the_same_wish_has_the_same_name_however_its_numbers_are_written() -> None:
    again = replace(WISH, terms=replace(TERMS, quantity=Decimal("10.00"), limit=Decimal("410.50")))
    assert slot_id(again, Mode.PAPER) == slot_id(WISH, Mode.PAPER)
    assert order_hash(again.terms) == order_hash(TERMS)


@pytest.mark.parametrize(
    "other",
    [
        replace(WISH, source="strategy:two"),
        replace(WISH, source_version="2"),
        replace(WISH, slot="2026-03-03T21:00:00Z"),
        replace(WISH, leg="exit"),
        *(
            replace(WISH, terms=replace(TERMS, **change))
            for change in (
                {"account": "other"},
                {"symbol": "QQQ"},
                {"side": Side.SELL},
                {"quantity": Decimal(11)},
                {"kind": Kind.STOP_LIMIT},
                {"limit": Decimal(411)},
                {"stop": Decimal(400)},
                {"trail": Decimal(1)},
                {"trail_share": Decimal("0.01")},
                {"lasting": Lasting.GTC},
                {"take_profit": Decimal(450)},
                {"stop_loss": Decimal(400)},
                {"extended_hours": True},
            )
        ),
    ],
)
def test_another_wish_has_another_name(other: Proposal) -> None:
    assert slot_id(other, Mode.PAPER) != slot_id(WISH, Mode.PAPER)


def test_words_and_patience_do_not_make_another_order() -> None:
    again = replace(WISH, why="Because", valid_until=datetime(2027, 1, 1, tzinfo=UTC))
    assert slot_id(again, Mode.PAPER) == slot_id(WISH, Mode.PAPER)


def test_the_broker_takes_the_name_and_we_know_it_again() -> None:
    names = {client_id(slot_id(WISH, mode), mode) for mode in (Mode.PAPER, Mode.LIVE)}
    assert len(names) == 2
    for name in names:
        assert re.fullmatch(r"pf1-[pl]-[A-Za-z0-9]{1,42}", name)
        assert is_ours(name)
    assert not is_ours("somebody-else")
    assert not is_ours(None)
