"""What is loaded and laid out once in the process from which lives are forked."""

from __future__ import annotations

import gc

from sqlalchemy.orm import configure_mappers

import tests.faults.lives

assert tests.faults.lives
configure_mappers()
# What the collector does not walk is not copied by each fork.
gc.collect()
gc.freeze()
