"""What is not as it was when a result was made."""

from __future__ import annotations

import json
from typing import Any

from puffling.automation.research.task import Told
from puffling.automation.research.values import Difference, Verification
from puffling.puffin.backtest.report import BacktestReport
from puffling.puffin.backtest.reporting import plain
from puffling.runtime.text import tr

# Where prices came from is told anew each time; whether they are the same is what counts.
_TOLD_ANEW = frozenset({"fetched_at", "refreshed_at", "warnings", "id", "name"})


def verification_of(before: BacktestReport, now: Told) -> Verification:
    """Compare a result with what came out when it was made again."""
    was, found = before.manifest, now.manifest
    said = {
        "data": tr("The prices are not the same any more: the source has corrected them."),
        "code": tr("The strategy was changed since."),
        "engine": tr("Puffling computes with another engine since."),
        "parameters": tr("What was asked is not what was asked then."),
        "result": tr("Fills or equity came out differently."),
    }
    differences = [
        Difference(what, getattr(was, what), getattr(found, what), text)
        for what, text in said.items()
        if getattr(was, what) != getattr(found, what)
    ]
    for name in sorted(was.libraries.keys() | found.libraries.keys()):
        had, has = was.libraries.get(name, "-"), found.libraries.get(name, "-")
        if had != has:
            text = tr(
                "{library} is another version: {now}, it was {before}.", library=name, now=has, before=had
            )
            differences.append(Difference(name, had, has, text))
    same = was.result == found.result and _comparable(plain(before)) == _comparable(now.document)
    if not same and was.result == found.result:
        text = tr("The trades are the same, but something in the report is not.")
        differences.append(Difference("report", was.result, found.result, text))
    return Verification(
        before.summary.id,
        same,
        tr("The same to the last bit.")
        if same
        else tr("Not the same: {reasons}", reasons=" ".join(each.text for each in differences)),
        tuple(differences),
    )


def _comparable(document: dict[str, Any]) -> str:
    """Give a report as text, without what is told anew each time."""
    parts = {name: value for name, value in document.items() if name != "manifest"}
    return json.dumps(_without(parts), sort_keys=True, default=str)


def _without(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without(each) for name, each in value.items() if name not in _TOLD_ANEW}
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return [_without(each) for each in value]
    return value
