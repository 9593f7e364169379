"""A yes binds exactly one order as it was shown, for five minutes, once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from puffling.puffin.orders import Kind, Lasting, Side
from puffling.runtime.errors import Conflict, NotFound, Refused
from puffling.store.database import Unit
from puffling.store.orders import Approval, ApprovalState
from puffling.trading.approvals import (
    ApprovalBook,
    decline,
    give,
    proposal_of,
    seal_of,
    seconds_left,
    show,
    sweep,
    take_back,
)
from puffling.trading.case import worst_price
from puffling.trading.events import ApprovalsChanged
from puffling.trading.proposals import Proposal
from tests.trading.cases import NOW, PRICE, WISH, verdict, wish
from tests.trading.stored import Records, opened

BOOK = ApprovalBook()
WORST = Decimal("408.01")
LATER = replace(WISH, valid_until=NOW + timedelta(hours=6))


@pytest.fixture
async def records(home: Path) -> AsyncIterator[Records]:
    """Records that are closed again."""
    async with opened(home) as found:
        yield found


async def asked(records: Records, proposal: Proposal = LATER) -> Approval:
    """Give a question that waits."""
    return await records.do(lambda unit: BOOK.ask(unit, proposal, verdict(), WORST))


async def given(records: Records, proposal: Proposal = LATER, worst: Decimal | None = WORST) -> Approval:
    """Give a yes of the person."""
    approval = await asked(records, proposal)

    def work(unit: Unit) -> Approval:
        shown = show(unit, approval.id, worst)
        return give(unit, approval.id, seal_of(shown), "you")

    return await records.do(work)


def use(id: str, proposal: Proposal = LATER, worst: Decimal | None = WORST) -> Callable[[Unit], Approval]:
    """Use the yes, inside a transaction."""
    return lambda unit: BOOK.use(unit, id, proposal, worst)


async def test_a_question_keeps_the_exact_order(records: Records) -> None:
    exactly = replace(
        LATER,
        terms=replace(
            LATER.terms,
            kind=Kind.LIMIT,
            limit=Decimal("400.10"),
            quantity=Decimal("1.500"),
            lasting=Lasting.GTC,
            stop_loss=Decimal(380),
            extended_hours=True,
        ),
        source="strategy:one",
        source_version="3",
        leg="entry",
        why="The signal crossed",
    )
    approval = await asked(records, exactly)
    found = await records.do(lambda unit: unit.approvals.get(approval.id))
    assert found == approval
    assert proposal_of(found) == exactly
    assert (found.state, found.worst_price, found.shown_at) == (ApprovalState.WAITING, WORST, None)


async def test_the_same_wish_is_asked_about_once(records: Records) -> None:
    first = await asked(records)
    assert await asked(records) == first
    assert await asked(records, replace(LATER, slot="ticket-2")) != first
    assert len(await records.do(lambda unit: unit.approvals.newest())) == 2


async def test_a_declined_wish_is_not_asked_about_again(records: Records) -> None:
    approval = await asked(records)
    declined = await records.do(lambda unit: decline(unit, approval.id))
    assert declined.state is ApprovalState.DECLINED
    with pytest.raises(Refused, match="declined"):
        await asked(records)


async def test_a_question_that_ran_out_may_be_asked_anew(records: Records) -> None:
    first = await asked(records)
    records.clock.set(LATER.valid_until)
    second = await asked(records, replace(LATER, valid_until=LATER.valid_until + timedelta(hours=1)))
    assert second.id != first.id


async def test_a_yes_is_used_once(records: Records) -> None:
    approval = await given(records)
    used = await records.do(use(approval.id))
    assert (used.state, used.used_at, used.given_by) == (ApprovalState.USED, NOW, "you")
    with pytest.raises(Refused, match="used already"):
        await records.do(use(approval.id))


async def test_of_a_hundred_at_the_same_time_one_uses_it(records: Records) -> None:
    approval = await given(records)
    tries = await asyncio.gather(*(records.do(use(approval.id)) for _ in range(100)), return_exceptions=True)
    assert sum(isinstance(each, Approval) for each in tries) == 1
    assert sum(isinstance(each, Refused) for each in tries) == 99


async def test_a_yes_that_was_not_used_after_all_is_there_again(records: Records) -> None:
    approval = await given(records)

    def fails(unit: Unit) -> None:
        BOOK.use(unit, approval.id, LATER, WORST)
        raise Conflict("the order could not be written down")

    with pytest.raises(Conflict):
        await records.do(fails)
    assert (await records.do(use(approval.id))).state is ApprovalState.USED


@pytest.mark.parametrize("minutes", [5, 6, 60])
async def test_after_five_minutes_it_is_too_late(records: Records, minutes: int) -> None:
    approval = await given(records)
    records.clock.advance(60 * minutes)
    with pytest.raises(Refused, match="five minutes"):
        await records.do(use(approval.id))


async def test_just_before_it_is_not(records: Records) -> None:
    approval = await given(records)
    records.clock.advance(299.9)
    assert (await records.do(use(approval.id))).state is ApprovalState.USED


async def test_an_order_that_is_worth_sending_for_less_than_five_minutes_has_less(records: Records) -> None:
    soon = replace(WISH, valid_until=NOW + timedelta(seconds=30))
    approval = await given(records, soon)
    assert approval.expires_at == soon.valid_until
    assert seconds_left(approval, NOW) == 30
    records.clock.advance(30)
    assert seconds_left(approval, records.clock.now()) == 0
    with pytest.raises(Refused):
        await records.do(use(approval.id, soon))


@pytest.mark.parametrize(
    "other",
    [
        replace(LATER, terms=replace(LATER.terms, quantity=Decimal(3))),
        replace(LATER, terms=replace(LATER.terms, side=Side.SELL)),
        replace(LATER, terms=replace(LATER.terms, symbol="QQQ")),
        replace(LATER, terms=replace(LATER.terms, kind=Kind.LIMIT, limit=Decimal(400))),
        replace(LATER, terms=replace(LATER.terms, lasting=Lasting.GTC)),
        replace(LATER, terms=replace(LATER.terms, take_profit=Decimal(440))),
        replace(LATER, slot="ticket-2"),
        replace(LATER, source="agent"),
        replace(LATER, source_version="2"),
        replace(LATER, leg="exit"),
    ],
)
async def test_an_altered_order_is_refused(records: Records, other: Proposal) -> None:
    approval = await given(records)
    with pytest.raises(Refused, match="not the order"):
        await records.do(use(approval.id, other))
    assert (await records.do(use(approval.id))).state is ApprovalState.USED


async def test_another_account_is_refused(records: Records) -> None:
    approval = await given(records)
    with pytest.raises(Refused, match="for the account paper"):
        await records.do(use(approval.id, replace(LATER, terms=replace(LATER.terms, account="live"))))


async def test_a_record_that_was_altered_is_refused(records: Records) -> None:
    approval = await asked(records)
    shown = await records.do(lambda unit: show(unit, approval.id, WORST))

    def alter(unit: Unit) -> None:
        from sqlmodel import Session, select

        from puffling.store.tables.trading import ApprovalRow

        session: Session = unit.approvals._session
        row = session.exec(select(ApprovalRow).where(ApprovalRow.id == approval.id)).one()
        row.payload = row.payload.replace('"quantity": "2"', '"quantity": "200"')
        session.add(row)

    await records.do(alter)
    with pytest.raises(Refused, match="not the order"):
        await records.do(lambda unit: give(unit, approval.id, seal_of(shown), "you"))
    taken = replace(shown, state=ApprovalState.GIVEN)
    await records.do(lambda unit: unit.approvals.put(taken))
    with pytest.raises(Refused, match="not the order"):
        await records.do(use(approval.id))


@pytest.mark.parametrize(
    ("terms", "worst", "passes"),
    [
        ({}, WORST, True),
        ({}, WORST * Decimal("1.02"), True),
        ({}, WORST * Decimal("1.0201"), False),
        ({}, None, False),
        ({"side": Side.SELL}, WORST * Decimal("0.98"), True),
        ({"side": Side.SELL}, WORST * Decimal("0.9799"), False),
        ({"kind": Kind.LIMIT, "limit": WORST}, WORST, True),
        ({"kind": Kind.LIMIT, "limit": WORST}, WORST + Decimal("0.01"), False),
        ({"kind": Kind.LIMIT, "limit": WORST, "side": Side.SELL}, WORST - Decimal("0.01"), False),
    ],
)
async def test_a_worse_price_than_the_one_approved_is_refused(
    records: Records, terms: dict[str, Any], worst: Decimal | None, passes: bool
) -> None:
    proposal = replace(LATER, terms=replace(LATER.terms, **terms))
    approval = await given(records, proposal)
    if passes:
        assert (await records.do(use(approval.id, proposal, worst))).state is ApprovalState.USED
    else:
        with pytest.raises(Refused, match="worse"):
            await records.do(use(approval.id, proposal, worst))


class TestShowing:
    """The five minutes run from the moment the person sees the order."""

    async def test_a_question_waits_without_running_out(self, records: Records) -> None:
        approval = await asked(records)
        assert seconds_left(approval, NOW) is None
        records.clock.advance(3600)
        shown = await records.do(lambda unit: show(unit, approval.id, Decimal(410)))
        assert (shown.state, shown.worst_price) == (ApprovalState.SHOWN, Decimal(410))
        assert seconds_left(shown, records.clock.now()) == 300

    async def test_looking_twice_gives_no_more_time_and_no_other_price(self, records: Records) -> None:
        approval = await asked(records)
        first = await records.do(lambda unit: show(unit, approval.id, WORST))
        records.clock.advance(200)
        assert await records.do(lambda unit: show(unit, approval.id, Decimal(500))) == first

    async def test_after_the_five_minutes_it_is_priced_and_approved_anew(self, records: Records) -> None:
        approval = await given(records)
        records.clock.advance(300)
        again = await records.do(lambda unit: show(unit, approval.id, Decimal(500)))
        assert (again.state, again.worst_price, again.given_by) == (ApprovalState.SHOWN, Decimal(500), "")
        with pytest.raises(Refused, match="not approved"):
            await records.do(use(approval.id))

    async def test_what_is_not_wanted_any_more_is_not_shown(self, records: Records) -> None:
        approval = await asked(records)
        records.clock.set(LATER.valid_until)
        with pytest.raises(Refused, match="good until"):
            await records.do(lambda unit: show(unit, approval.id, WORST))

    @pytest.mark.parametrize("state", [ApprovalState.USED, ApprovalState.DECLINED, ApprovalState.EXPIRED])
    async def test_what_is_answered_is_not_asked_again(self, records: Records, state: ApprovalState) -> None:
        approval = await asked(records)
        await records.do(lambda unit: unit.approvals.put(replace(approval, state=state)))
        acts: list[Callable[[Unit], Approval]] = [
            lambda unit: show(unit, approval.id, WORST),
            lambda unit: give(unit, approval.id, seal_of(approval), "you"),
            lambda unit: decline(unit, approval.id),
        ]
        for act in acts:
            with pytest.raises(Conflict, match=state.value.lower()):
                await records.do(act)
        with pytest.raises(Refused):
            await records.do(use(approval.id))


class TestSayingYes:
    """The person approves what stands before their eyes."""

    async def test_not_what_nobody_looked_at(self, records: Records) -> None:
        approval = await asked(records)
        with pytest.raises(Conflict, match="looked"):
            await records.do(lambda unit: give(unit, approval.id, seal_of(approval), "you"))
        with pytest.raises(Refused, match="not approved"):
            await records.do(use(approval.id))

    async def test_not_with_the_seal_of_another_showing(self, records: Records) -> None:
        approval = await asked(records)
        first = await records.do(lambda unit: show(unit, approval.id, WORST))
        records.clock.advance(301)
        second = await records.do(lambda unit: show(unit, approval.id, Decimal(450)))
        with pytest.raises(Refused, match="not the order"):
            await records.do(lambda unit: give(unit, approval.id, seal_of(first), "you"))
        found = await records.do(lambda unit: give(unit, approval.id, seal_of(second), "you"))
        assert found.state is ApprovalState.GIVEN

    async def test_not_without_a_price(self, records: Records) -> None:
        with pytest.raises(Refused, match="without a price"):
            await given(records, worst=None)

    async def test_not_too_late(self, records: Records) -> None:
        approval = await asked(records)
        shown = await records.do(lambda unit: show(unit, approval.id, WORST))
        records.clock.advance(300)
        with pytest.raises(Refused, match="five minutes"):
            await records.do(lambda unit: give(unit, approval.id, seal_of(shown), "you"))

    async def test_and_takes_it_back_when_it_came_to_nothing(self, records: Records) -> None:
        approval = await given(records)
        back = await records.do(lambda unit: take_back(unit, approval.id))
        assert (back.state, back.given_by) == (ApprovalState.SHOWN, "")
        assert await records.do(lambda unit: take_back(unit, approval.id)) == back
        with pytest.raises(Refused, match="not approved"):
            await records.do(use(approval.id))

    def test_the_seal_binds_terms_price_and_time(self) -> None:
        approval = Approval(
            "1",
            WISH.terms,
            "hash",
            WORST,
            "person",
            "",
            "",
            "",
            "",
            ApprovalState.SHOWN,
            NOW,
            NOW,
            expires_at=NOW,
        )
        others = [
            replace(approval, order_hash="other"),
            replace(approval, worst_price=Decimal(409)),
            replace(approval, worst_price=None),
            replace(approval, expires_at=NOW + timedelta(seconds=1)),
            replace(approval, expires_at=None),
        ]
        assert len({seal_of(each) for each in (approval, *others)}) == 6
        assert seal_of(replace(approval, worst_price=Decimal("408.010"))) == seal_of(approval)


async def test_what_is_not_worth_sending_any_more_is_closed(records: Records) -> None:
    waiting = await asked(records)
    short = await asked(records, replace(LATER, slot="ticket-2", valid_until=NOW + timedelta(seconds=10)))
    records.clock.advance(10)
    assert [each.id for each in await records.do(sweep)] == [waiting.id]
    closed = await records.do(lambda unit: unit.approvals.get(short.id))
    assert closed.state is ApprovalState.EXPIRED
    with pytest.raises(Refused):
        await records.do(use(short.id))


async def test_each_step_is_told(records: Records) -> None:
    told: list[ApprovalsChanged] = []
    records.bus.on(ApprovalsChanged, told.append)
    approval = await given(records)
    await records.do(use(approval.id))
    assert len(told) == 4
    await asked(records, replace(LATER, slot="ticket-2"))
    assert len(told) == 5


async def test_there_is_no_approval_of_another_name(records: Records) -> None:
    with pytest.raises(NotFound):
        await records.do(use("nothing"))


@pytest.mark.parametrize(
    ("proposal", "price", "worst"),
    [
        (WISH, PRICE, Decimal("408.0102")),
        (WISH, replace(PRICE, ask=None), Decimal(408)),
        (wish(side=Side.SELL), PRICE, Decimal("391.9902")),
        (wish(side=Side.SELL), replace(PRICE, bid=None), Decimal(392)),
        (WISH, None, None),
        (wish(kind=Kind.LIMIT, limit=Decimal(401)), None, Decimal(401)),
        (wish(kind=Kind.STOP_LIMIT, limit=Decimal(402), stop=Decimal(401)), None, Decimal(402)),
        (wish(kind=Kind.STOP, stop=Decimal(500)), None, Decimal(510)),
        (wish(kind=Kind.STOP, stop=Decimal(300), side=Side.SELL), PRICE, Decimal(294)),
        (wish(kind=Kind.TRAILING_STOP, trail=Decimal(5)), PRICE, Decimal("408.0102")),
    ],
)
def test_the_worst_price_of_an_order(proposal: Proposal, price: Any, worst: Decimal | None) -> None:
    assert worst_price(proposal.terms, price) == worst
