"""SEC EDGAR: filings and the numbers in them, from the authority's own open interface."""

from __future__ import annotations

import math
import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from difflib import get_close_matches
from typing import Any
from urllib.parse import quote

from puffling.puffin.data.edgar_concepts import IFRS, US_GAAP
from puffling.puffin.data.instants import day_in
from puffling.puffin.data.long_json import read_long_json
from puffling.puffin.data.statement_lines import LINE_OF, Measure, Unit
from puffling.puffin.data.statements import Company, Fact, Filing
from puffling.puffin.errors import SourceFailed, UnknownSymbol

SITE = "https://www.sec.gov"
DATA = "https://data.sec.gov"
TIMEOUT_SECONDS = 20.0
# The authority allows ten requests a second; a little slower is never too fast.
GAP_SECONDS = 0.12
ATTEMPTS = 4
LONGEST_PATIENCE_SECONDS = 10.0
LARGEST_BYTES = 128 * 1024 * 1024
REPORTS = re.compile(r"10-[KQ]|20-F|40-F|6-K")
_CURRENCY = re.compile(r"[A-Z]{3}")

Wait = Callable[[float], object]


def _wait(seconds: float) -> None:
    threading.Event().wait(seconds)


class Edgar:
    """Asks EDGAR as it wants to be asked: with a contact, at most ten times a second, patiently."""

    def __init__(
        self,
        user_agent: str,
        *,
        base_url: str | None = None,
        wait: Wait = _wait,
        monotonic: Callable[[], float] = time.monotonic,
        timeout_seconds: float = TIMEOUT_SECONDS,
    ) -> None:
        self.user_agent = user_agent
        self._site = (base_url or SITE).rstrip("/")
        self._data = (base_url or DATA).rstrip("/")
        self._wait = wait
        self._monotonic = monotonic
        self._timeout_seconds = timeout_seconds
        self._lock = threading.Lock()
        self._next_at = 0.0
        self._tickers: dict[str, tuple[int, str]] | None = None

    def company(self, symbol: str) -> Company:
        """Give the facts and filings of the company behind a ticker."""
        cik, name = self._look_up(symbol)
        filings = self.filings(symbol)
        found = self._get(f"{self._data}/api/xbrl/companyfacts/CIK{cik:010d}.json", missing_is_none=True)
        if found is None:
            return Company(symbol, name, "USD", (), filings)
        currency, facts = read_facts(found)
        return Company(symbol, name, currency, facts, filings)

    def filings(self, symbol: str) -> tuple[Filing, ...]:
        """Give the newest thousand or so filings of a company, the newest first."""
        cik, _ = self._look_up(symbol)
        found = self._get(f"{self._data}/submissions/CIK{cik:010d}.json", missing_is_none=True)
        return () if found is None else tuple(_read_filings(found, cik))

    def _look_up(self, symbol: str) -> tuple[int, str]:
        if self._tickers is None:
            found = self._get(f"{self._site}/files/company_tickers.json")
            self._tickers = _read_tickers(found)
        # EDGAR writes share classes with a dash: BRK-B.
        wanted = symbol.strip().upper().replace(".", "-").replace("/", "-")
        company = self._tickers.get(wanted)
        if company is None:
            raise UnknownSymbol(symbol, near=tuple(get_close_matches(wanted, self._tickers, 3, 0.6)))
        return company

    def _get(self, url: str, *, missing_is_none: bool = False) -> Any:
        """Give the answer as JSON, asking again where waiting may help."""
        import httpx2

        failure = SourceFailed("EDGAR did not answer")
        for attempt in range(ATTEMPTS):
            self._take_turn()
            patience = 0.5 * 2.0**attempt
            try:
                status, headers, body = self._fetch(url)
            except httpx2.HTTPError as error:
                failure = SourceFailed(f"EDGAR could not be reached ({type(error).__name__})")
            else:
                if status == 200:
                    return _read_json(body)
                if status == 404 and missing_is_none:
                    return None
                if status == 403:
                    raise SourceFailed(
                        "EDGAR refuses to answer: it wants an e-mail address in the user agent, "
                        "such as 'Puffling you@example.org', and no more than ten requests a second"
                    )
                failure = SourceFailed(f"EDGAR answered with status {status}", busy=status == 429)
                if status != 429 and status < 500:
                    raise failure
                patience = max(patience, _seconds(headers.get("retry-after", "")))
            if attempt + 1 < ATTEMPTS:
                if patience > LONGEST_PATIENCE_SECONDS:
                    break
                self._wait(patience)
        raise failure

    def _fetch(self, url: str) -> tuple[int, Mapping[str, str], bytes]:
        import httpx2

        headers = {"User-Agent": self.user_agent, "Accept-Encoding": "gzip, deflate"}
        with (
            httpx2.Client(timeout=self._timeout_seconds, headers=headers) as client,
            client.stream("GET", url) as answer,
        ):
            body = bytearray()
            for piece in answer.iter_bytes():
                body += piece
                if len(body) > LARGEST_BYTES:
                    raise SourceFailed("EDGAR's answer is too large to be what was asked for")
            return answer.status_code, answer.headers, bytes(body)

    def _take_turn(self) -> None:
        with self._lock:
            now = self._monotonic()
            pause = self._next_at - now
            self._next_at = max(now, self._next_at) + GAP_SECONDS
        if pause > 0:
            self._wait(pause)


def read_facts(found: object) -> tuple[str, tuple[Fact, ...]]:
    """Give the currency and the facts of an answer about company facts; what cannot be read is left out."""
    facts = found.get("facts") if isinstance(found, Mapping) else None
    if not isinstance(facts, Mapping):
        raise SourceFailed("EDGAR's company facts cannot be read")
    currency = _currency_of(facts)
    taken: list[Fact] = []
    for taxonomy, concepts in (("us-gaap", US_GAAP), ("ifrs-full", IFRS)):
        for line, names in concepts.items():
            for rank, name in enumerate(names):
                prefix, _, concept = name.rpartition(":")
                taken += _read_concept(line, rank, facts.get(prefix or taxonomy), concept, currency)
    return currency, tuple(taken)


def _read_concept(line: str, rank: int, taxonomy: object, concept: str, currency: str) -> Iterator[Fact]:
    entry = taxonomy.get(concept) if isinstance(taxonomy, Mapping) else None
    units = entry.get("units") if isinstance(entry, Mapping) else None
    if not isinstance(units, Mapping):
        return
    unit = {Unit.MONEY: currency, Unit.SHARES: "shares", Unit.MONEY_PER_SHARE: f"{currency}/shares"}[
        LINE_OF[line].unit
    ]
    found = units.get(unit)
    facts = [
        (str(each.get("accn", "")), fact)
        for each in (found if isinstance(found, list) else ())
        if isinstance(each, Mapping) and (fact := _read_fact(line, rank, each)) is not None
    ]
    if line != "shares_outstanding":
        yield from (fact for _, fact in facts)
        return
    # A company with several classes of shares states one number for each; together they are the company.
    classes: dict[tuple[str, date], dict[float, Fact]] = {}
    for accession, fact in facts:
        classes.setdefault((accession, fact.end), {})[fact.value] = fact
    for values in classes.values():
        first = next(iter(values.values()))
        yield Fact(line, first.end, sum(_distinct(values)), first.filed, None, first.form, rank)


def _distinct(counts: Iterable[float]) -> list[float]:
    """Give counts that differ by more than rounding: one number in millions and in units is one number."""
    kept: list[float] = []
    for count in sorted(counts, reverse=True):
        if all(abs(count - other) > other * 0.001 for other in kept):
            kept.append(count)
    return kept


def _read_fact(line: str, rank: int, entry: Mapping[str, Any]) -> Fact | None:
    value, form = _number(entry.get("val")), str(entry.get("form", ""))
    end, filed, start = day_in(entry.get("end")), day_in(entry.get("filed")), day_in(entry.get("start"))
    level = LINE_OF[line].measure is Measure.LEVEL
    # Nobody can report what has not ended, and a flow needs a start before its end.
    if end is None or filed is None or filed < end or level is not (start is None):
        return None
    if start is not None and start > end:
        return None
    if value is None or REPORTS.match(form) is None:
        return None
    return Fact(line, end, value, filed, start, form, rank)


def _currency_of(facts: Mapping[str, Any]) -> str:
    """Give the currency most numbers are in: some companies add a few translated ones."""
    counts: Counter[str] = Counter()
    for taxonomy in ("us-gaap", "ifrs-full"):
        concepts = facts.get(taxonomy)
        for entry in concepts.values() if isinstance(concepts, Mapping) else ():
            units = entry.get("units") if isinstance(entry, Mapping) else None
            for unit, values in units.items() if isinstance(units, Mapping) else ():
                if _CURRENCY.fullmatch(str(unit)) and isinstance(values, list):
                    counts[str(unit)] += len(values)
    return counts.most_common(1)[0][0] if counts else "USD"


def _read_tickers(found: object) -> dict[str, tuple[int, str]]:
    if not isinstance(found, Mapping):
        raise SourceFailed("EDGAR's list of tickers cannot be read")
    tickers: dict[str, tuple[int, str]] = {}
    for entry in found.values():
        if isinstance(entry, Mapping):
            ticker, cik = entry.get("ticker"), entry.get("cik_str")
            if isinstance(ticker, str) and isinstance(cik, int) and not isinstance(cik, bool) and cik > 0:
                tickers.setdefault(ticker.upper(), (cik, str(entry.get("title", ticker))))
    if not tickers:
        raise SourceFailed("EDGAR's list of tickers is empty")
    return tickers


def _read_filings(found: object, cik: int) -> Iterator[Filing]:
    outer = found.get("filings") if isinstance(found, Mapping) else None
    recent = outer.get("recent") if isinstance(outer, Mapping) else None
    if not isinstance(recent, Mapping):
        raise SourceFailed("EDGAR's list of filings cannot be read")

    def column(name: str) -> Sequence[Any]:
        values = recent.get(name)
        return values if isinstance(values, list) else ()

    rows = zip(
        column("form"),
        column("filingDate"),
        column("reportDate"),
        column("accessionNumber"),
        column("primaryDocument"),
        column("primaryDocDescription"),
        strict=False,
    )
    for form, filed, ended, accession, document, title in rows:
        day = day_in(filed)
        if day is not None and isinstance(form, str):
            place = f"{cik}/{str(accession).replace('-', '')}/{document}"
            url = f"{SITE}/Archives/edgar/data/{quote(place)}" if document else ""
            yield Filing(form, day, day_in(ended), str(accession), str(title or form), url)


def _read_json(body: bytes) -> Any:
    try:
        return read_long_json(body)
    except (ValueError, RecursionError):
        raise SourceFailed("EDGAR's answer is no JSON: perhaps a page that asks to wait") from None


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        return 0.0
    return seconds if math.isfinite(seconds) else 0.0
