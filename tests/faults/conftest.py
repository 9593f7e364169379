"""Lives are forked from a process that has everything loaded, which Windows cannot do."""

from __future__ import annotations

import sys

collect_ignore = ["test_campaign.py", "test_crashes.py"] if sys.platform == "win32" else []
