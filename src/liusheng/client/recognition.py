"""A recognition: audio is sent while text is received, over one connection or several."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterable, Callable, Iterable
from dataclasses import dataclass
from typing import Any, Literal

from liusheng.client.backoff import Backoff
from liusheng.client.duplex import Duplex
from liusheng.client.errors import (
    NO_CLOSE_FRAME,
    ClientError,
    ConnectionLostError,
    ReplyTimeoutError,
    ServerError,
)
from liusheng.client.iteration import each
from liusheng.client.json_socket import JsonSocket
from liusheng.client.kept_audio import KeptAudio
from liusheng.client.messages import (
    AsrReady,
    Final,
    Partial,
    Resumed,
    ResumeOffer,
    check,
    read,
    unexpected,
)
from liusheng.client.options import RecognitionOptions, TransportOptions
from liusheng.client.progress import RecognitionProgress
from liusheng.protocol.asr import SAMPLE_BYTES, SAMPLE_RATE
from liusheng.protocol.errors import CloseCode, ErrorCode
from liusheng.protocol.quoting import quoted

Audio = bytes | bytearray | Iterable[bytes] | AsyncIterable[bytes]
"""Whole, or in packets; 16 kHz mono signed 16-bit little-endian PCM unless the options describe
another format."""

PACKET_BYTES = 2_720
"""Size of a packet of whole audio: 85 ms, as the original client sends."""

_IN_FLIGHT = 32


@dataclass(frozen=True)
class ConnectionChange:
    """What happened to the connection of a recognition.

    state: "reconnecting": it was lost, and another attempt follows; "resumed": the recognition goes
        on over a new one.
    error: that lost it, or that the last attempt failed with; None once it is resumed.
    """

    state: Literal["reconnecting", "resumed"]
    error: ClientError | None = None


class Recognition(Duplex[Partial | Final]):
    """Iterate over it: it yields a `Partial` for each packet of audio, then the `Final`.

    The socket is opened when iteration begins. It is closed at the end, on any error, and by
    `aclose` (or at the end of an `async with` block). To get the final early, end the audio.

    When the connection breaks, another one is opened and the recognition is resumed. Audio is kept
    for that: what the server has not acknowledged, and what is after the last final utterance, in
    case the server has lost the recognition. Then a new one goes on from there. Replies that were
    lost with the connection yield nothing; the next `Partial` has their text.

    on_connection: called when the connection is lost and when the recognition was resumed.
    ready: the server's reply to the start; None until iteration has begun.
    """

    def __init__(
        self,
        url: str,
        running: set[Duplex[Any]],
        audio: Audio,
        options: RecognitionOptions,
        transport: TransportOptions,
        on_connection: Callable[[ConnectionChange], None] | None = None,
    ) -> None:
        super().__init__(url, running, transport, in_flight=_IN_FLIGHT)
        self.ready: AsrReady | None = None
        self._audio = audio
        self._name_fields = {"name": options.get("name", "audio"), "nbest": options.get("nbest", 1)}
        self._options = options
        self._on_connection = on_connection
        self._resumes = transport.resume_for > 0
        rate, frame = _sizes(options)
        self._progress = RecognitionProgress(
            bytes_per_second=rate * frame,
            frame_bytes=frame,
            cumulative=options.get("partials", "cumulative") == "cumulative",
        )
        self._kept = KeptAudio(
            round(transport.keep_seconds * (rate * frame or 2 * SAMPLE_RATE))
            if self._resumes
            else 0
        )
        self._token = ""
        self._finals: list[str] = []  # that the token needs
        self._keep_from: int | None = None  # audio before it is not needed for that
        self._reader: asyncio.Task[None] | None = None
        self._read_all = False
        self._end_received = False  # by the server
        self._position = 0  # of what is sent next
        self._furthest = 0  # that was ever acknowledged
        self._unanswered: deque[int] = deque()  # where the packets without a reply end
        self._pending: deque[Partial] = deque()  # to be yielded
        self._recovery: Backoff | None = None
        self._more = asyncio.Event()  # there is a packet to send, or the end
        self._space = asyncio.Event()  # another packet may be read

    # One connection

    async def _start(self, socket: JsonSocket) -> None:
        self._unanswered.clear()
        if self._token and await self._resume(socket):
            return
        if not self._kept.seek(self._progress.restart()):
            raise self._not_kept()
        self._position = self._progress.checkpoint.position
        self._end_received = False
        fields = {"resumable": True} if self._resumes else {}
        message = await socket.request(
            {**self._name_fields, **self._options, **fields, "signal": "start"}
        )
        check(message)
        if message.get("signal") != "server_ready":
            raise unexpected("The server did not send server_ready", message)
        self.ready = read(message, AsrReady)
        self._token = ""
        self._finals.clear()
        self._offered(self.ready.resume)

    async def _resume(self, socket: JsonSocket) -> bool:
        """Resume the recognition; return whether the server still has it."""
        request = {
            "signal": "start",
            "resume": self._token,
            "from_utterance": self._progress.from_utterance,
            "finals": self._finals,
        }
        message = await socket.request(request)
        if message.get("code") == ErrorCode.UNKNOWN_SESSION.value:
            self._token = ""
            return False
        check(message)
        if "resumed" not in message:
            raise unexpected("The server did not resume the recognition", message)
        resumed = read(message["resumed"], Resumed)
        self._offered(read(message, AsrReady).resume)
        received = self._progress.checkpoint.position + resumed.received
        if not self._kept.seek(received):
            raise self._not_kept()
        if received < self._furthest:  # another server has it, from what we carry
            self._progress.set_back()
        self._position = received
        self._kept.acknowledge(received)
        self._end_received = resumed.ended
        for reply in resumed.replies:
            self._pending.extend(self._progress.replied(reply))
        return True

    def _offered(self, offer: ResumeOffer | None) -> None:
        """Take what resumes the recognition from now on, if there is something new."""
        if offer is None:
            return
        self._token = offer.token
        self._finals += offer.finals
        if offer.keep_from is None:
            self._keep_from = None
        else:
            self._keep_from = self._progress.checkpoint.position + offer.keep_from

    async def _feed(self, socket: JsonSocket) -> None:
        if self._recovery:
            self._tell(ConnectionChange("resumed"))
        if self._reader is None:
            self._reader = asyncio.create_task(self._read())
        while (packet := await self._packet()) is not None:
            await self._room.acquire()
            self._expect_reply()
            end = self._position + len(packet)
            self._unanswered.append(end)
            await socket.send(packet)
            self._position = end
            if not self._resumes:
                self._kept.release(end)
            self._space.set()
        self._expect_reply()
        if not self._end_received:
            await socket.send({**self._name_fields, "signal": "end"})

    async def _packet(self) -> bytes | None:
        """Return the next packet to send; None after the last one."""
        while (packet := self._kept.packet(self._position)) is None:
            if self._read_all:
                return None
            self._more.clear()
            await self._more.wait()
        return packet

    async def _next(self) -> Partial | Final:
        while not self._pending:
            message = await self._receive()
            if "signal" in message:
                self._due -= 1
                self._complete = True
                return self._progress.checkpoint.final(read(message, Final))
            if "result" not in message:
                reason = message.get("message") or f"The reply has no text: {quoted(message)}"
                raise ServerError("refused", str(reason))
            if "resume" in message:
                self._offered(read(message.pop("resume"), ResumeOffer))
            self._pending.extend(self._progress.replied(read(message, Partial)))
            if self._unanswered:  # a server that stops sends one more
                self._due -= 1
                self._room.release()
                self._acknowledge(self._unanswered.popleft())
        return self._pending.popleft()

    def _acknowledge(self, position: int) -> None:
        if position > self._furthest:
            self._furthest, self._recovery = position, None
        self._kept.acknowledge(position)
        if self._token:
            needed = self._progress.final_until
            if self._keep_from is not None:
                needed = min(needed, self._keep_from)
            self._kept.release(min(position, needed))

    # The caller's audio

    async def _read(self) -> None:
        """Read the caller's packets: one ahead of what is sent, or, while there is no connection,
        as many as may be kept."""
        try:
            async with contextlib.aclosing(_packets(self._audio)) as packets:
                async for packet in packets:
                    self._kept.append(packet)
                    self._more.set()
                    while not self._wants_more:
                        self._space.clear()
                        await self._space.wait()
        except Exception as error:  # raised in `__anext__`
            self._failure = error
            if self._socket:
                await self._socket.close()
        self._read_all = True
        self._more.set()

    @property
    def _wants_more(self) -> bool:
        if self._sender is None:
            return self._kept.has_room
        return self._position == self._kept.end

    # Broken connections

    def _pause_before_retry(self, error: ClientError) -> float | None:
        if self.ready is None:
            return super()._pause_before_retry(error)
        if not self._resumes or self._done or not self._recoverable(error):
            return None
        first = self._recovery is None
        self._recovery = self._recovery or Backoff(self._transport.resume_for)
        pause = 0.0 if first and _is_restart(error) else self._recovery.pause()
        if pause is None:
            raise self._given_up(error) from error
        self._tell(ConnectionChange("reconnecting", error))
        return pause

    def _recoverable(self, error: ClientError) -> bool:
        if self._sender is None:  # no answer to `start`
            return error.transient or isinstance(error, ReplyTimeoutError)
        if isinstance(error, ConnectionLostError):
            # 1011: a ping was not answered; other faults of the server have an error message.
            return error.transient or error.close_code == CloseCode.INTERNAL
        if isinstance(error, ReplyTimeoutError):
            return bool(self._token)
        return error.code == ErrorCode.SERVER_STOPPING.value

    async def _leave(self, *, drop: bool = False) -> None:
        await super()._leave(drop=drop)
        self._space.set()

    async def aclose(self) -> None:
        """Stop, and close the socket; does nothing after the end."""
        await super().aclose()
        reader, self._reader = self._reader, None
        if reader is not None and reader is not asyncio.current_task():
            reader.cancel()
            await asyncio.wait([reader])

    def _tell(self, connection: ConnectionChange) -> None:
        if self._on_connection:
            self._on_connection(connection)

    def _given_up(self, error: ClientError) -> ConnectionLostError:
        code = error.close_code if isinstance(error, ConnectionLostError) else NO_CLOSE_FRAME
        return ConnectionLostError(
            f"The connection to {self._url} was lost, and within {self._transport.resume_for:g} s "
            "the recognition could not be resumed, or got no further when it was. The last "
            f"attempt: {error.message}",
            code,
            transient=False,
        )

    def _not_kept(self) -> ConnectionLostError:
        return ConnectionLostError(
            f"The connection to {self._url} was lost, and the server needs audio again that is not "
            f"kept: more than {self._transport.keep_seconds:g} s (keep_seconds) passed since "
            "the last final utterance. Start a new recognition.",
            NO_CLOSE_FRAME,
            transient=False,
        )


def _is_restart(error: ClientError) -> bool:
    """Whether the server has told its clients to reconnect: another one is there already."""
    if isinstance(error, ConnectionLostError):
        return error.close_code == CloseCode.SERVICE_RESTART
    return error.code == ErrorCode.SERVER_STOPPING.value


def _sizes(options: RecognitionOptions) -> tuple[int, int]:
    """Return the frames in a second and the bytes of a frame; 0 for a container, whose frames are
    not known."""
    frame = SAMPLE_BYTES.get(options.get("format", "pcm_s16le"), 0) * options.get("channels", 1)
    return options.get("sample_rate", SAMPLE_RATE) if frame else 0, frame


async def _packets(audio: Audio) -> AsyncGenerator[bytes, None]:
    if isinstance(audio, (bytes, bytearray)):
        for at in range(0, len(audio), PACKET_BYTES):
            yield bytes(audio[at : at + PACKET_BYTES])
    else:
        async with contextlib.aclosing(each(audio)) as packets:
            async for packet in packets:
                if packet:
                    yield packet
