"""The variables of a model in CTranslate2's format (`model.bin`).

Little-endian, as `ctranslate2.specs.model_spec` writes it:

    u32 version, string specification, u32 its revision
    u32 number of variables; of each: string name, u8 rank, rank x u32 shape, u8 type,
        u32 number of bytes, the values
    u32 number of aliases; of each: string alias, string name of a variable

A string is a u16, its length with the zero at its end, UTF-8, and the zero.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

_VERSIONS = range(4, 7)
"""Earlier ones give variables no type."""
_U8, _U16, _U32 = struct.Struct("<B"), struct.Struct("<H"), struct.Struct("<I")


class UnknownFormatError(ValueError):
    """A file is not a model, or in a version of the format that is not known here."""


@dataclass(frozen=True)
class Variable:
    """A weight or a constant.

    type_id: `DataType` of CTranslate2.
    values: little-endian, row by row; a view of what was parsed.
    """

    name: str
    shape: tuple[int, ...]
    type_id: int
    values: memoryview | bytes

    def rows(self, indices: npt.NDArray[np.intp]) -> Variable:
        """Return the variable with some of its rows (indices of its first axis), in that order."""
        # Of any type: a row is bytes.
        table = np.frombuffer(self.values, np.uint8).reshape(self.shape[0], -1)
        shape = (len(indices), *self.shape[1:])
        return replace(self, shape=shape, values=table[indices].tobytes())


@dataclass(frozen=True)
class ModelFile:
    """A model. aliases: pairs of a further name and the name of the variable."""

    version: int
    specification: str
    revision: int
    variables: tuple[Variable, ...]
    aliases: tuple[tuple[str, str], ...]


def parse(data: memoryview) -> ModelFile:
    """Read a model; its variables are views of `data`.

    Raises:
        UnknownFormatError: see there.
    """
    reader = _Reader(data)
    try:
        version = reader.number(_U32)
        if version not in _VERSIONS:
            raise UnknownFormatError(
                f"version {version} of CTranslate2's format is not one of those known here: "
                f"{_VERSIONS.start} to {_VERSIONS.stop - 1}"
            )
        model = ModelFile(
            version,
            specification=reader.string(),
            revision=reader.number(_U32),
            variables=tuple(reader.variable() for _ in range(reader.number(_U32))),
            aliases=tuple((reader.string(), reader.string()) for _ in range(reader.number(_U32))),
        )
    except (struct.error, UnicodeDecodeError) as error:
        raise UnknownFormatError(f"not a model in CTranslate2's format: {error}") from error
    if reader.at != len(data):
        raise UnknownFormatError(f"{len(data) - reader.at} bytes follow the model")
    return model


def serialized(model: ModelFile) -> Iterator[bytes | memoryview]:
    """Yield the parts of a model.bin. Those of `parse(data)` are `data`, joined."""
    yield _U32.pack(model.version) + _string(model.specification) + _U32.pack(model.revision)
    yield _U32.pack(len(model.variables))
    for variable in model.variables:
        yield _string(variable.name) + _U8.pack(len(variable.shape))
        yield b"".join(map(_U32.pack, variable.shape))
        yield _U8.pack(variable.type_id) + _U32.pack(len(variable.values))
        yield variable.values
    yield _U32.pack(len(model.aliases))
    for alias in model.aliases:
        yield b"".join(map(_string, alias))


def _string(text: str) -> bytes:
    encoded = text.encode()
    return _U16.pack(len(encoded) + 1) + encoded + b"\0"


class _Reader:
    """Reads a model from its start. Raises struct.error at its end."""

    def __init__(self, data: memoryview) -> None:
        self._data = data
        self.at = 0

    def number(self, format_: struct.Struct) -> int:
        (value,) = format_.unpack_from(self._data, self.at)
        self.at += format_.size
        return int(value)

    def string(self) -> str:
        return bytes(self._take(self.number(_U16)))[:-1].decode()

    def variable(self) -> Variable:
        name = self.string()
        shape = tuple(self.number(_U32) for _ in range(self.number(_U8)))
        type_id = self.number(_U8)
        return Variable(name, shape, type_id, self._take(self.number(_U32)))

    def _take(self, size: int) -> memoryview:
        start, self.at = self.at, self.at + size
        if self.at > len(self._data):
            raise struct.error(f"{size} bytes expected at {start}, of {len(self._data)}")
        return self._data[start : self.at]
