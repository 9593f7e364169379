"""Whether the order keeps within what the person allows: counts, sizes, money, losses."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from puffling.runtime.text import tr
from puffling.trading.case import Case, asked, passed, refused
from puffling.trading.facts import finite
from puffling.trading.other_way import leads_out as is_way_out
from puffling.trading.proposals import EXITS, LEAVINGS, WAYS_OUT
from puffling.trading.values import TradingState
from puffling.trading.verdicts import Check
from puffling.trading.words import money, percent, plain

_ZERO = Decimal(0)


def only_reducing(case: Case) -> Check:
    """Let only what makes a position smaller through while trading winds down."""
    code, standing = "reducing", case.facts.standing
    if standing.state is not TradingState.REDUCING or case.shrinks:
        return passed(code, tr("Trading is {state}.", state=standing.state))
    text = tr("Only orders that make a position smaller leave now: {reason}", reason=standing.reason)
    return refused(code, text, tr("Only you can lift it: Resume trading, or puffling resume."))


def leads_out(case: Case) -> Check:
    """Let ways out, a strategy's too, lead out of what is held and free, and never into anything."""
    code, terms, leg = "way_out", case.terms, case.proposal.leg
    if not terms.one_cancels_other and leg not in WAYS_OUT | LEAVINGS:
        return passed(code, tr("It is an order by itself."))
    if case.shrinks:
        return passed(code, tr("It leads out of what is held."))
    text = tr(
        "One cancels the other: that is for what is held of {symbol} and not promised to other orders.",
        symbol=terms.symbol,
    )
    if leg in LEAVINGS | {EXITS} and not terms.one_cancels_other:
        text = tr("An exit is for what is held of {symbol} and not promised to others.", symbol=terms.symbol)
    return refused(code, text, tr("Order at most what is held and free, on the side that closes it."))


def on_the_list(case: Case) -> Check:
    """Let nothing larger through in a symbol the person left off the list, when there is one."""
    code, symbol, listed = "whitelist", case.terms.symbol, case.limits.whitelist
    if case.shrinks or not listed or symbol in listed:
        return passed(code, tr("{symbol} may be ordered.", symbol=symbol))
    text = tr("{symbol} is not among the symbols you allow.", symbol=symbol)
    return refused(code, text, tr("Allow it in the Safety console."))


def short_allowed(case: Case) -> Check:
    """Let nothing be sold that is not there, where it cannot be borrowed."""
    code, symbol, live = "short", case.terms.symbol, case.live
    if case.buys or case.shrinks:
        return passed(code, tr("Nothing is sold short."))
    lends = live.abilities.short and live.asset is not None and live.asset.shortable
    if lends and live.info is not None and live.info.may_short:
        return passed(code, tr("{symbol} can be sold short.", symbol=symbol))
    text = tr(
        "You hold {quantity} {symbol}, and it cannot be sold short here.",
        symbol=symbol,
        quantity=plain(max(case.used.held, _ZERO)),
    )
    return refused(code, text, tr("Sell no more than is held and not promised to other orders."))


def not_repeated(case: Case) -> Check:
    """Take the same order soon after for a mistake."""
    code, before, window = "duplicate", case.used.repeated_at, case.limits.duplicate_seconds
    if before is None:
        return passed(code, tr("No such order was entered just now."))
    changed = case.live.replaces
    if changed is not None and is_way_out(changed):
        # Of two ways out one price moves, and the rest is as it was a moment ago.
        return passed(code, tr("It stands in the place of a way out that waits."))
    if case.shrinks and case.live.confirmed:
        # Whoever confirmed to get out and did not get out tries again at once.
        return passed(code, tr("You confirmed it: {act}", act=case.live.confirmed))
    since = Decimal(str((case.facts.now - before).total_seconds()))
    text = tr("The same order was entered {seconds} s ago.", seconds=round(since))
    left = (before + timedelta(seconds=window) - case.facts.now).total_seconds()
    hint = tr("Wait {seconds} s if you mean it, or change the order.", seconds=max(1, round(left)))
    return refused(code, text, hint, used=since, limit=window)


def few_today(case: Case) -> Check:
    """Keep to the number of orders of a day in New York; a way out is not counted."""
    code, limit = "orders_per_day", case.limits.orders_per_day
    before = case.used.entered_today
    counts = not case.shrinks and case.live.replaces is None and case.live.parent_id is None
    used = before + counts
    if not counts or used <= limit:
        text = tr("{used} of {limit} orders today.", used=used, limit=limit)
        return passed(code, text, used=used, limit=limit)
    text = tr("{limit} orders were entered today, which is the limit.", limit=before)
    return refused(
        code, text, tr("Wait for tomorrow in New York, or raise the limit."), used=used, limit=limit
    )


def no_storm(case: Case) -> Check:
    """Keep a fault from sending ways out for ever."""
    code, limit = "exits_per_hour", case.limits.exits_per_hour
    used = case.used.exits_last_hour + case.shrinks
    if not case.shrinks or used <= limit:
        return passed(
            code, tr("{used} of {limit} exits in an hour.", used=used, limit=limit), used=used, limit=limit
        )
    text = tr("{limit} exits were entered within an hour, which is the limit.", limit=used - 1)
    return refused(code, text, tr("Look what sends them, or raise the limit."), used=used, limit=limit)


def within_position(case: Case) -> Check:
    """Keep a symbol within its share of the account, with everything that waits."""
    code, equity, exposure = "position", case.equity, case.exposure
    limit, symbol = case.limits.share_of(case.terms.symbol), case.terms.symbol
    if case.shrinks:
        return passed(code, tr("The order only makes the position smaller."), limit=limit)
    if equity is None or equity <= 0 or exposure is None:
        text = tr("What share of the account {symbol} would be is not known.", symbol=symbol)
        return refused(code, text, tr("Wait until price and account are known."), limit=limit)
    share = exposure / equity
    text = tr(
        "{symbol} would be {share} of the account, most is {limit}.",
        symbol=symbol,
        share=percent(share),
        limit=percent(limit),
    )
    if share > limit:
        room = max(_ZERO, limit * equity - (exposure - case.quantity * (case.each or _ZERO)))
        hint = tr(
            "There is room for {money} more, or grant {symbol} a larger share.",
            money=money(room),
            symbol=symbol,
        )
        return refused(code, text, hint, used=share, limit=limit)
    return passed(code, text, used=share, limit=limit)


def money_there(case: Case) -> Check:
    """Let nothing be bought with money that is not there."""
    code = "cash"
    if case.shrinks:
        return passed(code, tr("The order needs no money."))
    there, cost = _available(case), case.worth
    if there is None or cost is None:
        return refused(code, tr("How much money is there is not known."), tr("Wait until the broker tells."))
    needed = cost + case.used.unheard
    text = tr("{needed} of {there} would be used.", needed=money(needed), there=money(there))
    if needed > there:
        hint = tr("There are {money} less than needed.", money=money(needed - there))
        return refused(code, text, hint, used=needed, limit=there)
    return passed(code, text, used=needed, limit=there)


def _available(case: Case) -> Decimal | None:
    """Give the money for this order: what the broker lends only where the person allows it."""
    info = case.info
    if info is None:
        return None
    power, cash, settled = finite(info.buying_power), finite(info.cash), finite(info.settled_cash)
    if case.limits.margin or not case.buys:
        return power
    if power is None or cash is None or (info.settled_cash is not None and settled is None):
        return None
    return min(power, cash if settled is None else settled)


def day_not_lost(case: Case) -> Check:
    """Let nothing larger through once the day has lost as much as it may."""
    code, limit, start = "daily_loss", case.limits.daily_loss, case.used.day_start
    if case.shrinks:
        return passed(code, tr("The order only makes the position smaller."), limit=limit)
    began = start + case.used.moved_today if start is not None else None
    if began is None or began <= 0 or case.equity is None:
        text = tr("What the account was worth when the day began is not known.")
        return refused(code, text, tr("Wait until the broker tells."), limit=limit)
    lost = (began - case.equity) / began
    text = tr(
        "The day is at {gain}, the limit is a loss of {limit}.", gain=percent(-lost), limit=percent(limit)
    )
    if lost >= limit:
        hint = tr("Nothing new until tomorrow in New York; positions can be made smaller.")
        return refused(code, text, hint, used=lost, limit=limit)
    return passed(code, text, used=lost, limit=limit)


def not_fallen(case: Case) -> Check:
    """Let nothing larger through once the account has fallen too far from its best."""
    code, limit, equity = "drawdown", case.limits.drawdown, case.equity
    if case.shrinks:
        return passed(code, tr("The order only makes the position smaller."), limit=limit)
    if equity is None:
        return refused(
            code,
            tr("What the account is worth is not known."),
            tr("Wait until the broker tells."),
            limit=limit,
        )
    best = max(case.used.best or equity, equity)
    if best <= 0:
        return refused(code, tr("The account is worth nothing."), tr("Pay money in."), limit=limit)
    fallen = (best - equity) / best
    text = tr(
        "{fallen} below the best, the breaker is at {limit}.", fallen=percent(fallen), limit=percent(limit)
    )
    if fallen >= limit:
        hint = tr("Look at what happened, then measure anew in the Safety console.")
        return refused(code, text, hint, used=fallen, limit=limit)
    return passed(code, text, used=fallen, limit=limit)


def small_enough(case: Case) -> Check:
    """Ask the person about an order that moves much money."""
    code, limit, worth = "approval", case.limits.approval_above, case.worth
    if case.live.confirmed:
        return passed(code, tr("You confirmed it: {act}", act=case.live.confirmed), used=worth, limit=limit)
    if worth is None:
        return refused(
            code, tr("What the order is worth is not known."), tr("Wait for a price."), limit=limit
        )
    text = tr(
        "The order is worth {worth}; above {limit} you are asked.", worth=money(worth), limit=money(limit)
    )
    if worth > limit:
        return asked(code, text, tr("Look at it under Approvals."), used=worth, limit=limit)
    return passed(code, text, used=worth, limit=limit)


CHECKS = (
    only_reducing,
    leads_out,
    on_the_list,
    short_allowed,
    not_repeated,
    few_today,
    no_storm,
    within_position,
    money_there,
    day_not_lost,
    not_fallen,
    small_enough,
)
