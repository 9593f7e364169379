"""`puffling doctor`: what is in order, what is not, and what to do."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict

from puffling.cli.arguments import Parser
from puffling.cli.output import Page, clean, hanging
from puffling.cli.verbs import say
from puffling.core.checkup import Finding, State, check_up
from puffling.runtime.paths import Paths
from puffling.runtime.text import tr

_MARKS = {State.OK: "✓", State.NOTE: "•", State.TROUBLE: "✗"}
_PLAIN_MARKS = {State.OK: "+", State.NOTE: "-", State.TROUBLE: "!"}
_COLOURS = {State.OK: "32", State.NOTE: "33", State.TROUBLE: "31"}


def doctor(paths: Paths, words: Sequence[str]) -> int:
    """Check everything, and exit with 1 when something needs to be done."""
    parser = Parser(
        prog="puffling doctor",
        description=tr("Check what Puffling needs and say what to do."),
        allow_abbrev=False,
    )
    parser.add_argument("--json", action="store_true", help=tr("Print the answer as JSON."))
    as_json = parser.parse_args(list(words)).json
    findings = asyncio.run(check_up(paths))
    if as_json:
        say(json.dumps([asdict(finding) for finding in findings], ensure_ascii=False, indent=2))
    else:
        page = Page.of_stdout()
        widest = max(len(finding.check) for finding in findings)
        for finding in findings:
            say(_line(finding, widest, page))
    return 1 if any(finding.state is State.TROUBLE for finding in findings) else 0


def _line(finding: Finding, widest: int, page: Page) -> str:
    mark = (_MARKS if _shows_marks(sys.stdout.encoding) else _PLAIN_MARKS)[finding.state]
    if page.colour:
        mark = f"\x1b[{_COLOURS[finding.state]}m{mark}\x1b[0m"
    indent = widest + 4
    line = f"{mark} {finding.check.ljust(widest)}  {hanging(clean(finding.found), indent, page)}"
    return f"{line}\n{' ' * indent}{hanging(clean(finding.to_do), indent, page)}" if finding.to_do else line


def _shows_marks(encoding: str) -> bool:
    try:
        "".join(_MARKS.values()).encode(encoding)
    except UnicodeEncodeError:
        return False
    return True
