"""The tables, one module per part of life.

Building a table's class costs time at start, so each repository imports only the module it needs;
`every` imports all of them, which makes the metadata complete for migrations.
"""
