"""The menu of a chart, by its button, its other mouse button or the menu key; and the question in it."""

from __future__ import annotations

import math
from collections.abc import Callable
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtGui import QActionGroup, QGuiApplication
from PySide6.QtWidgets import QWidget

from puffling.desktop.card import label
from puffling.desktop.icons import set_icon
from puffling.desktop.looks.names import KINDS, MARKS, SCALES, SPANS
from puffling.desktop.menus import Menu, passing_menu
from puffling.desktop.popover import Popover
from puffling.desktop.practice.desk import PracticeDesk
from puffling.desktop.session import Session
from puffling.desktop.symbol_field import SymbolField
from puffling.desktop.theme import Tone
from puffling.market.values import History
from puffling.puffin.orders import Kind, Side
from puffling.runtime.text import tr

if TYPE_CHECKING:
    from puffling.desktop.charts.chart import ChartView
    from puffling.desktop.looks.part import Looks

_WIDTH = 260


def chart_menu(looks: Looks, chart: ChartView, price: float) -> Menu:
    """Give the menu of a chart; with a price under the pointer it can be copied."""
    menu = passing_menu(chart)
    _choices(menu, KINDS, looks.kind, looks.draw_as)
    menu.addSeparator()
    _choices(menu, SCALES, looks.scale, looks.measure_in)
    menu.addSeparator()
    _act(menu, tr("Compare with…"), looks.ask_symbol, "add")
    for symbol in looks.compared:
        _act(menu, tr("Without {symbol}", symbol=symbol), partial(looks.compare_less, symbol), "remove")
    hours = menu.addAction(tr("Shade hours outside the session"))
    hours.setCheckable(True)
    hours.setChecked(looks.hours)
    hours.triggered.connect(lambda _checked: looks.toggle_hours())
    long_hours = menu.addAction(tr("Show early and late hours"))
    long_hours.setCheckable(True)
    long_hours.setChecked(looks.long_hours)
    long_hours.triggered.connect(lambda _checked: looks.toggle_long_hours())
    for name, title in MARKS.items():
        marked = menu.addAction(tr(title))
        marked.setCheckable(True)
        marked.setChecked(name not in looks.unmarked)
        marked.triggered.connect(partial(_chosen, looks.mark, name))
    spans = Menu(menu, tr("Time range"))
    for title, days in SPANS.items():
        _act(spans, tr(title), partial(looks.look_back, days))
    menu.addMenu(spans)
    _act(menu, tr("Reset the view"), looks.reset)
    menu.addSeparator()
    exports = Menu(menu, tr("Export"))
    set_icon(exports.menuAction(), "export")
    for way, title in (
        ("png", tr("Picture (PNG)…")),
        ("svg", tr("Drawing (SVG)…")),
        ("csv-seen", tr("Bars in view (CSV)…")),
        ("csv-all", tr("All bars (CSV)…")),
    ):
        _act(exports, title, partial(looks.export, way))
    menu.addMenu(exports)
    _act(menu, tr("Copy as a picture"), partial(looks.export, "copy"), "copy")
    if math.isfinite(price):
        text = chart.write_price(price)
        _order_acts(menu, looks, price, text)
        _act(menu, tr("Copy price {price}", price=text), partial(_copy, text), "copy")
    return menu


def _order_acts(menu: Menu, looks: Looks, price: float, text: str) -> None:
    """Offer to fill in an order at the price under the pointer; in a replay one for practice."""
    history = looks.history
    if history is None or not len(history.bars):
        return
    if looks.seat.present_us() is not None:
        _practice_acts(menu, looks, history, price, text)
        return
    from puffling.desktop.orders.wish import Wish, Wishes

    wishes, symbol = looks.seat.session.shared(Wishes), history.key.symbol
    below = price < float(history.bars.close[-1])
    menu.addSeparator()
    # At a better price one waits as a limit, at a worse one as a stop.
    for side, title in ((Side.BUY, tr("Buy")), (Side.SELL, tr("Sell"))):
        kind = Kind.LIMIT if (side is Side.BUY) is below else Kind.STOP
        how = tr("limit") if kind is Kind.LIMIT else tr("stop")
        words = tr("{side} at {price} ({kind})…", side=title, price=text, kind=how)
        wish = Wish(symbol, side, kind, Decimal(text.replace(",", "")))
        _act(menu, words, partial(wishes.say, wish))
    _act(menu, tr("Alert at {price}", price=text), partial(_make_alert, looks, symbol, text), "bell")
    menu.addSeparator()


def _make_alert(looks: Looks, symbol: str, text: str) -> None:
    from puffling.desktop.alerts.acts import AlertActs

    AlertActs(looks.seat.session).make_at(symbol, float(text.replace(",", "")))


def _practice_acts(menu: Menu, looks: Looks, history: History, price: float, text: str) -> None:
    """Offer orders of the practice that is on in this symbol."""
    desk = looks.seat.session.shared(PracticeDesk)
    if desk.book is None or desk.book.symbol != history.key.symbol:
        return
    below = price < float(history.bars.close[-1])
    menu.addSeparator()
    for side, title in ((Side.BUY, tr("Practice: buy")), (Side.SELL, tr("Practice: sell"))):
        kind = Kind.LIMIT if (side is Side.BUY) is below else Kind.STOP
        how = tr("limit") if kind is Kind.LIMIT else tr("stop")
        words = tr("{side} at {price} ({kind})", side=title, price=text, kind=how)
        _act(menu, words, partial(desk.order, side, kind, float(text.replace(",", ""))))
    menu.addSeparator()


class SymbolQuestion(Popover):
    """A field for one symbol."""

    def __init__(self, anchor: QWidget, session: Session, then: Callable[[str], None]) -> None:
        super().__init__(anchor, _WIDTH)
        self.setAccessibleName(tr("Compare with another symbol"))
        self._session = session
        self._then = then
        self.field = SymbolField(session, "compare")
        self.field.chosen.connect(self._chosen)
        self.field.left.connect(lambda: self.leave(give_back=True))
        self.column.addWidget(label(tr("Compare with"), tone=Tone.MUTED))
        self.column.addWidget(self.field)

    def open(self) -> None:
        """Come up with the keyboard in the field."""
        self.open_at(self.field)

    def _chosen(self, symbol: str) -> None:
        core = self._session.core

        def known(_: object) -> None:
            self.leave(give_back=True)
            self._then(symbol)

        # A feed that does not list its symbols has to be asked.
        self._session.dispatch.run(
            lambda: core.data.learn(symbol), name="learn symbol", newest="compare", then=known, owner=self
        )


def _choices(menu: Menu, titles: dict[str, str], chosen: str, choose: Callable[[str], None]) -> None:
    group = QActionGroup(menu)
    for each, title in titles.items():
        action = menu.addAction(tr(title))
        action.setCheckable(True)
        action.setChecked(each == chosen)
        action.triggered.connect(partial(_chosen, choose, each))
        group.addAction(action)


def _chosen(choose: Callable[[str], None], each: str, _checked: bool = False) -> None:
    choose(each)


def _act(menu: Menu, title: str, act: Callable[[], object], icon: str = "") -> None:
    action = menu.addAction(title)
    if icon:
        set_icon(action, icon)
    action.triggered.connect(lambda _checked=False: act())


def _copy(text: str) -> None:
    QGuiApplication.clipboard().setText(text)
