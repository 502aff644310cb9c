"""The OpenAPI 3.1 document of the doors, made from the messages that they read and write."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from liusheng._version import __version__
from liusheng.server.http.endpoint import Endpoint
from liusheng.server.http.exchange import JSON

_REFERENCE = "#/components/schemas/{name}"


def openapi(doors: Iterable[Endpoint], path_prefix: str) -> dict[str, Any]:
    """Return the document, for the server at `path_prefix`."""
    doors = list(doors)
    types = [kind for door in doors for kind in _types(door)]
    schemas, components = msgspec.json.schema_components(types, ref_template=_REFERENCE)
    known = dict(zip(types, schemas, strict=True))
    paths: dict[str, dict[str, Any]] = {}
    for door in doors:
        paths.setdefault(door.path, {})[door.method.lower()] = _operation(door, known, components)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Liusheng", "version": __version__},
        "servers": [{"url": path_prefix or "/"}],
        "paths": paths,
        "components": {"schemas": components},
    }


def _types(door: Endpoint) -> list[type[msgspec.Struct]]:
    answers = (kind for kinds in door.answers.values() for kind in kinds)
    found = [door.query, *door.body.values(), *answers, door.failures.kind]
    return [kind for kind in found if kind is not None]


def _operation(door: Endpoint, known: dict[Any, Any], components: dict[str, Any]) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "summary": door.summary,
        "parameters": [
            {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
            for name in re.findall(r"\{(\w+)\}", door.path)
        ],
        "responses": {
            "200": {
                "description": "What was asked for.",
                "content": _content(door.answers, known),
            },
            "default": {
                "description": "What is wrong, and what to do.",
                "content": _content({JSON: (door.failures.kind,)}, known),
            },
        },
    }
    if door.query:
        name = known[door.query]["$ref"].rpartition("/")[2]
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
    if door.body:
        operation["requestBody"] = {
            "required": True,
            "content": _content(
                {media: (kind,) if kind else () for media, kind in door.body.items()}, known
            ),
        }
        if "multipart/form-data" in door.body:
            form = operation["requestBody"]["content"]["multipart/form-data"]
            file = {
                "type": "object",
                "properties": {"file": {"type": "string", "format": "binary"}},
            }
            form["schema"] = {"allOf": [form["schema"], {**file, "required": ["file"]}]}
    return operation


def _content(messages: Mapping[str, Sequence[Any]], known: dict[Any, Any]) -> dict[str, Any]:
    return {media: _alternatives([known[kind] for kind in of]) for media, of in messages.items()}


def _alternatives(schemas: list[Any]) -> dict[str, Any]:
    if not schemas:
        return {}
    return {"schema": schemas[0] if len(schemas) == 1 else {"anyOf": schemas}}
