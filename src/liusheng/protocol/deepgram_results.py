"""What the client of Deepgram's live recognition is sent of its audio: from the results of
recognitions to messages, in the order of the audio."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import msgspec

from liusheng.protocol import deepgram
from liusheng.protocol.transcript import Transcript
from liusheng.protocol.utterance import UtteranceLike


@dataclass
class AudioPart:
    """The audio of one recognition, and what the client was sent of it.

    offset: seconds of audio before it.
    seconds: of its audio.
    closed: seconds of it up to the end of the last closed utterance.
    open: the text of the open utterance that the client was sent.
    speaking: the client was told of the open utterance.
    finalizing: its audio was ended by `Finalize`; the last of its results says so.
    held: the newest final result, until it is known whether it is the last.
    finished: every utterance of it is closed.
    waiting: what the client is sent after all that is of recognitions before it.
    """

    number: int
    offset: float
    seconds: float = 0.0
    closed: float = 0.0
    open: str = ""
    speaking: bool = False
    finalizing: bool = False
    held: deepgram.Results | None = None
    finished: bool = False
    waiting: list[msgspec.Struct] = field(default_factory=list)


class DeepgramResults:
    """The results of one connection.

    query: the parameters of its address.
    metadata: of each result.
    send: takes the messages.
    parts: those that are not over, by number, in the order of their audio.
    """

    def __init__(
        self,
        query: deepgram.ListenQuery,
        metadata: deepgram.ResultsMetadata,
        send: Callable[[msgspec.Struct], None],
    ) -> None:
        self._query = query
        self._metadata = metadata
        self._send_now = send
        self._last_word: float | None = None  # its end, until the client was told of the silence
        self.parts: dict[int, AudioPart] = {}

    def updated(
        self,
        part: AudioPart,
        closed: Iterable[UtteranceLike],
        index: int,
        text: str,
        stable: int,
        received: float,
    ) -> None:
        """A part has new text; see `Transcript.update`.

        received: seconds of audio of the session.
        """
        for utterance in closed:
            transcript = Transcript()
            transcript.update([utterance], utterance.index + 1, "", 0)
            if transcript.view.result:
                self._send_final(part, utterance, transcript, received)
            part.closed = max(part.closed, utterance.end)
            part.open, part.speaking = "", False
        if text:
            transcript = Transcript()
            transcript.update([], index, text, stable)
            self._send_interim(part, transcript.view.result, received)

    def finished(self, part: AudioPart) -> None:
        """Every utterance of a part is closed."""
        if part.finalizing:
            last = part.held or self._results(
                part, part.closed, part.seconds, "", final=True, ended=True
            )
            self._send(part, msgspec.structs.replace(last, from_finalize=True, speech_final=True))
        part.finished = True
        self._send_waiting()

    def lost(self, part: AudioPart) -> None:
        """There is no more text of a part, whose audio was not recognised to its end."""
        if part.held:
            self._send(part, part.held)
        part.finished = True
        self._send_waiting()

    def note_silence(self, part: AudioPart, received: float) -> None:
        """Tell the client if it was silent for the time that it set.

        received: seconds of audio of the session.
        """
        limit = self._query.utterance_end_ms
        if self._last_word is None or not isinstance(limit, int) or part.speaking:
            return
        if received >= self._last_word + limit / 1000:
            self._send(part, deepgram.UtteranceEnd(last_word_end=self._last_word))
            self._last_word = None

    @property
    def waiting(self) -> int:
        """How many messages wait for those of recognitions before theirs."""
        return sum(len(part.waiting) for part in self.parts.values())

    # Internals

    def _send(self, part: AudioPart, message: msgspec.Struct) -> None:
        """Send what is of a part; the client reads texts in the order in which they were said."""
        before = next(iter(self.parts.values()), part)
        if before is part:
            self._send_now(message)
        else:
            part.waiting.append(message)

    def _send_waiting(self) -> None:
        """Forget the parts that are finished, and send what waited for them."""
        for part in list(self.parts.values()):
            for message in part.waiting:
                self._send_now(message)
            part.waiting.clear()
            if not part.finished:
                return
            del self.parts[part.number]

    def _send_final(
        self, part: AudioPart, utterance: UtteranceLike, transcript: Transcript, received: float
    ) -> None:
        self._send_started(part, received)
        words = deepgram.words_of(transcript.times(), part.offset)
        result = self._results(
            part,
            utterance.start,
            utterance.end,
            transcript.view.result,
            final=True,
            ended=self._query.ends_speech,
            words=words,
        )
        if part.held:
            self._send(part, part.held)
        if part.finalizing:
            part.held = result
        else:
            self._send(part, result)
        self._last_word = words[-1].end if words else round(part.offset + utterance.end, 3)

    def _send_interim(self, part: AudioPart, text: str, received: float) -> None:
        self._send_started(part, received)
        self._last_word = None
        if self._query.interim_results and text and text != part.open:
            self._send(
                part,
                self._results(part, part.closed, part.seconds, text, final=False, ended=False),
            )
        part.open = text

    def _send_started(self, part: AudioPart, received: float) -> None:
        if not part.speaking:
            part.speaking = True
            if self._query.vad_events:
                self._send(part, deepgram.SpeechStarted(timestamp=round(received, 3)))

    def _results(
        self,
        part: AudioPart,
        start: float,
        end: float,
        text: str,
        *,
        final: bool,
        ended: bool,
        words: Iterable[deepgram.Word] = (),
    ) -> deepgram.Results:
        """Return a result. start, end: in seconds of the part."""
        alternative = deepgram.Alternative(transcript=text, words=tuple(words))
        return deepgram.Results(
            start=round(part.offset + start, 3),
            duration=round(max(0.0, end - start), 3),
            is_final=final,
            speech_final=ended,
            channel=deepgram.Channel(alternatives=(alternative,)),
            metadata=self._metadata,
        )
