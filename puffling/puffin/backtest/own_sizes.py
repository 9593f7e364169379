"""How large an order of a strategy's own is where it leaves that open: by the rule that sizes signals.

A market order is sized at the price it meets, as a changed signal is; an order with a price of its own at
that price, on the close on which it is sent. What the rule looks at is known at that close. An order that
names its quantity keeps it, whatever the rule.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from puffling.frozen import frozen
from puffling.puffin.backtest.costs import Terms
from puffling.puffin.backtest.orders import Sizing, Wanted
from puffling.puffin.backtest.panel import Floats, Panel
from puffling.puffin.backtest.sizing import BY_TERMS, calm, kelly
from puffling.puffin.errors import InvalidValue


@frozen
class Rule:
    """A rule of sizes, and its `size` where the terms do not hold it."""

    sizing: Sizing = Sizing.EQUITY
    size: float = 1.0


class Sizes:
    """What a rule makes of orders of open quantity, at every close of a panel."""

    def __init__(
        self,
        rule: Rule,
        seen: Panel,
        terms: Terms,
        *,
        bars_a_year: float,
        since: int = 0,
        stood: Callable[[], Floats] | None = None,
    ) -> None:
        """Look at prices that are comparable across splits; `since` is the row of the first bar traded.

        Kelly's share comes of how a strategy `stood` at every close, had it been sized by no rule.
        """
        self._rule, self._terms, self._since = rule, terms, since
        self._scale: Floats | None = None
        if rule.sizing is Sizing.VOLATILITY:
            self._scale = calm(seen, rule.size, bars_a_year)
        elif rule.sizing is Sizing.KELLY:
            assert stood is not None
            # What stood at a close was decided on the one before.
            said = np.zeros(seen.close.shape)
            said[:-1] = np.sign(stood())[1:] / len(seen.symbols)
            share = kelly(seen, said, rule.size)
            self._scale = np.repeat(share[:, None], len(seen.symbols), axis=1)

    def wanted(self, bar: int, place: int, share: float, stop_loss: float | None) -> Wanted:
        """Say what an order takes that is sent at a close, for a share of what the rule would give."""
        if self._rule.sizing in BY_TERMS:
            return Wanted(share * self._terms.size)
        if self._rule.sizing is Sizing.RISK:
            if stop_loss is None:
                raise InvalidValue(
                    "Sizes by risk need an order with a stop loss to know the risk", field="sizing"
                )
            return Wanted(share * self._rule.size, stop_loss, most=self._terms.leverage)
        assert self._scale is not None
        scale = float(self._scale[self._since + bar, place])
        return Wanted(share * scale, most=self._terms.leverage)
