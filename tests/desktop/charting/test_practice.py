"""Practice in a replay: play money on the bars to come, drawn, led along and back, and scored."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from puffling.desktop.charts.price_lines import PriceLine
from puffling.desktop.dispatch import PERSON
from puffling.desktop.looks.menu import chart_menu
from puffling.desktop.looks.part import Looks
from puffling.desktop.panels.chart import ChartPanel
from puffling.desktop.practice.part import Practising
from puffling.puffin.broker.practice import Practice
from puffling.puffin.data.instants import US_PER_DAY
from puffling.puffin.data.interval import Interval
from puffling.puffin.orders import Kind, Side
from puffling.runtime.actor import calling_as
from puffling.trading.practice.values import PracticeLine
from tests.desktop.charting.test_replay import DAY, MOMENT, settled
from tests.desktop.charting.test_room import all_drawn
from tests.desktop.conftest import OpenWindow, close_window, until
from tests.desktop.test_chart_panel import panel_of

if TYPE_CHECKING:
    from puffling.core.core import Core
    from puffling.desktop.window import Window


async def practising(core: Core, open_window: OpenWindow) -> tuple[Window, ChartPanel, Practice]:
    """A window in which a practice has begun on a day in March."""
    window, panel = await settled(core, open_window)
    panel.replay.go_to(DAY)
    await all_drawn(panel)
    window.actions_.run("window.practise")
    book = panel.practice.desk.book
    assert book is not None
    return window, panel, book


def part_of(panel: ChartPanel) -> Practising:
    """What the active chart shows of the practice."""
    found = panel.active.part("practice")
    assert isinstance(found, Practising)
    return found


def line_with(panel: ChartPanel, words: str) -> PriceLine:
    """The line whose label begins with these words."""
    return next(line for line in part_of(panel).lines if line.label.startswith(words))


async def kept(core: Core) -> tuple[PracticeLine, ...]:
    """What is kept of practices."""
    with calling_as(PERSON):
        return await core.practice.all()


async def test_what_is_bought_in_a_replay_fills_at_the_next_open_and_is_marked(
    core: Core, open_window: OpenWindow
) -> None:
    _, panel, book = await practising(core, open_window)
    assert panel.practice.bar is not None
    panel.practice.bar.buy.click()
    assert panel.practice.bar.held.text() == "Fills at the next open"
    assert book.position is None
    panel.replay.step(1)
    bar = panel.active.bars
    (fill,) = book.fills
    opened = float(bar.open[-1])
    assert opened < float(fill.price) < opened * 1.001
    assert panel.practice.bar.held.text().startswith("Long ")
    assert part_of(panel).marked == 1
    assert line_with(panel, "Long").price == float(fill.price)
    assert book.points[-1].price == float(bar.close[-1])


async def test_the_keyboard_trades_too(core: Core, open_window: OpenWindow) -> None:
    _, panel, book = await practising(core, open_window)
    panel.active.setFocus()
    for key in (Qt.Key.Key_B, Qt.Key.Key_Right, Qt.Key.Key_S, Qt.Key.Key_Right):
        QTest.keyClick(panel.chart, key)
    assert [fill.side for fill in book.fills] == [Side.BUY, Side.SELL]
    QTest.keyClick(panel.chart, Qt.Key.Key_B)
    QTest.keyClick(panel.chart, Qt.Key.Key_C)
    assert book.orders == ()


async def test_an_order_at_a_price_waits_as_a_line_that_can_be_moved_and_removed(
    core: Core, open_window: OpenWindow
) -> None:
    _, panel, book = await practising(core, open_window)
    looks = panel.active.part("looks")
    assert isinstance(looks, Looks)
    last = float(panel.active.bars.close[-1])
    menu = chart_menu(looks, panel.chart, last * 0.9)
    titles = {action.text(): action for action in menu.actions() if action.text().startswith("Practice")}
    assert [title.rpartition(" ")[2] for title in titles] == ["(limit)", "(stop)"]
    next(iter(titles.values())).trigger()
    menu.deleteLater()
    line = line_with(panel, "Buy")
    (order,) = book.orders
    assert (order.type, float(order.limit_price or 0)) == (Kind.LIMIT, line.price)
    tag = panel.chart.lines.tag(line)
    tag.setFocus()
    QTest.keyClick(tag, Qt.Key.Key_Up, Qt.KeyboardModifier.ShiftModifier)
    QTest.keyClick(tag, Qt.Key.Key_Return)
    (moved,) = book.orders
    assert float(moved.limit_price or 0) == round(line.price, 10)
    assert moved.order_id != order.order_id
    tag = panel.chart.lines.tag(line_with(panel, "Buy"))
    QTest.keyClick(tag, Qt.Key.Key_Delete)
    assert book.orders == ()
    assert part_of(panel).lines == []


async def test_going_back_undoes_what_came_later(core: Core, open_window: OpenWindow) -> None:
    _, panel, book = await practising(core, open_window)
    panel.practice.desk.order(Side.BUY)
    panel.replay.step(1)
    stood = (book.at_us, book.equity, book.fills.copy(), book.orders)
    panel.replay.step(1)
    panel.practice.desk.close()
    panel.replay.step(1)
    assert book.position is None
    for _ in range(2):
        panel.replay.step(-1)
    assert (book.at_us, book.equity, book.fills, book.orders) == stood
    assert book.rewinds == 1
    assert part_of(panel).marked == 1


async def test_to_go_before_its_beginning_ends_it_and_says_so(core: Core, open_window: OpenWindow) -> None:
    window, panel, _ = await practising(core, open_window)
    panel.replay.step(-1)
    assert panel.practice.desk.book is None
    assert "before its beginning" in window.notices.history[-1].text
    assert panel.transport.practise.isVisible()
    assert await kept(core) == ()


async def test_the_end_of_the_replay_ends_it_and_keeps_what_it_came_to(
    core: Core, open_window: OpenWindow
) -> None:
    window, panel, book = await practising(core, open_window)
    panel.practice.desk.order(Side.BUY)
    for _ in range(5):
        panel.replay.step(1)
    score = book.score
    panel.replay.end()
    assert panel.practice.desk.book is None
    await all_drawn(panel)
    await until(lambda: not panel.practice.bar or panel.practice.bar.isHidden())
    assert part_of(panel).lines == []
    assert part_of(panel).marked == 0
    assert "Practice of SPY" in window.notices.history[-1].text
    found: list[PracticeLine] = []
    while not found or found[0].bars != score.bars:
        found = [*await kept(core)]
    (line,) = found
    assert (line.symbol, line.interval, line.bars) == ("SPY", "1d", 5)
    assert line.gained == score.gained


async def test_the_real_desk_hears_nothing_of_it(core: Core, open_window: OpenWindow) -> None:
    _, panel, book = await practising(core, open_window)
    await core.open_accounts()
    with calling_as(PERSON):
        before = await core.portfolio.show()
    panel.practice.desk.order(Side.BUY)
    for _ in range(3):
        panel.replay.step(1)
    assert book.fills
    with calling_as(PERSON):
        assert await core.broker.orders() == ()
        after = await core.portfolio.show()
    assert (after.cash, after.positions) == (before.cash, before.positions)


async def test_a_practice_waits_while_another_symbol_is_shown_and_catches_up(
    core: Core, open_window: OpenWindow
) -> None:
    window, panel, book = await practising(core, open_window)
    panel.practice.desk.order(Side.BUY)
    window.session.selection.choose("QQQ")
    await all_drawn(panel)
    panel.replay.step(1)
    assert panel.practice.bar is not None
    assert not panel.practice.desk.ready
    assert not panel.practice.bar.buy.isEnabled()
    panel.practice.desk.order(Side.BUY)
    assert len(book.orders) == 1
    assert "does not stand" in window.notices.history[-1].text
    window.session.selection.choose("SPY")
    await until(lambda: panel.practice.desk.ready)
    assert len(book.fills) == 1
    assert book.at_us == panel.replay.present_us


async def test_finer_bars_go_on_where_the_days_ended(core: Core, open_window: OpenWindow) -> None:
    window, panel, book = await practising(core, open_window)
    panel.replay.step(1)
    assert book.at_us == MOMENT + US_PER_DAY
    points = len(book.points)
    window.session.selection.choose(interval=Interval.H1)
    await all_drawn(panel)
    await until(lambda: panel.practice.desk.ready)
    panel.replay.step(1)
    assert len(book.points) == points + 1
    assert MOMENT + US_PER_DAY < book.at_us < MOMENT + 2 * US_PER_DAY


async def test_years_ahead_are_taken_in_turns(core: Core, open_window: OpenWindow) -> None:
    _, panel, book = await practising(core, open_window)
    panel.practice.desk.order(Side.BUY)
    panel.replay.go_to(DAY.replace(year=2026, month=2, day=10))
    assert not panel.practice.desk.ready
    await until(lambda: panel.practice.desk.ready)
    assert book.at_us == panel.replay.present_us
    assert len(book.points) > 200


async def test_the_score_stands_beside_holding(core: Core, open_window: OpenWindow) -> None:
    window, panel, book = await practising(core, open_window)
    panel.practice.desk.order(Side.BUY)
    panel.replay.step(1)
    assert panel.practice.bar is not None
    panel.practice.bar.quantity.setText("7")
    panel.practice.bar.quantity.textEdited.emit("7")
    assert panel.practice.desk.quantity == Decimal(7)
    panel.practice.bar.score.click()
    from puffling.desktop.practice.score import ScoreCard

    (card,) = window.findChildren(ScoreCard)
    assert card.isVisible()
    QTest.keyClick(card, Qt.Key.Key_Escape)
    assert book.score.trades == 0


async def test_closed_and_opened_again_the_practice_goes_on(core: Core, open_window: OpenWindow) -> None:
    window, panel, book = await practising(core, open_window)
    panel.practice.desk.order(Side.BUY)
    panel.replay.step(1)
    last = book.points[-1].price
    panel.practice.desk.order(Side.SELL, Kind.LIMIT, round(last * 2, 2))
    panel.replay.step(1)
    await until(lambda: bool(panel.practice.desk.id))
    left = (book.at_us, book.equity, book.fills.copy(), book.orders, book.points)
    await settle_keeping(panel)
    snapshot = await close_window(window)
    window = await open_window(core, snapshot)
    panel = panel_of(window)
    await until(lambda: panel.practice.desk.ready)
    again = panel.practice.desk.book
    assert again is not None
    assert again is not book
    assert (again.at_us, again.equity, again.fills, again.orders, again.points) == left
    await until(lambda: part_of(panel).marked == 1)
    assert line_with(panel, "Sell").price == round(last * 2, 2)


async def test_closed_before_anything_of_it_was_written_the_practice_goes_on(
    core: Core, open_window: OpenWindow
) -> None:
    window, panel, book = await practising(core, open_window)
    panel.practice.desk.order(Side.BUY)
    panel.replay.step(1)
    window = await open_window(core, await close_window(window))
    panel = panel_of(window)
    await until(lambda: panel.practice.desk.ready)
    again = panel.practice.desk.book
    assert again is not None
    assert (again.at_us, again.fills) == (book.at_us, book.fills)
    assert len(again.fills) == 1


async def test_another_workspace_knows_nothing_of_it_and_coming_back_it_goes_on(
    core: Core, open_window: OpenWindow
) -> None:
    window, panel, book = await practising(core, open_window)
    panel.practice.desk.order(Side.BUY)
    panel.replay.step(1)
    await until(lambda: bool(panel.practice.desk.id))
    await settle_keeping(panel)
    window.open_workspace("research")
    assert not panel.practice.desk.id
    window.open_workspace("trade")
    await until(lambda: panel.practice.desk.ready)
    again = panel.practice.desk.book
    assert again is not None
    assert (again.at_us, again.fills) == (book.at_us, book.fills)
    assert not any("Practice of" in notice.text for notice in window.notices.history)


async def settle_keeping(panel: ChartPanel) -> None:
    """Come back when what there is has been kept."""
    on = panel.practice.desk._on
    assert on is not None
    await until(lambda: not on.keeping)
