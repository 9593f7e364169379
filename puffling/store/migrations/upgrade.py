"""Runs Alembic; imported only when a database is behind, because it costs 130 ms."""

from __future__ import annotations

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection

from puffling.store.migrations import Schema


def upgrade(connection: Connection, schema: Schema) -> None:
    """Bring the tables to the newest revision inside the transaction of the connection."""
    config = Config()
    config.set_main_option("script_location", str(schema.folder).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, schema.head)
