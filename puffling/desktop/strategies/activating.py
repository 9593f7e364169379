"""Activate and deactivate: the question how a strategy may run by itself, with what binds it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtWidgets import QWidget

from puffling.automation.runner.values import ActivationTerms, ActiveStrategy, StrategyMode
from puffling.desktop.ask import ask, ask_form
from puffling.desktop.fields import Ask, Field
from puffling.desktop.session import Session
from puffling.puffin.backtest.orders import Sizing
from puffling.runtime.errors import InvalidInput
from puffling.runtime.text import tr
from puffling.trading.values import Mode

if TYPE_CHECKING:
    from puffling.automation.values import SavedStrategy

LIVE_WORD = "LIVE"


async def ask_to_activate(session: Session, parent: QWidget, saved: SavedStrategy) -> ActiveStrategy | None:
    """Ask how a strategy may run, and let it; None when the person thought better of it."""
    live = session.core.live_strategies
    mode = await _ask_mode(parent, saved)
    if mode is None:
        return None
    if mode is not StrategyMode.AUTO_TRADE:
        return await live.activate(saved.id, "alert" if mode is StrategyMode.ALERT else "monitor")
    accounts = await session.core.accounts.all()
    if any(each.mode is Mode.LIVE for each in accounts) or len(accounts) > 1:
        chosen = await ask_form(
            parent,
            tr("Where does {name} trade?", name=saved.name),
            (Field("account", tr("Account"), Ask.CHOICE,
                   choices=tuple((each.id, each.label) for each in accounts)),),
            act=tr("Next"),
            values={"account": next(each.id for each in accounts if each.chosen)},
        )  # fmt: skip
        if chosen is None:
            return None
        account = str(chosen["account"])
    else:
        account = accounts[0].id
    terms = await live.terms(saved.id, account)
    answer = await _ask_terms(parent, terms)
    if answer is None:
        return None
    return await live.let_trade(
        saved.id,
        float(answer["money"]),
        account,
        float(answer["percent"]) / 100.0,
        Sizing(answer["sizing"]),
        float(answer["lot"]),
        str(answer.get("live", "")),
        saved.updated_at,
    )


async def ask_to_deactivate(session: Session, parent: QWidget, saved: SavedStrategy) -> bool:
    """Ask whether a strategy is to stop, and stop it."""
    trades = saved.mode == StrategyMode.AUTO_TRADE.value
    sure = await ask(
        parent,
        tr("Deactivate {name}?", name=saved.name),
        tr("It decides nothing more. What it holds stays held, and so do the ways out: closing is yours.")
        if trades
        else tr("It decides nothing more."),
        act=tr("Deactivate"),
        only_stops=True,
    )
    if sure:
        await session.core.live_strategies.deactivate(saved.id)
    return sure


async def _ask_mode(parent: QWidget, saved: SavedStrategy) -> StrategyMode | None:
    if not saved.symbols:
        raise InvalidInput(
            tr("{name} has no symbols.", name=saved.name),
            field="symbols",
            hint=tr("Say which symbols it is for first."),
        )
    answer = await ask_form(
        parent,
        tr("Activate {name}", name=saved.name),
        (
            Field(
                "mode",
                tr("It may"),
                Ask.CHOICE,
                default=StrategyMode.MONITOR.value,
                choices=(
                    (StrategyMode.MONITOR.value, tr("Monitor: its signals are recorded")),
                    (StrategyMode.ALERT.value, tr("Alert: it also tells you of them")),
                    (StrategyMode.AUTO_TRADE.value, tr("Trade: it also places orders")),
                ),
            ),
        ),
        act=tr("Next"),
        text=tr(
            "From the next bar on it decides by itself on {symbols}, once after each bar of {interval}.",
            symbols=", ".join(saved.symbols),
            interval=saved.interval,
        ),
    )
    return None if answer is None else StrategyMode(answer["mode"])


def _sizings(terms: ActivationTerms) -> tuple[tuple[str, str], ...]:
    """Give what the share can be one of; what is lost at a stop is known of orders that come with one."""
    risk = ((Sizing.RISK.value, tr("What is lost at the stop")),) if terms.sends_orders else ()
    return (
        (Sizing.EQUITY.value, tr("What its money has become")),
        (Sizing.FIXED.value, tr("The money at first")),
        *risk,
        (Sizing.VOLATILITY.value, tr("A year's movement")),
        (Sizing.KELLY.value, tr("Kelly's share")),
    )


async def _ask_terms(parent: QWidget, terms: ActivationTerms) -> dict[str, Any] | None:
    fields = [
        Field("money", tr("Money"), Ask.NUMBER, tr("What it works with, out of the account."),
              terms.capital, required=True, above=0.0, unit="$"),
        Field("percent", tr("Share of it"), Ask.NUMBER, tr("What its positions take at full signals."),
              100.0, required=True, above=0.0, most=100.0, unit="%"),
        Field("sizing", tr("Of what"), Ask.CHOICE, default=Sizing.EQUITY.value, choices=_sizings(terms)),
        Field("lot", tr("Whole pieces of"), Ask.NUMBER, tr("0 is as fine as the instrument allows."),
              1.0, required=True, least=0.0),
    ]  # fmt: skip
    if terms.account_mode == Mode.LIVE.value:
        word = Field("live", tr("Real money"), required=True, pattern=f"^{LIVE_WORD}$",
                     description=tr("Type {word} to let it move real money.", word=LIVE_WORD))  # fmt: skip
        fields.append(word)
    return await ask_form(
        parent,
        tr("Let {name} trade on {account}", name=terms.name, account=terms.account_label),
        fields,
        act=tr("Let it trade"),
        text="\n".join(f"• {each}" for each in (*terms.troubles, *terms.sentences)),
    )
