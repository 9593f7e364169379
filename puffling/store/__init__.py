"""What is kept: people's records in one database, market history in another.

`values` and `events` are light and may be imported by anyone who shows stored things. `database` is
light to import too; SQLAlchemy and the tables are loaded when a store is opened, because the window
paints first. Everything that touches the database runs in one thread, one call is one transaction,
and the news of a change is published once it is committed and never before.
"""
