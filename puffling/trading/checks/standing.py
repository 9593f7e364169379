"""Whether anything may be ordered at all now: halt, line, account, mode, clocks."""

from __future__ import annotations

import math
from datetime import timedelta

from puffling.runtime.text import tr
from puffling.trading.case import Case, asked, passed, refused
from puffling.trading.facts import GateFacts
from puffling.trading.proposals import MODELS, Proposal
from puffling.trading.values import Mode, TradingState
from puffling.trading.verdicts import Check
from puffling.trading.words import seconds

# Older figures of an account say nothing about now.
ACCOUNT_AGE = timedelta(minutes=5)


def not_halted(proposal: Proposal, facts: GateFacts) -> Check:
    """Let nothing through while trading is halted."""
    code, standing = "halted", facts.standing
    if standing.state is TradingState.HALTED:
        text = tr("Trading is halted: {reason}", reason=standing.reason)
        return refused(code, text, tr("Only you can lift it: Resume trading, or puffling resume."))
    return passed(code, tr("Trading is not halted."))


def limits_known(proposal: Proposal, facts: GateFacts) -> Check:
    """Let nothing through when a limit cannot be read: its default may be looser."""
    code = "limits"
    if facts.limits is None or facts.used is None:
        text = tr("A limit of trading cannot be read.")
        return refused(code, text, tr("Mend it in the preferences, or set it back to its default."))
    return passed(code, tr("All limits are known."))


def account_ready(proposal: Proposal, facts: GateFacts) -> Check:
    """Let nothing through before the account was compared with its broker, or while the line is down."""
    code, live = "account_ready", facts.live
    if live.not_ready:
        return refused(code, live.not_ready, tr("It is tried again by itself."))
    if live.account.id != proposal.terms.account or not live.account.active:
        text = tr("The account {account} takes no orders.", account=proposal.terms.account)
        return refused(code, text, tr("Choose another account."))
    return passed(code, tr("{account} is connected.", account=live.account.label))


def account_known(proposal: Proposal, facts: GateFacts) -> Check:
    """Let nothing through when nobody knows what the account is worth now, or its broker blocks it."""
    code, live = "account_known", facts.live
    if live.info is None or live.info_at is None or facts.now - live.info_at > ACCOUNT_AGE:
        text = tr("What the account is worth is not known now.")
        return refused(code, text, tr("It is asked for again by itself; see the line to the broker."))
    if live.info.blocked:
        text = tr("The broker blocks this account: {reason}", reason=live.info.blocked)
        return refused(code, text, tr("Ask the broker."))
    return passed(code, tr("The broker told what the account is worth."))


def mode_allowed(proposal: Proposal, facts: GateFacts) -> Check:
    """Let real money move only where the person typed LIVE, with its own keys and a broker fit for it."""
    code, live = "mode", facts.live
    if live.mode.value != live.account.mode and Mode.LIVE.value in {live.mode.value, live.account.mode}:
        text = tr("The account is {mode}, the order is not.", mode=live.account.mode)
        return refused(code, text, tr("Choose another account."))
    if live.mode is not Mode.LIVE:
        return passed(code, tr("No real money: {mode}.", mode=live.mode))
    hint = tr("Go live in the Safety console by typing LIVE.")
    if not facts.live_granted:
        return refused(code, tr("You have not gone live with this account."), hint)
    if not live.live_keys:
        return refused(code, tr("The keys for real money are missing."), tr("Give them in the preferences."))
    if not live.abilities.finds_client_ids:
        text = tr("This broker does not find orders by their name, so it moves no real money.")
        return refused(code, text, tr("Use it on paper, or another broker."))
    return passed(code, tr("You went live with this account."))


def clocks_agree(case: Case) -> Check:
    """Let nothing through while this computer's clock is not the broker's."""
    code, skew = "clock", case.live.skew_seconds
    if skew is None or not math.isfinite(skew):
        text = tr("How far this computer's clock is from the broker's is not known.")
        return refused(code, text, tr("It is asked for again by itself."))
    most, apart = case.limits.clock_skew_seconds, abs(skew)
    if apart > most:
        words = tr("ahead of") if skew > 0 else tr("behind")
        text = tr("This computer's clock is {time} {words} the broker's.", time=seconds(apart), words=words)
        return refused(code, text, tr("Put the clock right; most is {time}.", time=seconds(most)))
    return passed(code, tr("The clocks agree to {time}.", time=seconds(apart)))


def still_wanted(proposal: Proposal, facts: GateFacts) -> Check:
    """Let nothing through that was worth sending until an earlier moment only."""
    code = "valid_until"
    if facts.now >= proposal.valid_until:
        text = tr(
            "The order was good until {time} only.", time=f"{proposal.valid_until:%Y-%m-%d %H:%M:%S} UTC"
        )
        return refused(code, text, tr("Propose it anew if it is still wanted."))
    return passed(code, tr("The order is still wanted."))


def symbol_clear(proposal: Proposal, facts: GateFacts) -> Check:
    """Let nothing through while the fate of another order of the symbol is not known."""
    code, used = "symbol_clear", facts.used
    if used is None or used.unclear:
        text = tr("What became of another order of {symbol} is not known yet.", symbol=proposal.terms.symbol)
        return refused(code, text, tr("It is looked up every few seconds; try again then."))
    return passed(code, tr("No order of {symbol} is in doubt.", symbol=proposal.terms.symbol))


def meant_by_a_person(case: Case) -> Check:
    """Ask the person about every order a model wants: it may propose, and nothing else."""
    code = "proposed"
    if case.proposal.is_question or case.proposal.source in MODELS:
        text = tr("This order is a proposal; it is for you to decide.")
        return asked(code, text, tr("Look at it under Approvals."))
    return passed(code, tr("No model wants this order."))


CHECKS = (
    not_halted,
    limits_known,
    account_ready,
    account_known,
    mode_allowed,
    still_wanted,
    symbol_clear,
)
CASE_CHECKS = (clocks_agree, meant_by_a_person)
