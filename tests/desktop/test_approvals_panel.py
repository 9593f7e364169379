"""The questions in the real window: looked at, counted down, answered with a click."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from puffling.desktop.amounts import HIDDEN, Amounts
from puffling.desktop.panels.approvals import ApprovalsPanel
from puffling.desktop.states import Phase
from puffling.puffin.orders import Side
from puffling.runtime.clock import FixedClock
from puffling.store.orders import OrderTerms
from puffling.trading.proposals import Proposal
from tests.controllers.test_safety import connected
from tests.desktop.conftest import OpenWindow, until
from tests.fakes.own_broker import OwnBroker

if TYPE_CHECKING:
    from puffling.core.core import Core
    from puffling.desktop.window import Window

pytestmark = pytest.mark.usefixtures("as_person")


@pytest.fixture
async def broker(core: Core) -> OwnBroker:
    return await connected(core)


async def ask(core: Core, slot: str = "one", symbol: str = "SPY", why: str = "The signal crossed") -> str:
    """Let an order wait for the person, and give which."""
    terms = OrderTerms("mine", symbol, Side.BUY, Decimal(5))
    until = core.clock.now() + timedelta(hours=1)
    placed = await core.desk.place(Proposal(terms, "strategy:trend", slot, until, why=why))
    assert placed.approval is not None
    return placed.approval.id


async def seen(core: Core, open_window: OpenWindow) -> tuple[Window, ApprovalsPanel]:
    window = await open_window(core)
    window.show_panel("approvals")
    panel = window.docks["approvals"].panel
    assert isinstance(panel, ApprovalsPanel)
    await until(lambda: panel.live)
    return window, panel


async def looked_at(panel: ApprovalsPanel, id: str) -> None:
    panel.view.table.select([id])
    await until(lambda: panel.view.detail.id == id)


@pytest.mark.usefixtures("broker")
async def test_a_question_comes_into_the_queue_by_itself_and_an_empty_one_says_what_belongs_there(
    core: Core, open_window: OpenWindow
) -> None:
    _, panel = await seen(core, open_window)
    assert panel.view.table.states.phase is Phase.EMPTY
    id = await ask(core)
    await until(lambda: panel.view.table.keys() == (id,))
    [waiting] = await core.approvals.all()
    # Nobody has looked yet: the five minutes have not begun.
    assert waiting.seconds_left is None


async def test_what_is_looked_at_is_the_exact_order_with_its_gates_and_five_minutes(
    core: Core, broker: OwnBroker, clock: FixedClock, open_window: OpenWindow
) -> None:
    id = await ask(core)
    _, panel = await seen(core, open_window)
    await looked_at(panel, id)
    detail = panel.view.detail
    assert detail.title.text() == "Buy 5 SPY at the market"
    assert detail.why.text() == "The signal crossed"
    assert detail.figures.value("wanted") == "strategy (trend)"
    assert float(detail.figures.value("worst").replace(",", "")) > 0
    assert "gates pass" in detail.gates.all.text()
    assert detail.left.text() == "5:00 left"
    clock.advance(28)
    await until(lambda: detail.left.text() == "4:32 left")
    assert broker.submitted == 0


async def test_a_click_sends_it_once_and_the_queue_is_empty(
    core: Core, broker: OwnBroker, open_window: OpenWindow
) -> None:
    id = await ask(core)
    window, panel = await seen(core, open_window)
    await looked_at(panel, id)
    QTest.mouseClick(panel.view.detail.yes, Qt.MouseButton.LeftButton)
    await until(lambda: panel.view.table.keys() == ())
    await until(lambda: any("Approved and sent" in notice.text for notice in window.notices.shown))
    await until(lambda: [row["qty"] for row in broker.accepted()] == ["5"])


async def test_the_keyboard_alone_opens_approves_and_declines(
    core: Core, broker: OwnBroker, open_window: OpenWindow
) -> None:
    await ask(core)
    await ask(core, "two", "QQQ")
    window, panel = await seen(core, open_window)
    first, second = panel.view.table.keys()
    window.session.actions.run("window.approvals-next")
    await until(lambda: panel.view.detail.id == first)
    QTest.keyClick(panel.view.table, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    await until(lambda: panel.view.table.keys() == (second,))
    panel.view.table.select([second])
    QTest.keyClick(panel.view.table, Qt.Key.Key_Delete)
    await until(lambda: panel.view.table.keys() == ())
    await until(lambda: broker.submitted == 1)


async def test_after_five_minutes_it_has_to_be_looked_at_again(
    core: Core, broker: OwnBroker, clock: FixedClock, open_window: OpenWindow
) -> None:
    id = await ask(core)
    _, panel = await seen(core, open_window)
    await looked_at(panel, id)
    clock.advance(301)
    detail = panel.view.detail
    await until(lambda: detail.yes.text() == "Look again")
    QTest.mouseClick(detail.yes, Qt.MouseButton.LeftButton)
    await until(lambda: detail.yes.text() == "Approve and send")
    assert detail.left.text() == "5:00 left"
    assert broker.submitted == 0


@pytest.mark.usefixtures("broker")
async def test_while_trading_is_halted_the_gates_say_so_and_nothing_can_be_approved(
    core: Core, open_window: OpenWindow
) -> None:
    id = await ask(core)
    await core.safety.halt("Enough")
    _, panel = await seen(core, open_window)
    await looked_at(panel, id)
    detail = panel.view.detail
    assert not detail.yes.isEnabled()
    assert "halted" in detail.gates.lines.text()


@pytest.mark.usefixtures("broker")
async def test_amounts_are_hidden_here_too(core: Core, open_window: OpenWindow) -> None:
    id = await ask(core)
    window, panel = await seen(core, open_window)
    await looked_at(panel, id)
    assert panel.view.detail.figures.value("cost").startswith("$3")
    window.session.shared(Amounts).hide(True)
    assert panel.view.detail.figures.value("cost") == HIDDEN


@pytest.mark.usefixtures("broker")
async def test_a_queue_on_the_screen_is_painted_when_the_core_is_gone(
    core: Core, open_window: OpenWindow
) -> None:
    id = await ask(core)
    window, panel = await seen(core, open_window)
    await looked_at(panel, id)
    await window.disconnect_core()
    panel.view.rewrite()
    painted = panel.grab()
    assert panel.view.table.keys() == (id,)
    assert not painted.isNull()
