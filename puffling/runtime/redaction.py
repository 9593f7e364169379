"""Takes out of text what nobody may read: secrets that are known, and whatever looks like one."""

from __future__ import annotations

import base64
import json
import re
import threading
from urllib.parse import quote, quote_plus

HIDDEN = "[hidden]"

_SHORTEST = 6

_NAMES = (
    r"authorization|cookie|apca-api-[a-z-]+|api[-_ ]?key(?:[-_ ]id)?|secret(?:[-_ ]?key)?|token"
    r"|pass(?:word|phrase|wd)"
)
# name: value, name=value, "name": "value", ('name', 'value'), (b'name', b'value')
_BETWEEN = r"\\?[\"']?\s*(?:[:=]|=>)\s*(?:b?\\?[\"'])?|[\"']\s*,\s*b?[\"']"

_PATTERNS: tuple[tuple[re.Pattern[str], str], ...] = (
    (
        re.compile(
            rf"(?i)({_NAMES})({_BETWEEN})(?:(?:bearer|basic|token|digest)\s+)?[^\s\"'\\,;&<>(){{}}\[\]]+"
        ),
        rf"\1\2{HIDDEN}",
    ),
    (re.compile(r"(?i)\b(bearer)\s+[a-z0-9._~+/=-]{12,}"), rf"\1 {HIDDEN}"),
    (re.compile(r"\b(?:sk|pk|rk|ghp|pfl|xox[abp])[-_][A-Za-z0-9_-]{16,}"), HIDDEN),
    (re.compile(r"\b(?:PK|AK|CK)[A-Z0-9]{14,}\b"), HIDDEN),
    (re.compile(r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*"), HIDDEN),
    (re.compile(r"(://[^\s/:@]*):[^\s/@]+@"), rf"\1:{HIDDEN}@"),
)


class Redactor:
    """Takes secrets out of text: those it was told, and those that look like one."""

    def __init__(self) -> None:
        self._forms: frozenset[str] = frozenset()
        self._known: re.Pattern[str] | None = None
        self._hiding = threading.Lock()

    def hide(self, secret: str) -> None:
        """Keep this secret, in any form it is usually written in, out of every text from now on."""
        secret = secret.strip()
        # A shorter one would blacken half of every text, and is no secret worth the name.
        if len(secret) < _SHORTEST:
            return
        with self._hiding:
            forms = self._forms | _forms(secret)
            # The longest first, or the part of a form that is a form itself would leave its end standing.
            known = re.compile("|".join(re.escape(form) for form in sorted(forms, key=len, reverse=True)))
            self._forms, self._known = forms, known

    def clean(self, text: str) -> str:
        """Give the text without secrets."""
        if not text:
            return text
        if self._known is not None:
            text = self._known.sub(HIDDEN, text)
        for pattern, replacement in _PATTERNS:
            text = pattern.sub(replacement, text)
        return text


redactor = Redactor()
"""The one of this process: whoever reads a secret tells it first."""


def hide(secret: str) -> None:
    """Keep this secret out of log, reports and everything else that passes the redactor."""
    redactor.hide(secret)


def _forms(secret: str) -> frozenset[str]:
    encoded = base64.b64encode(secret.encode()).decode()
    forms = {
        secret,
        quote(secret),
        quote(secret, safe=""),
        quote_plus(secret),
        json.dumps(secret)[1:-1],
        json.dumps(secret, ensure_ascii=False)[1:-1],
        repr(secret)[1:-1],
        ascii(secret)[1:-1],
        encoded,
        encoded.rstrip("="),
        base64.urlsafe_b64encode(secret.encode()).decode().rstrip("="),
        secret.encode().hex(),
    }
    return frozenset(forms)
