"""Whether the price is one to trade on, and the order's own prices are near it; and whether it is time."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from puffling.market.values import SessionState
from puffling.puffin.orders import Kind, Side
from puffling.runtime.text import tr
from puffling.trading.case import Case, passed, refused
from puffling.trading.judging import PriceSeen
from puffling.trading.values import Mode
from puffling.trading.verdicts import Check
from puffling.trading.words import percent, plain, seconds

# As the market's own check of live prices: no market makes the fiftyfold of a day before.
SPIKE = 50
FUTURE_SECONDS = 15
# Where a stop may lie: farther away it is a slip of the decimal point.
FARTHEST_STOP = Decimal("0.5")


def price_sound(case: Case) -> Check:
    """Let nothing through on a price that is missing, doubted, or cannot be right."""
    code, price = "price", case.live.price
    doubt = (
        tr("There is no price of {symbol}.", symbol=case.terms.symbol)
        if price is None
        else _doubt(case, price)
    )
    if not doubt:
        return passed(code, tr("The price can be traded on."))
    if _may_leave_blind(case):
        return passed(code, tr("{doubt} You confirmed to sell or cover all the same.", doubt=doubt))
    return refused(code, doubt, tr("Wait for a sound price, or look at the feed in the Data panel."))


def _doubt(case: Case, price: PriceSeen) -> str:
    """Say why the price cannot be right, empty when it can."""
    if price.doubt:
        return tr("The price of {symbol} is doubted: {doubt}", symbol=case.terms.symbol, doubt=price.doubt)
    sides = [side for side in (price.bid, price.ask) if side is not None]
    if any(not number.is_finite() or number <= 0 for number in (price.last, *sides)):
        return tr("The price {price} is no price.", price=price.last)
    if price.bid is not None and price.ask is not None and price.bid > price.ask:
        return tr("The bid {bid} is above the ask {ask}.", bid=plain(price.bid), ask=plain(price.ask))
    if (price.at - case.facts.now).total_seconds() > FUTURE_SECONDS:
        return tr("The price is from the future: is this computer's clock right?")
    known = [*sides, *([price.previous_close] if _usable(price.previous_close) else [])]
    for other in known:
        if other is not None and not other / SPIKE < price.last < other * SPIKE:
            return tr("The price {price} is far from {other}.", price=plain(price.last), other=plain(other))
    return ""


def _usable(price: Decimal | None) -> bool:
    return price is not None and price.is_finite() and price > 0


def price_young(case: Case) -> Check:
    """Let nothing through on an old price while its exchange is open."""
    code, price = "price_age", case.live.price
    if price is None:
        # That there is no price says the check before.
        return passed(code, tr("There is no price that could be old."))
    allowed = case.limits.price_age_seconds
    if case.facts.live.mode is not Mode.LIVE:
        allowed += price.late_seconds
    age = Decimal(str((case.facts.now - price.at).total_seconds()))
    if age <= allowed or (case.shrinks and case.facts.session is SessionState.CLOSED):
        return passed(
            code, tr("The price is {age} old.", age=seconds(max(age, Decimal(0)))), used=age, limit=allowed
        )
    text = tr("The price is {age} old, most is {most}.", age=seconds(age), most=seconds(allowed))
    if _may_leave_blind(case):
        return passed(code, tr("{text} You confirmed to sell or cover all the same.", text=text))
    return refused(code, text, tr("Wait for a new price."), used=age, limit=allowed)


def _may_leave_blind(case: Case) -> bool:
    """Tell whether the person confirmed to get out, which must not hang on a feed of prices."""
    return case.shrinks and bool(case.live.confirmed) and case.terms.kind is Kind.MARKET


def price_real(case: Case) -> Check:
    """Let no made-up price decide over an account of the real market."""
    code, price = "price_real", case.live.price
    demo = case.live.mode is Mode.DEMO and case.live.account.mode == Mode.DEMO.value
    if price is not None and price.made_up and not demo:
        text = tr(
            "The price of {symbol} is made up: this account trades in the real market.",
            symbol=case.terms.symbol,
        )
        return refused(code, text, tr("Put a feed of real prices first in the preferences."))
    return passed(code, tr("Prices and account belong together."))


def within_band(case: Case) -> Check:
    """Let no limit through that is far from the last price."""
    code, terms, price, band = "price_band", case.terms, case.price, case.limits.price_band
    limit, stop = terms.limit, terms.stop
    if terms.one_cancels_other:
        # How far away a profit is taken is no slip; the limit behind the stop-loss may be one.
        limit, stop = terms.stop_loss_limit, terms.stop_loss
    if limit is None:
        return passed(code, tr("The order names no limit."))
    # What waits for its stop will be near the stop then.
    beside = stop if stop is not None else price.last if price is not None else None
    if beside is None or not _usable(beside):
        return refused(code, tr("The limit has no price beside it."), tr("Wait for a sound price."))
    away = abs(limit - beside) / beside
    text = tr(
        "The limit {limit} is {away} from {price}.",
        limit=plain(limit),
        away=percent(away),
        price=plain(beside),
    )
    if away > band:
        return refused(code, text, tr("Most is {band}.", band=percent(band)), used=away, limit=band)
    return passed(code, text, used=away, limit=band)


def stops_on_their_side(case: Case) -> Check:
    """Let no stop through that would fire at once, nor exits on the wrong side of the entry."""
    code = "stop_side"
    problem = next(_misplaced(case), "")
    if problem:
        return refused(code, problem, tr("Put the order right."))
    return passed(code, tr("Stops and exits are on their side."))


def _misplaced(case: Case) -> Iterator[str]:
    terms, price, buys = case.terms, case.price, case.terms.side is Side.BUY
    # What this computer holds is sent when its stop is met, so that then it lies on the other side.
    if terms.stop is not None and price is not None and not case.live.confirmed:
        last = price.last
        if terms.stop <= last if buys else terms.stop >= last:
            yield tr(
                "The stop {stop} would fire at once: the price is {last}.",
                stop=plain(terms.stop),
                last=plain(last),
            )
        if abs(terms.stop - last) > last * FARTHEST_STOP:
            yield tr("The stop {stop} is too far from {last}.", stop=plain(terms.stop), last=plain(last))
    if terms.trail is not None and price is not None and terms.trail > price.last * FARTHEST_STOP:
        yield tr("The trailing distance {trail} is too large.", trail=plain(terms.trail))
    if terms.trail_share is not None and terms.trail_share > FARTHEST_STOP:
        yield tr("The trailing share {share} is too large.", share=percent(terms.trail_share))
    if terms.one_cancels_other:
        yield from _misplaced_ways_out(case)
        return
    entry = terms.limit or terms.stop or (price.last if price is not None else None)
    for exit_price, name, above in (
        (terms.take_profit, tr("take-profit"), buys),
        (terms.stop_loss, tr("stop-loss"), not buys),
    ):
        if exit_price is not None and (
            entry is None or (exit_price > entry) is not above or exit_price == entry
        ):
            yield tr(
                "The {name} {price} is on the wrong side of the entry.", name=name, price=plain(exit_price)
            )


def _misplaced_ways_out(case: Case) -> Iterator[str]:
    """Say which of two ways out is not on its side of the price, or too far from it."""
    terms, price, buys = case.terms, case.price, case.terms.side is Side.BUY
    profit, loss = terms.limit, terms.stop_loss
    if profit is None or loss is None:
        return
    if (profit < loss) is not buys or profit == loss:
        yield tr(
            "The profit {profit} is taken beyond the stop-loss {loss}.",
            profit=plain(profit),
            loss=plain(loss),
        )
    if price is None or case.live.confirmed:
        return
    last = price.last
    for way, name, below in ((profit, tr("take-profit"), buys), (loss, tr("stop-loss"), not buys)):
        if (way < last) is not below or way == last:
            yield tr(
                "The {name} {price} would fire at once: the price is {last}.",
                name=name,
                price=plain(way),
                last=plain(last),
            )
        if abs(way - last) > last * FARTHEST_STOP:
            yield tr(
                "The {name} {price} is too far from {last}.", name=name, price=plain(way), last=plain(last)
            )


def in_hours(case: Case) -> Check:
    """Let nothing larger through outside the hours the person allows, by the instrument's own calendar."""
    code, session, hours = "hours", case.facts.session, case.limits.hours
    symbol = case.terms.symbol
    if session is SessionState.OPEN:
        return passed(code, tr("{symbol} trades now.", symbol=symbol))
    if hours == "any":
        return passed(code, tr("You allow orders at any time."))
    if case.shrinks:
        # A way out adds no risk, and waits at the broker until there is somebody to trade with.
        return passed(code, tr("{symbol} does not trade now: the order waits.", symbol=symbol))
    if session is None:
        return refused(
            code,
            tr("When {symbol} trades is not known.", symbol=symbol),
            tr("Allow any hours if you mean it."),
        )
    around = session in {SessionState.PRE, SessionState.POST}
    if hours == "extended" and around and case.terms.extended_hours:
        return passed(code, tr("{symbol} trades outside its session now.", symbol=symbol))
    return refused(
        code,
        tr("{symbol} does not trade now.", symbol=symbol),
        tr("Wait for the next session, or allow extended hours and ask for them.")
        if around
        else tr("Wait for the next session."),
    )


CHECKS = (price_sound, price_young, price_real, within_band, stops_on_their_side, in_hours)
