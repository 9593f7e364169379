"""Safety console: the kill switch, every limit with its use today, and going live."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable
from typing import TYPE_CHECKING, Any, TypeVar

from puffling.desktop.actions import Action
from puffling.desktop.ask import ask
from puffling.desktop.loading import load
from puffling.desktop.panel import Area, ViewPanel, panel
from puffling.desktop.refetching import Refetching
from puffling.desktop.session import Session
from puffling.desktop.theme import Tone
from puffling.frozen import frozen
from puffling.runtime.errors import InvalidInput, NotFound, PufflingError, Refused, Unavailable
from puffling.runtime.text import tr
from puffling.store.events import DatabaseRestored, SettingChanged
from puffling.trading.events import (
    AccountChanged,
    ChosenAccountChanged,
    HoldingChanged,
    LineChanged,
    OrderChanged,
    TradingStateChanged,
)
from puffling.trading.values import (
    Differences,
    FlattenReport,
    HaltReport,
    LimitView,
    ReconcileReport,
    SafetyState,
)

if TYPE_CHECKING:
    from puffling.core.core import Core
    from puffling.desktop.safety.view import SafetyView

R = TypeVar("R")

CONNECT = "window.connect-broker"


@frozen
class Plan:
    """What going live with the account that orders go to would change."""

    account: str = ""
    label: str = ""
    changes: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    is_live: bool = False


@panel(id="safety", title="Safety", icon="safety", area=Area.RIGHT, order=4)
class SafetyPanel(ViewPanel["SafetyView"]):
    """Shows whether orders leave and how near each limit is, and changes both for the person."""

    least_size = (300, 200)

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._plan = Plan()
        self._refetching = Refetching(self, self._load, self._show, self.states)

    def make_view(self) -> SafetyView:
        from puffling.desktop.safety.view import SafetyView

        made = SafetyView(self.session.time)
        switch = made.switch
        switch.halt.clicked.connect(self.halt)
        switch.resume.clicked.connect(lambda: self.session.actions.run("safety.resume"))
        switch.reduce.clicked.connect(self._reduce)
        switch.flatten.clicked.connect(self.flatten)
        switch.drill.clicked.connect(self.drill)
        made.differences.accept.clicked.connect(self.accept)
        made.limits.wanted.connect(self._change)
        made.going_live.wanted.connect(self._go_live)
        made.going_live.back_wanted.connect(lambda: self.session.actions.run("safety.go-paper"))
        made.going_live.connect_wanted.connect(self._connect)
        return made

    def acts(self) -> Iterable[Action]:
        yield Action(
            "window.safety-flatten",
            tr("Cancel and close everything…"),
            self.flatten,
            tr("Safety"),
            tr("Flatten the account: every order is cancelled, every position closed, after a question."),
        )

    def wake(self, core: Core) -> None:
        self.hear(TradingStateChanged, lambda event: self._show_state(event.state))
        for event in (OrderChanged, HoldingChanged, AccountChanged, LineChanged, ChosenAccountChanged):
            self.hear(event, self._refetching.on_news)
        self.hear(DatabaseRestored, self._refetching.on_news)
        self.hear(SettingChanged, self._setting_changed)
        self._refetching.fetch()

    def sleep(self) -> None:
        self._refetching.stop()

    def focus_view(self, view: SafetyView) -> None:
        switch = view.switch
        (switch.halt if switch.halt.isVisible() else switch.resume).setFocus()

    def halt(self) -> None:
        """Stop new orders, and cancel open ones where that is wanted."""
        core, cancel_open = self.session.core, self.view.switch.cancel_open.isChecked()
        self._act(lambda: core.safety.halt("", cancel_open), self._say_halted)

    def flatten(self) -> None:
        """Ask, and close everything."""

        async def work() -> FlattenReport | None:
            sure = await ask(
                self,
                tr("Close everything at the market?"),
                tr("Every order is cancelled and every position closed. From then on only ways out leave."),
                act=tr("Close everything"),
                danger=True,
            )
            return await self.session.core.safety.flatten() if sure else None

        self._act(work, self._say_flattened)

    def accept(self) -> None:
        """Ask, and take what the broker holds for true, as it is shown."""
        shown = self.view.differences.shown
        if shown is None:
            return

        async def work() -> ReconcileReport | None:
            from puffling.desktop.safety.differences import question_of

            act = tr("Accept")
            title = tr("Accept what the broker holds?")
            if not await ask(self, title, question_of(shown), act=act, danger=True):
                return None
            return await self.session.core.accounts.accept(shown.account, shown.seal)

        self._act(work, self._say_accepted)

    def drill(self) -> None:
        """Measure how fast the switch is."""
        core = self.session.core
        self.view.switch.say(tr("Measuring"))
        self._act(core.safety.drill, lambda report: self.view.switch.say(report.text))

    def _connect(self) -> None:
        self.session.actions.run(CONNECT)

    def _reduce(self) -> None:
        self._act(self.session.core.safety.reduce, self._show_state)

    def _go_live(self, word: str) -> None:
        core, account = self.session.core, self._plan.account
        self._act(lambda: core.safety.go_live(account, word), self._gone_live)

    def _gone_live(self, state: SafetyState) -> None:
        self._show_state(state)
        self._refetching.on_news()

    def _act(self, work: Callable[[], Coroutine[Any, Any, R]], then: Callable[[R], None]) -> None:
        self.session.dispatch.run(work, name="safety act", then=then, failed=self._say_failed, owner=self)

    def _change(self, name: str, value: Any) -> None:
        core, line = self.session.core, self.view.limits.lines[name]

        async def work() -> LimitView | None:
            try:
                return await core.safety.tighten(name, value)
            except Refused:
                # Whether it is looser is for the core to know; whether it may be, for the person to say.
                said = tr(
                    "{limit}: {now} instead of {before}, from this moment on.",
                    limit=line.title,
                    now=limit_words(value),
                    before=limit_words(line.value),
                )
                act = tr("Loosen limit")
                if not await ask(self, tr("Make this limit looser?"), said, act=act, danger=True):
                    return None
                return await core.safety.loosen(name, value)

        def done(view: LimitView | None) -> None:
            line.say("")
            if view is None:
                line.take_back()
            else:
                line.show_view(view)

        self.session.dispatch.run(
            work,
            name="change limit",
            newest=f"limit {name}",
            then=done,
            failed=lambda error: line.say(_why_not(error)),
            owner=line,
        )

    def _setting_changed(self, event: SettingChanged) -> None:
        if event.key.startswith("trading."):
            self._refetching.on_news()

    async def _load(self) -> tuple[SafetyState, Plan, Differences | None]:
        await load(
            "puffling.trading.limits",
            "puffling.trading.usage",
            "puffling.desktop.safety.differences",
            "puffling.desktop.safety.limits",
            "puffling.desktop.safety.view",
        )
        core = self.session.core
        state, differences = await core.safety.state(), None
        try:
            account = (await core.broker.account()).account.id
            differences = await core.accounts.differences(account)
            plan = await core.safety.live_plan(account)
            found = Plan(account, plan.label, plan.changes, plan.missing, plan.is_live)
        except (NotFound, Unavailable) as error:
            account, found = "", Plan(missing=(error.message,))
        limits = await core.safety.limits(account)
        board = self.view.limits
        for view in _in_order(limits):
            if view.name in board.lines:
                board.lines[view.name].show_view(view)
            else:
                board.add(view)
            # A line is dear to build: everything else gets its turn between two of them.
            await asyncio.sleep(0)
        return state, found, differences

    def _show(self, found: tuple[SafetyState, Plan, Differences | None]) -> None:
        state, self._plan, differences = found
        self._show_state(state)
        self.view.differences.show_differences(differences)
        plan = self._plan
        self.view.going_live.show_plan(plan.label, plan.changes, plan.missing, is_live=plan.is_live)
        self.states.content()

    def _show_state(self, state: SafetyState) -> None:
        if self._view is not None:
            self._view.switch.show_state(state)

    def _say_halted(self, report: HaltReport) -> None:
        self._show_state(report)
        said = tr("Halted. {count} orders cancelled.", count=report.cancelled)
        self._say_done(said, [f"{each.title}: {each.reason}" for each in report.failed])

    def _say_flattened(self, report: FlattenReport | None) -> None:
        if report is not None:
            said = tr(
                "{cancelled} orders cancelled, {closing} positions are being closed.",
                cancelled=report.cancelled,
                closing=len(report.closing),
            )
            self._say_done(said, [f"{each.title}: {each.reason}" for each in report.failed])

    def _say_accepted(self, report: ReconcileReport | None) -> None:
        if report is None:
            return
        said = tr("Accepted: the account and its broker agree.") if report.agrees else ""
        self._say_done(said, list(report.problems))
        self._refetching.on_news()

    def _say_done(self, said: str, failed: list[str]) -> None:
        self.view.switch.say(" ".join((said, *failed)), Tone.DANGER if failed else Tone.MUTED)

    def _say_failed(self, error: PufflingError) -> None:
        self.view.switch.say(f"{error.message} {error.hint}".strip(), Tone.DANGER)


def limit_words(value: Any) -> str:
    """Say the value of a limit."""
    if isinstance(value, bool):
        return tr("on") if value else tr("off")
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value)) or tr("nothing")
    return f"{value:,}" if isinstance(value, int | float) else str(value or tr("nothing"))


def _why_not(error: PufflingError) -> str:
    if isinstance(error, InvalidInput):
        # Which limit it is about is what the line says already, and what it means its tooltip.
        name, _, why = error.message.partition(": ")
        return why if name.startswith("trading.") else error.message
    return f"{error.message} {error.hint}".strip()


def _in_order(views: tuple[LimitView, ...]) -> list[LimitView]:
    return sorted(views, key=lambda view: view.bound is None)
