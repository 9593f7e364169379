"""The terminal's first step: which of the things that can be typed was typed."""

from __future__ import annotations

from collections.abc import Sequence

from puffling.runtime.paths import Paths

_FLAGS_FOR_HELP = frozenset({"-h", "--help", "help"})


def main(paths: Paths, words: Sequence[str]) -> int:
    """Carry out what was typed and give the exit code; errors for people are raised."""
    first, rest = words[0], list(words[1:])
    if first == "doctor":
        from puffling.cli.doctor import doctor

        return doctor(paths, rest)
    if first == "halt":
        from puffling.cli.halt import halt

        return halt(paths, rest)
    from puffling.cli import verbs

    if first == "resume":
        return verbs.run(paths, "safety", "resume", rest)
    if first in _FLAGS_FOR_HELP:
        return _help(paths, rest[0] if rest else "")
    if not rest or rest[0] in _FLAGS_FOR_HELP:
        return _help(paths, first)
    return verbs.run(paths, first, rest[0], rest[1:])


def _help(paths: Paths, domain: str) -> int:
    from puffling.cli.help import SHORT_FORMS, domain_text, overview_text
    from puffling.cli.output import Page
    from puffling.cli.verbs import overview, say, unknown_verb

    catalogue, page = overview(paths), Page.of_stdout()
    if not domain or domain in SHORT_FORMS:
        say(overview_text(catalogue, page))
        return 0
    text = domain_text(catalogue, domain, page)
    if not text:
        raise unknown_verb(catalogue, f"{domain}.")
    say(text)
    return 0
