"""What Puffling did and how it is."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Annotated

from pydantic import Field

from puffling.frozen import frozen
from puffling.market.market import Market
from puffling.market.parameters import Day, Limit, Symbol
from puffling.market.values import FeedState
from puffling.puffin.csv_text import Cell, csv_text
from puffling.puffin.orders import Side
from puffling.runtime.actor import Actor, current_caller
from puffling.runtime.capability import Controller, capability
from puffling.runtime.gate import Effect
from puffling.runtime.log import Log, LogEntry
from puffling.store.database import Store, Unit
from puffling.store.values import AuditCheck, AuditEntry
from puffling.trading.books import Books
from puffling.trading.days import midnight
from puffling.trading.halt import HaltSwitch
from puffling.trading.portfolio.lines import holds, trade_line
from puffling.trading.portfolio.reader import PortfolioReader
from puffling.trading.portfolio.values import Gains, TextFile, TradeLine

MOST_TRADES = 100_000

AccountId = Annotated[str, Field(description="Id of the account; empty means the first.", max_length=64)]
OfAccount = Annotated[str, Field(description="Only of this account; empty means of all.", max_length=64)]
OfSymbol = Annotated[Symbol | None, Field(description="Only of this symbol; empty means of all.")]
OfSide = Annotated[Side | None, Field(description="Only buys or only sells.")]
OfSource = Annotated[
    str, Field(description="Only what this wanted, such as person or assistant.", max_length=80)
]
Holding = Annotated[
    str,
    Field(description="Only those that hold this in symbol, note, tags, source or strategy.", max_length=80),
]
Tag = Annotated[str, Field(description="Only those with this tag.", max_length=40)]
TradeId = Annotated[str, Field(description="Id of the trade.", min_length=1, max_length=64)]
Note = Annotated[str | None, Field(description="Your note; nothing leaves it.", max_length=2_000)]
Tags = Annotated[
    tuple[Annotated[str, Field(min_length=1, max_length=40)], ...] | None,
    Field(description="Your tags; nothing leaves them.", max_length=20),
]
_TITLES = (
    "time", "account", "mode", "symbol", "side", "quantity", "price", "fees", "amount", "realized", "source",
    "strategy", "note", "tags", "id",
)  # fmt: skip


@frozen
class AccountHealth:
    """Whether the broker of an account has told what it is worth, and why not."""

    account: str
    label: str
    mode: str
    connected: bool
    reason: str
    as_of: datetime | None


@frozen
class Health:
    """How Puffling is, in one look."""

    records_trustworthy: bool
    trading_halted: bool
    feeds: tuple[FeedState, ...]
    accounts: tuple[AccountHealth, ...]


class Monitor(Controller):
    """Trades, gains, the audit trail, the log, and the state of the parts."""

    def __init__(
        self,
        store: Store,
        market: Market,
        switch: HaltSwitch,
        log: Log,
        books: Books,
        reader: PortfolioReader,
    ) -> None:
        self._store = store
        self._market = market
        self._switch = switch
        self._log = log
        self._books = books
        self._reader = reader

    @capability(title="Show trades", effect=Effect.READ, http="GET /api/monitor/trades", tool="get_trades")
    async def trades(
        self,
        limit: Limit = 100,
        account: OfAccount = "",
        symbol: OfSymbol = None,
        side: OfSide = None,
        source: OfSource = "",
        tag: Tag = "",
        text: Holding = "",
        start: Day = None,
        end: Day = None,
    ) -> tuple[TradeLine, ...]:
        """Show what was bought and sold, the newest first; days are those of New York."""
        return await self._found(limit, account, symbol, side, source, tag, text, start, end)

    @capability(title="Annotate trade", effect=Effect.WRITE, http="PATCH /api/monitor/trades/{id}")
    async def annotate_trade(self, id: TradeId, note: Note = None, tags: Tags = None) -> TradeLine:
        """Write a note and tags on a trade; what it was cannot be changed."""
        return await self._store.run(
            current_caller().user,
            lambda unit: trade_line(unit.trades.annotate(id, note=note, tags=tags), unit.strategies.names()),
        )

    @capability(title="Export trades", effect=Effect.READ, http="GET /api/monitor/trades/export")
    async def export_trades(
        self,
        account: OfAccount = "",
        symbol: OfSymbol = None,
        side: OfSide = None,
        source: OfSource = "",
        tag: Tag = "",
        text: Holding = "",
        start: Day = None,
        end: Day = None,
    ) -> TextFile:
        """Give trades as comma-separated text that no spreadsheet takes for formulas."""
        found = await self._found(MOST_TRADES, account, symbol, side, source, tag, text, start, end)
        rows = [_row(each) for each in found]
        return TextFile("trades.csv", "text/csv; charset=utf-8", csv_text(_TITLES, rows), len(rows))

    @capability(title="Show profit and loss", effect=Effect.READ, http="GET /api/monitor/pnl", tool="get_pnl")
    async def pnl(self, account: AccountId = "") -> Gains:
        """Show what was earned: today, this month, this year, in all; by symbol, by day, at which rate."""
        return await self._reader.gains(account)

    @capability(title="Show audit trail", effect=Effect.READ, http="GET /api/monitor/audit")
    async def audit(
        self,
        limit: Limit = 100,
        before: Annotated[int | None, Field(description="Only lines before this number.", ge=1)] = None,
        actor: Annotated[Actor | None, Field(description="Only what this kind of caller tried.")] = None,
        ability: Annotated[
            str | None, Field(description="Only this ability; watchlists. means all of them.", max_length=80)
        ] = None,
    ) -> tuple[AuditEntry, ...]:
        """Show what was done or refused, the newest first."""
        return await self._store.read(
            current_caller().user,
            lambda unit: unit.audit.newest(limit, before=before, actor=actor, capability=ability),
        )

    @capability(
        title="Verify audit trail", effect=Effect.COMPUTE, http="POST /api/monitor/audit/verify", menu="Data"
    )
    async def verify_audit(self) -> AuditCheck:
        """Check that no line of the audit trail was changed or taken away."""
        return await self._store.read(current_caller().user, lambda unit: unit.audit.verify())

    @capability(title="Show log", effect=Effect.READ, http="GET /api/monitor/log")
    async def log(self, limit: Limit = 100) -> tuple[LogEntry, ...]:
        """Show the newest lines of the log first, with secrets taken out."""
        return self._log.recent()[::-1][:limit]

    @capability(title="Show health", effect=Effect.READ, http="GET /api/monitor/health", tool="get_health")
    async def health(self) -> Health:
        """Say how the records, trading, the feeds and the lines to the brokers are."""
        return Health(
            records_trustworthy=self._store.report.trustworthy,
            trading_halted=self._switch.read() is not None,
            feeds=self._market.feed_states(),
            accounts=tuple(
                AccountHealth(each.account, each.label, each.mode, each.connected, each.reason, each.as_of)
                for each in await self._books.standings()
            ),
        )

    def feeds(self) -> tuple[FeedState, ...]:
        """Give how the feeds are; a face looks at them every second."""
        return self._market.feed_states()

    async def _found(
        self,
        limit: int,
        account: str,
        symbol: str | None,
        side: Side | None,
        source: str,
        tag: str,
        text: str,
        start: date | None,
        end: date | None,
    ) -> tuple[TradeLine, ...]:
        # What the database cannot look for is looked for here, in as many as it takes.
        most = MOST_TRADES if tag or text else limit

        def read(unit: Unit) -> list[TradeLine]:
            trades = unit.trades.newest(
                most,
                account=account or None,
                symbol=symbol,
                side=side,
                source=source or None,
                since=None if start is None else midnight(start),
                until=None if end is None else midnight(end + timedelta(days=1)),
            )
            names = unit.strategies.names()
            return [trade_line(trade, names) for trade in trades]

        found = await self._store.read(current_caller().user, read)
        return tuple(each for each in found if (not tag or tag in each.tags) and holds(each, text))[:limit]


def _row(trade: TradeLine) -> tuple[Cell, ...]:
    return (
        trade.traded_at,
        trade.account,
        trade.mode,
        trade.symbol,
        trade.side,
        trade.quantity,
        trade.price,
        trade.fees,
        trade.amount,
        trade.realized,
        trade.source,
        trade.strategy,
        trade.note,
        ", ".join(trade.tags),
        trade.id,
    )
