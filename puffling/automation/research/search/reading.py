"""From what is kept of searches to what is shown: lines of a list, one search, its trials."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from puffling.automation.research.search.values import (
    SearchDetail,
    SearchLine,
    TrialLine,
    Varied,
    WalkedStretch,
)
from puffling.puffin.backtest.report import Finding
from puffling.runtime.text import tr
from puffling.store.research import SearchHead, SearchState, StoredTrial


def search_line(head: SearchHead, *, under_way: bool) -> SearchLine:
    """Give what a list shows of a search; one that nobody works on any more was interrupted."""
    request, judged = head.request, head.judged or {}
    state = head.state
    if state is SearchState.RUNNING and not under_way:
        state = SearchState.INTERRUPTED
    return SearchLine(
        id=head.id,
        name=head.name,
        state=str(state),
        grade=judged.get("grade", ""),
        strategy=head.strategy,
        symbols=tuple(request["symbols"]),
        interval=request["interval"],
        start=date.fromisoformat(request["start"]),
        end=date.fromisoformat(request["end"]),
        objective=head.objective,
        varied=tuple(axis["name"] for axis in head.space["axes"]),
        tried=head.trials,
        planned=int(head.space["planned"]),
        best=varied_of(head.space["axes"], head.best or {}),
        score=judged.get("score"),
        unseen_score=judged.get("unseen_score"),
        created_at=head.created_at,
    )


def trial_line(stored: StoredTrial) -> TrialLine:
    """Give what a table shows of a trial."""
    told = stored.metrics
    return TrialLine(
        stored.number,
        stored.parameters,
        told.get("score"),
        told.get("unseen_score"),
        told.get("seen", {}),
        told.get("unseen", {}),
        told.get("whole", {}),
        told.get("trouble", ""),
    )


def ranked(trials: Sequence[StoredTrial]) -> list[TrialLine]:
    """Give trials, the best of what was seen first; those without a score come last."""
    lines = map(trial_line, trials)
    return sorted(lines, key=lambda each: (each.score is None, -(each.score or 0.0), each.number))


def search_detail(
    line: SearchLine,
    head: SearchHead,
    judged: Mapping[str, Any],
    trials: Sequence[StoredTrial],
    leaders: int,
) -> SearchDetail:
    """Give one search: its best set never comes without what is to be thought of it."""
    space, wish = head.space, head.space["wish"]
    by_number = {each.number: each for each in trials}
    best = by_number.get(judged.get("best", -1))
    return SearchDetail(
        summary=line,
        best=None if best is None else trial_line(best),
        findings=tuple(Finding(**each) for each in judged.get("findings", ())),
        figures=dict(judged.get("figures", {})),
        stretches=tuple(
            WalkedStretch(
                varied_of(space["axes"], by_number[each["number"]].parameters),
                each["seen"],
                each["unseen"],
                each["unseen_return"],
            )
            for each in judged.get("stages", ())
            if each["number"] in by_number
        ),
        leaders=tuple(ranked(trials)[:leaders]),
        varied=tuple(Varied(axis["name"], axis["title"], tuple(axis["values"])) for axis in space["axes"]),
        method=head.method,
        seed=head.seed,
        holdout=float(wish["holdout"]),
        left_out=int(space["left_out"]),
        data_label=space["data_label"],
        quality=space["quality"],
        warnings=(*space["warnings"], *_left_out(space)),
        request=head.request,
    )


def varied_of(axes: Sequence[Mapping[str, Any]], parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Give only those parameters that varied."""
    return {axis["name"]: parameters[axis["name"]] for axis in axes if axis["name"] in parameters}


def _left_out(space: Mapping[str, Any]) -> list[str]:
    count = int(space["left_out"])
    if not count:
        return []
    return [tr("{count} sets cannot be made of these values and were left out.", count=count)]
