"""The OpenAPI 3.1 description of the HTTP endpoints, made from the types of their messages."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from liusheng._version import __version__
from liusheng.server.http.endpoint import Endpoint
from liusheng.server.http.exchange import JSON
from liusheng.server.http.sse import EVENTS

_REFERENCE = "#/components/schemas/{name}"

_CONVERTOR = re.compile(r":\w+\}")
"""Of a path parameter, in Starlette's form: `{model:path}`."""


def openapi(endpoints: Iterable[Endpoint], path_prefix: str) -> dict[str, Any]:
    """Return the description of these endpoints, below `path_prefix`."""
    endpoints = list(endpoints)
    types = [kind for endpoint in endpoints for kind in _types(endpoint)]
    schemas, components = msgspec.json.schema_components(types, ref_template=_REFERENCE)
    known = dict(zip(types, schemas, strict=True))
    paths: dict[str, dict[str, Any]] = {}
    for endpoint in endpoints:
        path = _CONVERTOR.sub("}", endpoint.path)
        paths.setdefault(path, {})[endpoint.method.lower()] = _operation(
            path, endpoint, known, components
        )
    return {
        "openapi": "3.1.0",
        "info": {"title": "Liusheng", "version": __version__},
        "servers": [{"url": path_prefix or "/"}],
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {"apiKey": {"type": "http", "scheme": "bearer"}},
        },
        "security": [{}, {"apiKey": []}],  # not every server needs a key
    }


def _types(endpoint: Endpoint) -> list[type[msgspec.Struct]]:
    answers = (kind for kinds in endpoint.answers.values() for kind in kinds)
    found = [endpoint.query, *endpoint.body.values(), *answers, endpoint.errors.message_type]
    return [kind for kind in found if kind is not None]


def _operation(
    path: str, endpoint: Endpoint, known: dict[Any, Any], components: dict[str, Any]
) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "summary": endpoint.summary,
        "parameters": [
            {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
            for name in re.findall(r"\{(\w+)\}", path)
        ],
        "responses": {
            "200": {
                "description": "Success.",
                "content": _content(endpoint.answers, known),
            },
            "default": {
                "description": "An error: what is wrong, and what to do.",
                "content": _content({JSON: (endpoint.errors.message_type,)}, known),
            },
        },
    }
    if endpoint.headers:
        operation["responses"]["200"]["headers"] = {
            name: {"description": text, "schema": {"type": "string"}}
            for name, text in endpoint.headers.items()
        }
    if endpoint.query:
        name = known[endpoint.query]["$ref"].rpartition("/")[2]
        schema = components[name]
        operation["parameters"] += [
            {
                "name": field,
                "in": "query",
                "required": field in schema.get("required", ()),
                "schema": of,
            }
            for field, of in schema["properties"].items()
        ]
    if endpoint.body:
        operation["requestBody"] = {
            "required": True,
            "content": _content(
                {media: (kind,) if kind else () for media, kind in endpoint.body.items()}, known
            ),
        }
        if "multipart/form-data" in endpoint.body:
            form = operation["requestBody"]["content"]["multipart/form-data"]
            file = {
                "type": "object",
                "properties": {"file": {"type": "string", "format": "binary"}},
            }
            form["schema"] = {"allOf": [form["schema"], {**file, "required": ["file"]}]}
    return operation


def _content(messages: Mapping[str, Sequence[Any]], known: dict[Any, Any]) -> dict[str, Any]:
    found = {media: _any_of([known[kind] for kind in of]) for media, of in messages.items()}
    if EVENTS in found:
        found[EVENTS] = _in_events(found[EVENTS])
    return found


def _in_events(content: dict[str, Any]) -> dict[str, Any]:
    """Describe the events of a stream, each of which has a message as its data, in JSON."""
    data = {"type": "string", "contentMediaType": JSON, "contentSchema": content["schema"]}
    return {"schema": {"type": "object", "properties": {"data": data}, "required": ["data"]}}


def _any_of(schemas: list[Any]) -> dict[str, Any]:
    if not schemas:
        return {}
    return {"schema": schemas[0] if len(schemas) == 1 else {"anyOf": schemas}}
