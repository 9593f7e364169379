"""What luck alone would have done, with few trades and with very many."""

from __future__ import annotations

import numpy as np
import pytest

from puffling.puffin.backtest.trust.luck import fortunes


def test_a_trade_that_always_brings_the_same_has_one_fortune() -> None:
    told = fortunes(np.full(10, 0.01), seed=1)
    assert told.total_return.low == told.total_return.high == pytest.approx(1.01**10 - 1.0)
    assert told.max_drawdown.low == told.loss_probability == 0.0


def test_very_many_trades_are_drawn_in_lots_with_places_to_stop_between() -> None:
    heard: list[None] = []
    draw = np.random.default_rng(2)
    told = fortunes(draw.normal(0.0, 1e-3, 40_000), seed=1, pulse=lambda: heard.append(None))
    assert len(heard) >= 20
    assert told.total_return.low < told.total_return.middle < told.total_return.high


def test_who_wants_to_stop_is_heard_between_two_lots() -> None:
    def stop() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fortunes(np.full(10, 0.01), seed=1, pulse=stop)
