"""What is asked of history in the Backtest panel: plain values that a form shows and a start restores."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, field, fields, replace
from datetime import date, timedelta
from typing import Any

from puffling.frozen import frozen
from puffling.puffin.data.interval import Interval
from puffling.puffin.factors.declaration import Setting
from puffling.runtime.text import tr

REACHES = {
    "1y": "1 year",
    "2y": "2 years",
    "5y": "5 years",
    "10y": "10 years",
    "20y": "20 years",
    "dates": "From … to …",
}
FIRST_REACH = "5y"
NO_BENCHMARK = "-"


@frozen
class Terms:
    """What trading costs and how it is done; shares are shares, 0.001 is 0.1 %."""

    flat: float = 0.0
    per_share: float = 0.0
    commission_pct: float = 0.0
    minimum: float = 0.0
    slippage_fixed: float = 0.0
    slippage_pct: float = 0.0005
    volume_share: float = 0.0
    impact: float = 0.0
    cash_rate: float = 0.0
    margin_rate: float = 0.0
    borrow_rate: float = 0.0


NO_COSTS = Terms(slippage_pct=0.0)
LIKE_ALPACA = Terms(slippage_pct=0.0005, borrow_rate=0.003)
CONSERVATIVE = Terms(
    per_share=0.005, minimum=1.0, slippage_pct=0.001, impact=0.1, margin_rate=0.08, borrow_rate=0.02
)
PRESETS = {"none": NO_COSTS, "alpaca": LIKE_ALPACA, "conservative": CONSERVATIVE}
PRESET_TITLES = {
    "alpaca": "Alpaca-like",
    "conservative": "Conservative",
    "none": "No costs",
    "own": "As below",
}
PRESET_WORDS = {
    "none": "Every order fills at the quoted price, for nothing. Nobody trades like that.",
    "alpaca": "No commission, 0.05% worse than the quoted price, 0.3% a year for what is sold short.",
    "conservative": "$0.005 a share ($1 at least), 0.1% worse than the price and more for large orders, "
    "8% a year for borrowed money, 2% for what is sold short.",
    "own": "The amounts under Details.",
}


def preset_of(terms: Terms) -> str:
    """Give the name of the preset these terms are."""
    return next((name for name, preset in PRESETS.items() if preset == terms), "own")


@frozen
class Rules:
    """How much is held, when a position is left whatever the strategy says, and how orders are taken in."""

    size: float = 1.0
    sizing: str = "equity"
    leverage: float = 1.0
    lot: float = 1.0
    volume_cap: float = 0.0
    stop_loss: float = 0.0
    take_profit: float = 0.0
    trail: float = 0.0
    most_bars: int = 0
    intrabar: str = "pessimistic"
    risk_free_rate: float = 0.05
    seed: int = 0
    adjusted: bool = True


@frozen
class Question:
    """One test as it is asked for; dates are worked out on the day it runs."""

    strategy: str = ""
    saved: str = ""
    parameters: Mapping[str, Setting] = field(default_factory=dict)
    symbols: tuple[str, ...] = ()
    interval: Interval = Interval.D1
    reach: str = FIRST_REACH
    since: date | None = None
    until: date | None = None
    capital: float = 100_000.0
    benchmark: str = ""
    terms: Terms = LIKE_ALPACA
    rules: Rules = Rules()

    def span(self, today: date) -> tuple[date | None, date | None]:
        """Give the first and the last day, as seen on a day; None leaves it to whoever answers."""
        if self.reach == "dates":
            return self.since, self.until
        years = int(self.reach.removesuffix("y"))
        return _years_before(today, years), None

    def arguments(self, today: date) -> dict[str, Any]:
        """Give the question as the ability takes it."""
        start, end = self.span(today)
        terms, rules = self.terms, self.rules
        return {
            "strategy": self.saved or self.strategy,
            "parameters": dict(self.parameters),
            "symbols": self.symbols,
            "interval": self.interval,
            "start": start,
            "end": end,
            "adjusted": rules.adjusted,
            "capital": self.capital,
            "commission": {
                "flat": terms.flat,
                "per_share": terms.per_share,
                "pct": terms.commission_pct,
                "minimum": terms.minimum,
            },
            "slippage": {
                "fixed": terms.slippage_fixed,
                "pct": terms.slippage_pct,
                "volume_share": terms.volume_share,
                "impact": terms.impact,
            },
            "holding": {
                "cash_rate": terms.cash_rate,
                "margin_rate": terms.margin_rate,
                "borrow_rate": terms.borrow_rate,
            },
            "leaving": {
                "stop_loss": rules.stop_loss,
                "take_profit": rules.take_profit,
                "trail": rules.trail,
                "most_bars": rules.most_bars,
            },
            "size": rules.size,
            "sizing": rules.sizing,
            "leverage": rules.leverage,
            "lot": rules.lot,
            "volume_cap": rules.volume_cap,
            "intrabar": rules.intrabar,
            "benchmark": self.benchmark,
            "risk_free_rate": rules.risk_free_rate,
            "seed": rules.seed,
        }

    def keep(self) -> dict[str, Any]:
        """Give it as plain values."""
        return {
            "strategy": self.strategy,
            "saved": self.saved,
            "parameters": dict(self.parameters),
            "symbols": list(self.symbols),
            "interval": self.interval.value,
            "reach": self.reach,
            "since": self.since.isoformat() if self.since else "",
            "until": self.until.isoformat() if self.until else "",
            "capital": self.capital,
            "benchmark": self.benchmark,
            "terms": asdict(self.terms),
            "rules": asdict(self.rules),
        }


def read_question(kept: Mapping[str, Any]) -> Question:
    """Give the question that was kept; what does not fit is passed over."""
    first = Question()
    reach = str(kept.get("reach"))
    parameters, symbols, capital = kept.get("parameters"), kept.get("symbols"), kept.get("capital")
    return Question(
        strategy=str(kept.get("strategy") or ""),
        saved=str(kept.get("saved") or ""),
        parameters=_settings(parameters) if isinstance(parameters, dict) else {},
        symbols=tuple(str(each) for each in symbols) if isinstance(symbols, list) else (),
        interval=next((each for each in Interval if each.value == kept.get("interval")), Interval.D1),
        reach=reach if reach in REACHES else FIRST_REACH,
        since=_day(kept.get("since")),
        until=_day(kept.get("until")),
        capital=float(capital) if isinstance(capital, (int, float)) and capital > 0 else first.capital,
        benchmark=str(kept.get("benchmark") or ""),
        terms=_filled(LIKE_ALPACA, kept.get("terms")),
        rules=_filled(Rules(), kept.get("rules")),
    )


def asked_before(request: Mapping[str, Any]) -> Question:
    """Give the question that a kept result answers, so that it can be asked again or otherwise."""
    found = read_question({**request, "symbols": list(request.get("symbols") or ())})
    commission, slippage = request.get("commission") or {}, request.get("slippage") or {}
    terms = {
        **commission,
        "commission_pct": commission.get("pct", 0.0),
        "slippage_fixed": slippage.get("fixed", 0.0),
        "slippage_pct": slippage.get("pct", 0.0),
        "volume_share": slippage.get("volume_share", 0.0),
        "impact": slippage.get("impact", 0.0),
        **(request.get("holding") or {}),
    }
    return replace(
        found,
        reach="dates",
        since=_day(request.get("start")),
        until=_day(request.get("end")),
        terms=_filled(NO_COSTS, terms),
        rules=_filled(Rules(), {**request, **(request.get("leaving") or {})}),
    )


def reach_words(question: Question) -> str:
    """Say the range of a question."""
    if question.reach != "dates":
        return tr(REACHES[question.reach])
    since = question.since.isoformat() if question.since else "…"
    return f"{since} – {question.until.isoformat() if question.until else '…'}"


def _filled(first: Any, kept: object) -> Any:
    """Give the value with what was kept of the right kind in place of what it has."""
    if not isinstance(kept, Mapping):
        return first
    fitting: dict[str, Any] = {}
    for each in fields(first):
        before, value = getattr(first, each.name), kept.get(each.name)
        if isinstance(before, bool) or isinstance(value, bool):
            fits = isinstance(before, bool) and isinstance(value, bool)
        elif isinstance(before, (int, float)):
            fits = isinstance(value, (int, float))
        else:
            fits = isinstance(value, str)
        if fits:
            fitting[each.name] = value
    return replace(first, **fitting)


def _settings(kept: Mapping[str, Any]) -> dict[str, Setting]:
    return {
        str(name): value
        for name, value in kept.items()
        if isinstance(value, (int, float, str)) and not isinstance(value, bool)
    }


def _years_before(today: date, years: int) -> date:
    try:
        return today.replace(year=today.year - years)
    except ValueError:
        return today - timedelta(days=round(365.25 * years))


def _day(text: object) -> date | None:
    try:
        return date.fromisoformat(str(text)[:10])
    except ValueError:
        return None


def title_of(question: Question, strategy: str) -> str:
    """Give a short name for a test."""
    symbols = " ".join(question.symbols[:3]) + (" …" if len(question.symbols) > 3 else "")
    return tr("{strategy}, {symbols}", strategy=strategy, symbols=symbols) if symbols else strategy
