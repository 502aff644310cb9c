"""What a client carries from one server to another, so that its recognition goes on there.

A *token* has what a server needs to go on, except for the audio and the final text. Of the text the
client is sent each utterance once, as a *final*; it gives all of them back. Both are sealed.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

import msgspec

from liusheng import __version__
from liusheng.asr.types import SAMPLE_RATE
from liusheng.protocol.asr import Limits, Start
from liusheng.protocol.asr_recognition import RecognitionState
from liusheng.protocol.utterance import UtteranceLike
from liusheng.runtime.recognition.checkpoint import StreamCheckpoint
from liusheng.server.audio_input import InputPlace
from liusheng.server.websocket.carried_utterance import CarriedUtterance
from liusheng.server.websocket.sealing import Sealer

_T = TypeVar("_T")

MAX_TOKEN_CHARS = 65_536
MAX_FINALS_CHARS = 1 << 20
"""Of all finals of a recognition together; one with more can be resumed on its own server only."""

_MAX_PLAIN = 1 << 20
_PORTION_CHARS = 2_048
"""Of finals that are opened at once."""
_LEVEL = 1


class TokenContent(msgspec.Struct, frozen=True, array_like=True):
    """What is in a token.

    version: of the program: another one's states may mean something else.
    client: who began the recognition; nobody else may resume it.
    expires: seconds since the epoch.
    secret: of the recognition on the server that made the token (`RunningRecognition`): a client
        that comes back from another server has one that is not known any more.
    portable: another server can go on with it.
    start: of the recognition, with the languages that were checked.
    model: that transcribes it.
    finals: how many there are.
    place: where the input begins.
    checkpoint: where the stream begins; None: at its beginning.
    """

    client: str
    expires: float
    secret: str
    start: Start
    model: str
    portable: bool = False
    version: str = __version__
    finals: int = 0
    place: InputPlace = InputPlace(0, 0, 0)
    checkpoint: StreamCheckpoint | None = None


class ForeignFinalsError(Exception):
    """A client gave finals that are not those of its token."""


@dataclass(frozen=True)
class Carried:
    """A recognition that another server had.

    session: its name.
    finals: its closed utterances with text, still sealed.
    """

    session: str
    content: TokenContent
    sealer: Sealer
    finals: Sequence[str]

    def state(self, limits: Limits) -> RecognitionState:
        """Return what its client sees of it, without the text. limits: of the client here."""
        state = RecognitionState(self.session, self.content.start, limits)
        state.model = self.content.model
        return state

    def restore(self, state: RecognitionState) -> Iterator[None]:
        """Give the state its text, in steps that take a few milliseconds each.

        Raises:
            ForeignFinalsError: the finals are not those of this recognition.
        """
        for first, some in _portions(self.finals):
            utterances = open_finals(self.sealer, some, first)
            if utterances is None:
                raise ForeignFinalsError
            state.restore_closed(utterances)
            yield
        checkpoint, place = self.content.checkpoint, self.content.place
        if checkpoint:
            covered = checkpoint.audio.begin / SAMPLE_RATE
            state.restore(checkpoint.index, place.received, covered)


def _portions(finals: Sequence[str]) -> Iterator[tuple[int, Sequence[str]]]:
    """Yield the finals in portions of about so many characters, each with the place of its first
    one."""
    first = chars = 0
    for end, final in enumerate(finals, 1):
        chars += len(final)
        if chars >= _PORTION_CHARS or end == len(finals):
            yield first, finals[first:end]
            first, chars = end, 0


def seal_token(sealer: Sealer, content: TokenContent) -> str:
    """Return a token, without the name of the recognition before it."""
    return sealer.seal(zlib.compress(msgspec.msgpack.encode(content), _LEVEL), "token")


def open_token(sealer: Sealer, sealed: str) -> TokenContent | None:
    """Return what is in a token; None: it is none of these servers."""
    if len(sealed) > MAX_TOKEN_CHARS:
        return None
    value = sealer.open(sealed, "token")
    return None if value is None else _decoded(value, TokenContent)


def seal_final(sealer: Sealer, place: int, utterance: UtteranceLike) -> str:
    """Return a closed utterance as a final. place: among those with text."""
    encoded = msgspec.msgpack.encode(CarriedUtterance.of(utterance))
    return sealer.seal(zlib.compress(encoded, _LEVEL), f"final {place}")


def open_finals(
    sealer: Sealer, finals: Sequence[str], first: int = 0
) -> tuple[CarriedUtterance, ...] | None:
    """Return the utterances of finals of a recognition; None: they are not those. first: place of
    the first one."""
    found = []
    for place, sealed in enumerate(finals, first):
        value = sealer.open(sealed, f"final {place}")
        utterance = None if value is None else _decoded(value, CarriedUtterance)
        if utterance is None:
            return None
        found.append(utterance)
    return tuple(found)


def _decoded(value: bytes, kind: type[_T]) -> _T | None:
    """Return what a server with our secret has encoded; None: in another version's form."""
    decompress = zlib.decompressobj()
    try:
        plain = decompress.decompress(value, _MAX_PLAIN)
        return msgspec.msgpack.decode(plain, type=kind)
    except (zlib.error, msgspec.MsgspecError):
        return None
