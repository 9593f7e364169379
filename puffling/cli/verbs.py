"""Carries out a verb: finds the ability, reads the words, acts, and shows what came of it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from puffling.cli.arguments import parse_ability, parse_stream
from puffling.cli.help import SHORT_FORMS
from puffling.cli.output import Page, clean, document, hanging, line, shown
from puffling.cli.presence import agreed, ask_secrets, confirm
from puffling.core.attach import Attached, OwnerLeft, attach
from puffling.core.reach import Progress
from puffling.runtime.actor import Actor, Caller
from puffling.runtime.errors import InvalidInput, PufflingError, Unavailable
from puffling.runtime.paths import Paths
from puffling.runtime.tasks import TaskScope
from puffling.runtime.text import tr

if TYPE_CHECKING:
    from puffling.core.catalogue import AbilityOutline, Catalogue, StreamOutline
    from puffling.core.reach import Reach

T = TypeVar("T")

INTERRUPTED = 130
ENDED = 143


def run(paths: Paths, domain: str, verb: str, words: Sequence[str]) -> int:
    """Carry out one verb and give the exit code."""
    with asyncio.Runner() as runner:
        try:
            return runner.run(_carried_out(paths, f"{domain}.{verb}", list(words)))
        except KeyboardInterrupt:
            return INTERRUPTED
        except asyncio.CancelledError:
            return ENDED


def overview(paths: Paths) -> Catalogue:
    """Give everything there is to call, from the owner of the data or else from the declarations."""

    async def read() -> Catalogue:
        attached = await attach(paths)
        return await attached.describe() if attached else _declared("")

    with asyncio.Runner() as runner:
        return runner.run(read())


def _declared(id: str) -> Catalogue:
    from puffling.core.catalogue import Catalogue
    from puffling.core.declared import declared_registry

    return Catalogue.of(declared_registry(), id)


async def _carried_out(paths: Paths, id: str, words: list[str]) -> int:
    _end_cleanly_on_request()
    attached = await attach(paths)
    try:
        catalogue = await attached.describe(id) if attached else _declared(id)
    except OwnerLeft:
        attached, catalogue = None, _declared(id)
    if (stream := catalogue.stream(id)) is not None:
        return await _listen(paths, attached, stream, words)
    ability = catalogue.ability(id)
    if ability is None:
        raise unknown_verb(catalogue, id)
    return await _call(paths, attached, ability, words)


async def _call(paths: Paths, attached: Attached | None, ability: AbilityOutline, words: list[str]) -> int:
    call = parse_ability(ability, words)
    present = ability.effect == "guard"
    if present:
        confirm(ability.title)
    arguments = {**call.arguments, **ask_secrets(call.secrets)}
    caller = Caller(Actor.PERSON, present=present)

    async def act(reach: Reach) -> Any:
        if not ability.job:
            answer = await reach.invoke(ability.id, arguments)
            if ability.confirmed_by and not call.as_json and answer.get("token"):
                if agreed(shown(answer, Page.of_stdout())):
                    # Within one reach: who shows an order and who sends it must be the same process.
                    return await reach.invoke(ability.confirmed_by, {"token": answer["token"]})
                _tell_how_to_confirm(ability.confirmed_by, answer["token"], kept=attached is not None)
            return answer
        with _progress_shown() as progress:
            return await reach.start(ability.id, arguments, progress)

    result = await _with_the_owner(paths, attached, caller, act)
    if call.as_json:
        say(_as_json(result, indent=2))
    elif not sys.stdout.isatty() and (found := document(result)) is not None:
        # Somebody takes the text elsewhere: what is said of it goes beside it.
        about, text = found
        say_beside(shown(about, Page.of_stderr()))
        say(text)
    else:
        say(shown(result, Page.of_stdout()))
    return 0


def _tell_how_to_confirm(id: str, token: str, *, kept: bool) -> None:
    """Say beside the answer that nothing was done yet, and how it is: nobody at a terminal could be asked."""
    verb = id.replace(".", " ")
    said = (
        tr("Nothing was done yet. Before it expires: puffling {verb} {token}", verb=verb, token=token)
        if kept
        else tr(
            "Nothing was done: what was shown ends with this command. Type yes in a terminal that asks, "
            "or start Puffling first and then use: puffling {verb} TOKEN",
            verb=verb,
        )
    )
    say_beside(said)


async def _listen(paths: Paths, attached: Attached | None, stream: StreamOutline, words: list[str]) -> int:
    from puffling.runtime.streams import Topics

    names, as_json = parse_stream(stream, words)
    topics, nothing_left = Topics(), asyncio.Event()
    refused: list[PufflingError] = []

    def take_back(_: str, error: PufflingError) -> None:
        refused.append(error)
        complain(error)
        if not topics.names:
            nothing_left.set()

    topics.on_refusal(take_back)
    topics.subscribe(*names)

    async def tell(reach: Reach) -> None:
        async with contextlib.aclosing(reach.listen(stream.id, topics)) as items:
            async for item in items:
                say(_as_json(item) if as_json else line(item))

    async def act(reach: Reach) -> None:
        scope = TaskScope("terminal")
        try:
            telling = scope.spawn(outcome(tell(reach)), name="telling")
            leaving = scope.spawn(nothing_left.wait(), name="leaving")
            await asyncio.wait({telling, leaving}, return_when=asyncio.FIRST_COMPLETED)
            if telling.done() and (failure := telling.result()) is not None:
                raise failure
        finally:
            await scope.close()

    await _with_the_owner(paths, attached, Caller(Actor.PERSON), act)
    return refused[-1].exit_code if refused else 0


async def outcome(work: Coroutine[Any, Any, None]) -> PufflingError | None:
    """Give the error for people with which the work ended, so that it is told and not logged."""
    try:
        await work
    except PufflingError as error:
        return error
    return None


async def _with_the_owner(
    paths: Paths, attached: Attached | None, caller: Caller, act: Callable[[Reach], Awaitable[T]]
) -> T:
    """Act through the owner of the data; where one terminal verb follows another, it changes meanwhile."""
    while True:
        try:
            async with _reach(paths, attached, caller) as reach:
                return await act(reach)
        except OwnerLeft:
            attached = None


@contextlib.asynccontextmanager
async def _reach(paths: Paths, attached: Attached | None, caller: Caller) -> AsyncIterator[Reach]:
    """Give the way to act: through the owner, or by owning the data for the length of the block."""
    if attached is not None:
        attached.caller = caller
        yield attached
        return
    from puffling.core.terminal import owned_core

    async with owned_core(paths, caller) as (reach, notices):
        for notice in notices:
            if notice.level != "info":
                complain_in_words(notice.text, notice.hint)
        yield reach


@contextlib.contextmanager
def _progress_shown() -> Iterator[Callable[[Progress], None]]:
    """Show how far a job is on one line of the terminal, and wipe it at the end."""
    on_terminal = sys.stderr.isatty()

    def show(progress: Progress) -> None:
        if on_terminal and progress.state == "running":
            text = f"{clean(progress.title)}  {progress.fraction:4.0%}  {clean(progress.note)}"
            sys.stderr.write(f"\r{text[: Page.of_stdout().width or 79]}\x1b[K")
            sys.stderr.flush()

    try:
        yield show
    finally:
        if on_terminal:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()


def _end_cleanly_on_request() -> None:
    task = asyncio.current_task()
    if task is not None and sys.platform != "win32":
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)


def unknown_verb(catalogue: Catalogue, id: str) -> PufflingError:
    """Say that there is no such verb, and which ones are near."""
    from difflib import get_close_matches

    known = [one.id for one in catalogue.everything]
    domain, _, verb = id.partition(".")
    verbs = sorted(one.partition(".")[2] for one in known if one.startswith(f"{domain}."))
    if not verbs:
        domains = sorted({one.partition(".")[0] for one in known} | set(SHORT_FORMS))
        near = get_close_matches(domain, domains, n=3, cutoff=0.5)
        hint = tr("Did you mean {near}?", near=", ".join(near)) if near else tr("See: puffling help")
        return InvalidInput(tr("There is nothing called {name}.", name=clean(domain)), hint=hint)
    near = get_close_matches(verb, verbs, n=3, cutoff=0.5)
    return InvalidInput(
        tr("{domain} has no verb {verb}.", domain=domain, verb=clean(verb)),
        hint=tr("Did you mean {near}?", near=", ".join(near))
        if near
        else tr("It has: {verbs}.", verbs=", ".join(verbs)),
    )


def _as_json(value: Any, *, indent: int | None = None) -> str:
    return json.dumps(value, ensure_ascii=False, indent=indent)


def say(text: str) -> None:
    """Print a line for whoever called."""
    try:
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        # Python would try once more at its end, and complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise Unavailable(
            tr("The answer could not be written: {reason}.", reason=error.strerror),
            hint=tr("What was asked for was done: look before you repeat it."),
        ) from None


def complain(error: PufflingError) -> None:
    """Tell an error: what happened, and what to do about it."""
    complain_in_words(error.message, error.hint)


def complain_in_words(message: str, hint: str) -> None:
    """Tell what happened and what to do about it, beside the answer and not in it."""
    page = Page.of_stderr()
    say_beside(hanging(clean(message), 0, page))
    if hint:
        say_beside(f"  {hanging(clean(hint), 2, page)}")


def say_beside(text: str) -> None:
    """Print what is no part of the answer."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()
