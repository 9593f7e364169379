"""What the types and the imports promise."""

from __future__ import annotations

import dataclasses
import inspect
import subprocess
import sys
import typing
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter
from sqlalchemy import create_engine
from sqlalchemy.exc import StatementError
from sqlmodel import Session

from puffling.runtime.actor import DEFAULT_USER
from puffling.store import events, values
from puffling.store.tables.every import Row, TradeRow
from tests.store.conftest import START

NAMED = {
    "users", "settings", "strategy_configs", "backtest_results", "trade_history", "watchlists",
    "ai_conversations", "scheduled_jobs", "portfolio_goals", "alert_configs", "alert_history", "agent_logs",
    "intents", "orders", "fills", "approvals", "audit", "trials", "optimization_jobs", "adaptations",
    "drawings", "layouts", "access_tokens", "attempts",
    "accounts", "holdings", "paper_books", "cash_flows", "account_worth", "strategy_decisions",
}  # fmt: skip

WITHOUT_USER = """
from datetime import UTC, datetime
from puffling.runtime.actor import UserId
from puffling.store.database import Store, Unit
from puffling.store.repositories.watchlists import Watchlists
from sqlmodel import Session

def count(unit: Unit) -> int:
    return len(unit.watchlists.all())

async def calls(store: Store, session: Session) -> None:
    Watchlists(session, UserId("me"), datetime.now(UTC), print)
    number: int = await store.read(UserId("me"), count)
    Watchlists(session, datetime.now(UTC), print)  # line 14
    Watchlists(session, "me", datetime.now(UTC), print)  # line 15
    await store.read(count)  # line 16
    await store.run("me", count)  # line 17
    await store.run(UserId("me"), count, 1)  # line 18
    text: str = await store.run(UserId("me"), count)  # line 19
"""


def test_every_table_that_was_asked_for_is_there() -> None:
    assert set(Row.metadata.tables) == NAMED


def test_every_row_belongs_to_a_user() -> None:
    for table in Row.metadata.tables.values():
        if table.name == "users":
            continue
        user = table.columns["user_id"]
        assert [key.column for key in user.foreign_keys] == [Row.metadata.tables["users"].columns["id"]], (
            table.name
        )
        assert not user.nullable
        # A key that begins with the user is an index by user.
        assert user.index or table.primary_key.columns.values()[0] is user, table.name


def test_what_must_happen_once_is_unique() -> None:
    tables = Row.metadata.tables
    assert tables["intents"].columns["client_id"].unique
    assert [column.name for column in tables["fills"].primary_key] == ["broker_order_id", "execution_id"]


def test_a_query_without_a_user_does_not_type_check(tmp_path: Path, checkout: Path) -> None:
    snippet = tmp_path / "snippet.py"
    snippet.write_text(WITHOUT_USER)
    checked = subprocess.run(
        [sys.executable, "-m", "mypy", "--config-file", str(checkout / "pyproject.toml"), str(snippet)],
        cwd=checkout, capture_output=True, text=True, check=False,
    )  # fmt: skip
    wrong = {int(line.split(":")[1]) for line in checked.stdout.splitlines() if ": error:" in line}
    assert wrong == {14, 15, 16, 17, 18, 19}, checked.stdout + checked.stderr


@pytest.mark.parametrize("module", ["values", "events", "database", "owner"])
def test_naming_stored_things_loads_no_database(checkout: Path, module: str) -> None:
    loaded = subprocess.run(
        [sys.executable, "-c", f"import sys, puffling.store.{module}; print(*sys.modules)"],
        cwd=checkout, capture_output=True, text=True, check=True,
    ).stdout.split()  # fmt: skip
    heavy = {"sqlalchemy", "sqlmodel", "alembic", "pydantic", "numpy", "sqlite3"} - (
        set() if module in {"values", "events"} else {"sqlite3"}
    )
    assert heavy.isdisjoint(loaded)


def test_an_open_store_that_is_up_to_date_never_loads_the_migrations(checkout: Path, tmp_path: Path) -> None:
    program = (
        "import asyncio, sys; from pathlib import Path; from puffling.runtime.bus import Bus;"
        "from puffling.runtime.clock import SystemClock; from puffling.runtime.paths import Paths;"
        "from puffling.runtime.port import Port; from puffling.store.database import Store\n"
        "async def main():\n"
        "    clock = SystemClock(); port = Port(clock)\n"
        "    store = await Store.open(Paths.under(Path(sys.argv[1])), port=port, bus=Bus(), clock=clock)\n"
        "    await store.close(); await port.close()\n"
        "asyncio.run(main()); print('alembic' in sys.modules)"
    )
    said = [
        subprocess.run(
            [sys.executable, "-c", program, str(tmp_path / "data")],
            cwd=checkout, capture_output=True, text=True, check=True,
        ).stdout.strip()
        for _ in range(2)
    ]  # fmt: skip
    assert said == ["True", "False"]


def _values() -> list[type[Any]]:
    return [
        kind
        for module in (values, events)
        for _, kind in inspect.getmembers(module, dataclasses.is_dataclass)
        if isinstance(kind, type) and kind.__module__ == module.__name__
    ]


@pytest.mark.parametrize("kind", _values(), ids=lambda kind: kind.__name__)
def test_values_are_frozen_and_can_be_described_to_other_programs(kind: type[Any]) -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(object.__new__(kind), next(iter(kind.__dataclass_fields__), "any"), None)
    assert typing.get_type_hints(kind)
    assert TypeAdapter(kind).json_schema()["type"] == "object"


def _trade(**changed: Any) -> TradeRow:
    parts: dict[str, Any] = {
        "id": "1", "user_id": DEFAULT_USER, "account": "a", "mode": "paper", "source": "person",
        "symbol": "SPY", "side": "buy", "quantity": Decimal("0.100000000000000000000000001"),
        "price": Decimal("1.50"),
        "fees": Decimal(0), "traded_at": START,
    }  # fmt: skip
    return TradeRow(**{**parts, **changed})


def test_money_and_moments_come_back_exactly() -> None:
    engine = create_engine("sqlite://")
    Row.metadata.create_all(engine)
    eastern = START.astimezone(timezone(timedelta(hours=-5)))
    with Session(engine) as session:
        session.add(_trade(traded_at=eastern))
        session.commit()
        session.expunge_all()
        row = session.get(TradeRow, "1")
        assert row is not None
        assert str(row.quantity) == "0.100000000000000000000000001"
        assert str(row.price) == "1.50"
        assert (row.traded_at, row.traded_at.tzinfo) == (START, UTC)
    engine.dispose()


@pytest.mark.parametrize(
    "changed",
    [
        {"price": 1.5},
        {"price": Decimal("NaN")},
        {"fees": Decimal("Infinity")},
        {"traded_at": datetime(2026, 3, 2)},  # noqa: DTZ001  the point of the test
    ],
)
def test_floats_and_times_without_a_zone_are_refused(changed: dict[str, Any]) -> None:
    engine = create_engine("sqlite://")
    Row.metadata.create_all(engine)
    with Session(engine) as session:
        session.add(_trade(**changed))
        with pytest.raises(StatementError):
            session.commit()
    engine.dispose()
