"""A search as the person asks for it: a question to history, what varies in it, what is best."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field, replace
from datetime import date
from typing import Any

from puffling.automation.research.search.values import OBJECTIVES
from puffling.desktop.backtests.question import Question, asked_before, read_question
from puffling.frozen import frozen

METHODS = {"grid": "Every combination", "random": "Some at random"}
HOLDOUTS = {0.0: "Nothing", 0.2: "The last 20%", 0.3: "The last 30%", 0.5: "The last half"}
# A search takes what a test takes, but for this.
_NOT_TAKEN = frozenset({"benchmark"})


@frozen
class Asked:
    """What is searched: `vary` holds words such as 5..50:5 by parameter."""

    question: Question = Question()
    vary: Mapping[str, str] = field(default_factory=dict)
    objective: str = "sharpe_ratio"
    method: str = "grid"
    most: int = 1_000
    holdout: float = 0.3

    def arguments(self, today: date) -> dict[str, Any]:
        """Give it as the ability takes it."""
        found = self.question.arguments(today)
        return {
            **{name: value for name, value in found.items() if name not in _NOT_TAKEN},
            "vary": self.words,
            "objective": self.objective,
            "method": self.method,
            "trials": self.most,
            "holdout": self.holdout,
        }

    def plan(self, today: date) -> dict[str, Any]:
        """Give what a plan of it takes."""
        taken = ("strategy", "symbols", "vary", "start", "end", "interval", "parameters", "method", "trials")
        arguments = self.arguments(today)
        return {name: arguments[name] for name in taken}

    @property
    def words(self) -> tuple[str, ...]:
        """What varies, in words."""
        return tuple(f"{name}={said}" for name, said in self.vary.items())

    def keep(self) -> dict[str, Any]:
        """Give it as plain values."""
        return {
            "question": self.question.keep(),
            "vary": dict(self.vary),
            "objective": self.objective,
            "method": self.method,
            "most": self.most,
            "holdout": self.holdout,
        }


def read_asked(kept: Mapping[str, Any]) -> Asked:
    """Give what was kept; what does not fit is passed over."""
    first = Asked()
    vary, most, holdout = kept.get("vary"), kept.get("most"), kept.get("holdout")
    return Asked(
        question=read_question(kept.get("question") or {}),
        vary={str(name): str(said) for name, said in vary.items()} if isinstance(vary, dict) else {},
        objective=objective if (objective := str(kept.get("objective"))) in OBJECTIVES else first.objective,
        method=method if (method := str(kept.get("method"))) in METHODS else first.method,
        most=most if isinstance(most, int) and 2 <= most <= 5_000 else first.most,
        holdout=float(holdout)
        if isinstance(holdout, (int, float)) and holdout in HOLDOUTS
        else first.holdout,
    )


def question_of(request: Mapping[str, Any], parameters: Mapping[str, Any]) -> Question:
    """Give the question that a search asked with one of its sets."""
    return replace(asked_before(request), parameters=dict(parameters))
