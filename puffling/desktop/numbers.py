"""Numbers and times as people read them; pure text, no window needed."""

from __future__ import annotations

import math
from datetime import datetime, timedelta, tzinfo
from decimal import Decimal

from puffling.runtime.text import tr

MINUS = "\N{MINUS SIGN}"
NOTHING = "\N{EN DASH}"
FIGURE_SPACE = "\N{FIGURE SPACE}"
POINT_SPACE = "\N{PUNCTUATION SPACE}"

Number = int | float | Decimal
_PRICE_DECIMALS = 4
_STEPS = ((12, "T"), (9, "B"), (6, "M"), (3, "K"))
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def fixed(value: Number | None, decimals: int = 2, *, unit: str = "", signed: bool = False) -> str:
    """Give 67204.1 as "67,204.10", with a true minus sign, and the sign of a gain where it is asked for."""
    if value is None or not math.isfinite(value):
        return NOTHING
    digits = f"{abs(value):,.{decimals}f}"
    if value < 0 and any(digit in digits for digit in "123456789"):
        sign = MINUS
    else:
        sign = "+" if signed and value > 0 and any(digit in digits for digit in "123456789") else ""
    return f"{sign}{unit}{digits}"


def percent(share: Number | None, decimals: int = 2, *, signed: bool = True) -> str:
    """Give the share 0.0042 as "+0.42%"."""
    if share is None or not math.isfinite(share):
        return NOTHING
    return fixed(share * 100, decimals, signed=signed) + "%"


def price(value: Decimal | None) -> str:
    """Give a price with the decimals it has: two at the least, and four at most from one on."""
    if value is None or not value.is_finite():
        return NOTHING
    if abs(value) >= 1:
        value = round(value, _PRICE_DECIMALS)
    exponent = value.normalize().as_tuple().exponent
    return fixed(value, max(2, -exponent if isinstance(exponent, int) else 0))


def money(amount: Number | None, unit: str = "$", decimals: int = 2, *, signed: bool = False) -> str:
    """Give -234 as a loss of "−$234.00"."""
    return fixed(amount, decimals, unit=unit, signed=signed)


def short(value: Number | None) -> str:
    """Give 1234567 as "1.2M", for where space is scarce."""
    if value is None or not math.isfinite(value):
        return NOTHING
    size = abs(float(value))
    for power, letter in _STEPS:
        # Half a digit early, so that 999,960 reads 1.0M and not 1000.0K.
        if size >= 10**power * 0.99995:
            return fixed(float(value) / 10**power, 1) + letter
    return fixed(value, 0 if size >= 100 or float(value).is_integer() else 2)


def full(value: Number | None) -> str:
    """Give every digit that was measured, with thousands separators: the long form behind a short one."""
    if value is None or not math.isfinite(value):
        return NOTHING
    if isinstance(value, Decimal):
        return f"{value:,f}".replace("-", MINUS)
    return (f"{value:,}" if isinstance(value, int) else f"{value:,.10g}").replace("-", MINUS)


def split(ratio: float) -> str:
    """Give the split ratio 4.0 as "4 for 1" and 0.1 as "1 for 10"."""
    if ratio >= 1:
        return tr("{new} for {old}", new=full(round(ratio, 6)), old=1)
    return tr("{new} for {old}", new=1, old=full(round(1 / ratio, 6)))


def age(seconds: float | None) -> str:
    """Give how long ago something was: "0.2 s", "12 s", "3 min", "2 h", "5 d"."""
    if seconds is None or not math.isfinite(seconds):
        return NOTHING
    seconds = max(seconds, 0.0)
    if seconds < 9.95:
        return tr("{count} s", count=f"{seconds:.1f}")
    if seconds < 59.5:
        return tr("{count} s", count=round(seconds))
    if seconds < 3570:
        return tr("{count} min", count=round(seconds / 60))
    if seconds < 84_600:
        return tr("{count} h", count=round(seconds / 3600))
    return tr("{count} d", count=round(seconds / 86_400))


def moment(time: datetime | None, zone: tzinfo | None = None, *, now: datetime | None = None) -> str:
    """Give a moment in the person's time zone: only the hour when it is of today, else the day too."""
    if time is None:
        return NOTHING
    local = time.astimezone(zone)
    today = now.astimezone(zone).date() if now else None
    if today is not None and local.date() == today:
        return f"{local:%H:%M:%S}"
    if today is not None and abs(local.date() - today) < timedelta(days=300):
        return f"{day(local)} {local:%H:%M}"
    return f"{local:%Y-%m-%d %H:%M}"


def day(time: datetime) -> str:
    """Give the day as "12 Nov"."""
    return f"{time.day} {month(time.month)}"


def month(number: int) -> str:
    """Give the short name of a month, the same on every system."""
    return tr(_MONTHS[number - 1])


def pad_fraction(text: str, decimals: int) -> str:
    """Fill up the fraction with blanks as wide as figures, so that decimal points stand under each other."""
    _, point, fraction = text.partition(".")
    missing = decimals - sum(letter.isdigit() for letter in fraction)
    if missing <= 0 or text == NOTHING:
        return text
    return text + ("" if point else POINT_SPACE) + FIGURE_SPACE * missing
