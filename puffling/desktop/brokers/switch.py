"""Which account orders go to: said in the top line, changed with one click."""

from __future__ import annotations

from functools import partial

from PySide6.QtWidgets import QPushButton

from puffling.desktop.ask import ask
from puffling.desktop.menus import passing_menu
from puffling.desktop.session import Session
from puffling.runtime.text import tr
from puffling.trading.accounts.values import AccountState
from puffling.trading.values import Mode

CONNECT = "window.connect-broker"
LONGEST = 18


class AccountSwitch:
    """Opens the menu of accounts under a button that says the one that is chosen."""

    def __init__(self, session: Session, button: QPushButton) -> None:
        self._session = session
        self._button = button
        button.clicked.connect(self._fetch)

    def stop(self) -> None:
        """Offer nothing any more: there is no core to ask."""
        self._button.clicked.disconnect(self._fetch)
        self._button.hide()

    def show_account(self, label: str, mode: str) -> None:
        """Say which account orders go to."""
        short = label if len(label) <= LONGEST else f"{label[: LONGEST - 1]}…"
        self._button.setText(tr("{name} ▾", name=short))
        self._button.setToolTip(tr("Orders go to {account} ({mode})", account=label, mode=mode))
        self._button.show()

    def _fetch(self) -> None:
        core = self._session.core
        self._session.dispatch.run(
            core.accounts.all, name="list accounts", then=self._open, owner=self._button
        )

    def _open(self, states: tuple[AccountState, ...]) -> None:
        menu = passing_menu(self._button)
        for state in states:
            account = state.account
            item = menu.addAction(f"{account.label}  {account.mode}", partial(self._choose, state))
            item.setCheckable(True)
            item.setChecked(state.chosen)
        menu.addSeparator()
        menu.addAction(tr("Connect a broker…"), partial(self._session.actions.run, CONNECT))
        menu.popup(self._button.mapToGlobal(self._button.rect().bottomLeft()))

    def _choose(self, state: AccountState) -> None:
        if state.chosen:
            return
        account, accounts = state.account, self._session.core.accounts

        async def work() -> None:
            if account.mode != Mode.LIVE.value:
                await accounts.choose(account.id)
                return
            title = tr("Send orders to {account}?", account=account.label)
            text = tr("It holds real money. Orders still wait until you go live.")
            if await ask(self._button, title, text, act=tr("Send orders there"), danger=True):
                await accounts.choose_live(account.id)

        self._session.dispatch.run(work, name="choose account")
