"""Strategies that run by themselves, as faces show them."""

from __future__ import annotations

from datetime import datetime

from puffling.frozen import frozen
from puffling.store.decisions import Aim, Decision, DecisionState, Fate, PlannedOrder, StrategyMode

__all__ = [
    "Activation",
    "ActivationTerms",
    "ActiveStrategy",
    "Aim",
    "Decision",
    "DecisionState",
    "Fate",
    "PlannedOrder",
    "StrategyMode",
]

# The job that stands for what a strategy left that was stopped, until all that is to be is taken back.
ENDED_TYPE = "strategy ended"


@frozen
class Activation:
    """How a strategy runs by itself, since when, and which version of it.

    `capital` is the money it works with, and `size` the share of it that its positions take at full signals;
    `sizing` says what else size can mean. Quantities are multiples of `lot`, 0 is as fine as the instrument
    allows. `code` is the digest of a person's own file, or of
    the installed package it comes from.
    """

    strategy_id: str
    version: int
    code: str
    mode: StrategyMode
    account: str
    capital: float
    size: float
    sizing: str
    lot: float
    since: datetime


@frozen
class ActiveStrategy:
    """A strategy that runs by itself, with its last decision and when the next one is due."""

    id: str
    name: str
    strategy: str
    symbols: tuple[str, ...]
    interval: str
    activation: Activation
    account_label: str
    next_at: datetime | None
    last_outcome: str
    failures: int
    decision: Decision | None = None


@frozen
class ActivationTerms:
    """What a strategy may do once it runs by itself, and what binds it, for the person to read before."""

    name: str
    account: str
    account_label: str
    account_mode: str
    capital: float
    sentences: tuple[str, ...]
    troubles: tuple[str, ...] = ()
    sends_orders: bool = False
