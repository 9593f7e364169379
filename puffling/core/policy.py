"""The gate before every ability: who asks, what the call would do, and the state of trading.

The answer is one pure function of those three. Calls that change something are written to the audit
trail, allowed and refused alike, before they happen.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from enum import StrEnum

from puffling.frozen import frozen
from puffling.runtime.actor import Actor, Caller, Scope
from puffling.runtime.errors import NeedsConfirmation, Refused, StorageFailed
from puffling.runtime.gate import Admissible, Effect
from puffling.runtime.text import tr
from puffling.trading.values import TradingState

_log = logging.getLogger(__name__)


class Answer(StrEnum):
    """What the policy says to a call."""

    ALLOW = "allowed"
    ASK = "needs confirmation"
    REFUSE = "refused"


@frozen
class Verdict:
    """The answer, with the reason for people when it is not a yes."""

    answer: Answer
    reason: str = ""
    hint: str = ""


_ALLOW = Verdict(Answer.ALLOW)

# Programs that act on what a model wrote: they see only abilities that are offered as tools.
_MODELS = frozenset({Actor.ASSISTANT, Actor.AGENT, Actor.MCP})

_NEEDED_SCOPE = {
    Effect.READ: Scope.READ,
    Effect.COMPUTE: Scope.WRITE,
    Effect.WRITE: Scope.WRITE,
    Effect.TRADE: Scope.TRADE,
}


def judge(ability: Admissible, caller: Caller, trading: TradingState) -> Verdict:
    """Say whether this caller may use this ability in this state of trading."""
    if ability.effect is Effect.GUARD:
        if caller.actor is Actor.PERSON and caller.present:
            return _ALLOW
        return Verdict(
            Answer.REFUSE,
            tr("{title} is for the person at the machine only.", title=ability.title),
            tr("Do it in the window, or in a terminal that you can type in."),
        )
    if caller.actor in _MODELS and not ability.tool:
        return Verdict(
            Answer.REFUSE,
            tr("{title} is not offered to assistants.", title=ability.title),
            tr("Do it yourself in the window or the terminal."),
        )
    # Whatever only makes things safer is open to everybody, whatever their token says.
    if ability.protective:
        return _ALLOW
    needed = _NEEDED_SCOPE[ability.effect]
    if needed not in caller.scopes:
        return Verdict(
            Answer.REFUSE,
            tr("This token does not reach as far as {scope}.", scope=needed),
            tr("Make one with the scope {scope} in the window or the terminal.", scope=needed),
        )
    if ability.effect is Effect.TRADE and trading is TradingState.HALTED and not ability.while_halted:
        return Verdict(
            Answer.REFUSE, tr("Trading is halted."), tr("Resume it in the window or with: puffling resume")
        )
    if caller.actor in _MODELS and ability.effect.changes and not ability.proposes:
        return Verdict(
            Answer.ASK,
            tr("{title} is for you to decide: an assistant may only ask for it.", title=ability.title),
            tr("Do it yourself if you agree."),
        )
    return _ALLOW


@frozen
class Attempt:
    """One call that would change something, with the answer it got."""

    caller: Caller
    ability: Admissible
    verdict: Verdict
    arguments: Mapping[str, object]


class Policy:
    """The gate: judges, records, and lets through or refuses."""

    def __init__(
        self, trading: Callable[[], TradingState], record: Callable[[Attempt], Awaitable[None]]
    ) -> None:
        self._trading = trading
        self._record = record

    async def admit(self, ability: Admissible, arguments: Mapping[str, object], caller: Caller) -> None:
        """Return when the call may go on; raise what a person can understand when it may not."""
        verdict = judge(ability, caller, self._trading())
        if ability.effect.changes:
            await self._audit(Attempt(caller, ability, verdict, ability.shown_arguments(arguments)))
        if verdict.answer is Answer.REFUSE:
            raise Refused(verdict.reason, hint=verdict.hint)
        if verdict.answer is Answer.ASK:
            raise NeedsConfirmation(verdict.reason, hint=verdict.hint)

    async def _audit(self, attempt: Attempt) -> None:
        try:
            await self._record(attempt)
        except StorageFailed as error:
            # A full disk must not keep anybody from halting; everything else waits for its record.
            if not attempt.ability.protective:
                raise
            _log.error("%s goes on without its line in the audit trail: %s", attempt.ability.id, error)
