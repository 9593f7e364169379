"""What has ended stays so, whatever is told afterwards and in whichever order."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from puffling.puffin.broker.base import OrderStatus
from puffling.store.orders import OrderState
from puffling.trading.states import ENDED, FOLLOWING, OPEN, advance, state_of

STATES = st.sampled_from(OrderState)
LATE = {
    (before, after)
    for before in (OrderState.CANCELED, OrderState.EXPIRED)
    for after in (OrderState.PARTIAL, OrderState.FILLED)
}


def test_every_state_has_its_row_and_is_open_or_over() -> None:
    assert FOLLOWING.keys() == set(OrderState)
    assert set(OrderState) == ENDED | OPEN
    assert not ENDED & OPEN
    assert all(before not in after for before, after in FOLLOWING.items())


@given(STATES, STATES)
def test_news_gives_the_new_state_or_leaves_the_old_one(old: OrderState, new: OrderState) -> None:
    after = advance(old, new)
    assert after in (old, new)
    assert advance(after, after) is after


@given(STATES, st.lists(STATES, max_size=40))
def test_what_has_ended_stays_so_but_for_a_fill_that_is_told_late(
    first: OrderState, news: list[OrderState]
) -> None:
    state = first
    for each in news:
        after = advance(state, each)
        if state in ENDED and after is not state:
            assert (state, after) in LATE
        state = after


@given(st.lists(STATES, max_size=40))
def test_filled_rejected_and_replaced_are_for_ever(news: list[OrderState]) -> None:
    for final in (OrderState.FILLED, OrderState.REJECTED, OrderState.REPLACED):
        state = final
        for each in news:
            state = advance(state, each)
        assert state is final


@given(st.sampled_from(OrderStatus), st.booleans())
def test_every_word_of_a_broker_is_a_state(status: OrderStatus, filled: bool) -> None:
    state = state_of(status, filled=filled)
    assert state in OrderState
    assert not (filled and state is OrderState.ACKED)


def test_the_beginning_told_again_after_a_fill_changes_nothing() -> None:
    assert advance(OrderState.PARTIAL, OrderState.ACKED) is OrderState.PARTIAL
    assert advance(OrderState.FILLED, OrderState.ACKED) is OrderState.FILLED


def test_only_what_was_never_sent_goes_to_the_broker() -> None:
    sendable = {before for before, after in FOLLOWING.items() if OrderState.SENDING in after}
    assert sendable == {OrderState.INTENT, OrderState.UNKNOWN}
