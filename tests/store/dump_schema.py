"""Keeps a released schema for ever: `python -m tests.store.dump_schema` writes a row in every table of it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from sqlalchemy import BigInteger, Boolean, Column, Integer, create_engine
from sqlalchemy.pool import StaticPool

from puffling.store.migrations import SHIPPED
from puffling.store.migrations.upgrade import upgrade
from puffling.store.tables.base import Exact, Moment, Plain
from puffling.store.tables.every import Row

FOLDER = Path(__file__).parent / "schemas"


def _sample(column: Column[object]) -> object:
    if column.foreign_keys:
        [key] = column.foreign_keys
        # A row that points at its own table would have to be there before itself.
        return None if key.column.table is column.table else "default" if column.name == "user_id" else "one"
    if isinstance(column.type, Plain):
        return '{"a": [1, "ü", null]}'
    if isinstance(column.type, Exact):
        return "1234567890.123456789"
    if isinstance(column.type, Boolean | Integer | BigInteger | Moment):
        return 1
    return "default" if column.table.name == "users" else "one"


def filled() -> sqlite3.Connection:
    """Give a database of the newest schema with a row in every table."""
    memory = sqlite3.connect(":memory:", check_same_thread=False, isolation_level=None)
    engine = create_engine("sqlite://", creator=lambda: memory, poolclass=StaticPool)
    with engine.begin() as connection:
        upgrade(connection, SHIPPED)
    for table in Row.metadata.sorted_tables:
        names = [column.name for column in table.columns]
        marks = ", ".join("?" * len(names))
        memory.execute(
            f"INSERT INTO {table.name} ({', '.join(names)}) VALUES ({marks})",
            [_sample(column) for column in table.columns],
        )
    return memory


if __name__ == "__main__":
    with closing(filled()) as database:
        (FOLDER / f"{SHIPPED.head}.sql").write_text("\n".join(database.iterdump()) + "\n", "utf-8")
