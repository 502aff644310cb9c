"""Files and archives at web addresses, with mirrors and resumed downloads."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from urllib.parse import quote, unquote, urlsplit

import httpx
import msgspec

from liusheng.models import archives, digests
from liusheng.models.catalogue import HttpsPart, Source
from liusheng.models.errors import ChecksumError, DownloadError
from liusheng.models.progress import Stage
from liusheng.models.sources.context import Context

_TIMEOUT = httpx.Timeout(30.0, connect=15.0)
_BREAKS = 20  # dropped connections that one download survives, each of which got further

MIRRORS = {
    "hf-mirror": "hf-mirror.com",
    "huggingface": "huggingface.co",
    "modelscope": "modelscope.cn",
    "github": "github.com",
}
"""Short names for hosts that models are often at; any other host can be named in full."""


class _Begun(msgspec.Struct):
    """What a half-done download is of: bytes of two versions of a file must not be mixed."""

    url: str
    etag: str


def fetch(part: HttpsPart, context: Context) -> None:
    """Download the archive's members, or each member by itself, into `context.fetched`.

    Every address is tried in turn. What is half there is continued when the server can do that and
    the bytes are known to be of the same file (its sum is pinned, or its ETag has not changed).

    Raises:
        DownloadError: no address gave the file; the text has each one's answer.
        ChecksumError: the addresses that answered gave another file than the pinned one.
        ArchiveError: see `archives.extract`.
    """
    with httpx.Client(timeout=_TIMEOUT, follow_redirects=True) as client:
        if part.archive:
            name = PurePosixPath(unquote(urlsplit(part.urls[0]).path)).name
            archive = context.downloads / name
            _one(client, _Wanted(part.urls, archive, part.size, part.sha256), context)
            archives.extract(
                archive,
                part.members,
                context.fetched,
                lambda done: context.report(Stage.UNPACK, name, done, 0),
            )
            return
        for here, there in part.members.items():
            urls = tuple(url.replace("{member}", quote(there)) for url in part.urls)
            file = context.downloads / "files" / here
            _one(client, _Wanted(urls, file, *context.sums.get(here, (0, ""))), context)
            target = context.fetched / here
            target.parent.mkdir(parents=True, exist_ok=True)
            # Copied, not moved: if a later part fails, the next pull finds it here.
            shutil.copyfile(file, target)


def is_at(url: str, mirror: str) -> bool:
    """Whether an address is at the host that `mirror` names; "" names none."""
    host = MIRRORS.get(mirror, mirror)
    name = urlsplit(url).hostname or ""
    return bool(host) and (name == host or name.endswith("." + host))


def prefer(sources: Sequence[Source], mirror: str) -> list[Source]:
    """Return the sources with those that the preferred host has first."""

    def elsewhere(source: Source) -> bool:
        parts = [part for part in source.parts if isinstance(part, HttpsPart)]
        return not any(is_at(url, mirror) for part in parts for url in part.urls)

    return sorted(sources, key=elsewhere)


@dataclass(frozen=True)
class _Wanted:
    """A file, where it may be had, and what is known of it (size 0 and sha256 "" are unknown)."""

    urls: tuple[str, ...]
    target: Path
    size: int
    sha256: str


def _one(client: httpx.Client, wanted: _Wanted, context: Context) -> None:
    """Put one file in its place, from the first address that gives it."""
    target = wanted.target
    if target.exists():
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    half = target.with_name(target.name + ".part")

    def report(done: int, total: int) -> None:
        context.report(Stage.DOWNLOAD, target.name, done, total or wanted.size)

    failures: list[str] = []
    wrong = False
    for url in sorted(wanted.urls, key=lambda url: not is_at(url, context.mirror)):
        try:
            _keep_on(client, url, half, wanted.sha256, report)
            _check(half, wanted)
        except ChecksumError as error:
            # Worth nothing: the next address starts afresh.
            _forget(half)
            wrong = True
            failures.append(f"{url} {error}")
        except (httpx.HTTPError, DownloadError) as error:
            failures.append(f"{url}: {_reason(error)}")
        else:
            half.replace(target)
            _begun(half).unlink(missing_ok=True)
            return
    error_type = ChecksumError if wrong else DownloadError
    raise error_type(f"{target.name} could not be fetched:\n  " + "\n  ".join(failures))


def _keep_on(
    client: httpx.Client,
    url: str,
    half: Path,
    sha256: str,
    report: Callable[[int, int], None],
) -> None:
    """Download `url`, again after each dropped connection that had brought something."""
    for _ in range(_BREAKS):
        before = _size(half)
        try:
            _download(client, url, half, sha256, report)
        except (httpx.TransportError, DownloadError):
            if _size(half) == before:
                raise
        else:
            return
    raise DownloadError(f"the connection broke {_BREAKS} times")


def _download(
    client: httpx.Client,
    url: str,
    half: Path,
    sha256: str,
    report: Callable[[int, int], None],
) -> None:
    """Download or continue `url` into the file `half`."""
    headers = {"Accept-Encoding": "identity"}
    have = _size(half)
    begun = _read_begun(half)
    if have and not sha256 and not (begun and begun.url == url and begun.etag):
        have = 0
    if have:
        headers["Range"] = f"bytes={have}-"
        if begun and begun.url == url and begun.etag:
            headers["If-Range"] = begun.etag
    with client.stream("GET", url, headers=headers) as response:
        if response.status_code == httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE and have:
            _forget(half)
            raise DownloadError("what was there of the file is longer than the file")
        response.raise_for_status()
        continued = response.status_code == httpx.codes.PARTIAL_CONTENT
        if continued and not response.headers.get("Content-Range", "").startswith(f"bytes {have}-"):
            raise DownloadError("the server continued the download at the wrong place")
        have = have if continued else 0
        etag = response.headers.get("ETag", "")
        strong = etag if etag.startswith('"') else ""
        _begun(half).write_bytes(msgspec.json.encode(_Begun(url, strong)))
        encoded = response.headers.get("Content-Encoding", "identity") != "identity"
        length = 0 if encoded else int(response.headers.get("Content-Length", 0))
        total = have + length if length else 0
        with half.open("ab" if continued else "wb") as sink:
            report(have, total)
            for block in response.iter_bytes():
                sink.write(block)
                sink.flush()  # what was received outlives this process
                have += len(block)
                report(have, total)
    if total and have != total:
        raise DownloadError(f"the connection ended after {have:,} of {total:,} bytes")


def _check(half: Path, wanted: _Wanted) -> None:
    size = half.stat().st_size
    if wanted.sha256 and wanted.size and size != wanted.size:
        raise ChecksumError(f"gave {size:,} bytes instead of {wanted.size:,}")
    if wanted.sha256 and (actual := digests.sha256(half)) != wanted.sha256:
        raise ChecksumError(f"gave a file with SHA-256 {actual} instead of {wanted.sha256}")


def _size(half: Path) -> int:
    return half.stat().st_size if half.exists() else 0


def _begun(half: Path) -> Path:
    return half.with_name(half.name + ".json")


def _read_begun(half: Path) -> _Begun | None:
    try:
        return msgspec.json.decode(_begun(half).read_bytes(), type=_Begun)
    except (FileNotFoundError, msgspec.DecodeError):
        return None


def _forget(half: Path) -> None:
    half.unlink(missing_ok=True)
    _begun(half).unlink(missing_ok=True)


def _reason(error: Exception) -> str:
    if isinstance(error, httpx.HTTPStatusError):
        return f"HTTP {error.response.status_code} {error.response.reason_phrase}".strip()
    return str(error) or type(error).__name__
