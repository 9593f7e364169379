"""What the demo market's companies report: every quarter from the seed alone, and it adds up.

A company's size follows the long drift of its price, not the price itself: shares get cheap and dear against
their earnings, which is what value factors are about. Numbers are whole millions walked from one quarter to
the next, so assets equal what is owed and owned, and the cash flow is what the cash did. Nothing here uses
logarithms or roots, which round differently from one system to the next.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from functools import lru_cache

import numpy as np

from puffling.frozen import frozen
from puffling.market.demo.hashing import Floats, Ints, bell, key_of, uniform
from puffling.market.demo.universe import ANCHOR_DAY, LISTINGS, Listing
from puffling.market.values import AssetClass
from puffling.puffin.data.statements import Company, Fact, Filing

FIRST_QUARTER = (1999, 1)
LAST_YEAR = 2060
MILLION = 1_000_000.0
_COMPANIES_KEPT = 64


@frozen
class _Trade:
    """How a line of business works: shares of revenue, and what of a quarter's revenue it keeps or owns."""

    net_margin: float
    wobble: float
    research: float
    overhead: float
    plant: float
    debt: float
    seasons: tuple[float, float, float, float]


_TRADES = {
    "tech": _Trade(0.21, 0.018, 0.13, 0.10, 1.6, 0.5, (0.97, 0.96, 0.99, 1.08)),
    "finance": _Trade(0.24, 0.030, 0.00, 0.38, 2.2, 1.2, (1.01, 1.00, 1.00, 0.99)),
    "energy": _Trade(0.09, 0.032, 0.01, 0.06, 5.0, 1.1, (0.98, 1.01, 1.01, 1.00)),
    "health": _Trade(0.12, 0.010, 0.08, 0.20, 1.5, 0.8, (0.99, 1.00, 1.00, 1.01)),
    "consumer": _Trade(0.11, 0.009, 0.01, 0.18, 2.0, 1.0, (0.95, 0.98, 0.98, 1.09)),
    "industry": _Trade(0.10, 0.016, 0.03, 0.10, 2.6, 1.2, (0.96, 1.01, 1.00, 1.03)),
}
_TAX = 0.2
_INTEREST_A_QUARTER = 0.01
_DEPRECIATION_A_QUARTER = 0.03


@frozen
class _Balance:
    cash: int
    investments: int
    receivables: int
    inventory: int
    plant: int
    payables: int
    accrued: int
    debt: int
    retained: int
    paid_in: int

    @property
    def current_assets(self) -> int:
        return self.cash + self.investments + self.receivables + self.inventory

    @property
    def total_assets(self) -> int:
        return self.current_assets + self.plant

    @property
    def total_liabilities(self) -> int:
        return self.payables + self.accrued + self.debt


@frozen
class _Quarter:
    end: date
    filed: date
    closes_year: bool
    shares: int
    flows: dict[str, int]
    balance: _Balance


@lru_cache(maxsize=_COMPANIES_KEPT)
def demo_company(seed: int, symbol: str, as_of: date) -> Company:
    """Give what a listing has reported by the end of a day; funds and coins report nothing."""
    listing = next(each for each in LISTINGS if each.symbol == symbol)
    if listing.asset_class is not AssetClass.EQUITY:
        return Company(symbol, listing.name, "USD", (), ())
    facts, filings = _whole_history(seed, symbol)
    return Company(
        symbol,
        listing.name,
        "USD",
        tuple(fact for fact in facts if fact.filed <= as_of),
        tuple(filing for filing in filings if filing.filed <= as_of),
    )


@lru_cache(maxsize=_COMPANIES_KEPT)
def _whole_history(seed: int, symbol: str) -> tuple[tuple[Fact, ...], tuple[Filing, ...]]:
    listing = next(each for each in LISTINGS if each.symbol == symbol)
    quarters = list(_quarters(seed, listing))
    facts = [fact for quarter in quarters for fact in _facts_of(quarter)]
    for place in range(3, len(quarters)):
        if quarters[place].closes_year:
            facts += _year_facts(quarters[place - 3 : place + 1])
    facts += _restated(listing, quarters)
    filings = [
        Filing(
            form := "10-K" if quarter.closes_year else "10-Q",
            quarter.filed,
            quarter.end,
            f"demo-{quarter.end:%Y%m%d}",
            "Annual report" if form == "10-K" else "Quarterly report",
        )
        for quarter in reversed(quarters)
    ]
    return tuple(facts), tuple(filings)


def _trade_of(listing: Listing) -> _Trade:
    for name in ("finance", "energy", "health", "tech", "consumer"):
        if listing.leanings.get(name, 0.0) >= 0.4:
            return _TRADES[name]
    return _TRADES["industry"]


def _quarters(seed: int, listing: Listing) -> Iterator[_Quarter]:
    trade = _trade_of(listing)
    count = (LAST_YEAR - FIRST_QUARTER[0] + 1) * 4
    places = np.arange(count, dtype=np.int64)
    ends = [_quarter_end(place) for place in range(count)]
    character = uniform(key_of(seed, listing.symbol, "company"), np.arange(8, dtype=np.int64)).tolist()
    # Little of it changes hands each day of a calm company, much of a wild one.
    shares_now = round(listing.daily_volume / (0.4 * listing.own_volatility) / 1e6)
    dear = (12.0 + 120.0 * listing.drift) * (0.85 + 0.4 * character[0])
    margin = trade.net_margin * (0.8 + 0.4 * character[1])
    anchor = next(place for place, end in enumerate(ends) if end >= ANCHOR_DAY)
    trend = _grown(1.0 + listing.drift / 4.0, anchor, count)
    sizes = trend * _cycle(seed, listing, places)
    value_now = listing.anchor_price * shares_now
    revenue_now = value_now / dear / 4.0 / margin
    margins = margin + _cycle_of_margin(seed, listing, trade.wobble, places)
    fiscal_end = 4 if character[2] < 0.72 else 3 if character[2] < 0.88 else 2
    late = uniform(key_of(seed, listing.symbol, "filing"), places).tolist()
    shrinking = _grown(1.0 - 0.004 * character[3], anchor, count)

    before: _Balance | None = None
    for place, end in enumerate(ends):
        season = place % 4
        closes_year = season + 1 == fiscal_end
        revenue = max(round(revenue_now * float(sizes[place]) * trade.seasons[season]), 1)
        dividends = round(value_now * listing.dividend_yield / 4.0 * float(trend[place]))
        flows, before = _live(trade, before, revenue, float(margins[place]), dividends)
        later_splits = 1
        for day, ratio in listing.splits:
            later_splits *= ratio if day > end else 1
        yield _Quarter(
            end,
            _weekday(end + timedelta(days=round((44 if closes_year else 26) + 14 * late[place]))),
            closes_year,
            max(round(shares_now * float(shrinking[place]) / later_splits), 1),
            flows,
            before,
        )


def _live(
    trade: _Trade, before: _Balance | None, revenue: int, margin: float, dividends: int
) -> tuple[dict[str, int], _Balance]:
    """Go through one quarter: earn, invest, pay out, and borrow or buy back what is over."""
    if before is None:
        before = _begin(trade, revenue)
    interest = round(before.debt * _INTEREST_A_QUARTER)
    research, overhead = round(revenue * trade.research), round(revenue * trade.overhead)
    operating_wanted = margin * revenue / (1.0 - _TAX) + interest
    gross = min(round(operating_wanted) + research + overhead, round(0.95 * revenue))
    operating = gross - research - overhead
    pretax = operating - interest
    tax = round(max(pretax, 0) * _TAX)
    net = pretax - tax
    depreciation = round(before.plant * _DEPRECIATION_A_QUARTER)
    stock = round(revenue * (0.01 + 0.2 * trade.research))
    wanted_plant = max(round(revenue * trade.plant), 1)
    # A plant is built over years: a tenth of what is missing each quarter, and never torn down.
    spent = max(depreciation + round((wanted_plant - before.plant) * 0.1), round(0.3 * depreciation))
    cost = revenue - gross
    receivables, inventory = round(revenue * 0.45), round(cost * 0.3)
    payables, accrued = round(cost * 0.5), round(revenue * 0.25)
    operations = (
        net + depreciation + stock
        - (receivables - before.receivables) - (inventory - before.inventory)
        + (payables - before.payables) + (accrued - before.accrued)
    )  # fmt: skip
    # A growing company lets its debt grow along, and buys back more shares for it.
    raised = max(round((round(revenue * trade.debt) - before.debt) * 0.05), 0)
    over = before.cash + operations + raised - spent - dividends - round(revenue * 0.6)
    saved = min(max(over // 3, 0), max(round(revenue * 0.8) - before.investments, 0))
    sold = min(max(-over, 0), before.investments)
    short = max(-over - sold, 0)
    repaid = min(max(over - saved, 0) // 2, max(before.debt - round(revenue * trade.debt), 0))
    bought_back = max(over - saved, 0) - repaid
    investing = -spent - saved + sold
    financing = raised + short - repaid - dividends - bought_back
    change = operations + investing + financing
    after = _Balance(
        cash=before.cash + change,
        investments=before.investments + saved - sold,
        receivables=receivables,
        inventory=inventory,
        plant=before.plant + spent - depreciation,
        payables=payables,
        accrued=accrued,
        debt=before.debt + raised + short - repaid,
        retained=before.retained + net - dividends - bought_back,
        paid_in=before.paid_in + stock,
    )
    flows = {
        "revenue": revenue, "cost_of_revenue": cost, "gross_profit": gross, "research_development": research,
        "selling_general_admin": overhead, "operating_income": operating, "interest_expense": interest,
        "pretax_income": pretax, "income_tax": tax, "net_income": net, "depreciation": depreciation,
        "stock_compensation": stock, "operating_cash_flow": operations, "capital_expenditure": spent,
        "investing_cash_flow": investing, "dividends_paid": dividends, "share_repurchases": bought_back,
        "financing_cash_flow": financing, "cash_change": change,
    }  # fmt: skip
    return flows, after


def _begin(trade: _Trade, revenue: int) -> _Balance:
    plant, debt = round(revenue * trade.plant), round(revenue * trade.debt)
    cash, investments = round(revenue * 0.6), round(revenue * 0.4)
    receivables, inventory = round(revenue * 0.45), round(revenue * 0.15)
    payables, accrued = round(revenue * 0.25), round(revenue * 0.25)
    own = cash + investments + receivables + inventory + plant - payables - accrued - debt
    retained = own // 2
    return _Balance(
        cash, investments, receivables, inventory, plant, payables, accrued, debt, retained, own - retained
    )


def _facts_of(quarter: _Quarter) -> Iterator[Fact]:
    form = "10-K" if quarter.closes_year else "10-Q"
    start = _quarter_start(quarter.end)
    balance = quarter.balance
    for line, millions in quarter.flows.items():
        yield Fact(line, quarter.end, millions * MILLION, quarter.filed, start, form)
    levels = {
        "cash": balance.cash, "short_term_investments": balance.investments,
        "receivables": balance.receivables, "inventory": balance.inventory,
        "current_assets": balance.current_assets, "property_net": balance.plant,
        "total_assets": balance.total_assets, "payables": balance.payables,
        "current_liabilities": balance.payables + balance.accrued, "long_term_debt": balance.debt,
        "total_liabilities": balance.total_liabilities, "retained_earnings": balance.retained,
        "equity": balance.retained + balance.paid_in,
    }  # fmt: skip
    for line, millions in levels.items():
        yield Fact(line, quarter.end, millions * MILLION, quarter.filed, None, form)
    yield from _share_facts(quarter, start, quarter.flows["net_income"], quarter.filed, 1)
    yield Fact("shares_outstanding", quarter.end, quarter.shares * MILLION, quarter.filed, None, form)


def _year_facts(year: list[_Quarter]) -> Iterator[Fact]:
    last, start = year[-1], _quarter_start(year[0].end)
    for line in last.flows:
        total = sum(quarter.flows[line] for quarter in year)
        yield Fact(line, last.end, total * MILLION, last.filed, start, "10-K")
    yield from _share_facts(last, start, sum(each.flows["net_income"] for each in year), last.filed, 1)


def _share_facts(quarter: _Quarter, start: date, income: int, filed: date, ratio: int) -> Iterator[Fact]:
    shares = quarter.shares * ratio
    form = "10-K" if quarter.closes_year else "10-Q"
    yield Fact("eps_diluted", quarter.end, round(income / shares, 2), filed, start, form)
    yield Fact("shares_diluted", quarter.end, shares * MILLION, filed, start, form)


def _restated(listing: Listing, quarters: list[_Quarter]) -> Iterator[Fact]:
    """Give the older numbers per share again in the first report after each split, in the new shares."""
    for day, _ in listing.splits:
        reporting = next(quarter for quarter in quarters if quarter.end >= day)
        for place, quarter in enumerate(quarters):
            if quarter.end >= day:
                break
            ratio = 1
            for other, times in listing.splits:
                ratio *= times if quarter.end < other <= day else 1
            start = _quarter_start(quarter.end)
            income = quarter.flows["net_income"]
            yield from _share_facts(quarter, start, income, reporting.filed, ratio)
            if quarter.closes_year and place >= 3:
                year = quarters[place - 3 : place + 1]
                total = sum(each.flows["net_income"] for each in year)
                start = _quarter_start(year[0].end)
                yield from _share_facts(quarter, start, total, reporting.filed, ratio)


def _cycle(seed: int, listing: Listing, places: Ints) -> Floats:
    """Give good and bad years of sales around one, each leading into the next."""
    return 1.0 + 0.035 * _swinging(bell(key_of(seed, listing.symbol, "sales"), places), 0.85)


def _cycle_of_margin(seed: int, listing: Listing, wobble: float, places: Ints) -> Floats:
    return wobble * _swinging(bell(key_of(seed, listing.symbol, "margin"), places), 0.7)


def _swinging(shocks: Floats, kept: float) -> Floats:
    at, walked = 0.0, []
    for shock in shocks.tolist():
        at = kept * at + shock
        walked.append(at)
    return np.array(walked)


def _grown(step: float, anchor: int, count: int) -> Floats:
    """Give 1 at the anchor, and one step more or less for each quarter after or before it."""
    ahead = np.cumprod(np.full(max(count - anchor - 1, 0), step))
    behind = np.cumprod(np.full(anchor, 1.0 / step))
    return np.concatenate([behind[::-1], [1.0], ahead])


def _quarter_end(place: int) -> date:
    year, quarter = FIRST_QUARTER[0] + place // 4, place % 4
    return date(year + quarter // 3, (3 * quarter + 3) % 12 + 1, 1) - timedelta(days=1)


def _quarter_start(end: date) -> date:
    return date(end.year, end.month - 2, 1)


def _weekday(day: date) -> date:
    return day + timedelta(days=max(7 - day.weekday(), 0) if day.weekday() > 4 else 0)
