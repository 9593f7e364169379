"""What a face without a window may do: the same whether the data is owned here or by another process."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from typing import TYPE_CHECKING, Any, Protocol

from puffling.core.catalogue import Catalogue
from puffling.frozen import frozen
from puffling.runtime.actor import Caller, calling_as
from puffling.runtime.jobs import JobChanged, JobRecord

if TYPE_CHECKING:
    from puffling.runtime.bus import Bus
    from puffling.runtime.capability import Capability
    from puffling.runtime.jobs import JobBoard
    from puffling.runtime.registry import Registry
    from puffling.runtime.streams import Topics


@frozen
class Progress:
    """How far a job is."""

    job_id: str
    title: str
    state: str
    fraction: float
    note: str

    @classmethod
    def of(cls, job: JobRecord) -> Progress:
        """Read the progress from the job's record."""
        return cls(job.id, job.title, str(job.state), job.fraction, job.note)


ProgressListener = Callable[[Progress], None]


class Reach(Protocol):
    """Describes, calls and listens; arguments and results are plain JSON values."""

    async def describe(self, ability_id: str = "") -> Catalogue:
        """Give everything there is; the named ability comes with its arguments."""
        ...

    async def invoke(self, ability_id: str, arguments: Mapping[str, object]) -> Any:
        """Call an ability and give its result."""
        ...

    async def start(
        self, ability_id: str, arguments: Mapping[str, object], progress: ProgressListener
    ) -> Any:
        """Call an ability that takes time, telling how far it is; a caller that is cancelled cancels it."""
        ...

    def listen(self, stream_id: str, topics: Topics) -> AsyncGenerator[Any, None]:
        """Yield the items of a stream."""
        ...


class Inside(Protocol):
    """The part of the core that is needed to act in this process."""

    @property
    def registry(self) -> Registry: ...

    @property
    def bus(self) -> Bus: ...

    @property
    def board(self) -> JobBoard: ...


class Within:
    """Acts on the core of this process, for one caller."""

    def __init__(self, core: Inside, caller: Caller) -> None:
        self._core = core
        self.caller = caller

    async def describe(self, ability_id: str = "") -> Catalogue:
        """Give everything there is; the named ability comes with its arguments."""
        return Catalogue.of(self._core.registry, ability_id)

    async def invoke(self, ability_id: str, arguments: Mapping[str, object]) -> Any:
        """Call an ability and give its result."""
        return json.loads(await self.invoke_raw(ability_id, arguments))

    async def invoke_raw(self, ability_id: str, arguments: Mapping[str, object]) -> bytes:
        """Call an ability and give its result as JSON."""
        ability = self._core.registry.get(ability_id)
        with calling_as(self.caller):
            return _as_json(ability, await ability.invoke(arguments))

    async def start(
        self, ability_id: str, arguments: Mapping[str, object], progress: ProgressListener
    ) -> Any:
        """Call an ability that takes time, telling how far it is; a caller that is cancelled cancels it."""
        return json.loads(await self.start_raw(ability_id, arguments, progress))

    async def start_raw(
        self, ability_id: str, arguments: Mapping[str, object], progress: ProgressListener
    ) -> bytes:
        """Call an ability that takes time, telling how far it is, and give its result as JSON."""
        ability = self._core.registry.get(ability_id)
        if not ability.job:
            return await self.invoke_raw(ability_id, arguments)
        with calling_as(self.caller):
            job = await ability.start(arguments)

        def moved(event: JobChanged) -> None:
            if event.job.id == job.id:
                progress(Progress.of(event.job))

        forget = self._core.bus.on(JobChanged, moved)
        try:
            progress(Progress.of(job.record))
            return _as_json(ability, await job.wait())
        finally:
            forget()
            if not job.state.final:
                self._core.board.cancel(job.id)

    async def listen(self, stream_id: str, topics: Topics) -> AsyncGenerator[Any, None]:
        """Yield the items of a stream."""
        stream = self._core.registry.get_stream(stream_id)
        with calling_as(self.caller):
            source = stream.listen(topics)
        async with aclosing(source) as items:
            while True:
                # The generator's body runs in the context of whoever asks it for the next item.
                with calling_as(self.caller):
                    try:
                        item = await anext(items)
                    except StopAsyncIteration:
                        return
                yield item


def _as_json(ability: Capability, result: object) -> bytes:
    return ability.result_type.dump_json(result)
