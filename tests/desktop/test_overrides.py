"""A fault in what Qt calls is an error like any other, and the window goes on."""

from __future__ import annotations

import subprocess
import sys

import pytest

SCRIPT = """
import puffling.desktop
from PySide6.QtWidgets import QApplication, QWidget

class Faulty(QWidget):
    def resizeEvent(self, event):
        {fault}

application = QApplication([])
faulty = Faulty()
try:
    faulty.show()
except {kind}:
    print("an error like any other")
faulty.hide()
"""


@pytest.mark.parametrize(
    ("fault", "kind"), [("[][0]", "IndexError"), ("len(3)", "TypeError"), ("1 / 0", "ZeroDivisionError")]
)
def test_a_fault_in_what_qt_calls_does_not_end_the_process(fault: str, kind: str) -> None:
    run = subprocess.run(
        [sys.executable, "-c", SCRIPT.format(fault=fault, kind=kind)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (run.returncode, run.stdout) == (0, "an error like any other\n")
