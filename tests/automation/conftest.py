"""What these tests need of the system they run on."""

from __future__ import annotations

import sys

# A limit on the size of a file is what only these systems have.
collect_ignore = ["test_upkeep.py"] if sys.platform == "win32" else []
