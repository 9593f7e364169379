"""The OpenAPI document, made from the registry: the same models that check the arguments describe them."""

from __future__ import annotations

import asyncio
from typing import Any

from pydantic import TypeAdapter

from puffling import __version__
from puffling.core.catalogue import takes_several
from puffling.runtime.capability import Capability, Route
from puffling.runtime.registry import Registry
from puffling.runtime.text import tr
from puffling.server.routes import METHODS_WITH_BODY, in_order

Schema = dict[str, Any]

_ERROR: Schema = {
    "type": "object",
    "required": ["code", "message", "hint", "field"],
    "properties": {name: {"type": "string"} for name in ("code", "message", "hint", "field")},
}
_JOB_STARTED: Schema = {
    "type": "object",
    "required": ["job_id", "title", "state", "location"],
    "properties": {name: {"type": "string"} for name in ("job_id", "title", "state", "location")},
}


async def warm(registry: Registry) -> None:
    """Build the models one after the other, so that the loop is never held up by all of them at once."""
    for _, ability in in_order(registry):
        _ = ability.arguments_model, ability.result_type
        await asyncio.sleep(0)


def document(registry: Registry) -> Schema:
    """Give the OpenAPI document of every route."""
    routes = in_order(registry)
    found, shared = TypeAdapter.json_schemas(
        [
            *((ability.id, "validation", TypeAdapter(ability.arguments_model)) for _, ability in routes),
            *((ability.id, "serialization", ability.result_type) for _, ability in routes),
        ],
        ref_template="#/components/schemas/{model}",
    )
    definitions: dict[str, Schema] = dict(shared.get("$defs", {}))
    paths: dict[str, Schema] = {
        "/api/health": {
            "get": {
                "operationId": "health",
                "summary": tr("Tell that the server is up."),
                "tags": ["server"],
                "security": [],
                "responses": {"200": _content(tr("The server is up."), {"type": "object"})},
            }
        }
    }
    for route, ability in routes:
        arguments = _opened(found[ability.id, "validation"], definitions)
        result = found[ability.id, "serialization"]
        path = route.path.replace(":path}", "}")
        paths.setdefault(path, {})[route.method.lower()] = _operation(
            ability, route, arguments, result, definitions
        )
    # The arguments stand opened in each operation; their models would only be there a second time.
    for _, ability in routes:
        definitions.pop(ability.arguments_model.__name__, None)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Puffling", "version": __version__, "description": _described(registry)},
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "schemas": {**definitions, "Error": _ERROR, "JobStarted": _JOB_STARTED},
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def _opened(schema: Schema, definitions: dict[str, Schema]) -> Schema:
    name = schema.get("$ref", "").rpartition("/")[2]
    return definitions[name] if name else schema


def _operation(
    ability: Capability, route: Route, arguments: Schema, result: Schema, definitions: dict[str, Schema]
) -> Schema:
    fields: dict[str, Schema] = arguments.get("properties", {})
    required = set(arguments.get("required", ()))
    in_path = route.path_parameters
    parameters = [
        {"name": name, "in": "path", "required": True, "schema": fields[name]}
        for name in in_path
        if name in fields
    ]
    operation: Schema = {
        "operationId": ability.id,
        "summary": ability.title,
        "description": ability.help,
        "tags": [ability.domain],
        "parameters": parameters,
        "responses": {
            "200": _content(tr("The answer."), result),
            "default": _content(tr("What is wrong, and what to do about it."), _reference("Error")),
        },
    }
    if ability.job:
        wait: Schema = {"type": "number", "minimum": 0}
        summary = tr("Seconds to wait for the end before a job is answered with its id.")
        parameters.append(
            {"name": "wait", "in": "query", "required": False, "schema": wait, "description": summary}
        )
        operation["responses"]["202"] = _content(tr("The job was started."), _reference("JobStarted"))
    others = {name: field for name, field in fields.items() if name not in in_path}
    if route.method in METHODS_WITH_BODY:
        if others:
            needed = [name for name in others if name in required]
            body: Schema = {"type": "object", "additionalProperties": False, "properties": others}
            if needed:
                body["required"] = needed
            operation["requestBody"] = {
                "required": bool(needed),
                "content": {"application/json": {"schema": body}},
            }
    else:
        for name, field in others.items():
            parameter: Schema = {"name": name, "in": "query", "required": name in required, "schema": field}
            if takes_several(field, definitions):
                parameter |= {"style": "form", "explode": True}
            parameters.append(parameter)
    return operation


def _content(description: str, schema: Schema) -> Schema:
    return {"description": description, "content": {"application/json": {"schema": schema}}}


def _reference(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def _described(registry: Registry) -> str:
    channels = [
        tr(
            "WebSocket {path}: {summary} Send {message} to listen.",
            path=stream.ws,
            summary=stream.summary,
            message='{"action": "subscribe", "symbols": ["SPY"]}',
        )
        for stream in registry.streams
    ]
    return "\n\n".join([tr("Every call needs the header Authorization: Bearer <token>."), *channels])
