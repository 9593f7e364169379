"""One route for every ability that names one: path, query and body become its arguments."""

from __future__ import annotations

import asyncio
import json
import logging
import math
from collections.abc import Callable, Coroutine, Mapping
from typing import TYPE_CHECKING, Any

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from puffling.core.catalogue import takes_several
from puffling.runtime.capability import Capability, Route
from puffling.runtime.errors import Fault, InvalidInput, PufflingError
from puffling.runtime.registry import Registry
from puffling.runtime.text import tr
from puffling.server.house import Turned, error_answer, fault, json_answer

if TYPE_CHECKING:
    from puffling.runtime.jobs import Job

LARGEST_BODY = 1024 * 1024
BODY_TIMEOUT_SECONDS = 10.0
LONGEST_WAIT_SECONDS = 600.0
METHODS_WITH_BODY = frozenset({"POST", "PUT", "PATCH"})

_log = logging.getLogger(__name__)

Endpoint = Callable[[Request], Coroutine[Any, Any, Response]]


def in_order(registry: Registry) -> list[tuple[Route, Capability]]:
    """Give the abilities with a route; fixed words come before parameters, so that none hides another."""
    return sorted(
        ((ability.http, ability) for ability in registry if ability.http), key=lambda pair: _rank(pair[0])
    )


def _rank(route: Route) -> tuple[list[tuple[int, str]], str]:
    def rank(segment: str) -> tuple[int, str]:
        if not segment.startswith("{"):
            return 0, segment
        return (2 if ":path" in segment else 1), ""

    return [rank(segment) for segment in route.path.split("/")], route.method


def endpoint_for(ability: Capability, route: Route) -> Endpoint:
    """Give what answers requests to the ability's route."""

    async def endpoint(request: Request) -> Response:
        try:
            if route.method in METHODS_WITH_BODY:
                arguments, wait_seconds = await _arguments_of_body(request, ability.job)
            else:
                arguments, wait_seconds = _arguments_of_query(request, ability)
            if ability.job:
                return await _answer_job(ability, arguments, wait_seconds)
            return json_answer(ability.result_type.dump_json(await ability.invoke(arguments)))
        except Turned as turned:
            return error_answer(turned.error, turned.status, turned.headers)
        except PufflingError as error:
            # What a bug inside a job said is for the log, as with every other bug.
            return error_answer(fault() if isinstance(error, Fault) else error)
        except Exception:  # noqa: BLE001  the edge: a bug must be answered and logged
            _log.exception("%s failed over HTTP", ability.id)
            return error_answer(fault(), 500)

    return endpoint


async def _answer_job(
    ability: Capability, arguments: Mapping[str, object], wait_seconds: float | None
) -> Response:
    job = await ability.start(arguments)
    if wait_seconds is not None and await _ends_within(job, wait_seconds):
        return json_answer(ability.result_type.dump_json(await job.wait()))
    place = f"/api/jobs/{job.id}"
    body = {"job_id": job.id, "title": ability.title, "state": job.state, "location": place}
    return json_answer(json.dumps(body, ensure_ascii=False).encode(), 202, {"Location": place})


async def _ends_within(job: Job, seconds: float) -> bool:
    try:
        async with asyncio.timeout(seconds):
            await job.finished()
    except TimeoutError:
        return job.state.final
    return True


def _arguments_of_query(request: Request, ability: Capability) -> tuple[dict[str, object], float | None]:
    if request.headers.get("content-length", "0") != "0" or "transfer-encoding" in request.headers:
        raise InvalidInput(tr("This request takes no body."), hint=tr("Put the arguments into the query."))
    arguments: dict[str, object] = dict(request.path_params)
    wait_seconds: float | None = None
    several = lists_of(ability)
    for name in dict.fromkeys(request.query_params):
        given = request.query_params.getlist(name)
        if ability.job and name == "wait":
            wait_seconds = _wait_of(given)
        elif name in request.path_params:
            raise _stands_in_path(name)
        elif name in several:
            arguments[name] = given
        elif len(given) > 1:
            raise InvalidInput(
                tr("{field} was given more than once.", field=name), field=name, hint=tr("Give it once.")
            )
        else:
            arguments[name] = given[0]
    return arguments, wait_seconds


def lists_of(ability: Capability) -> frozenset[str]:
    """Name the arguments that take several values."""
    schema = ability.arguments_model.model_json_schema()
    return frozenset(
        name
        for name, field in schema.get("properties", {}).items()
        if takes_several(field, schema.get("$defs", {}))
    )


async def _arguments_of_body(request: Request, job: bool) -> tuple[dict[str, object], float | None]:
    wait_seconds: float | None = None
    for name in dict.fromkeys(request.query_params):
        if not (job and name == "wait"):
            raise InvalidInput(
                tr("{field} is not taken from the query.", field=name),
                field=name,
                hint=tr("Send the arguments of this request in its JSON body."),
            )
        wait_seconds = _wait_of(request.query_params.getlist(name))
    body = await _json_object(request)
    for name in request.path_params:
        if name in body:
            raise _stands_in_path(name)
    return {**body, **request.path_params}, wait_seconds


def _stands_in_path(name: str) -> InvalidInput:
    return InvalidInput(
        tr("{field} stands in the path already.", field=name), field=name, hint=tr("Leave it out.")
    )


def _wait_of(given: list[str]) -> float:
    try:
        seconds = float(given[-1])
    except ValueError:
        seconds = math.nan
    if len(given) != 1 or not 0 <= seconds <= LONGEST_WAIT_SECONDS:
        raise InvalidInput(
            tr("wait must be a number of seconds from 0 to {most}.", most=f"{LONGEST_WAIT_SECONDS:.0f}"),
            field="wait",
            hint=tr("For example ?wait=30."),
        )
    return seconds


async def _json_object(request: Request) -> dict[str, object]:
    raw = await _body(request)
    one_object = tr("Send one JSON object.")
    if not raw:
        return {}
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise Turned(
            415,
            InvalidInput(
                tr("The body must be JSON."),
                field="body",
                hint=tr("Send it with Content-Type: application/json."),
            ),
        )
    try:
        value = json.loads(raw, object_pairs_hook=_without_repeats, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        reason = error.msg if isinstance(error, json.JSONDecodeError) else str(error)[:100]
        raise InvalidInput(
            tr("The body is not valid JSON: {reason}.", reason=reason),
            field="body",
            hint=one_object,
        ) from None
    if not isinstance(value, dict):
        raise InvalidInput(tr("The body is not a JSON object."), field="body", hint=one_object)
    return value


def _without_repeats(pairs: list[tuple[str, object]]) -> dict[str, object]:
    values = dict(pairs)
    if len(values) != len(pairs):
        raise ValueError(tr("a field stands twice"))
    return values


def _no_number(name: str) -> object:
    raise ValueError(tr("{name} is not a JSON number", name=name))


async def _body(request: Request) -> bytes:
    too_large = Turned(
        413,
        InvalidInput(
            tr("The body is too large."),
            field="body",
            hint=tr("At most {most} KiB are taken.", most=LARGEST_BODY // 1024),
        ),
    )
    announced = request.headers.get("content-length", "0")
    if not announced.isdecimal() or int(announced) > LARGEST_BODY:
        raise too_large
    taken = bytearray()
    try:
        async with asyncio.timeout(BODY_TIMEOUT_SECONDS):
            async for piece in request.stream():
                taken += piece
                if len(taken) > LARGEST_BODY:
                    raise too_large
    except TimeoutError:
        slow = InvalidInput(tr("The body did not arrive in time."), field="body", hint=tr("Send it again."))
        raise Turned(408, slow, {"Connection": "close"}) from None
    except ClientDisconnect:
        raise Turned(400, InvalidInput(tr("The caller went away."), field="body")) from None
    return bytes(taken)
