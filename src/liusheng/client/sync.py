"""The client without async, for scripts, with plain `for` loops.

from liusheng.client import sync

with sync.connect("ws://127.0.0.1:8090") as client:
    for update in client.recognize(pcm):
        print(update.text)
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable, Coroutine, Iterable, Iterator
from types import TracebackType
from typing import Any, Generic, TypeVar

from typing_extensions import Self, Unpack

from liusheng.client import connection
from liusheng.client.duplex import Duplex
from liusheng.client.messages import AsrReady, Final, Partial, Skipped, TtsReady
from liusheng.client.options import RecognitionOptions, SynthesisOptions
from liusheng.client.recognition import ConnectionChange, Recognition
from liusheng.client.synthesis import Synthesis
from liusheng.protocol.tts import Mark

_T = TypeVar("_T")
_E = TypeVar("_E", bound=Duplex[Any])


class _Blocking(Generic[_E, _T]):
    """A duplex iterator that runs on the client's own event loop.

    Another thread may stop it while this one waits for the next item; iteration then ends.
    """

    def __init__(self, client: BlockingClient, duplex: _E) -> None:
        self._client = client
        self._duplex = duplex

    def __iter__(self) -> Iterator[_T]:
        return self

    def __next__(self) -> _T:
        try:
            return self._client.run(self._duplex.__anext__())  # type: ignore[no-any-return]
        except StopAsyncIteration:
            raise StopIteration from None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Stop, and close the socket; does nothing after the end."""
        self._client.run(self._duplex.aclose())


class BlockingRecognition(_Blocking[Recognition, Partial | Final]):
    """Yields a `Partial` for each packet of audio, then the `Final`."""

    @property
    def ready(self) -> AsrReady | None:
        """The server's reply to the start; None until iteration has begun."""
        return self._duplex.ready


class BlockingSynthesis(_Blocking[Synthesis, bytes]):
    """Yields audio while it is synthesised, signed 16-bit little-endian mono PCM."""

    @property
    def ready(self) -> TtsReady | None:
        """The server's reply to the start; None until iteration has begun."""
        return self._duplex.ready

    @property
    def first_packet_seconds(self) -> float | None:
        """From the first text sent to the first audio received; None until then."""
        return self._duplex.first_packet_seconds

    @property
    def marks(self) -> list[Mark]:
        """Those of the audio yielded so far, if requested."""
        return self._duplex.marks

    @property
    def skipped(self) -> list[Skipped]:
        """What was not read of the texts that have ended."""
        return self._duplex.skipped

    def cancel(self) -> None:
        """Stop at once, as `liusheng.client.Synthesis.cancel`; does nothing after the end."""
        self._client.run(self._duplex.cancel())


class BlockingClient:
    """`liusheng.client.Client` for scripts; made by `connect`, used in a `with` block.

    Not thread-safe: each thread needs a client of its own, except to stop what another one
    iterates over.
    """

    def __init__(self, client: connection.Client) -> None:
        self._client = client
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    def __enter__(self) -> BlockingClient:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(
            target=self._loop.run_forever, name="liusheng-client", daemon=True
        )
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        assert self._loop is not None
        assert self._thread is not None
        loop, self._loop = self._loop, None
        try:
            for last in (self._client.__aexit__(kind, error, traceback), loop.shutdown_asyncgens()):
                asyncio.run_coroutine_threadsafe(last, loop).result()
        finally:
            loop.call_soon_threadsafe(loop.stop)
            self._thread.join()
            loop.close()

    def run(self, coroutine: Coroutine[Any, Any, _T]) -> _T:
        """Run a coroutine of the asynchronous client to its end."""
        if self._loop is None:
            coroutine.close()
            raise RuntimeError("use the client inside its `with` block")
        future = asyncio.run_coroutine_threadsafe(coroutine, self._loop)
        try:
            return future.result()
        except BaseException:
            future.cancel()
            raise

    def recognize(
        self,
        audio: bytes | Iterable[bytes],
        *,
        on_connection: Callable[[ConnectionChange], None] | None = None,
        **options: Unpack[RecognitionOptions],
    ) -> BlockingRecognition:
        """Recognise audio, as `liusheng.client.Client.recognize`.

        An iterable is read in another thread, while results are received; `on_connection` is
        called in another thread, too.
        """
        recognition = self._client.recognize(audio, on_connection=on_connection, **options)
        return BlockingRecognition(self, recognition)

    def synthesize(
        self, text: str | Iterable[str], **options: Unpack[SynthesisOptions]
    ) -> BlockingSynthesis:
        """Synthesise a text, as `liusheng.client.Client.synthesize`.

        An iterable is read in another thread, while audio is received.
        """
        return BlockingSynthesis(self, self._client.synthesize(text, **options))

    def sample_rate(self) -> int:
        """Return the rate of synthesised audio, in hertz."""
        return self.run(self._client.sample_rate())

    def info(self) -> dict[str, Any]:
        """Return the server's description of itself, as `liusheng.client.Client.info`."""
        return self.run(self._client.info())


def connect(
    url: str = connection.DEFAULT_URL,
    *,
    open_timeout: float = 10.0,
    timeout: float = 60.0,
    retry_for: float = 5.0,
    api_key: str | None = None,
    ca_file: str | os.PathLike[str] | None = None,
    resume_for: float = 30.0,
    keep_seconds: float = 600.0,
) -> BlockingClient:
    """Return a client of the server at `url`, for `with`; as `liusheng.client.connect`.

    Raises:
        ValueError, OSError: as that.
    """
    client = connection.connect(
        url,
        open_timeout=open_timeout,
        timeout=timeout,
        retry_for=retry_for,
        api_key=api_key,
        ca_file=ca_file,
        resume_for=resume_for,
        keep_seconds=keep_seconds,
    )
    return BlockingClient(client)
