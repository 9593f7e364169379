"""The jobs that run now: what each does, how far it is, and the way to stop it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QSizePolicy, QVBoxLayout, QWidget

from puffling.desktop.card import label, tool_button
from puffling.desktop.theme import Tone
from puffling.runtime.jobs import JobRecord, JobState
from puffling.runtime.text import tr

_STEPS = 1000


class RunningJobs(QWidget):
    """One row for each job on its way."""

    stop_wanted = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.rows: dict[str, RunningRow] = {}
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(6)
        self.hide()

    def show_jobs(self, jobs: Mapping[str, JobRecord], names: Mapping[str, str]) -> None:
        """Show these, each under the name it was started with."""
        for gone in self.rows.keys() - jobs.keys():
            row = self.rows.pop(gone)
            row.hide()
            row.deleteLater()
        for id, job in jobs.items():
            if id not in self.rows:
                row = self.rows[id] = RunningRow()
                row.stop.clicked.connect(partial(self._stop, id))
                self._column.addWidget(row)
            self.rows[id].show_job(job, names.get(id, job.title))
        self.setVisible(bool(self.rows))

    def _stop(self, id: str, _checked: bool = False) -> None:
        self.stop_wanted.emit(id)


class RunningRow(QWidget):
    """A job on its way."""

    def __init__(self) -> None:
        super().__init__()
        self.name = label(kind="caption")
        self.note = label(tone=Tone.MUTED, kind="caption")
        for line in (self.name, self.note):
            line.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.bar = QProgressBar()
        self.bar.setRange(0, _STEPS)
        self.bar.setTextVisible(False)
        self.stop = tool_button("stop", tr("Cancel"))
        words = QVBoxLayout()
        words.setContentsMargins(0, 0, 0, 0)
        words.setSpacing(2)
        words.addWidget(self.name)
        words.addWidget(self.bar)
        words.addWidget(self.note)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addLayout(words, 1)
        row.addWidget(self.stop, 0, Qt.AlignmentFlag.AlignVCenter)

    def show_job(self, job: JobRecord, name: str) -> None:
        """Show how far it is."""
        self.name.setText(name)
        self.name.setToolTip(name)
        self.bar.setAccessibleName(name)
        self.stop.setAccessibleName(tr("Cancel {name}", name=name))
        if job.stopping:
            said = tr("Stopping")
        elif job.state is JobState.QUEUED:
            said = tr("Waiting for its turn")
        else:
            said = job.note or tr("Starting")
        self.note.setText(said)
        self.bar.setValue(round(job.fraction * _STEPS))
        self.bar.setAccessibleDescription(said)
        self.stop.setEnabled(not job.stopping)
