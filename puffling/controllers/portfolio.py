"""What the person has and what it earned: positions, lots, returns, the gains of a year, money in and out."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from puffling.market.parameters import Day, Symbol
from puffling.market.values import Price
from puffling.puffin.csv_text import csv_text
from puffling.puffin.orders import Side
from puffling.runtime.actor import current_caller
from puffling.runtime.capability import Controller, capability
from puffling.runtime.clock import Clock
from puffling.runtime.errors import Conflict, InvalidInput
from puffling.runtime.gate import Effect
from puffling.runtime.text import tr
from puffling.store.database import Store, Unit
from puffling.store.orders import CashFlow, FlowKind, Trade
from puffling.trading.accounts.records import EMBEDDED
from puffling.trading.books import CHOICES, Books
from puffling.trading.days import day_of, midnight
from puffling.trading.portfolio.lines import money_flow, read_choices
from puffling.trading.portfolio.reader import PortfolioReader
from puffling.trading.portfolio.values import (
    EquityCurve,
    LotsForSale,
    MoneyFlow,
    OpenLot,
    Portfolio,
    TextFile,
    YearlyGains,
)

if TYPE_CHECKING:
    from puffling.trading.portfolio.reading import Standing

AccountId = Annotated[str, Field(description="Id of the account; empty means the first.", max_length=64)]
Year = Annotated[int, Field(description="The year, such as 2025.", ge=1990, le=2100)]
Amount = Annotated[
    Decimal,
    Field(description="How much money, such as 1000.00.", gt=0, le=1_000_000_000_000, decimal_places=2),
]
Note = Annotated[str, Field(description="A note of your own.", max_length=200)]
FlowId = Annotated[str, Field(description="Id of the flow of money.", min_length=1, max_length=64)]
TradeId = Annotated[str, Field(description="Id of the trade.", min_length=1, max_length=64)]
Chosen = Annotated[
    dict[str, Decimal],
    Field(
        description="How much of which lots, by the id of the trade that opened them; empty means by age.",
        max_length=200,
    ),
]
# The broker of accounts that live in this program, whose book has every flow of money.
_GOES = frozenset({FlowKind.WITHDRAWAL, FlowKind.FEE})
_GAIN_TITLES = (
    "symbol", "quantity", "opened", "closed", "proceeds", "basis", "gain", "term", "short sale",
    "bought again",
)  # fmt: skip


class Portfolios(Controller, domain="portfolio"):
    """The person's accounts, position by position and lot by lot."""

    def __init__(self, reader: PortfolioReader, books: Books, store: Store, clock: Clock) -> None:
        self._reader = reader
        self._books = books
        self._store = store
        self._clock = clock

    @capability(title="Show portfolio", effect=Effect.READ, http="GET /api/portfolio", tool="get_portfolio")
    async def show(self, account: AccountId = "") -> Portfolio:
        """Show what an account is worth: positions with their gains, exposure, cash, buying power."""
        return await self._reader.portfolio(account)

    @capability(title="Show equity curve", effect=Effect.READ, http="GET /api/portfolio/curve")
    async def curve(
        self,
        account: AccountId = "",
        benchmark: Annotated[
            Symbol | None,
            Field(description="The symbol to compare with; empty means the one in the settings."),
        ] = None,
    ) -> EquityCurve:
        """Show what an account was worth over time, and its growth beside that of a benchmark."""
        return await self._reader.curve(account, benchmark or "")

    @capability(title="Show lots", effect=Effect.READ, http="GET /api/portfolio/lots")
    async def lots(
        self,
        symbol: Annotated[Symbol | None, Field(description="Only of this symbol; empty means all.")] = None,
        account: AccountId = "",
    ) -> tuple[OpenLot, ...]:
        """Show every purchase of which something is left, the oldest first."""
        return await self._reader.lots(symbol, account)

    @capability(title="Show lots for a sale", effect=Effect.READ, http="GET /api/portfolio/lots/{trade}")
    async def lots_for(self, trade: TradeId) -> LotsForSale:
        """Show which lots a trade could close, as they stood just before it, and what was chosen."""
        return await self._store.read(current_caller().user, _lots_for, trade)

    @capability(title="Choose lots", effect=Effect.WRITE, http="PUT /api/portfolio/lots/{trade}")
    async def choose_lots(self, trade: TradeId, lots: Chosen) -> dict[str, Decimal]:
        """Say which lots a sale closed, and give what was said before; what is left goes by age.

        It counts while the setting Lots a sale closes is on chosen.
        """
        if any(quantity <= 0 for quantity in lots.values()):
            raise InvalidInput(tr("Of a lot that is chosen, more than nothing is closed."), field="lots")
        return await self._store.run(current_caller().user, _choose, trade, lots)

    @capability(
        title="Show gains of a year",
        effect=Effect.READ,
        http="GET /api/portfolio/gains/{year}",
        tool="get_realized_gains",
    )
    async def yearly(self, year: Year, account: AccountId = "") -> YearlyGains:
        """Show the realised gains of a year lot by lot, short and long term, with dividends and interest."""
        return await self._reader.yearly(year, account)

    @capability(
        title="Export gains of a year", effect=Effect.READ, http="GET /api/portfolio/gains/{year}/export"
    )
    async def export_yearly(self, year: Year, account: AccountId = "") -> TextFile:
        """Give the realised gains of a year as comma-separated text."""
        report = await self._reader.yearly(year, account)
        rows = [
            (
                line.symbol,
                line.quantity,
                line.opened,
                line.closed,
                line.proceeds,
                line.basis,
                line.gain,
                tr("long") if line.long_term else tr("short"),
                tr("yes") if line.short_sale else "",
                tr("yes") if line.bought_again else "",
            )
            for line in report.rows
        ]
        titles = [tr(title) for title in _GAIN_TITLES]
        return TextFile(f"gains-{year}.csv", "text/csv; charset=utf-8", csv_text(titles, rows), len(rows))

    @capability(title="List money in and out", effect=Effect.READ, http="GET /api/portfolio/flows")
    async def flows(self, account: AccountId = "") -> tuple[MoneyFlow, ...]:
        """Show deposits, withdrawals, dividends, interest and fees, the newest first."""
        standing = await self._reader.standing(account)
        found = await self._store.read(current_caller().user, lambda unit: unit.flows.of(standing.account))
        return tuple(money_flow(each) for each in reversed(found))

    @capability(
        title="Record money in or out", effect=Effect.WRITE, http="POST /api/portfolio/flows", menu="Trade"
    )
    async def add_flow(
        self,
        kind: Annotated[FlowKind, Field(description="What it was.")],
        amount: Amount,
        day: Day = None,
        symbol: Annotated[Symbol | None, Field(description="Of which symbol, for a dividend.")] = None,
        note: Note = "",
        account: AccountId = "",
    ) -> MoneyFlow:
        """Note money that came to an account or left it, and that its broker did not tell of.

        It moves no money: it says why the account is worth more or less, so that returns are right.
        """
        standing = await self._reader.standing(account)
        if not standing.account:
            raise Conflict(tr("There is no account yet."), hint=tr("Connect a broker first."))
        await self._refuse_embedded(standing.account)
        at = self._moment(day)
        signed = -amount if kind in _GOES else amount

        def work(unit: Unit) -> CashFlow:
            return unit.flows.add(standing.account, kind, signed, at, symbol=symbol or "", note=note.strip())

        return money_flow(await self._store.run(current_caller().user, work))

    @capability(
        title="Remove money in or out", effect=Effect.WRITE, http="DELETE /api/portfolio/flows/{flow}"
    )
    async def remove_flow(self, flow: FlowId) -> MoneyFlow:
        """Remove what was noted by hand; the answer is all it takes to restore it."""
        removed = await self._store.run(current_caller().user, lambda unit: unit.flows.remove(flow))
        return money_flow(removed)

    @capability(
        title="Restore money in or out", effect=Effect.WRITE, http="POST /api/portfolio/flows/restore"
    )
    async def restore_flow(
        self,
        flow: FlowId,
        account: Annotated[str, Field(description="The account it was in.", min_length=1, max_length=64)],
        kind: Annotated[FlowKind, Field(description="What it was.")],
        amount: Annotated[Decimal, Field(description="How much; negative when it went.")],
        at: Annotated[datetime, Field(description="When it was.")],
        symbol: Annotated[str, Field(description="Of which symbol.", max_length=20)] = "",
        note: Note = "",
    ) -> MoneyFlow:
        """Bring back money in or out that was removed."""
        removed = CashFlow(flow, account, kind, amount, at, symbol, note)
        back = await self._store.run(current_caller().user, lambda unit: unit.flows.restore(removed))
        return money_flow(back)

    async def _refuse_embedded(self, account: str) -> None:
        def is_embedded(unit: Unit) -> bool:
            known = unit.accounts.find(account)
            return known is not None and known.broker == EMBEDDED

        if await self._store.read(current_caller().user, is_embedded):
            raise Conflict(
                tr("This account lives here and knows of all its money."),
                hint=tr("Pay play money into it instead, or take some out."),
            )

    def _moment(self, day: Day) -> datetime:
        now = self._clock.now()
        if day is None or day == day_of(now):
            return now
        if day > day_of(now):
            raise InvalidInput(tr("That day is yet to come."), field="day")
        # Before the exchange opens: what came on a day was there for that day.
        return midnight(day)

    async def glance(self, account: str = "") -> Portfolio:
        """Give an account as it is known, also before its broker was asked, for faces in this process."""
        return await self._reader.portfolio(account, patient=False)

    async def accounts(self) -> tuple[Standing, ...]:
        """Give every account by its name and what is known of it, for faces in this process."""
        return await self._books.standings()

    def today(self) -> date:
        """Give the day in New York, by which trades are counted."""
        return day_of(self._clock.now())

    async def restore(self, flow: MoneyFlow) -> MoneyFlow:
        """Bring back money in or out as it was removed, for faces in this process."""
        return await self.restore_flow(
            flow.id, flow.account, FlowKind(flow.kind), flow.amount, flow.at, flow.symbol, flow.note
        )

    def repriced(self, shown: Portfolio, prices: Mapping[str, Price]) -> Portfolio:
        """Give an account at newer prices, for faces in this process."""
        from puffling.trading.portfolio.reading import repriced

        return repriced(shown, prices)


def _lots_for(unit: Unit, id: str) -> LotsForSale:
    from puffling.puffin.portfolio.lots import Matching
    from puffling.trading.portfolio.accounting import settled
    from puffling.trading.portfolio.reading import open_lots

    trade = unit.trades.get(id)
    row = unit.settings.find(CHOICES)
    choices = {} if row is None else read_choices(row.value)
    trades = unit.trades.of(trade.account, trade.symbol)
    before = trades[: trades.index(trade)]
    lots = settled(before, Matching.CHOSEN, choices).book.lots(trade.symbol)
    buys = trade.side is Side.BUY
    return LotsForSale(
        trade.id,
        trade.symbol,
        trade.quantity,
        open_lots(lot for lot in lots if (lot.quantity < 0) is buys),
        choices.get(trade.id, {}),
    )


def _choose(unit: Unit, trade: str, lots: dict[str, Decimal]) -> dict[str, Decimal]:
    sale = unit.trades.get(trade)
    opened: dict[str, Trade] = {each.id: each for each in unit.trades.of(sale.account, sale.symbol)}
    wrong = [lot for lot in lots if lot not in opened or opened[lot].side is sale.side]
    if wrong:
        raise InvalidInput(
            tr("{lot} did not open a lot that this trade could close.", lot=wrong[0]),
            field="lots",
            hint=tr("Lots are named by the trade on the other side that opened them."),
        )
    row = unit.settings.find(CHOICES)
    stored = {} if row is None else read_choices(row.value)
    before = stored.pop(trade, {})
    if lots:
        stored[trade] = lots
    plain = {id: {lot: format(size, "f") for lot, size in chosen.items()} for id, chosen in stored.items()}
    unit.settings.put(CHOICES, plain)
    return before
