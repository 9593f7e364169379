"""What the settings of the paper account mean to its broker."""

from __future__ import annotations

from puffling.puffin.backtest.costs import Carry, CommissionModel, SlippageModel
from puffling.puffin.broker.paper_terms import PaperTerms
from puffling.settings.model import Paper

# Prices people read; a backtest keeps every digit there is.
_DECIMALS = 8


def paper_terms(paper: Paper) -> PaperTerms:
    """Give the terms of the paper account as the person set them."""
    return PaperTerms(
        slippage=SlippageModel(pct=paper.slippage_percent / 100.0),
        commission=CommissionModel(flat=paper.commission, per_share=paper.commission_per_share),
        carry=Carry(
            cash_rate=paper.cash_percent / 100.0,
            margin_rate=paper.margin_percent / 100.0,
            borrow_rate=paper.borrow_percent / 100.0,
        ),
        leverage=paper.leverage,
        volume_cap=paper.volume_percent / 100.0,
        short=paper.short,
        refuses_wash_trades=not paper.wash_trades,
        decimals=_DECIMALS,
    )
