"""The client without async, for scripts: the same names, iterated over with plain `for`.

from liusheng.client import sync

with sync.connect("ws://127.0.0.1:8090") as client:
    for update in client.recognize(pcm):
        print(update.text)
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine, Iterable, Iterator
from types import TracebackType
from typing import Any, Generic, TypeVar

from typing_extensions import Unpack

from liusheng.client import connection
from liusheng.client.exchange import Exchange
from liusheng.client.messages import AsrReady, Final, Mark, Partial, TtsReady
from liusheng.client.options import RecognitionOptions, SynthesisOptions
from liusheng.client.recognition import Recognition
from liusheng.client.synthesis import Synthesis

_T = TypeVar("_T")
_E = TypeVar("_E", bound=Exchange[Any])


class _Blocking(Generic[_E, _T]):
    """An exchange that runs on the client's own event loop."""

    def __init__(self, client: Client, exchange: _E) -> None:
        self._client = client
        self._exchange = exchange

    def __iter__(self) -> Iterator[_T]:
        return self

    def __next__(self) -> _T:
        try:
            return self._client.run(self._exchange.__anext__())  # type: ignore[no-any-return]
        except StopAsyncIteration:
            raise StopIteration from None

    def close(self) -> None:
        """Stop, and close the socket; harmless when it is over."""
        self._client.run(self._exchange.aclose())


class BlockingRecognition(_Blocking[Recognition, Partial | Final]):
    """Yields a `Partial` for each packet of audio, then the `Final`."""

    @property
    def ready(self) -> AsrReady | None:
        """What the server said of the session; None until iteration has begun."""
        return self._exchange.ready


class BlockingSynthesis(_Blocking[Synthesis, bytes]):
    """Yields audio as it is made, signed 16-bit little-endian mono PCM."""

    @property
    def ready(self) -> TtsReady | None:
        """What the server said of the session; None until iteration has begun."""
        return self._exchange.ready

    @property
    def first_packet_seconds(self) -> float | None:
        """From the first text sent to the first audio received; None until then."""
        return self._exchange.first_packet_seconds

    @property
    def marks(self) -> list[Mark]:
        """Where they were asked for, of the audio yielded so far."""
        return self._exchange.marks


class Client:
    """`liusheng.client.Client` for scripts; made by `connect`, used in a `with` block.

    Not for use by several threads at once; each can have a client of its own.
    """

    def __init__(self, client: connection.Client) -> None:
        self._client = client
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Client:
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
        """Run something of the asynchronous client to its end."""
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
        self, audio: bytes | Iterable[bytes], **options: Unpack[RecognitionOptions]
    ) -> BlockingRecognition:
        """Recognise audio, as `liusheng.client.Client.recognize`.

        An iterable is read in another thread, while results come in.
        """
        return BlockingRecognition(self, self._client.recognize(audio, **options))

    def synthesize(
        self, text: str | Iterable[str], **options: Unpack[SynthesisOptions]
    ) -> BlockingSynthesis:
        """Say a text, as `liusheng.client.Client.synthesize`.

        An iterable is read in another thread, while audio comes in.
        """
        return BlockingSynthesis(self, self._client.synthesize(text, **options))

    def sample_rate(self) -> int:
        """Return the rate of synthesised audio, in hertz."""
        return self.run(self._client.sample_rate())


def connect(
    url: str = connection.DEFAULT_URL,
    *,
    open_timeout: float = 10.0,
    timeout: float = 60.0,
    retry_for: float = 5.0,
) -> Client:
    """Return a client of the server at `url`, for `with`; as `liusheng.client.connect`.

    Raises:
        ValueError: when `url` is no address.
    """
    return Client(
        connection.connect(url, open_timeout=open_timeout, timeout=timeout, retry_for=retry_for)
    )
