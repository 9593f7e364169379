"""What a list of orders says of those that belong together, and of what this computer holds."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from puffling.desktop.orders.words import order_words, state_help, state_tone, state_words
from puffling.desktop.theme import Tone
from puffling.puffin.orders import Kind, Lasting, Side
from puffling.store.orders import OrderState
from puffling.trading.values import OrderLine
from puffling.trading.words import kept_here, stage_of
from tests.trading.cases import NOW

LINE = OrderLine(
    "one", "mine", "PAPER", "SPY", Side.SELL, Kind.LIMIT, Lasting.GTC, Decimal(5), Decimal(0),
    OrderState.ACKED, "person", NOW, NOW,
)  # fmt: skip


@pytest.mark.parametrize(
    ("line", "state", "stage"),
    [
        (LINE, "Working", "working"),
        (replace(LINE, state=OrderState.INTENT, held=True), "Held here", "held here"),
        (replace(LINE, waits_for_entry=True), "Waits for its entry", "waiting for its entry"),
        (
            replace(LINE, state=OrderState.CANCELED, done_by_stop=True),
            "Done by its stop",
            "done by its stop",
        ),
        (replace(LINE, exits_here=True), "Working", "working, exits held here"),
        (replace(LINE, exits_here=True, state=OrderState.FILLED), "Filled", "filled"),
    ],
)
def test_every_face_says_the_same_of_how_far_an_order_is(line: OrderLine, state: str, stage: str) -> None:
    assert (state_words(line), stage_of(line)) == (state, stage)


def test_what_is_held_here_and_what_waits_is_explained() -> None:
    entry = replace(LINE, exits_here=True)
    assert order_words(entry) == "Limit, exits here"
    assert "must run" in state_help(entry)
    assert "must run" not in state_help(replace(entry, state=OrderState.FILLED))
    waiting = replace(LINE, waits_for_entry=True)
    assert "when its entry has filled" in state_help(waiting)
    assert state_tone(waiting) is Tone.MUTED
    done = replace(LINE, state=OrderState.CANCELED, done_by_stop=True, reason="The stop-loss was met.")
    assert state_help(done) == "The stop-loss was met."


def test_what_this_computer_would_hold_is_said_with_what_that_means() -> None:
    assert kept_here(held=False, exits=False) == ""
    for held, exits in ((True, False), (False, True), (True, True)):
        said = kept_here(held=held, exits=exits)
        assert ("until its price is met" in said, "holds the exits" in said) == (held, exits)
        assert said.endswith("Nothing held here is watched while Puffling does not run.")
