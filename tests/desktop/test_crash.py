"""A fault nobody caught is told once the core is open, wherever it happened, and the window goes on."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.desktop.conftest import OpenWindow, until

if TYPE_CHECKING:
    from puffling.core.core import Core

CANARY = "sk-canary-0123456789"


@pytest.fixture(autouse=True)
def hooks() -> Iterator[None]:
    before = sys.excepthook, threading.excepthook
    yield
    sys.excepthook, threading.excepthook = before


def fail() -> None:
    raise ValueError(f"api_key={CANARY}")


async def test_a_fault_in_a_thread_opens_the_dialog_with_a_redacted_report(
    core: Core, open_window: OpenWindow
) -> None:
    window = await open_window(core)
    window.crashes.serve(window)
    failing = threading.Thread(target=fail)
    failing.start()
    failing.join()
    await until(lambda: window.crashes.dialog is not None)
    [report] = window.crashes.reports
    assert "ValueError" in report
    assert CANARY not in report
    assert window.crashes.dialog is not None
    window.crashes.dialog.close()
    await until(lambda: window.crashes.dialog is None)
