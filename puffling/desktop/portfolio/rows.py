"""The columns of an account's tables: positions, lots, closed lots, money in and out."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal

from puffling.desktop import numbers
from puffling.desktop.amounts import Amounts, quantity_words
from puffling.desktop.columns import Column, Kind, R
from puffling.desktop.theme import Tone
from puffling.puffin.portfolio.gains import GainLine
from puffling.runtime.text import tr
from puffling.trading.portfolio.values import MoneyFlow, OpenLot, Position

ASSET_CLASSES = {"equity": "Stocks", "etf": "Funds", "crypto": "Crypto", "other": "Other", "cash": "Cash"}
FLOW_KINDS = {
    "deposit": "Deposit",
    "withdrawal": "Withdrawal",
    "dividend": "Dividend",
    "interest": "Interest",
    "fee": "Fee",
}


def asset_class_words(name: str) -> str:
    """Give what a kind of asset is called."""
    return tr(ASSET_CLASSES.get(name, name))


def position_columns(amounts: Amounts) -> list[Column[Position]]:
    """Give the columns of what is held."""
    return [
        Column(
            "symbol",
            tr("Symbol"),
            lambda each: each.symbol,
            Kind.STRONG,
            width=80,
            stretch=True,
            tooltip=lambda each: each.name,
        ),
        Column("name", tr("Name"), lambda each: each.name, Kind.MUTED, optional=True),
        quantity_column(amounts, lambda each: each.quantity),
        Column(
            "average",
            tr("Average"),
            lambda each: each.average_price,
            Kind.PRICE,
            lambda each: each.price_decimals,
            width=88,
            tooltip=lambda each: tr("What one cost, with fees"),
            drops=True,
        ),
        Column(
            "last",
            tr("Last"),
            lambda each: each.price,
            Kind.PRICE,
            lambda each: each.price_decimals,
            width=88,
            flash=True,
            tooltip=lambda each: each.source or tr("No feed has a price of it"),
        ),
        money_column(amounts, "value", tr("Value"), lambda each: each.value),
        gain_column(amounts, "today", tr("Today"), lambda each: each.today, drops=True),
        Column(
            "today-share", tr("Today %"), lambda each: each.today_share, Kind.PERCENT, width=76, optional=True
        ),
        gain_column(amounts, "gain", tr("Open gain"), lambda each: each.unrealized),
        Column("share", tr("Gain %"), lambda each: each.unrealized_share, Kind.PERCENT, width=70, drops=True),
        gain_column(amounts, "realized", tr("Realized"), lambda each: each.realized, optional=True),
        money_column(amounts, "cost", tr("Cost"), lambda each: each.cost, optional=True),
        Column(
            "class",
            tr("Kind"),
            lambda each: asset_class_words(each.asset_class),
            Kind.MUTED,
            width=76,
            optional=True,
        ),
        Column(
            "weight", tr("Weight"), lambda each: each.weight, Kind.SHARE, decimals=1, width=62, drops=True
        ),
    ]


def lot_columns(amounts: Amounts, today: Callable[[], date]) -> list[Column[OpenLot]]:
    """Give the columns of open lots."""

    def term(lot: OpenLot) -> str:
        if lot.quantity < 0:
            return tr("Short sale")
        return tr("Long term") if today() >= lot.long_term_from else tr("Short term")

    return [
        Column("symbol", tr("Symbol"), lambda each: each.symbol, Kind.STRONG, width=84, stretch=True),
        day_column("opened", tr("Opened"), lambda each: each.opened),
        quantity_column(amounts, lambda each: each.quantity),
        Column(
            "price",
            tr("Price"),
            lambda each: each.price,
            Kind.PRICE,
            tooltip=lambda each: tr("What one cost, with fees"),
            drops=True,
        ),
        money_column(amounts, "cost", tr("Cost"), lambda each: each.cost, drops=True),
        money_column(amounts, "value", tr("Value"), lambda each: each.value),
        gain_column(amounts, "gain", tr("Open gain"), lambda each: each.unrealized),
        Column(
            "term",
            tr("Term"),
            lambda each: each.long_term_from,
            Kind.MUTED,
            width=88,
            text=term,
            drops=True,
            tooltip=lambda each: tr("Long term from {day} on", day=each.long_term_from.isoformat()),
        ),
    ]


def closed_columns(amounts: Amounts) -> list[Column[GainLine]]:
    """Give the columns of closed lots."""
    return [
        Column("symbol", tr("Symbol"), lambda each: each.symbol, Kind.STRONG, width=76, stretch=True),
        quantity_column(amounts, lambda each: each.quantity, width=66),
        Column("opened", tr("Opened"), lambda each: each.opened, Kind.MUTED, width=90, drops=True),
        Column("closed", tr("Closed"), lambda each: each.closed, Kind.MUTED, width=90),
        money_column(amounts, "proceeds", tr("Proceeds"), lambda each: each.proceeds, width=96),
        money_column(amounts, "basis", tr("Basis"), lambda each: each.basis, width=96, drops=True),
        gain_column(amounts, "gain", tr("Gain"), lambda each: each.gain, width=94),
        Column(
            "term",
            tr("Term"),
            lambda each: tr("Long") if each.long_term else tr("Short"),
            Kind.MUTED,
            width=52,
            drops=True,
            tooltip=lambda each: tr("A short sale") if each.short_sale else "",
        ),
        Column(
            "again",
            tr("Bought again"),
            lambda each: tr("In 30 days") if each.bought_again else "",
            width=86,
            tone=lambda _: Tone.WARN,
            tooltip=lambda each: (
                tr("A loss that the tax office may not count yet: a wash sale.") if each.bought_again else ""
            ),
        ),
    ]


def flow_columns(amounts: Amounts) -> list[Column[MoneyFlow]]:
    """Give the columns of money in and out."""
    return [
        day_column("day", tr("Day"), lambda each: each.at),
        Column("kind", tr("Kind"), lambda each: tr(FLOW_KINDS.get(each.kind, each.kind)), width=96),
        gain_column(amounts, "amount", tr("Amount"), lambda each: each.amount, width=112),
        Column("symbol", tr("Symbol"), lambda each: each.symbol, Kind.MUTED, width=84),
        Column("note", tr("Note"), lambda each: each.note, Kind.MUTED, stretch=True),
        Column(
            "from",
            tr("From"),
            lambda each: tr("You") if each.by_hand else tr("Broker"),
            Kind.MUTED,
            width=64,
        ),
    ]


def quantity_column(amounts: Amounts, read: Callable[[R], Decimal], *, width: int = 72) -> Column[R]:
    """Give a column of quantities, hidden with the amounts."""
    return Column(
        "quantity",
        tr("Quantity"),
        read,
        Kind.NUMBER,
        decimals=9,
        width=width,
        text=lambda each: amounts.quantity(read(each)),
        tooltip=lambda each: "" if amounts.hidden else quantity_words(read(each)),
    )


def money_column(
    amounts: Amounts,
    id: str,
    title: str,
    read: Callable[[R], Decimal | None],
    *,
    optional: bool = False,
    drops: bool = False,
    width: int = 102,
) -> Column[R]:
    """Give a column of amounts that can be hidden."""
    return Column(
        id,
        title,
        read,
        Kind.MONEY,
        width=width,
        optional=optional,
        drops=drops,
        text=lambda each: amounts.money(read(each)),
    )


def gain_column(
    amounts: Amounts,
    id: str,
    title: str,
    read: Callable[[R], Decimal | None],
    *,
    optional: bool = False,
    drops: bool = False,
    width: int = 98,
) -> Column[R]:
    """Give a column of gains that can be hidden."""
    return Column(
        id,
        title,
        read,
        Kind.GAIN,
        width=width,
        optional=optional,
        drops=drops,
        text=lambda each: amounts.money(read(each), signed=True),
    )


def day_column(id: str, title: str, read: Callable[[R], datetime]) -> Column[R]:
    """Give a column of days, the moment behind each."""
    return Column(
        id,
        title,
        read,
        Kind.TIME,
        width=96,
        text=lambda each: f"{read(each).astimezone():%Y-%m-%d}",
        tooltip=lambda each: numbers.moment(read(each)),
    )
