"""What the database remembers of the state of trading, beside the halt file; either of the two halts.

The rows lie among the settings under keys that no setting has, so that no face can show or write them.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from puffling.frozen import frozen
from puffling.runtime.text import tr
from puffling.store.database import Unit
from puffling.trading.halt import Halt, HaltSwitch
from puffling.trading.values import TradingState

FLAGS = "state."
STATE = f"{FLAGS}trading"
LIVE = f"{FLAGS}live."
_RESTART = f"{FLAGS}drawdown."


@frozen
class Standing:
    """Whether orders may leave, and why not."""

    state: TradingState
    reason: str = ""
    by: str = ""
    since: datetime | None = None


ACTIVE = Standing(TradingState.ACTIVE)


def read_standing(unit: Unit) -> Standing:
    """Give the state the database remembers; what cannot be read is halted."""
    row = unit.settings.find(STATE)
    return ACTIVE if row is None else _standing(row.value)


def standing_of(rows: Mapping[str, object]) -> Standing:
    """Give the state that rows read before stand for; without one of it, nothing is halted."""
    return _standing(rows[STATE]) if STATE in rows else ACTIVE


def _standing(values: Any) -> Standing:
    try:
        since = datetime.fromisoformat(values["since"])
        return Standing(TradingState(values["state"]), str(values["reason"]), str(values["by"]), since)
    except (ValueError, KeyError, TypeError):
        return Standing(TradingState.HALTED, tr("The state of trading cannot be read from the database."))


def write_standing(unit: Unit, standing: Standing) -> None:
    """Keep the state of trading."""
    if standing.state is TradingState.ACTIVE:
        if unit.settings.find(STATE) is not None:
            unit.settings.remove(STATE)
        return
    since = standing.since or unit.now
    unit.settings.put(
        STATE,
        {
            "state": standing.state.value,
            "reason": standing.reason,
            "by": standing.by,
            "since": since.isoformat(),
        },
    )


def strictest(halt: Halt | None, remembered: Standing) -> Standing:
    """Give what the halt file and the database say together."""
    if halt is not None:
        return Standing(TradingState.HALTED, halt.reason, halt.by, halt.since)
    return remembered


def standing_now(switch: HaltSwitch, unit: Unit) -> Standing:
    """Give whether orders may leave at this instant, read anew from both places."""
    return strictest(switch.read(), read_standing(unit))


def write_live(unit: Unit, account: str, granted: bool) -> None:
    """Remember that the person typed LIVE for this account, or went back."""
    key = LIVE + account
    if granted:
        unit.settings.put(key, {"since": unit.now.isoformat()})
    elif unit.settings.find(key) is not None:
        unit.settings.remove(key)


def read_restart(unit: Unit, account: str) -> datetime | None:
    """Give when the person last said that the fall from the peak is to be measured anew."""
    return restart_of(unit.usage.rows_under(_RESTART), account)


def restart_of(rows: Mapping[str, object], account: str) -> datetime | None:
    """Give the same from rows read before."""
    value = rows.get(_RESTART + account)
    return None if value is None else datetime.fromisoformat(str(value))


def write_restart(unit: Unit, account: str) -> None:
    """Measure the fall from the peak anew from now on."""
    unit.settings.put(_RESTART + account, unit.now.isoformat())
