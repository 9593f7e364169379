"""The two lists beside the bars: what is missing or wrong, and splits and dividends."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, tzinfo

from puffling.desktop import numbers
from puffling.desktop.columns import Column, Kind
from puffling.desktop.theme import Tone
from puffling.frozen import frozen
from puffling.market.values import History
from puffling.puffin.data.actions import CorporateAction
from puffling.puffin.data.instants import US_PER_DAY, day_to_us, from_us
from puffling.puffin.data.quality import Fault, describe
from puffling.runtime.text import tr

MOST_FINDINGS = 2_000
_USED = frozenset({Fault.DUPLICATE, Fault.STALE})


@frozen
class Finding:
    """One fault of neighbouring bars, in words."""

    fault: str
    count: int
    since_us: int
    since: str
    until: str
    message: str
    used: bool


@frozen
class Act:
    """One split or one dividend."""

    day_us: int
    day: str
    what: str
    amount: str
    factor: float


def findings(history: History, zone: tzinfo) -> dict[str, Finding]:
    """Give what is missing or wrong, the newest first."""
    whole_days = not history.key.interval.is_intraday
    width_us = US_PER_DAY if whole_days else history.key.interval.us
    found: dict[str, Finding] = {}
    for number, flag in enumerate(reversed(history.flags[-MOST_FINDINGS:])):
        found[str(number)] = Finding(
            fault=tr(describe(flag.fault)),
            count=flag.count,
            since_us=flag.time_us,
            since=_moment(flag.time_us, zone, whole_days=whole_days),
            # A gap is told to where bars begin again.
            until=_moment(
                flag.until_us - (width_us if flag.fault is Fault.GAP else 0), zone, whole_days=whole_days
            ),
            message=flag.message,
            used=flag.fault in _USED,
        )
    return found


def finding_columns() -> list[Column[Finding]]:
    """Give the columns of what is missing or wrong."""
    return [
        Column(
            "fault",
            tr("What"),
            lambda row: row.fault,
            width=150,
            stretch=True,
            tooltip=lambda row: row.message,
            tone=lambda row: Tone.MUTED if row.used else Tone.WARN,
        ),
        Column(
            "count",
            tr("Bars"),
            lambda row: row.count,
            Kind.NUMBER,
            decimals=0,
            width=56,
            tooltip=lambda row: tr("Of a gap: how many are missing"),
        ),
        Column("since", tr("From"), lambda row: row.since, Kind.MUTED, width=92),
        Column("until", tr("To"), lambda row: row.until, Kind.MUTED, width=92),
        Column(
            "signals",
            tr("Signals"),
            lambda row: tr("see it") if row.used else tr("do not see it"),
            Kind.MUTED,
            width=96,
            optional=True,
        ),
    ]


def acts(actions: Sequence[CorporateAction], currency: str, present_us: int | None) -> dict[str, Act]:
    """Give splits and dividends until a moment, the newest first; a day may have both."""
    found: dict[str, Act] = {}
    for action in sorted(actions, key=lambda each: each.day, reverse=True):
        day_us = day_to_us(action.day)
        if present_us is not None and day_us > present_us:
            continue
        day = action.day.isoformat()
        if action.split_ratio not in (0.0, 1.0):
            ratio = numbers.split(action.split_ratio)
            found[f"{day} split"] = Act(day_us, day, tr("Split"), ratio, action.price_factor)
        if action.dividend > 0:
            amount = f"{numbers.fixed(action.dividend, 4)} {currency}"
            found[f"{day} dividend"] = Act(day_us, day, tr("Dividend"), amount, action.price_factor)
    return found


def act_columns() -> list[Column[Act]]:
    """Give the columns of splits and dividends."""
    return [
        Column("day", tr("Day"), lambda row: row.day, Kind.MUTED, width=92),
        Column("what", tr("What"), lambda row: row.what, width=84),
        Column(
            "amount", tr("Amount"), lambda row: row.amount, Kind.NUMBER, width=110, stretch=True,
            text=lambda row: row.amount,
        ),
        Column(
            "factor", tr("Factor"), lambda row: row.factor, Kind.NUMBER, decimals=6, width=84,
            tooltip=lambda row: tr("What older prices are multiplied by"),
        ),
    ]  # fmt: skip


def _moment(time_us: int, zone: tzinfo, *, whole_days: bool) -> str:
    moment = from_us(time_us)
    local = moment.astimezone(UTC if whole_days else zone)
    return f"{local:%Y-%m-%d}" if whole_days else f"{local:%Y-%m-%d %H:%M}"
