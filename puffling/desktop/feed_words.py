"""How a feed is doing, said in a few words wherever prices are shown."""

from __future__ import annotations

from puffling.desktop import numbers
from puffling.market.values import Condition, FeedState
from puffling.runtime.text import tr

WELL = frozenset((Condition.LIVE, Condition.QUIET))


def feed_words(state: FeedState) -> str:
    """Say in a few words how old prices are, or what keeps them away."""
    age = numbers.age(state.age_seconds)
    match state.condition:
        case Condition.LIVE:
            return age if state.age_seconds is not None else tr("connected")
        case Condition.QUIET:
            return tr("connected")
        case Condition.STALE:
            return tr("stale, last price {age} ago", age=age)
        case Condition.MUTE:
            return tr("connected, but silent")
        case Condition.RECONNECTING:
            if not state.next_try_seconds:
                return tr("reconnecting, try {number}", number=state.attempt)
            wait = numbers.age(state.next_try_seconds)
            return tr("reconnecting, try {number} in {wait}", number=state.attempt, wait=wait)
        case Condition.OFF:
            return tr("not connected")


def short_feed_words(state: FeedState) -> str:
    """Say in two words what keeps prices away; nothing while all is well."""
    return {
        Condition.STALE: tr("stale"),
        Condition.MUTE: tr("silent"),
        Condition.RECONNECTING: tr("reconnecting"),
        Condition.OFF: tr("not connected"),
    }.get(state.condition, "")


def feed_tooltip(state: FeedState) -> str:
    """Explain how a feed is doing, for whoever points at the words."""
    explained = {
        Condition.LIVE: tr("Prices come as they should."),
        Condition.QUIET: tr(
            "Nobody expects a price now: nothing of it is watched, or its exchange is closed."
        ),
        Condition.STALE: tr("The exchange is open and no price has come for a while. The last ones stay."),
        Condition.MUTE: tr("The connection stands, the exchange is open, and not one price has come."),
        Condition.RECONNECTING: tr("The connection was lost. It is tried again by itself."),
        Condition.OFF: tr("There is no connection."),
    }
    lines = [f"{state.label}: {explained[state.condition]}"]
    if state.note:
        lines.append(state.note)
    if state.age_seconds is not None and state.condition is not Condition.LIVE:
        lines.append(tr("Newest price: {age} old.", age=numbers.age(state.age_seconds)))
    if state.left_out:
        lines.append(tr("{count} messages were too strange to be shown.", count=f"{state.left_out:,}"))
    return "\n".join(lines)
