"""Runs the revisions on the connection, and in the transaction, of whoever asked for them."""

from __future__ import annotations

from alembic import context

from puffling.store.tables.every import Row

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=Row.metadata,
    render_as_batch=True,
    compare_type=True,
)
context.run_migrations()
