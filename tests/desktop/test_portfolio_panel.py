"""The Portfolio and Trades panels: live, complete, hidden when asked; what did not move is not redrawn."""

from __future__ import annotations

import csv
import gc
from datetime import timedelta
from decimal import Decimal
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton

from puffling.desktop.amounts import HIDDEN, Amounts
from puffling.desktop.ask import Question
from puffling.desktop.forms import Form
from puffling.desktop.panels.portfolio import PortfolioPanel
from puffling.desktop.panels.trades import TradesPanel
from puffling.desktop.states import Phase
from puffling.desktop.window import Window
from puffling.market.events import PricesMoved
from puffling.puffin.orders import Side
from puffling.store.orders import Account, FlowKind, OrderTerms
from puffling.trading.proposals import Proposal
from tests.desktop.conftest import OpenWindow, until
from tests.fakes.own_broker import OwnBroker
from tests.fixtures.portfolios import ACCOUNT, DEALS, TellingBroker, furnish

if TYPE_CHECKING:
    from puffling.core.core import Core

pytestmark = pytest.mark.usefixtures("as_person")


async def open_portfolio(window: Window, page: str = "positions") -> PortfolioPanel:
    window.show_panel("portfolio")
    panel = window.docks["portfolio"].panel
    assert isinstance(panel, PortfolioPanel)
    await until(lambda: panel.live)
    panel.choose_account(ACCOUNT)
    await until(lambda: panel.view.portfolio is not None and panel.view.portfolio.account == ACCOUNT)
    panel.open_page(page)
    return panel


async def open_trades(window: Window) -> TradesPanel:
    window.show_panel("trades")
    panel = window.docks["trades"].panel
    assert isinstance(panel, TradesPanel)
    await until(lambda: panel.live)
    return panel


@pytest.fixture
async def window(core: Core, open_window: OpenWindow) -> Window:
    await furnish(core)
    window = await open_window(core)
    # As the application does once its window lives: what was loaded is not searched for waste again.
    gc.freeze()
    return window


def press_undo(window: Window) -> None:
    next(each for each in window.findChildren(QPushButton) if each.text() == "Undo").click()


def cell(panel: PortfolioPanel, symbol: str, column: str) -> str:
    rows = panel.view.positions.rows
    place = rows.place(symbol)
    number = [each.id for each in rows.columns].index(column)
    assert place is not None
    return rows.cell(place, number).text.strip()


async def test_positions_stand_with_their_gains_and_the_account_over_them(window: Window) -> None:
    panel = await open_portfolio(window)
    assert panel.states.phase is Phase.CONTENT
    assert set(panel.view.positions.keys()) == {"SPY", "AGG", "MSFT", "GLD", "BTC/USD", "AAPL"}
    assert cell(panel, "SPY", "quantity") == "50"
    assert cell(panel, "BTC/USD", "quantity") == "0.125"
    assert cell(panel, "AAPL", "quantity").endswith("12")
    shown = panel.view.portfolio
    assert shown is not None
    assert shown.equity == (shown.cash or 0) + sum(each.value or 0 for each in shown.positions)
    assert panel.view.strip.values["equity"].text() == f"${shown.equity:,.2f}"
    assert panel.view.pages.title("positions") == "Positions 6"


async def test_where_there_is_little_room_the_columns_that_matter_are_seen_whole(window: Window) -> None:
    panel = await open_portfolio(window)
    table = panel.view.positions

    def seen() -> list[str]:
        header = table.horizontalHeader()
        return [each.id for at, each in enumerate(table.rows.columns) if not header.isSectionHidden(at)]

    table.resize(900, 200)
    everything = seen()
    for width, left_out in ((728, {"weight"}), (600, {"weight", "share", "today"})):
        table.resize(width, 200)
        assert set(everything) - set(seen()) == left_out
        assert table.horizontalHeader().length() <= width
    table.resize(900, 200)
    assert seen() == everything


async def test_a_price_that_moves_changes_its_row_and_the_sums_only(window: Window, core: Core) -> None:
    panel = await open_portfolio(window)
    before, equity = cell(panel, "SPY", "value"), panel.view.strip.values["equity"].text()
    unmoved = panel.view.positions.rows.row_of("AGG")
    resets: list[None] = []
    panel.view.positions.rows.modelReset.connect(lambda: resets.append(None))
    # A fetch that ends meanwhile puts the price of the market back: all that was shown is looked at.
    shown: list[tuple[str, str]] = []
    panel.view.positions.rows.dataChanged.connect(
        lambda: shown.append((cell(panel, "SPY", "value"), panel.view.strip.values["equity"].text()))
    )
    price = core.market.price("SPY")
    core.bus.publish(PricesMoved({"SPY": price._replace(price=price.price + 0.01), "QQQ": price}))
    await until(lambda: any(value != before and worth != equity for value, worth in shown))
    assert panel.view.positions.rows.row_of("AGG") is unmoved
    assert resets == []


async def test_a_hidden_panel_hears_no_prices(window: Window, core: Core) -> None:
    panel = await open_portfolio(window)
    window.docks["portfolio"].hide()
    await until(lambda: not panel.awake)
    before = panel.view.portfolio
    price = core.market.price("SPY")
    core.bus.publish(PricesMoved({"SPY": price._replace(price=price.price + 1)}))
    assert panel.view.portfolio is before
    timers = panel.findChildren(QTimer, options=Qt.FindChildOption.FindDirectChildrenOnly)
    assert timers
    assert not any(timer.isActive() for timer in timers)


async def test_hidden_amounts_are_nowhere_and_shares_stay(window: Window) -> None:
    panel = await open_portfolio(window)
    share = cell(panel, "SPY", "share")
    window.session.shared(Amounts).hide(True)
    assert panel.view.strip.values["equity"].text() == HIDDEN
    for column in ("quantity", "value", "today", "gain"):
        assert cell(panel, "SPY", column) == HIDDEN
    assert cell(panel, "SPY", "share") == share
    panel.open_page("performance")
    await until(lambda: len(panel.view.performance.chart.panes) == 1)
    assert panel.view.performance.values["total"].text() == HIDDEN
    window.session.shared(Amounts).hide(False)
    assert cell(panel, "SPY", "quantity") == "50"
    assert len(panel.view.performance.chart.panes) == 2


async def test_every_page_is_filled(window: Window, core: Core) -> None:
    panel = await open_portfolio(window, "performance")
    await until(lambda: len(panel.view.performance.chart.panes) == 2)
    assert {line.name for line in panel.view.performance.chart.panes[0].lines} == {"Account", "SPY"}
    assert panel.view.performance.values["time"].text() != "–"
    panel.open_page("gains")
    await until(lambda: panel.view.gains.table.rows.rowCount() == 3)
    assert "Short term +$" in panel.view.gains.sums.text()
    panel.open_page("money")
    await until(lambda: panel.view.flows.rows.rowCount() == 4)
    panel.open_page("lots")
    await until(lambda: panel.view.lots.rows.rowCount() == 7)
    panel.view.lots_wanted.emit("SPY")
    await until(lambda: panel.view.lots.rows.rowCount() == 2)
    assert panel.view.all_lots.text() == "Only SPY"
    panel.open_page("allocation")
    [kinds, positions] = panel.view.allocation.bars.groups
    assert [bar.name for bar in kinds[1]] == ["Funds", "Stocks", "Crypto", "Cash"]
    assert len(positions[1]) == 7


async def test_money_noted_by_hand_is_removed_with_delete_and_brought_back(
    window: Window, core: Core
) -> None:
    made = await core.portfolio.add_flow(FlowKind.DEPOSIT, Decimal(250), account=ACCOUNT)
    panel = await open_portfolio(window, "money")
    await until(lambda: panel.view.flows.rows.rowCount() == 5)
    panel.view.flows.select([made.id])
    panel.view.flows.setFocus()
    QTest.keyClick(panel.view.flows, Qt.Key.Key_Delete)
    await until(lambda: panel.view.flows.rows.rowCount() == 4)
    press_undo(window)
    await until(lambda: panel.view.flows.rows.rowCount() == 5)


async def test_a_position_is_closed_from_its_row_after_a_question_that_names_it(
    core: Core, open_window: OpenWindow
) -> None:
    broker = OwnBroker(now=core.clock.now, fills="all")
    broker.price = Decimal(repr(core.market.price("SPY").price))
    account = Account(ACCOUNT, "own", "DEMO", "My broker", core.clock.now() - timedelta(days=9))
    await core.desk.connect(account, broker)
    await core.desk.compared(ACCOUNT)
    terms = OrderTerms(ACCOUNT, "SPY", Side.BUY, Decimal(1))
    await core.desk.place(Proposal(terms, "person", "one", core.clock.now() + timedelta(minutes=5)))
    panel = await open_portfolio(await open_window(core))
    await until(lambda: panel.view.positions.keys() == ("SPY",))
    panel.view.close_wanted.emit("SPY")
    await until(lambda: bool(panel.window().findChildren(Question)))
    [question] = panel.window().findChildren(Question)
    assert question.accessibleName() == "Close 1 SPY at the market?"
    next(each for each in question.findChildren(QPushButton) if each.text() == "Close position").click()
    await until(lambda: panel.view.positions.keys() == ())
    assert [each.side for each in await core.monitor.trades(account=ACCOUNT)] == ["sell", "buy"]


async def test_the_gains_of_a_year_are_saved_as_a_file(window: Window, tmp_path: Path) -> None:
    panel = await open_portfolio(window, "gains")
    file = tmp_path / "gains.csv"
    panel.write_year(2026, file)
    await until(file.exists)
    assert len(list(csv.reader(StringIO(file.read_text())))) == 4


async def test_another_way_to_match_lots_is_one_click(window: Window, core: Core) -> None:
    panel = await open_portfolio(window, "gains")
    await until(lambda: panel.view.gains.table.rows.rowCount() == 3)
    assert panel.view.gains.matching.text() == "Oldest lots first ▾"
    panel.view.gains.matching_wanted.emit("lifo")
    await until(lambda: panel.view.gains.matching.text() == "Newest lots first ▾")
    assert core.settings_now.portfolio.matching == "lifo"


async def test_a_broker_that_is_not_connected_is_said_over_what_was_last_known(
    core: Core, open_window: OpenWindow
) -> None:
    await furnish(core, connect=False)
    panel = await open_portfolio(await open_window(core))
    assert panel.states.phase is Phase.STALE
    assert panel.states.accessibleName() == "Broker not connected"
    assert panel.view.positions.rows.rowCount() == 6


async def test_an_account_without_anything_says_what_will_stand_there(
    core: Core, open_window: OpenWindow
) -> None:
    now = core.clock.now()
    broker = TellingBroker(Decimal(1_000), Decimal(1_000), now=core.clock.now)
    await core.desk.connect(Account(ACCOUNT, "own", "PAPER", "My broker", now), broker)
    await core.desk.compared(ACCOUNT)
    window = await open_window(core)
    panel = await open_portfolio(window)
    assert panel.view.positions.states.phase is Phase.EMPTY
    assert panel.view.strip.values["cash"].text() == "$1,000.00"
    trades = await open_trades(window)
    assert trades.view.table.states.phase is Phase.EMPTY


async def test_trades_are_found_noted_and_undone(window: Window, core: Core) -> None:
    panel = await open_trades(window)
    view = panel.view
    await until(lambda: view.table.rows.rowCount() == len(DEALS))
    assert view.count.text() == str(len(DEALS))
    view.filter_by(side="sell")
    await until(lambda: view.table.rows.rowCount() == 4)
    view.search.setText("gld")
    await until(lambda: view.table.rows.rowCount() == 1)
    [id] = view.table.keys()
    view.table.select([id])
    view.note.setText("Took half off")
    view.tags.setText("swing, gold")
    QTest.keyClick(view.tags, Qt.Key.Key_Return)
    await until(lambda: (row := view.table.rows.row_of(id)) is not None and row.note == "Took half off")
    [line] = await core.monitor.trades(tag="gold")
    assert (line.id, line.tags) == (id, ("swing", "gold"))
    press_undo(window)
    await until(lambda: (row := view.table.rows.row_of(id)) is not None and row.note == "")
    assert await core.monitor.trades(tag="gold") == ()


async def test_the_lots_of_a_sale_are_chosen_in_a_form(window: Window, core: Core) -> None:
    panel = await open_trades(window)
    await until(lambda: panel.view.table.rows.rowCount() == len(DEALS))
    [sold] = await core.monitor.trades(symbol="SPY", side=Side.SELL)
    offered = await core.portfolio.lots_for(sold.id)
    assert [lot.quantity for lot in offered.lots] == [Decimal(40), Decimal(20)]
    panel.choose_lots(sold.id)
    await until(lambda: bool(window.findChildren(Form)))
    [form] = window.findChildren(Form)
    form.set_values({offered.lots[1].id: Decimal(10)})
    form.submit()
    await until(
        lambda: (row := panel.view.table.rows.row_of(sold.id)) is not None and row.realized != sold.realized
    )
    assert (await core.portfolio.lots_for(sold.id)).chosen == {offered.lots[1].id: Decimal(10)}
    assert [lot.quantity for lot in await core.portfolio.lots("SPY", ACCOUNT)] == [Decimal(40), Decimal(10)]


async def test_a_trade_that_is_made_appears_by_itself(window: Window, core: Core) -> None:
    from puffling.trading.history import write_trade
    from tests.fixtures.portfolios import _fill

    panel = await open_trades(window)
    await until(lambda: panel.view.table.rows.rowCount() == len(DEALS))
    fill = _fill(99, core.clock.now(), "QQQ", Decimal(3), Decimal(400))
    assert fill.side is Side.BUY
    await core.store.run(core.user, lambda unit: write_trade(unit, fill, source="person"))
    await until(lambda: panel.view.table.rows.rowCount() == len(DEALS) + 1)
    newest = panel.view.table.rows.row(0)
    assert (newest.symbol, newest.quantity) == ("QQQ", Decimal(3))


async def test_enter_on_a_trade_shows_its_chart_and_copy_gives_every_row(window: Window) -> None:
    panel = await open_trades(window)
    table = panel.view.table
    await until(lambda: table.rows.rowCount() == len(DEALS))
    table.select([table.keys()[1]])
    table.setFocus()
    QTest.keyClick(table, Qt.Key.Key_Return)
    assert window.session.selection.symbol == "SPY"
    QTest.keyClick(table, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert "718.08" in QGuiApplication.clipboard().text() or "SPY" in QGuiApplication.clipboard().text()


async def test_trades_are_saved_as_they_are_filtered(window: Window, tmp_path: Path) -> None:
    panel = await open_trades(window)
    panel.view.filter_by(side="sell")
    await until(lambda: panel.view.table.rows.rowCount() == 4)
    file = tmp_path / "trades.csv"
    panel.write(file)
    await until(file.exists)
    assert [row[4] for row in csv.reader(StringIO(file.read_text()))] == ["side", *["sell"] * 4]
