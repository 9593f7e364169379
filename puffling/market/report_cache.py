"""Fetched company reports on disk: one file for each source and symbol, so that sources never mix."""

from __future__ import annotations

import json
import logging
import os
from dataclasses import asdict, fields
from datetime import date, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

from puffling.puffin.data.statement_lines import LINE_OF
from puffling.puffin.data.statements import Company, Fact, Filing

VERSION = 1
_FACT = tuple(each.name for each in fields(Fact))
_FILING = tuple(each.name for each in fields(Filing))

_log = logging.getLogger(__name__)


class ReportCache:
    """Keeps companies with the moment they were fetched; losing it costs nothing but a question."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def load(self, source: str, symbol: str) -> tuple[Company, datetime] | None:
        """Give what is kept of a company; a damaged or older file counts as none."""
        try:
            kept = json.loads(self._file(source, symbol).read_bytes())
            if kept["version"] != VERSION or (kept["source"], kept["symbol"]) != (source, symbol):
                return None
            company = Company(
                symbol,
                str(kept["name"]),
                str(kept["currency"]),
                tuple(_fact(row) for row in kept["facts"] if row[0] in LINE_OF),
                tuple(_filing(row) for row in kept["filings"]),
            )
            return company, datetime.fromisoformat(kept["fetched_at"])
        except FileNotFoundError:
            return None
        except (OSError, ValueError, TypeError, KeyError, IndexError, RecursionError) as error:
            _log.info("The kept reports of %s are ignored: %s", symbol, error)
            return None

    def keep(self, source: str, company: Company, fetched_at: datetime) -> None:
        """Keep a company in one step: whoever reads finds the old file or the new one, whole."""
        file = self._file(source, company.symbol)
        part = file.with_name(f"{file.name}.{os.getpid()}.part")
        kept = {
            "version": VERSION,
            "source": source,
            "symbol": company.symbol,
            "name": company.name,
            "currency": company.currency,
            "fetched_at": fetched_at.isoformat(),
            "facts": [_row(fact, _FACT) for fact in company.facts],
            "filings": [_row(filing, _FILING) for filing in company.filings],
        }
        try:
            file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            part.write_text(json.dumps(kept, separators=(",", ":")), encoding="utf-8")
            part.replace(file)
        except OSError as error:
            _log.warning("The reports of %s cannot be kept: %s", company.symbol, error)

    def _file(self, source: str, symbol: str) -> Path:
        return self._folder / source / f"{quote(symbol, safe='')}.json"


def _row(value: Fact | Filing, names: tuple[str, ...]) -> list[Any]:
    plain = asdict(value)
    return [each.isoformat() if isinstance(each, date) else each for each in (plain[name] for name in names)]


def _fact(row: list[Any]) -> Fact:
    line, end, value, filed, start, form, rank = row
    return Fact(
        line,
        date.fromisoformat(end),
        float(value),
        date.fromisoformat(filed),
        date.fromisoformat(start) if start else None,
        str(form),
        int(rank),
    )


def _filing(row: list[Any]) -> Filing:
    form, filed, ended, accession, title, url = row
    return Filing(
        str(form),
        date.fromisoformat(filed),
        date.fromisoformat(ended) if ended else None,
        str(accession),
        str(title),
        str(url),
    )
