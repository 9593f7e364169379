"""What every test starts from: no screen, keychain or network, no data of a person, nothing left behind."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
# A run in the background is told to ignore Ctrl-C, and would hand that on to every program it starts.
signal.signal(signal.SIGINT, signal.default_int_handler)
os.environ["PYTHON_KEYRING_BACKEND"] = "keyring.backends.fail.Keyring"
for name in [name for name in os.environ if name.endswith(("_API_KEY", "_SECRET_KEY", "_API_KEY_FILE"))]:
    del os.environ[name]

pytest_plugins = [
    "tests.fixtures.network",
    "tests.fixtures.leftovers",
    "tests.fixtures.loops",
    "tests.fixtures.postgres",
    "tests.fixtures.cores",
]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that stands for the person's data in this test."""
    place = tmp_path / "home"
    monkeypatch.setenv("PUFFLING_HOME", str(place))
    return place


@pytest.fixture(scope="session")
def checkout() -> Path:
    """The root of the source tree."""
    return Path(__file__).resolve().parent.parent
