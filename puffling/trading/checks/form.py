"""Whether the order makes sense in itself, to its broker and to what is traded."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from puffling.market.values import AssetClass
from puffling.puffin.broker.base import Asset, BrokerAbilities
from puffling.puffin.orders import Kind, Lasting
from puffling.runtime.text import tr
from puffling.store.orders import OrderTerms
from puffling.trading.case import passed, refused
from puffling.trading.facts import GateFacts
from puffling.trading.proposals import Proposal
from puffling.trading.verdicts import Check
from puffling.trading.wire import are_exits_held_here
from puffling.trading.words import plain

# Beyond this no quantity and no price is meant seriously, and exact arithmetic ends.
LARGEST = Decimal(10) ** 12
SMALLEST_STEP = -9
_WHOLE = Decimal(1)
_NEEDS_LIMIT = frozenset({Kind.LIMIT, Kind.STOP_LIMIT})
_NEEDS_STOP = frozenset({Kind.STOP, Kind.STOP_LIMIT})
_WAITS = frozenset({Lasting.DAY, Lasting.GTC})


def numbers_sound(proposal: Proposal, facts: GateFacts) -> Check:
    """Let nothing through whose quantity or prices are missing, negative, not finite, or absurd."""
    code = "numbers"
    problem = next(_problems(proposal.terms), "")
    if problem:
        return refused(code, problem, tr("Put the order right."))
    return passed(code, tr("Quantity and prices are sound."))


def _problems(terms: OrderTerms) -> Iterator[str]:
    named = (
        (tr("quantity"), terms.quantity),
        (tr("limit"), terms.limit),
        (tr("stop"), terms.stop),
        (tr("trailing distance"), terms.trail),
        (tr("trailing share"), terms.trail_share),
        (tr("take-profit"), terms.take_profit),
        (tr("stop-loss"), terms.stop_loss),
        (tr("limit of the stop-loss"), terms.stop_loss_limit),
    )
    for name, number in named:
        if number is not None and not _is_sound(number):
            yield tr("The {name} {number} is no usable number.", name=name, number=number)
    wants = {
        tr("limit"): (terms.limit is not None, terms.kind in _NEEDS_LIMIT),
        tr("stop"): (terms.stop is not None, terms.kind in _NEEDS_STOP),
        tr("trailing distance"): (
            terms.trail is not None or terms.trail_share is not None,
            terms.kind is Kind.TRAILING_STOP,
        ),
    }
    for name, (given, wanted) in wants.items():
        if given is not wanted:
            text = tr("A {kind} order needs a {name}.") if wanted else tr("A {kind} order has no {name}.")
            yield text.format(kind=terms.kind.value.replace("_", " "), name=name)
    if terms.trail is not None and terms.trail_share is not None:
        yield tr("A trailing stop has one distance.")
    if terms.trail_share is not None and terms.trail_share >= 1:
        yield tr("A trailing share is less than 1.")
    if terms.one_cancels_other:
        if terms.kind is not Kind.LIMIT or terms.stop_loss is None or terms.take_profit is not None:
            yield tr("One cancels the other: that is a limit with a profit, and a stop-loss.")
    elif terms.stop_loss_limit is not None:
        yield tr("Only one of two ways out has a limit behind its stop-loss.")


def _is_sound(number: Decimal) -> bool:
    if not number.is_finite() or not 0 < number < LARGEST:
        return False
    exponent = number.normalize().as_tuple().exponent
    return isinstance(exponent, int) and exponent >= SMALLEST_STEP


def kind_offered(proposal: Proposal, facts: GateFacts) -> Check:
    """Let nothing through that the broker does not hold, unless this computer holds it."""
    code, terms, abilities = "broker_kind", proposal.terms, facts.live.abilities
    kind = terms.kind.value.replace("_", " ")
    if terms.one_cancels_other and (terms.lasting not in _WAITS or terms.extended_hours):
        text = tr("Two ways out wait in the session, for the day or until cancelled.")
        return refused(code, text, tr("Let it last for the day or until cancelled."))
    if facts.live.held_here:
        return passed(code, tr("This computer holds the order until its price is met."))
    if terms.kind not in abilities.kinds:
        return refused(code, tr("This broker has no {kind} orders.", kind=kind), tr("Take another kind."))
    if terms.lasting not in abilities.lasting:
        text = tr("This broker has no orders of the kind {lasting}.", lasting=terms.lasting.value.upper())
        return refused(code, text, tr("Let it last otherwise."))
    if terms.extended_hours and not (abilities.extended_hours and terms.kind is Kind.LIMIT):
        text = tr("Outside the session this broker takes limit orders at most.")
        return refused(code, text, tr("Take a limit order, or leave extended hours out."))
    if are_exits_held_here(terms, abilities):
        text = tr("The broker holds {kind} orders, and this computer the exits that follow.", kind=kind)
        return passed(code, text)
    return passed(code, tr("The broker holds {kind} orders.", kind=kind))


def instrument_tradable(proposal: Proposal, facts: GateFacts) -> Check:
    """Let nothing through in what the broker does not know or does not trade."""
    code, symbol, asset = "tradable", proposal.terms.symbol, facts.live.asset
    if asset is None or asset.symbol != symbol:
        text = tr("Whether {symbol} can be traded at this broker is not known.", symbol=symbol)
        return refused(code, text, tr("Try again when the broker answers."))
    if not asset.tradable:
        return refused(
            code, tr("{symbol} is not traded at this broker.", symbol=symbol), tr("Choose another symbol.")
        )
    return passed(code, tr("{symbol} is traded at this broker.", symbol=symbol))


def quantity_step(asset: Asset, abilities: BrokerAbilities) -> Decimal:
    """Give what quantities are multiples of: of a share that is told in whole ones the least fraction."""
    if asset.quantity_step >= _WHOLE and asset.fractionable and abilities.fractions:
        return Decimal(1).scaleb(SMALLEST_STEP)
    return asset.quantity_step


def quantity_fits(proposal: Proposal, facts: GateFacts) -> Check:
    """Let no piece of a share through where only whole ones are traded."""
    code, terms, asset = "quantity_step", proposal.terms, facts.live.asset
    if asset is None or not _is_sound(asset.quantity_step):
        return refused(
            code, tr("The smallest quantity is not known."), tr("Try again when the broker answers.")
        )
    step = quantity_step(asset, facts.live.abilities)
    if terms.quantity % step:
        text = tr("{quantity} is not a multiple of {step}.", quantity=plain(terms.quantity), step=plain(step))
        return refused(code, text, tr("Round the quantity."), used=terms.quantity, limit=step)
    return passed(code, tr("The quantity fits."))


def prices_fit(proposal: Proposal, facts: GateFacts) -> Check:
    """Let no price through that lies between two steps of the exchange."""
    code, terms, asset = "price_step", proposal.terms, facts.live.asset
    if asset is None:
        return refused(
            code, tr("The smallest step of prices is not known."), tr("Try again when the broker answers.")
        )
    for price in (
        terms.limit,
        terms.stop,
        terms.take_profit,
        terms.stop_loss,
        terms.stop_loss_limit,
        terms.trail,
    ):
        if price is None:
            continue
        step = price_step(asset, price, facts)
        if price % step:
            text = tr(
                "{price} is between two prices: the step is {step}.", price=plain(price), step=plain(step)
            )
            return refused(code, text, tr("Round the price."), used=price, limit=step)
    return passed(code, tr("The prices fit the steps of the exchange."))


def price_step(asset: Asset, price: Decimal, facts: GateFacts) -> Decimal:
    """Give the smallest step a price of this height may have."""
    if asset.price_step is not None and _is_sound(asset.price_step):
        return asset.price_step
    instrument = facts.live.instrument
    if instrument is not None and instrument.asset_class is AssetClass.CRYPTO:
        return Decimal(1).scaleb(-instrument.price_decimals)
    return Decimal("0.01") if price >= 1 else Decimal("0.0001")


CHECKS = (kind_offered, instrument_tradable, quantity_fits, prices_fit)
