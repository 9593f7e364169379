"""What the window does once the core is open: abilities become actions, and the two lines tell the truth."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject

from puffling.core.events import Level, NoticeRaised, RaiseRequested
from puffling.desktop import notices, numbers
from puffling.desktop.abilities import Abilities
from puffling.desktop.amounts import Amounts
from puffling.desktop.feed_words import WELL, feed_tooltip, feed_words
from puffling.desktop.later import later
from puffling.desktop.lock import WindowLock
from puffling.desktop.theme import Appearance, Density, Scheme, look
from puffling.desktop.tray import Tray
from puffling.desktop.welcome import Welcome
from puffling.market.events import FeedStateChanged
from puffling.market.values import Condition, FeedState
from puffling.runtime.jobs import JobChanged, JobRecord
from puffling.runtime.text import tr
from puffling.store.events import (
    DatabaseRestored,
    LayoutChanged,
    ScheduledJobsChanged,
    SettingChanged,
    WatchlistsChanged,
)
from puffling.trading.events import TradingStateChanged
from puffling.trading.values import SafetyState, TradingState

if TYPE_CHECKING:
    from puffling.core.core import Core
    from puffling.desktop.alerts.news import AlertNews
    from puffling.desktop.trade_news import TradeNews
    from puffling.desktop.window import Window

PULSE_SECONDS = 1.0
HALT, RESUME = "safety.halt", "safety.resume"
HIDE_AMOUNTS = "window.hide_amounts"


class LiveWindow(QObject):
    """Connects one window to one core, for as long as both live."""

    def __init__(self, window: Window, core: Core) -> None:
        super().__init__(window)
        self._window = window
        self._core = core
        self.running: dict[str, JobRecord] = {}
        self.abilities = Abilities(window, core)
        window.actions_.add(*self.abilities.actions())
        self._listen()
        # Settings come several at a time, and every new look repaints the whole window.
        self._wear_soon = later(self, self.wear_settings)
        self.wear_settings()
        window.session.shared(Amounts).hide(core.settings_now.window.hide_amounts)
        self._news: tuple[TradeNews | AlertNews, ...] = ()
        self._tray = Tray(window)
        self.lock = WindowLock(window, core)
        self._following = window.session.dispatch.run(self._follow_trading, name="follow trading")
        self._pulse = window.session.dispatch.scope.spawn(self._keep_looking(), name="pulse")
        self._fetch()
        if not core.settings_now.window.welcomed:
            self._welcome()
        for notice in core.notices:
            self._tell(notice)

    def stop(self) -> None:
        """Let go of the core before it closes."""
        self._pulse.cancel()
        self._wear_soon.stop()
        self._following.cancel()
        for news in self._news:
            news.stop()
        self._tray.stop()
        self.lock.stop()
        for unsubscribe in self._ears:
            unsubscribe()
        self._ears.clear()

    def wear_settings(self) -> None:
        """Put on the look that the settings ask for."""
        wanted = self._core.settings_now.appearance
        look().wear(
            Appearance(
                scheme=Scheme(wanted.theme),
                density=Density(wanted.density),
                colour_blind=wanted.colour_blind,
                reduced_motion=wanted.reduced_motion,
            )
        )

    async def _follow_trading(self) -> None:
        # A start must not wait for what asks the accounts.
        await self._window.session.until_filled()
        from puffling.desktop.alerts.news import AlertNews
        from puffling.desktop.trade_news import TradeNews

        said = (self._window, self._core, self._tray.say)
        self._news = (TradeNews(*said), AlertNews(*said))

    def _welcome(self) -> None:
        """Greet a new person over the window that works already."""
        self.welcome = Welcome(self._window)
        self.welcome.started.connect(self._welcomed)
        self.welcome.show()
        self.welcome.take_focus()

    def _welcomed(self) -> None:
        core, worn = self._core, look().appearance

        async def keep() -> None:
            await core.settings.put("appearance.theme", worn.scheme.value)
            await core.settings.put("appearance.colour_blind", worn.colour_blind)
            await core.settings.put("window.welcomed", True)

        self._window.session.dispatch.run(keep, name="keep first choices")
        self._window.docks["watchlist"].panel.take_focus()

    def _listen(self) -> None:
        bus = self._core.bus
        self._ears = [
            bus.on(TradingStateChanged, lambda event: self._show_safety(event.state)),
            bus.on(FeedStateChanged, lambda _: self._look_at_feeds()),
            bus.on(JobChanged, lambda event: self._show_job(event.job)),
            bus.on(ScheduledJobsChanged, lambda _: self._look_ahead()),
            bus.on(SettingChanged, self._setting_changed),
            bus.on(WatchlistsChanged, lambda _: self._say_saved()),
            bus.on(LayoutChanged, lambda _: self._say_saved()),
            bus.on(DatabaseRestored, lambda _: self._fetch()),
            bus.on(NoticeRaised, self._tell),
            bus.on(RaiseRequested, lambda _: self._come_forward()),
        ]

    def _fetch(self) -> None:
        core, dispatch = self._core, self._window.session.dispatch
        self.show_safety()
        dispatch.run(core.backups.state, name="show state of records", then=self.show_records)
        dispatch.run(core.workspaces.all, name="show layouts", then=self._adopt_layouts)
        self._look_at_feeds()
        self._look_ahead()

    def show_safety(self) -> None:
        """Look at the state of trading anew."""
        self._window.session.dispatch.run(
            self._core.safety.state, name="show trading state", then=self._show_safety
        )

    def _adopt_layouts(self, layouts: tuple[Any, ...]) -> None:
        self._window.arrangement.adopt({layout.workspace: layout.state for layout in layouts})

    def _show_safety(self, state: SafetyState) -> None:
        top, session = self._window.top, self._window.session
        top.show_trading(state.mode.value.lower(), state.trading.value.lower(), state.reason)
        halted = state.trading is TradingState.HALTED
        top.offer_halt(halted=halted, can_halt=session.can(HALT), can_resume=session.can(RESUME))

    def show_records(self, state: Any) -> None:
        """Keep it in sight that the records are in doubt until the person has decided."""
        banner = self._window.banner
        if state.trustworthy:
            banner.hide()
            return
        banner.show_trouble(
            state.message,
            state.hint,
            tr("Restore a backup"),
            self.abilities.choose_backup,
            tr("Accept records"),
            lambda: self._window.actions_.run("backups.accept"),
        )

    async def _keep_looking(self) -> None:
        while True:
            await self._core.clock.sleep(PULSE_SECONDS)
            self._look_at_feeds()
            self.lock.look()

    def _look_at_feeds(self) -> None:
        self._show_feeds(self._core.monitor.feeds())

    def _show_feeds(self, feeds: tuple[FeedState, ...]) -> None:
        feed = _worth_telling(feeds)
        if feed is None:
            self._window.bottom.show_feed(tr("No feed is there"), stale=True)
            return
        self._window.top.show_data(feed.label, feed.quality.value)
        said = tr("{feed} · {words}", feed=feed.label, words=feed_words(feed))
        explained = "\n\n".join(feed_tooltip(each) for each in feeds)
        self._window.bottom.show_feed(said, stale=feed.condition not in WELL, explained=explained)

    def _show_job(self, job: JobRecord) -> None:
        self.running.pop(job.id, None)
        if not job.final:
            self.running[job.id] = job
        running = list(self.running.values())
        if not running:
            self._window.bottom.show_job("", None)
            return
        newest = running[-1]
        others = tr(" and {count} more", count=len(running) - 1) if len(running) > 1 else ""
        share = newest.fraction if newest.total else None
        said = (
            f"{newest.title} {numbers.percent(share, 0, signed=False)}" if share is not None else newest.title
        )
        self._window.bottom.show_job(said + others, share)

    def _look_ahead(self) -> None:
        self._window.session.dispatch.run(
            self._core.scheduler.all, name="look ahead", newest="next job", then=self._show_next
        )

    def _show_next(self, jobs: tuple[Any, ...]) -> None:
        due = sorted(
            (job for job in jobs if job.enabled and job.next_run_at), key=lambda job: job.next_run_at
        )
        if not due:
            self._window.bottom.show_next("")
            return
        at = numbers.moment(due[0].next_run_at, now=self._core.clock.now())
        self._window.bottom.show_next(tr("Next job: {name} {at}", name=due[0].name, at=at))

    def _setting_changed(self, event: SettingChanged) -> None:
        self._say_saved()
        if event.key.startswith("appearance."):
            self._wear_soon.start()
        elif event.key == HIDE_AMOUNTS:
            self._window.session.shared(Amounts).hide(self._core.settings_now.window.hide_amounts)

    def _say_saved(self) -> None:
        now = self._core.clock.now()
        self._window.bottom.show_saved(tr("Saved {at}", at=numbers.moment(now, now=now)))

    def _tell(self, notice: NoticeRaised) -> None:
        shown = notices.Level
        levels = {Level.INFO: shown.INFO, Level.WARNING: shown.WARN, Level.ERROR: shown.ERROR}
        self._window.notices.tell(notice.text, level=levels[notice.level], hint=notice.hint)

    def _come_forward(self) -> None:
        self._window.showNormal() if self._window.isMinimized() else self._window.show()
        self._window.raise_()
        self._window.activateWindow()


def _worth_telling(feeds: tuple[FeedState, ...]) -> FeedState | None:
    """Give the feed that one line is about: one in trouble that somebody watches, or the first that works."""
    for wanted in (
        lambda feed: feed.stale,
        lambda feed: feed.condition is Condition.LIVE,
        lambda feed: feed.connected,
    ):
        found = next((feed for feed in feeds if wanted(feed)), None)
        if found is not None:
            return found
    return next(iter(feeds), None)
