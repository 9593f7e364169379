"""What there is to type."""

from __future__ import annotations

from typing import TYPE_CHECKING

from puffling.runtime.text import tr

if TYPE_CHECKING:
    from puffling.cli.output import Page
    from puffling.core.catalogue import Catalogue

# What is not an ability: faces, and the ways that must work when nothing else does.
SHORT_FORMS = {
    "serve": "Serve HTTP on this computer.",
    "doctor": "Check what Puffling needs and say what to do.",
    "halt": "Halt trading at once, even when Puffling is frozen or closed.",
    "resume": "Let trading go on; asks for a typed code.",
    "help": "Show this, or the verbs of one domain.",
}


def overview_text(catalogue: Catalogue, page: Page) -> str:
    """Give the first page of the help."""
    domains: dict[str, list[str]] = {}
    for one in catalogue.everything:
        domain, _, verb = one.id.partition(".")
        domains.setdefault(domain, []).append(verb)
    widest = max(len(word) for word in (*domains, *SHORT_FORMS))
    lines = [
        tr("Puffling, a personal trading application."),
        "",
        tr("puffling alone opens the window. In the terminal:"),
        "",
        *(f"  {page.strong(word.ljust(widest))}  {tr(text)}" for word, text in SHORT_FORMS.items()),
        "",
        *(
            f"  {page.strong(word.ljust(widest))}  {', '.join(sorted(verbs))}"
            for word, verbs in sorted(domains.items())
        ),
        "",
        tr("puffling <domain> <verb> --help tells more; --json prints answers for programs."),
    ]
    return "\n".join(lines)


def domain_text(catalogue: Catalogue, domain: str, page: Page) -> str:
    """Give the verbs of one domain, or nothing when there is no such domain."""
    found = {
        one.id.partition(".")[2]: one.summary
        for one in catalogue.everything
        if one.id.startswith(f"{domain}.")
    }
    if not found:
        return ""
    widest = max(len(verb) for verb in found)
    lines = [f"  {page.strong(verb.ljust(widest))}  {summary}" for verb, summary in sorted(found.items())]
    return "\n".join([f"puffling {domain} <verb>", "", *lines])
