"""What the fields of a message may hold, in words: for errors that people read.

The types of the message structs are the one source: a limit that changes there changes here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from msgspec import inspect

from liusheng.protocol.quoting import quoted

_STEP = re.compile(r"\[(\d+|\.\.\.)\]|([^.\[\]]+)")
"""A step of a path in an error of msgspec: `audio.input.format`, `hotwords[2]`."""

_KINDS: tuple[tuple[type | tuple[type, ...], str], ...] = (
    (bool, ""),
    ((int, float), "the number "),
    (str, "the text "),
    (list, "the list "),
    (dict, "the object "),
)


def path_steps(path: str) -> list[tuple[str | None, str | None]]:
    """Return the steps of a path of msgspec's errors: each the index of an item, or a name."""
    return [(step[1], step[2]) for step in _STEP.finditer(path)]


def field_and_value(message: Mapping[str, Any], path: str) -> tuple[str, object]:
    """Return the field that an error is about, and its value.

    path: of msgspec's error, without its "$.". What cannot be followed to its end, such as the key
        of a dictionary, ends at the last field that can.
    """
    value: object = message
    end = 0
    for step in _STEP.finditer(path):
        index, name = step.groups()
        if isinstance(value, Mapping) and name in value:
            value = value[name]
        elif isinstance(value, Sequence) and index and index.isdigit() and int(index) < len(value):
            value = value[int(index)]
        else:
            break
        end = step.end()
    return path[:end], value


def named(value: object) -> str:
    """Return a value with what kind of value it is: `the text "fast"`, `the number 3`, `null`."""
    kind = next((words for types, words in _KINDS if isinstance(value, types)), "")
    shown = quoted(value)
    if isinstance(value, str | list) and shown.endswith("…"):
        shown += f" of {len(value):,} {'characters' if isinstance(value, str) else 'items'}"
    return kind + shown


def expected(struct: Any, path: str) -> str:
    """Return what the field at a path may hold: `a number from 0.5 to 2`.

    struct: the class of the message.
    path: as for `field_and_value`.
    """
    types = [_type_info(struct)]
    for index, name in path_steps(path):
        types = [found for each in types for found in _within(each, name, bool(index))]
    return _any_of(types) or "another value"


@lru_cache(64)
def _type_info(struct: Any) -> inspect.Type:
    return inspect.type_info(struct)


def _within(kind: inspect.Type, name: str | None, item: bool) -> list[inspect.Type]:
    """Return the types of a field of an object, or of an item of a list."""
    if isinstance(kind, inspect.Metadata):
        return _within(kind.type, name, item)
    if isinstance(kind, inspect.UnionType):
        return [found for each in kind.types for found in _within(each, name, item)]
    if isinstance(kind, inspect.StructType):
        if name and name == kind.tag_field:
            return [inspect.LiteralType((kind.tag,))]
        return [field.type for field in kind.fields if field.encode_name == name]
    if item and isinstance(kind, inspect.VarTupleType | inspect.ListType):
        return [kind.item_type]
    return []


def _any_of(types: Sequence[inspect.Type]) -> str:
    """Return the words for a value of any of the types, each once."""
    return " or ".join(dict.fromkeys(filter(None, map(_words, types))))


def _words(kind: inspect.Type) -> str:
    if isinstance(kind, inspect.Metadata):
        return _words(kind.type)
    if isinstance(kind, inspect.UnionType):
        return _any_of(kind.types)
    if isinstance(kind, inspect.LiteralType):
        return " or ".join(map(quoted, kind.values))
    if isinstance(kind, inspect.BoolType):
        return "true or false"
    if isinstance(kind, inspect.NoneType):
        return "null"
    if isinstance(kind, inspect.IntType):
        return "a whole number" + _range(kind)
    if isinstance(kind, inspect.FloatType):
        return "a number" + _range(kind)
    if isinstance(kind, inspect.StrType):
        return "a text" + _length(kind.min_length, kind.max_length, "characters")
    if isinstance(kind, inspect.VarTupleType | inspect.ListType):
        item = _words(kind.item_type)
        each = f", each {item}" if item else ""
        return "a list" + _length(kind.min_length, kind.max_length, "items") + each
    if isinstance(kind, inspect.DictType):
        names, values = _words(kind.key_type), _words(kind.value_type)
        each = f", each name {names}, each value {values}" if names and values else ""
        return "an object" + _length(kind.min_length, kind.max_length, "fields") + each
    if isinstance(kind, inspect.StructType):
        tag = f' whose "{kind.tag_field}" is {quoted(kind.tag)}' if kind.tag_field else ""
        return "an object" + tag
    return ""  # an unset field, and what no message has


def _range(kind: inspect.IntType | inspect.FloatType) -> str:
    least = kind.ge if kind.ge is not None else kind.gt
    most = kind.le if kind.le is not None else kind.lt
    if kind.gt is not None:
        above = f" above {kind.gt:,g}"
        return above if most is None else f"{above}, at most {most:,g}"
    if least is None:
        return "" if most is None else f", at most {most:,g}"
    return f", at least {least:,g}" if most is None else _between(least, most)


def _length(least: int | None, most: int | None, what: str) -> str:
    if most is None:
        return ""
    return f" of {least:,} to {most:,} {what}" if least else f" of at most {most:,} {what}"


def _between(least: float, most: float) -> str:
    return f" equal to {least:,g}" if least == most else f" from {least:,g} to {most:,g}"
