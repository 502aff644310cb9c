"""Files and archives at web addresses, with mirrors and resumable downloads."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from urllib.parse import quote, unquote, urlsplit

import httpx2
import msgspec

from liusheng.models import archives, digests
from liusheng.models.catalogue import HttpsPart, Source
from liusheng.models.errors import ChecksumError, DownloadError
from liusheng.models.progress import Stage
from liusheng.models.sources.context import FetchContext

_TIMEOUT = httpx2.Timeout(30.0, connect=15.0)
_MAX_DROPS = 20  # dropped connections of one download, each of which had brought some bytes

MIRRORS = {
    "hf-mirror": "hf-mirror.com",
    "huggingface": "huggingface.co",
    "modelscope": "modelscope.cn",
    "github": "github.com",
}
"""Short names of common hosts; other hosts are given by their name."""


class _ResumeInfo(msgspec.Struct):
    """Origin of an incomplete download: bytes of two versions of a file must not be mixed."""

    url: str
    etag: str


def fetch(part: HttpsPart, context: FetchContext) -> None:
    """Download the archive's members, or each member by itself, into `context.fetched`.

    The addresses are tried in order. An incomplete download is resumed when the server supports it
    and the file is known to be the same (its checksum is pinned, or its ETag has not changed).

    Raises:
        DownloadError: every address failed; the text has the reason of each.
        ChecksumError: the addresses that responded have another file than the pinned one.
        ArchiveError: see `archives.extract`.
    """
    with httpx2.Client(timeout=_TIMEOUT, follow_redirects=True) as client:
        if part.archive:
            name = PurePosixPath(unquote(urlsplit(part.urls[0]).path)).name
            archive = context.downloads / name
            _fetch_file(client, _FileRequest(part.urls, archive, part.size, part.sha256), context)
            archives.extract(
                archive,
                part.members,
                context.fetched,
                lambda done: context.report(Stage.UNPACK, name, done, 0),
            )
            return
        for local, member in part.members.items():
            urls = tuple(url.replace("{member}", quote(member)) for url in part.urls)
            file = context.downloads / "files" / local
            _fetch_file(
                client, _FileRequest(urls, file, *context.sums.get(local, (0, ""))), context
            )
            target = context.fetched / local
            target.parent.mkdir(parents=True, exist_ok=True)
            # A copy: if a later part fails, the next pull can use the download.
            shutil.copyfile(file, target)


def is_on_host(url: str, mirror: str) -> bool:
    """Whether an address is on the host `mirror` (a name of MIRRORS, or a host name; "": none)."""
    host = MIRRORS.get(mirror, mirror)
    name = urlsplit(url).hostname or ""
    return bool(host) and (name == host or name.endswith("." + host))


def by_mirror(sources: Sequence[Source], mirror: str) -> list[Source]:
    """Return the sources, those on the preferred host first."""

    def elsewhere(source: Source) -> bool:
        parts = [part for part in source.parts if isinstance(part, HttpsPart)]
        return not any(is_on_host(url, mirror) for part in parts for url in part.urls)

    return sorted(sources, key=elsewhere)


@dataclass(frozen=True)
class _FileRequest:
    """A file to fetch. size: 0 if not known. sha256: "" if not known."""

    urls: tuple[str, ...]
    target: Path
    size: int
    sha256: str


def _fetch_file(client: httpx2.Client, request: _FileRequest, context: FetchContext) -> None:
    """Download a file to its target from the first address that has it."""
    target = request.target
    if target.exists():
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(target.name + ".part")

    def report(done: int, total: int) -> None:
        context.report(Stage.DOWNLOAD, target.name, done, total or request.size)

    failures: list[str] = []
    wrong = False
    for url in sorted(request.urls, key=lambda url: not is_on_host(url, context.mirror)):
        try:
            _download_resuming(client, url, partial, request.sha256, report)
            _check(partial, request)
        except ChecksumError as error:
            # The next address must not resume a wrong file.
            _discard(partial)
            wrong = True
            failures.append(f"{url} {error}")
        except (httpx2.HTTPError, DownloadError) as error:
            failures.append(f"{url}: {_reason(error)}")
        else:
            partial.replace(target)
            _resume_path(partial).unlink(missing_ok=True)
            return
    error_type = ChecksumError if wrong else DownloadError
    raise error_type(f"{target.name} cannot be fetched:\n  " + "\n  ".join(failures))


def _download_resuming(
    client: httpx2.Client,
    url: str,
    partial: Path,
    sha256: str,
    report: Callable[[int, int], None],
) -> None:
    """Download `url`; resume after a dropped connection if it had brought some bytes."""
    for _ in range(_MAX_DROPS):
        before = _size(partial)
        try:
            _download(client, url, partial, sha256, report)
        except (httpx2.TransportError, DownloadError):
            if _size(partial) == before:
                raise
        else:
            return
    raise DownloadError(f"the connection was dropped {_MAX_DROPS} times")


def _download(
    client: httpx2.Client,
    url: str,
    partial: Path,
    sha256: str,
    report: Callable[[int, int], None],
) -> None:
    """Download `url` into the file `partial`, or resume it."""
    headers = {"Accept-Encoding": "identity"}
    size = _size(partial)
    resume = _read_resume_info(partial)
    if size and not sha256 and not (resume and resume.url == url and resume.etag):
        size = 0
    if size:
        headers["Range"] = f"bytes={size}-"
        if resume and resume.url == url and resume.etag:
            headers["If-Range"] = resume.etag
    with client.stream("GET", url, headers=headers) as response:
        if response.status_code == httpx2.codes.RANGE_NOT_SATISFIABLE and size:
            _discard(partial)
            raise DownloadError("the incomplete download is longer than the file")
        response.raise_for_status()
        continued = response.status_code == httpx2.codes.PARTIAL_CONTENT
        if continued and not response.headers.get("Content-Range", "").startswith(f"bytes {size}-"):
            raise DownloadError("the server resumed the download at the wrong position")
        size = size if continued else 0
        etag = response.headers.get("ETag", "")
        strong = etag if etag.startswith('"') else ""
        _resume_path(partial).write_bytes(msgspec.json.encode(_ResumeInfo(url, strong)))
        encoded = response.headers.get("Content-Encoding", "identity") != "identity"
        length = 0 if encoded else int(response.headers.get("Content-Length", 0))
        total = size + length if length else 0
        with partial.open("ab" if continued else "wb") as sink:
            report(size, total)
            for block in response.iter_bytes():
                sink.write(block)
                sink.flush()  # the bytes survive the end of this process
                size += len(block)
                report(size, total)
    if total and size != total:
        raise DownloadError(f"the connection ended after {size:,} of {total:,} bytes")


def _check(partial: Path, request: _FileRequest) -> None:
    size = partial.stat().st_size
    if request.sha256 and request.size and size != request.size:
        raise ChecksumError(f"has {size:,} bytes instead of {request.size:,}")
    if request.sha256 and (actual := digests.sha256(partial)) != request.sha256:
        raise ChecksumError(f"has a file with SHA-256 {actual} instead of {request.sha256}")


def _size(partial: Path) -> int:
    return partial.stat().st_size if partial.exists() else 0


def _resume_path(partial: Path) -> Path:
    return partial.with_name(partial.name + ".json")


def _read_resume_info(partial: Path) -> _ResumeInfo | None:
    try:
        return msgspec.json.decode(_resume_path(partial).read_bytes(), type=_ResumeInfo)
    except (FileNotFoundError, msgspec.DecodeError):
        return None


def _discard(partial: Path) -> None:
    partial.unlink(missing_ok=True)
    _resume_path(partial).unlink(missing_ok=True)


def _reason(error: Exception) -> str:
    if isinstance(error, httpx2.HTTPStatusError):
        return f"HTTP {error.response.status_code} {error.response.reason_phrase}".strip()
    return str(error) or type(error).__name__
