"""How many pieces an order is for: told by number, money, a share of the account, or what is risked."""

from __future__ import annotations

from decimal import ROUND_DOWN, Decimal

from puffling.frozen import frozen
from puffling.puffin.orders import Side
from puffling.runtime.errors import InvalidInput
from puffling.runtime.text import tr
from puffling.trading.values import Measure


@frozen
class Size:
    """The size somebody wants; `amount` is pieces, money, percent of the account, or money risked."""

    measure: Measure
    amount: Decimal


@frozen
class Ground:
    """What a size is worked out on; what is not known is None.

    `price` is the worst the order should fill at, `stop` where its position would be left with a loss.
    """

    side: Side
    price: Decimal | None = None
    equity: Decimal | None = None
    stop: Decimal | None = None
    # What quantities are multiples of.
    step: Decimal = Decimal(1)


def pieces(size: Size, ground: Ground) -> Decimal:
    """Give how many pieces a size is, rounded down to what can be traded; say why when it is none."""
    if not size.amount.is_finite() or size.amount <= 0:
        raise InvalidInput(tr("The size must be above 0."), field="size", hint=tr("Type a number above 0."))
    step = ground.step
    wanted = _wanted(size, ground)
    found = (wanted / step).to_integral_value(ROUND_DOWN) * step
    if found <= 0:
        raise InvalidInput(
            tr("That is less than {step}, the least that can be traded.", step=f"{step:f}"),
            field="size",
            hint=tr("Choose a larger size."),
        )
    if size.measure is Measure.QUANTITY and found != size.amount:
        raise InvalidInput(
            tr("{amount} is no multiple of {step}.", amount=f"{size.amount:f}", step=f"{step:f}"),
            field="size",
            hint=tr("This is not traded in fractions."),
        )
    return found.normalize() if found != found.to_integral_value() else found.quantize(Decimal(1))


def _wanted(size: Size, ground: Ground) -> Decimal:
    if size.measure is Measure.QUANTITY:
        return size.amount
    if size.measure is Measure.RISK:
        return size.amount / _risked(ground)
    if ground.price is None or ground.price <= 0:
        raise InvalidInput(
            tr("There is no price to work the size out with."),
            field="size",
            hint=tr("Give the number of pieces, or a limit price."),
        )
    if size.measure is Measure.MONEY:
        return size.amount / ground.price
    if ground.equity is None or ground.equity <= 0:
        raise InvalidInput(
            tr("What the account is worth is not known just now."),
            field="size",
            hint=tr("Give the number of pieces or the money."),
        )
    return ground.equity * size.amount / 100 / ground.price


def _risked(ground: Ground) -> Decimal:
    """Give what one piece loses between its price and the stop."""
    if ground.stop is None or ground.price is None:
        raise InvalidInput(
            tr("The risk is counted to a stop, and there is none."),
            field="stop_loss",
            hint=tr("Give a stop loss, or the size in another way."),
        )
    lost = (ground.price - ground.stop) * (1 if ground.side is Side.BUY else -1)
    if lost <= 0:
        where = tr("below") if ground.side is Side.BUY else tr("above")
        raise InvalidInput(
            tr("The stop must lie {where} the price.", where=where),
            field="stop_loss",
            hint=tr("Otherwise there is nothing to lose to it."),
        )
    return lost
