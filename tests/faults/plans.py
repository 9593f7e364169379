"""What is to happen in one run, from its seed: what is wanted, what goes wrong, when it is killed."""

from __future__ import annotations

import random
from dataclasses import dataclass, field, replace
from typing import Any

from tests.fakes.alpaca_faults import DOORS

SYMBOLS = ("AAPL", "MSFT", "SPY")
# The moments at which the broker itself kills the program: between two bytes of one call.
MOMENTS = (
    "submit before",
    "submit after",
    "lookup before",
    "lookup after",
    "cancel after",
    "replace after",
    "read before",
    "read after",
    "news",
)
# What says no, or breaks a key, is no fault to roll for every visitor: it would end each order at once.
_REFUSALS = frozenset({"keys", "keys_401", "buying_power", "wash_trade", "invalid", "unreadable"})
_HANGS = frozenset({"hang_before", "hang_after", "lookup_hang", "read_hang"})


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that is wanted: an order, or something done with an earlier one."""

    act: str
    values: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Death:
    """When a life ends: by the clock's so-manieth look, after some seconds, or when the broker says."""

    looks: int = 0
    seconds: float = 0.0
    moment: str = ""
    visits: int = 0


@dataclass(frozen=True, slots=True)
class Plan:
    """One run."""

    seed: int
    steps: tuple[Step, ...]
    deaths: tuple[Death, ...]
    faults: tuple[str, ...]
    fault_rate: float
    wander_rate: float
    fills_at_once: bool
    orders_per_day: int
    together: bool
    mute: bool
    # After how many seconds of its first life trading is halted; 0 for never.
    halt_seconds: float
    # Whether the broker holds no more than market and limit orders, so that the program holds the rest.
    poor: bool = False


def plan_of(campaign: int, run: int) -> Plan:
    """Give the plan of one run of a campaign."""
    dice = random.Random(f"{campaign}/{run}")
    valid_seconds = dice.choice((40, 1200, 1200))
    steps = [_order(dice, place, valid_seconds) for place in range(dice.randint(1, 5))]
    for _ in range(dice.choice((0, 0, 1, 2))):
        steps.append(_deed(dice, len(steps)))
    usual = sorted(set(DOORS) - _REFUSALS - _HANGS)
    names = dice.sample(usual, dice.randint(3, len(usual)))
    if dice.random() < 0.4:
        names += dice.sample(sorted(_REFUSALS | _HANGS), 2)
    # With dice of their own: whatever came before them is thrown as ever.
    more = random.Random(f"{campaign}/{run}/ways out")
    poor, alone = more.random() < 0.35, more.random() < 0.7
    if leaves := poor or more.random() < 0.25:
        ways = _ways_out(more, 0 if alone else len(steps), valid_seconds)
        steps = ways if alone else steps + ways
    plan = Plan(
        seed=dice.getrandbits(32),
        steps=tuple(steps),
        deaths=tuple(_death(dice) for _ in range(dice.choice((0, 1, 1, 1, 2, 3)))),
        faults=tuple(names),
        fault_rate=dice.choice((0.0, 0.2, 0.4, 0.6)),
        wander_rate=dice.choice((0.0, 0.4, 0.8)),
        fills_at_once=dice.random() < 0.7,
        orders_per_day=dice.choice((2, 3, 100)),
        together=dice.random() < 0.5,
        mute=dice.random() < 0.1,
        halt_seconds=dice.uniform(0.02, 0.4) if dice.random() < 0.15 else 0.0,
        poor=poor,
    )
    # Where nothing else is wanted, nothing else is in the way.
    return replace(plan, orders_per_day=100, together=False) if leaves and alone else plan


def _order(dice: random.Random, place: int, valid_seconds: int) -> Step:
    kind = dice.choice(
        ("market", "market", "limit", "limit", "stop", "stop_limit", "trailing_stop", "bracket")
    )
    side = dice.choice(("buy", "buy", "sell"))
    up = 1 if side == "buy" else -1
    values: dict[str, Any] = {
        "slot": f"slot-{place}",
        "symbol": dice.choice(SYMBOLS),
        "side": side,
        "quantity": dice.randint(1, 12),
        "kind": "limit" if kind == "bracket" else kind,
        "lasting": dice.choice(("day", "gtc")),
        # From when it was wanted first, by the fast clock.
        "valid_seconds": valid_seconds,
    }
    near = 100 + up * dice.choice((-2, -1, 0, 1))
    if kind in {"limit", "bracket"}:
        values["limit"] = str(near)
    if kind in {"stop", "stop_limit"}:
        values["stop"] = str(100 + up)
    if kind == "stop_limit":
        values["limit"] = str(100 + 2 * up)
    if kind == "trailing_stop":
        values["trail"] = "1.50"
    if kind == "bracket":
        values |= {"take_profit": str(near + 3 * up), "stop_loss": str(near - 3 * up)}
    return Step("place", values)


def _ways_out(dice: random.Random, first: int, valid_seconds: int) -> list[Step]:
    """Give a position, ways out of it, and prices that go through them."""
    symbol, quantity = dice.choice(SYMBOLS), dice.randint(2, 12)
    usual: dict[str, Any] = {
        "symbol": symbol,
        "lasting": "gtc",
        "quantity": quantity,
        "valid_seconds": valid_seconds,
    }
    steps = [Step("place", usual | {"slot": f"slot-{first}", "side": "buy", "kind": "market"})]
    for _ in range(dice.choice((1, 1, 2))):
        values = usual | {"slot": f"slot-{first + len(steps)}", "side": "sell", "holding": True}
        kind = dice.choice(("two ways", "two ways", "stop", "trailing_stop"))
        if kind == "two ways":
            values |= {"kind": "limit", "limit": "103", "stop_loss": "97", "one_cancels_other": True}
            if dice.random() < 0.3:
                values["stop_loss_limit"] = "96"
        elif kind == "stop":
            values |= {"kind": kind, "stop": "98"}
        else:
            values |= {"kind": kind, "trail": "1.50"}
        steps.append(Step("place", values))
    for _ in range(dice.randint(1, 4)):
        size = dice.choice((None, None, 1, 3))
        price = dice.choice((95.5, 96.5, 98, 102, 103, 104))
        depth = dice.choice((None, None, 1, 3))
        steps.append(Step("move", {"symbol": symbol, "price": price, "size": size, "depth": depth}))
    if dice.random() < 0.4:
        deed = Step(dice.choice(("cancel", "cancel_all", "close")), {"of": first + 1, "symbol": symbol})
        steps.insert(dice.randint(2, len(steps)), deed)
    return steps


def _deed(dice: random.Random, orders: int) -> Step:
    act = dice.choice(("cancel", "cancel", "replace", "cancel_all", "close"))
    values: dict[str, Any] = {"of": dice.randrange(orders), "symbol": dice.choice(SYMBOLS)}
    if act == "replace":
        values["quantity"] = dice.randint(1, 14)
    return Step(act, values)


def _death(dice: random.Random) -> Death:
    how = dice.random()
    if how < 0.4:
        return Death(looks=int(dice.triangular(1, 220, 40)))
    if how < 0.8:
        return Death(moment=dice.choice(MOMENTS), visits=dice.choice((1, 1, 1, 2, 3)))
    return Death(seconds=dice.uniform(0.0, 0.6))
