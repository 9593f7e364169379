"""Abilities of the core as actions of the window: run at once, ask first, or open a form."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtWidgets import QLabel, QPlainTextEdit, QPushButton, QVBoxLayout, QWidget

from puffling.desktop import numbers
from puffling.desktop.actions import Action
from puffling.desktop.ask import ask
from puffling.desktop.forms import Form, fields_of
from puffling.desktop.notices import Level
from puffling.desktop.readable import readable
from puffling.desktop.theme import Theme, set_role
from puffling.runtime.capability import Capability
from puffling.runtime.errors import InvalidInput, PufflingError
from puffling.runtime.gate import Effect
from puffling.runtime.text import tr

if TYPE_CHECKING:
    from puffling.core.core import Core
    from puffling.desktop.window import Window
    from puffling.store.values import Backup

# What the window does in a better place, or does by itself.
_ELSEWHERE = frozenset(
    {
        "alerts.create",
        "alerts.change",
        "alerts.switch",
        "alerts.place",
        "alerts.read",
        "alerts.remove",
        "alerts.restore",
        "practice.remove",
        "practice.restore",
        "workspaces.keep",
        "workspaces.forget",
        "settings.keep-key",
        "settings.open-vault",
        "drawings.put",
        "drawings.remove",
        "drawings.clear",
        "drawings.restore",
        "files.add",
        "files.preview",
        "optimization.plan",
        "optimization.restore",
        "strategies.restore",
        "strategies.trust",
    }
)
RESTORE = "backups.restore"
# What a panel asks in a form of its own.
_IN_PANELS = {"backtest.run": "backtest", "optimization.run": "optimization"}
# Answers that exist only in the answer.
_SHOWN_ONCE = frozenset({"access.create"})
# Acts that cannot be taken back are asked about in words of their own.
_QUESTIONS = {
    "safety.resume": (
        "Let orders leave again?",
        "Trading was halted. From now on strategies, goals and you can send orders again.",
    ),
    "safety.flatten": (
        "Close everything at the market?",
        "Every order is cancelled and every position closed. From then on only ways out leave.",
    ),
    "backups.accept": (
        "Go on with the records as they are?",
        "They are not the ones that were closed last. Trading stays halted until you resume it.",
    ),
    "backups.restore": (
        "Put this backup in the place of the present records?",
        "The present records are copied first, so that this can be undone.",
    ),
}


class Abilities:
    """Starts abilities for the person, one way for all of them."""

    def __init__(self, window: Window, core: Core) -> None:
        self._window = window
        self._core = core

    def actions(self) -> Iterator[Action]:
        """Give one action for each ability that exists."""
        for ability in self._core.registry:
            if ability.id not in _ELSEWHERE:
                yield Action(
                    ability.id,
                    ability.title,
                    partial(self.start, ability),
                    tr(ability.domain.capitalize()),
                    ability.summary,
                    ability.menu,
                    ability.shortcut or "",
                )

    def start(self, ability: Capability) -> None:
        """Run it, after the form or the question it needs."""
        if ability.id == RESTORE:
            self.choose_backup()
        elif ability.id in _IN_PANELS:
            self._window.show_panel(_IN_PANELS[ability.id])
        elif ability.needs_arguments:
            self._ask_arguments(ability)
        else:
            self.run(ability, {})

    def run(self, ability: Capability, arguments: dict[str, Any]) -> None:
        """Run it with these arguments, asking first where it is a guarded act."""
        dispatch = self._window.session.dispatch
        dispatch.run(lambda: self._carry_out(ability, arguments), name=ability.id)

    def choose_backup(self) -> None:
        """Offer the backups that can be restored, the newest first."""
        self._window.session.dispatch.run(
            self._core.backups.all, name="list backups", newest="backups", then=self._offer_backups
        )

    def _offer_backups(self, backups: Sequence[Backup]) -> None:
        restore = self._core.registry.get(RESTORE)
        body = QWidget()
        column = QVBoxLayout(body)
        column.setContentsMargins(0, 0, 0, 0)
        said = QLabel(restore.summary if backups else tr("There is no backup yet."))
        said.setWordWrap(True)
        set_role(said, tone="muted", kind="prose")
        column.addWidget(said)
        for backup in backups:
            made = numbers.moment(backup.made_at, now=self._core.clock.now())
            size = numbers.short(backup.size_bytes)
            offer = QPushButton(tr("{made} · {size}B", made=made, size=size))
            offer.setToolTip(backup.name)
            offer.clicked.connect(partial(self._restore, restore, backup.name))
            column.addWidget(offer)
        column.addStretch(1)
        self._window.sheet.open_with(restore.title, body)

    def _restore(self, restore: Capability, name: str, _checked: bool = False) -> None:
        self._window.sheet.close_sheet()
        self.run(restore, {"name": name})

    async def _carry_out(self, ability: Capability, arguments: dict[str, Any]) -> None:
        notices = self._window.notices
        if ability.id in _QUESTIONS and not await self._sure(ability):
            return
        if ability.job:
            await ability.start(arguments)
            notices.tell(
                tr("{title} has started.", title=ability.title),
                action=tr("Show jobs"),
                act=partial(self._window.show_panel, "jobs"),
            )
            return
        result = await ability.invoke(arguments)
        if ability.effect in {Effect.READ, Effect.COMPUTE} or ability.id in _SHOWN_ONCE:
            self._show_result(ability, result)
        else:
            notices.tell(tr("{title}: done.", title=ability.title), level=Level.DONE)

    async def _sure(self, ability: Capability) -> bool:
        title, text = _QUESTIONS[ability.id]
        return await ask(self._window, tr(title), tr(text), act=ability.title)

    def _ask_arguments(self, ability: Capability) -> None:
        form = Form(fields_of(ability.arguments_model), act=ability.title, cancel=tr("Cancel"))
        said = QLabel(ability.summary)
        said.setWordWrap(True)
        set_role(said, tone="muted", kind="prose")
        body = QWidget()
        column = QVBoxLayout(body)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(14)
        column.addWidget(said)
        column.addWidget(form)
        column.addStretch(1)
        form.cancelled.connect(self._window.sheet.close_sheet)
        form.submitted.connect(partial(self._submit, ability, form))
        self._window.sheet.open_with(ability.title, body)
        form.focus_first()

    def _submit(self, ability: Capability, form: Form, arguments: dict[str, Any]) -> None:
        async def carry_out() -> None:
            ability.check(arguments)
            self._window.sheet.close_sheet()
            await self._carry_out(ability, arguments)

        def failed(error: PufflingError) -> None:
            if self._window.sheet.isVisible() and isinstance(error, InvalidInput):
                form.show_error(error.field, error.message)
            else:
                self._window.tell_error(error)

        self._window.session.dispatch.run(carry_out, name=ability.id, failed=failed)

    def _show_result(self, ability: Capability, result: object) -> None:
        shown = ResultText()
        shown.setPlainText(readable(ability.dump(result)) or tr("There is nothing to show."))
        self._window.sheet.open_with(ability.title, shown, width=620)


class ResultText(QPlainTextEdit):
    """What an ability answered, to read and to copy."""

    def __init__(self) -> None:
        super().__init__()
        self.setReadOnly(True)
        self.setFont(Theme.mono())
        self.setAccessibleName(tr("Result"))
