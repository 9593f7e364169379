"""The main window: two lines, docks between them, and four workspaces that remember themselves."""

from __future__ import annotations

import asyncio
from functools import cached_property, partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QByteArray, QCoreApplication, QEvent, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QKeyEvent, QKeySequence, QPaintEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QMainWindow, QMenu, QStatusBar

from puffling.desktop.actions import ActionBook
from puffling.desktop.alt_key import AltKey
from puffling.desktop.arrangement import Arrangement
from puffling.desktop.ask import ask
from puffling.desktop.banner import Banner
from puffling.desktop.crash import CrashDesk
from puffling.desktop.dispatch import Dispatch
from puffling.desktop.dock import PanelDock
from puffling.desktop.file_drop import FileDrop
from puffling.desktop.growing import Growing
from puffling.desktop.help import About, Shortcuts
from puffling.desktop.icons import application_icon
from puffling.desktop.importing import Importing
from puffling.desktop.lines import BottomLine, TopLine
from puffling.desktop.live import HALT, RESUME, LiveWindow
from puffling.desktop.loading import load
from puffling.desktop.notices import Notices
from puffling.desktop.panel import find_panels
from puffling.desktop.saving import Folders
from puffling.desktop.selection import Selection
from puffling.desktop.session import Session
from puffling.desktop.sheet import Sheet
from puffling.desktop.snapshot import Snapshot
from puffling.desktop.theme import GAP, look
from puffling.desktop.window_actions import panel_actions, window_actions
from puffling.desktop.workspaces import Workspace
from puffling.runtime.errors import PufflingError
from puffling.runtime.text import tr

if TYPE_CHECKING:
    from puffling.core.core import Core
    from puffling.desktop.palette import Palette

FIRST_SIZE = (1440, 900)
FRAME_HEIGHT = 40
# Below this the parts of the Trade workspace would cover each other.
SMALLEST_SIZE = (1000, 600)
_WITH_A_KEY = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier
_ONLY_HELD = {Qt.Key.Key_Control, Qt.Key.Key_Shift, Qt.Key.Key_Alt, Qt.Key.Key_AltGr, Qt.Key.Key_Meta}


class Window(QMainWindow):
    """The one main window; it shows what was there last until the core is open."""

    painted = Signal()
    became_live = Signal()
    became_whole = Signal()
    closing = Signal()
    retry = Signal()

    def __init__(self, snapshot: Snapshot, crashes: CrashDesk) -> None:
        super().__init__()
        self.setObjectName("puffling")
        self.setWindowTitle(tr("Puffling"))
        self.setWindowIcon(application_icon())
        self.setMinimumSize(*SMALLEST_SIZE)
        self.setDockOptions(QMainWindow.DockOption.AllowNestedDocks | QMainWindow.DockOption.AllowTabbedDocks)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.NoContextMenu)
        self._snapshot = snapshot
        self.recent = [str(each) for each in snapshot.recent]
        self.live: LiveWindow | None = None
        self._was_painted = False
        self._was_live = False
        self._may_close = False
        self._alt = AltKey(self)
        self.crashes = crashes
        self.actions_ = ActionBook(self)
        self.notices = Notices(self)
        self.session = Session(
            dispatch=Dispatch(on_error=self.tell_error, on_bug=crashes.report),
            selection=Selection(),
            actions=self.actions_,
            notices=self.notices,
            show_panel=self.show_panel,
        )
        self.session.shared(Folders).restore(snapshot.folders)
        self.top = TopLine(self._fill_menu)
        self.banner = Banner()
        self.top.add_below(self.banner)
        self.setMenuWidget(self.top)
        self.importing = Importing(self)
        self.docks = self._make_docks()
        self.growing = Growing(self, self.docks)
        self.bottom = BottomLine()
        self._stand_bottom()
        self.drop = FileDrop(self, self.importing.take)
        self.arrangement = Arrangement(self, self.docks, snapshot)
        self.actions_.add(*window_actions(self), place=0)
        self._alt.tapped.connect(self.top.open_menu)
        self.top.workspace_chosen.connect(self.open_workspace)
        self.top.command_wanted.connect(self.open_palette)
        self.top.halt_wanted.connect(lambda: self.actions_.run(HALT))
        self.top.resume_wanted.connect(lambda: self.actions_.run(RESUME))
        self.top.approvals_wanted.connect(lambda: self.show_panel("approvals"))
        self.bottom.jobs_wanted.connect(lambda: self.show_panel("jobs"))
        self._restore()
        self.arrangement.take_focus()

    @cached_property
    def sheet(self) -> Sheet:
        """What lies over the panels at the right: forms, preferences, help."""
        return Sheet(self)

    @cached_property
    def palette_(self) -> Palette:
        """Every action and every symbol, by a few letters."""
        # This and others are imported where they are opened: a start must not wait for them.
        from puffling.desktop.palette import Palette

        return Palette(self, self.session, self.recent)

    def _make_docks(self) -> dict[str, PanelDock]:
        docks: dict[str, PanelDock] = {}
        for kind in find_panels():
            kept = self._snapshot.panels.get(kind.id, {})
            dock = PanelDock(kind, self.session, kept, self.reset_workspace)
            dock.setParent(self)
            dock.hide()
            docks[kind.id] = dock
            dock.panel_made.connect(partial(self._take_in, dock, len(docks)))
        return docks

    def _take_in(self, dock: PanelDock, place: int) -> None:
        dock.panel.became_live.connect(self._check_live)
        self.actions_.add(*panel_actions(self, dock), place=place)

    def _make_rest_soon(self) -> None:
        self.session.dispatch.scope.spawn(self._make_rest(), name="make panels")

    async def _make_rest(self) -> None:
        """Make the panels nobody saw yet, each in a turn of its own."""
        await self.session.until_filled()
        for dock in self.docks.values():
            if not dock.made:
                await load(dock.kind.module)
                dock.make()
                await asyncio.sleep(0)
        self.became_whole.emit()

    def _make_all(self) -> None:
        """Make the panels nobody saw yet at once: somebody wants to see everything that can be started."""
        for dock in self.docks.values():
            dock.make()

    def _fill_menu(self, menu: QMenu) -> None:
        self._make_all()
        self.actions_.fill(menu)

    def _stand_bottom(self) -> None:
        bar = QStatusBar()
        bar.setSizeGripEnabled(False)
        bar.setContentsMargins(0, 0, 0, 0)
        bar.addPermanentWidget(self.bottom, 1)
        self.setStatusBar(bar)
        # Docks fill everything between the lines; the margins keep them off the edges of the window.
        self.setContentsMargins(GAP, 0, GAP, 0)

    def _restore(self) -> None:
        kept = QByteArray.fromBase64(QByteArray(self._snapshot.geometry.encode("ascii", "replace")))
        if not self.restoreGeometry(kept):
            self.take_first_size()
        self.top.show_last(self._snapshot.lines)
        self.arrangement.stand()

    def take_first_size(self) -> None:
        """Be as large as planned where the screen has room for that and a frame around it."""
        room = self.screen().availableSize() - QSize(0, FRAME_HEIGHT)
        self.resize(QSize(*FIRST_SIZE).boundedTo(room))

    def connect_core(self, core: Core) -> None:
        """Go live: abilities become actions, panels in sight fetch and listen, the lines tell the truth."""
        self.banner.hide()
        self.session.connect(core)
        self.crashes.use_writer(core.log.crash_report)
        self.live = LiveWindow(self, core)
        for dock in self.docks.values():
            dock.settle()
        self._check_live()
        self._make_rest_soon()

    @property
    def whole(self) -> bool:
        """Tell whether every panel is made, and its actions are known."""
        return all(dock.made for dock in self.docks.values())

    @property
    def workspace(self) -> Workspace:
        """Give the workspace that is open."""
        return self.arrangement.workspace

    def open_workspace(self, workspace_id: str) -> None:
        """Switch to another workspace; the one that is left remembers how it was."""
        self.arrangement.open(workspace_id)

    def reset_workspace(self) -> None:
        """Give the open workspace the panels and places it started with."""
        self.arrangement.reset()

    def show_panel(self, panel_id: str) -> None:
        """Bring a panel to the front, in this workspace, and put the keyboard there."""
        self.arrangement.show(panel_id)

    def step_panel(self, step: int) -> None:
        """Move the keyboard to the next panel that can be seen, in reading order."""
        self.arrangement.step(step)

    def toggle_full_screen(self) -> None:
        """Fill the screen, or go back to a window."""
        self.setWindowState(self.windowState() ^ Qt.WindowState.WindowFullScreen)

    def open_palette(self) -> None:
        """Open the palette, or close the open one."""
        self._make_all()
        self.palette_.open_palette()

    def show_preferences(self) -> None:
        """Open the preferences; they need the open core."""
        if self.session.connected:
            from puffling.desktop.preferences import Preferences

            self.sheet.open_with(tr("Preferences"), Preferences(self.session), width=560)

    def lock(self) -> None:
        """Cover the panels until the person is back; without the open core there is nothing to hide."""
        if self.live is not None:
            self.live.lock.lock()

    def connect_broker(self) -> None:
        """Open what connects a broker; it needs the open core."""
        if self.session.connected:
            from puffling.desktop.brokers.wizard import BrokerWizard

            wizard = BrokerWizard(self.session, self.sheet.close_sheet)
            self.sheet.open_with(tr("Connect a broker"), wizard, width=520)

    def show_shortcuts(self) -> None:
        """Open the overview of all keys."""
        self._make_all()
        self.sheet.open_with(tr("Keyboard shortcuts"), Shortcuts(self.actions_))

    def show_about(self) -> None:
        """Say what this program is."""
        folder = str(self.session.core.paths.data) if self.session.connected else ""
        self.sheet.open_with(tr("About Puffling"), About(folder))

    def snapshot(self) -> Snapshot:
        """Give all that the next start needs for its first paint."""
        appearance = look().appearance
        return Snapshot(
            geometry=bytes(self.saveGeometry().toBase64().data()).decode("ascii"),
            workspace=self.workspace.id,
            workspaces=self.arrangement.kept(),
            panels={name: dock.keep() for name, dock in self.docks.items()},
            appearance={
                "scheme": appearance.scheme.value,
                "density": appearance.density.value,
                "colour_blind": appearance.colour_blind,
                "reduced_motion": appearance.reduced_motion,
            },
            lines=self.top.last_shown(),
            recent=self.recent,
            folders=self.session.shared(Folders).keep(),
        )

    def show_trouble(self, error: PufflingError) -> None:
        """Say in the window itself why it cannot go live, and offer to try again."""
        self.banner.show_trouble(error.message, error.hint, tr("Try again"), self.retry.emit)
        self._make_rest_soon()

    async def keep_layouts(self) -> None:
        """Put the workspaces where they outlive this computer's cache."""
        core = self.session.core
        for name, kept in self.arrangement.kept().items():
            await core.workspaces.keep(name, kept)

    async def disconnect_core(self) -> None:
        """Keep the layouts and let go of the core, so that it can close."""
        await self.session.dispatch.run(self.keep_layouts, name="keep layouts")
        if self.live is not None:
            self.live.stop()
            self.live = None
        self.session.disconnect()
        for dock in self.docks.values():
            dock.settle()

    def leave(self) -> None:
        """Ask to close, as the button of the window frame does."""
        self.close()

    def let_close(self) -> None:
        """Close for good: everything is kept."""
        self._may_close = True
        self.close()

    def tell_error(self, error: PufflingError) -> None:
        """Show what went wrong and what to do about it."""
        self.session.tell_error(error)

    def closeEvent(self, event: QCloseEvent) -> None:
        if self._may_close:
            event.accept()
            return
        event.ignore()
        running = len(self.live.running) if self.live is not None else 0
        if running:
            self.session.dispatch.run(lambda: self._sure_to_stop(running), name="ask to quit", newest="quit")
        else:
            self.closing.emit()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        # The panels in sight were made this moment: they find their places before they are painted.
        QCoreApplication.sendPostedEvents(None, QEvent.Type.LayoutRequest)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.growing.share()

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if not self._was_painted:
            self._was_painted = True
            # The children paint in the same pass: a turn of the loop later the whole frame is on the screen.
            QTimer.singleShot(0, self.painted.emit)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        self._alt.press(event)
        if event.key() == Qt.Key.Key_Escape and self.sheet.isVisible():
            # Also when the keyboard has left the sheet: no panel wanted the key.
            self.sheet.close_sheet()
            return
        if event.modifiers() & _WITH_A_KEY and event.key() not in _ONLY_HELD and not self.whole:
            # It may be the key of an action whose panel would be made in a moment.
            self._make_all()
            self.actions_.press(QKeySequence(event.keyCombination()))
            return
        super().keyPressEvent(event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        self._alt.release(event)
        super().keyReleaseEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.WindowStateChange:
            for dock in self.docks.values():
                dock.look_again()

    async def _sure_to_stop(self, jobs: int) -> None:
        act = tr("Stop 1 job and quit") if jobs == 1 else tr("Stop {count} jobs and quit", count=jobs)
        if await ask(
            self,
            tr("Quit while work is running?"),
            tr("What is not done yet will be lost."),
            act=act,
            danger=True,
            only_stops=True,
        ):
            self.closing.emit()

    def _check_live(self) -> None:
        seen = [dock.panel for dock in self.docks.values() if dock.made and dock.panel.awake]
        if not self._was_live and seen and all(panel.live for panel in seen):
            self._was_live = True
            self.session.note_filled()
            self.became_live.emit()
