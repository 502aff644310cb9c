"""States of recognisers and of the speech detector as bytes that are data and nothing else.

Unlike a pickle they may come from outside: reading them makes values of the classes listed here, of
numbers, texts, bytes and arrays, and runs nothing else. So a stream can go on on another machine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import Any

import msgspec
import numpy as np

from liusheng.asr.live.decode_plan import LiveState
from liusheng.asr.live.utterance import OpenUtterance
from liusheng.asr.load import RoutedState
from liusheng.asr.online.silence import VadCursor
from liusheng.asr.online.state import StreamState, renamed
from liusheng.asr.sherpa.tokens import Token
from liusheng.asr.text.formatter import FormattedState
from liusheng.asr.text.pieces import Piece
from liusheng.asr.types import Script, StreamParams
from liusheng.asr.vad.activity import SpeechState
from liusheng.asr.vad.segmenter import SegmenterState
from liusheng.asr.vad.silero import VadState

_ARRAY, _TUPLE = 0, 1
# Numbered by their places: append only.
_CLASSES: tuple[type, ...] = (
    FormattedState,
    LiveState,
    OpenUtterance,
    Piece,
    RoutedState,
    Script,
    SegmenterState,
    SpeechState,
    StreamParams,
    StreamState,
    Token,
    VadCursor,
    VadState,
)
_NUMBERS = {each: number for number, each in enumerate(_CLASSES, 2)}
_SCALARS = (bool, int, float, str, bytes, type(None))


class NoStateError(ValueError):
    """These bytes are no state, or one of another version of this program."""


def state_to_bytes(state: Any) -> bytes:
    """Return a state as bytes.

    Raises:
        TypeError: it has a part of a class that is not listed.
    """
    return msgspec.msgpack.encode(_plain(state))


def state_from_bytes(data: bytes) -> Any:
    """Return the state in `data`.

    Raises:
        NoStateError: there is none.
    """
    try:
        return _value(msgspec.msgpack.decode(data))
    except (msgspec.DecodeError, TypeError, ValueError, IndexError, RecursionError) as error:
        raise NoStateError(f"{len(data)} bytes are no state: {error}") from None


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        if value.dtype != np.float32 or value.ndim != 1:
            raise TypeError(f"an array of {value.dtype} with {value.ndim} dimensions in a state")
        return [_ARRAY, value.astype("<f4").tobytes()]
    number = _NUMBERS.get(type(value))
    if number is not None:
        return [number, *map(_plain, _parts(value))]
    if type(value) is tuple:
        return [_TUPLE, *map(_plain, value)]
    if type(value) not in _SCALARS:
        raise TypeError(f"a state has a part of the class {type(value).__qualname__}")
    return value


def _parts(value: Any) -> Iterator[Any]:
    """Yield the arguments that make a value again."""
    if is_dataclass(value):
        return (getattr(value, field.name) for field in fields(value))
    return iter((value.value,) if isinstance(value, Enum) else value)


def _value(plain: Any) -> Any:
    if not isinstance(plain, list):
        return plain
    number, *parts = plain
    if number == _ARRAY:
        [data] = parts
        return np.frombuffer(data, dtype="<f4").astype(np.float32)
    values = map(_value, parts)
    if number == _TUPLE:
        return tuple(values)
    make: Callable[..., Any] = _CLASSES[number - 2]
    value = make(*values)
    # What is cached here under the old name is of the stream that was left.
    return renamed(value) if isinstance(value, StreamState) else value
