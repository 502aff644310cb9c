"""The one owner of a stream's audio, and of what was detected in it: a pure object.

Processes that compute get a copy of the part that they need. The audio is kept from the first
sample that may be needed again, so that a turn which was lost with its worker is sent again.

Speech is detected in one order by one process at a time, which holds the newest *ticket*: the VAD
process as long as it keeps up, otherwise a recognition worker, in its turn. What comes back under
an older ticket is dropped, so that each utterance has one end.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from liusheng.asr.types import SAMPLE_RATE
from liusheng.asr.vad.segments import FRAME, SpeechActivity, SpeechSegment
from liusheng.runtime.recognition.checkpoint import AudioCheckpoint
from liusheng.runtime.recognition.messages import Detection

BYTES_PER_SAMPLE = 2

MAX_VAD_LAG = SAMPLE_RATE
"""Samples that the VAD process may be behind before a recognition worker detects instead."""


@dataclass(frozen=True)
class TurnAudio:
    """What a turn takes of a stream's audio. Positions are samples from the stream's start.

    pcm: audio from sample `start` on.
    last: it is the stream's last.
    activity: where speech is, as far as it was detected; None for models that do without.
    ticket: to detect speech in the audio after `activity.end`; None where it was detected.
    """

    pcm: bytes
    start: int
    last: bool
    activity: SpeechActivity | None = None
    ticket: int | None = None

    @property
    def end(self) -> int:
        """One past the last sample."""
        return self.start + len(self.pcm) // BYTES_PER_SAMPLE


class StreamAudio:
    """A stream's audio: PCM16, 16 kHz, mono. Positions and lengths are samples.

    windowed: for a model that decodes whole windows, and goes by the speech in them.
    received: how much has come in.
    taken: turns have taken the audio up to here in, or it is silence that no turn needs.
    needs: the recogniser's state needs the audio from here on.
    final_until: see `Outcome.final_until`.
    speech: what was detected; `closed` are the utterances that no turn has taken.
    speech_state: of the detector, of a `Detection`; None before the first one.
    patient: it is backlog, which waits for the VAD process however far that is behind.
    vad_ended: it has left the VAD process for good, so that it never waits for that again.
    origin: the first sample that comes in here: 0, or where another server's stream is continued.
    """

    def __init__(self, *, windowed: bool, resumed: AudioCheckpoint | None = None) -> None:
        """resumed: where another server's stream is continued."""
        was = resumed or AudioCheckpoint(0, 0, 0, 0, SpeechActivity(), None)
        self.windowed = windowed
        self.origin = self.received = was.begin
        self.taken = was.taken
        self.needs = was.needs
        self.final_until = was.final_until
        self.speech = was.speech
        self.speech_state = was.speech_state
        self.patient = False
        self.vad_ended = False
        self._pcm = bytearray()
        self._start = was.begin
        self._ticket = 0
        self._in_worker = False
        self._vad_failed = False

    @property
    def queued(self) -> int:
        """Samples that no turn has taken in."""
        return max(0, self.received - self.taken)

    @property
    def missing(self) -> int:
        """Samples to come that another server has worked on: there is nothing to do before."""
        return max(0, self.taken - self.received, self.speech.end - self.received)

    def checkpoint(self) -> AudioCheckpoint:
        """Return where another server can continue it."""
        begin = min(self._first_needed, self.speech.end) if self.windowed else self.needs
        return AudioCheckpoint(
            min(begin, self.received),
            self.needs,
            self.taken,
            self.final_until,
            self.speech,
            self.speech_state,
        )

    @property
    def kept(self) -> int:
        """Samples that are kept."""
        return self.received - self._start

    @property
    def undetected(self) -> int:
        """Samples that have not been through the detector."""
        return self.received - self.speech.end

    @property
    def without_vad(self) -> bool:
        """Whether its speech is detected in turns: the VAD process lags too far behind or failed
        on it."""
        return self._vad_failed or (self.undetected > MAX_VAD_LAG and not self._waits_for_vad)

    @property
    def awaits_vad(self) -> bool:
        """Whether speech in it is still to be detected by the VAD process, though it has ended."""
        return self._waits_for_vad and not self._vad_failed and self.undetected > MAX_VAD_LAG

    @property
    def _waits_for_vad(self) -> bool:
        return self.patient and not self.vad_ended

    def closed_samples(self, limit: int) -> int:
        """Return how long the closed utterances of the next turn are. limit: see `next_turn`."""
        return self._closed(self._first_needed, limit)[-1].end - self._first_needed

    @property
    def undecoded(self) -> bool:
        """Whether there is speech in the detected audio whose text is not final."""
        speech = self.speech
        open_ends = (speech.open.speech_end,) if speech.open else ()
        return any(s.cut or s.speech_end != self.final_until for s in speech.closed) or any(
            end != self.final_until for end in open_ends
        )

    def append(self, pcm: bytes) -> None:
        """Audio came in, whole samples."""
        self._pcm += pcm
        self.received += len(pcm) // BYTES_PER_SAMPLE

    def clear(self) -> None:
        """Nothing of it is needed any more."""
        self._pcm.clear()
        self._start = self.taken = self.received

    # Turns

    def next_turn(self, limit: int, *, finishing: bool, resident: bool) -> TurnAudio:
        """Return what a turn takes.

        Args:
            limit: samples of new audio at most.
            finishing: no more audio comes.
            resident: the worker has what the recogniser keeps of this stream in its process.
        """
        if not self.windowed:
            end = min(self.received, self.taken + limit)
            start = self.taken if resident else self.needs
            return TurnAudio(self._slice(start, end), start, finishing and end == self.received)
        speech = self.speech
        start = self._first_needed
        closed = self._closed(start, limit)
        if len(closed) < len(speech.closed) or (closed and self.patient):
            end = closed[-1].end
            activity = SpeechActivity(end, end, closed=closed)
            # Text that is stable may reach beyond a cut.
            return TurnAudio(self._slice(start, max(end, self.taken)), start, False, activity)
        if finishing or self.without_vad:
            start, end = min(start, speech.end), min(self.received, speech.end + limit)
            last = finishing and end == self.received
            ticket = self._new_ticket(in_worker=True)
            return TurnAudio(self._slice(start, end), start, last, speech, ticket)
        if not self.undecoded:
            # No decode, no audio.
            start = speech.end
        return TurnAudio(self._slice(start, speech.end), start, False, speech)

    def turn_done(
        self, turn: TurnAudio, needs: int, final_until: int, detection: Detection | None
    ) -> None:
        """A turn's outcome is known. detection: what it detected, if it had a ticket."""
        self.needs = needs
        self.final_until = final_until
        if turn.activity is None:
            self.taken = turn.end
        else:
            self.speech = replace(
                self.speech, closed=self.speech.closed[len(turn.activity.closed) :]
            )
            self.taken = max(self.taken, turn.activity.end)
        if detection and turn.ticket is not None:
            self._vad_failed = False
            self.taken = max(self.taken, detection.activity.end)
            self.detected(turn.ticket, detection)
        self._drop()

    def turn_lost(self, turn: TurnAudio) -> None:
        """A turn failed; the next one takes the same audio."""
        if turn.ticket == self._ticket:
            self._in_worker = False

    # Detection

    def next_detection(self, least: int, limit: int) -> tuple[int, bytes] | None:
        """Return a ticket and audio from `speech.end` on for the VAD process; None: not now.

        The audio ends with a frame: what follows would only be carried along in the detector's
        state.

        least, limit: samples.
        """
        if self._in_worker or self._vad_failed or self.undetected < least or self.missing:
            return None
        end = min(self.received, self.speech.end + limit) // FRAME * FRAME
        return self._new_ticket(in_worker=False), self._slice(self.speech.end, end)

    def detected(self, ticket: int, detection: Detection) -> bool:
        """Audio has been through the detector; return whether it counts."""
        if ticket != self._ticket:
            return False
        self._in_worker = False
        self._ticket += 1
        self.speech_state = detection.state
        self.speech = detection.activity.following(self.speech)
        if not self.speech.open and not self.speech.closed:
            self.taken = max(self.taken, self.speech.end)
        self._drop()
        return True

    def detection_failed(self, ticket: int) -> None:
        """The VAD process failed on this audio: the next turn detects in it."""
        if ticket == self._ticket:
            self._vad_failed = True

    def _new_ticket(self, *, in_worker: bool) -> int:
        self._ticket += 1
        self._in_worker = in_worker
        return self._ticket

    def _closed(self, start: int, limit: int) -> tuple[SpeechSegment, ...]:
        """Return the closed utterances that a turn takes."""
        closed = self.speech.closed
        return tuple(s for s in closed if s.end <= start + limit) or closed[:1]

    @property
    def _first_needed(self) -> int:
        if not self.windowed:
            return self.needs
        speech = self.speech
        return max(self.needs, speech.closed[0].start if speech.closed else speech.needs)

    def _slice(self, start: int, end: int) -> bytes:
        first, last = (BYTES_PER_SAMPLE * (at - self._start) for at in (start, end))
        return bytes(memoryview(self._pcm)[first:last])

    def _drop(self) -> None:
        drop = min(self._first_needed, self.received) - self._start
        if self.windowed:
            # What was not detected has still to go through the detector.
            drop = min(drop, self.speech.end - self._start)
        if drop > 0:
            del self._pcm[: BYTES_PER_SAMPLE * drop]
            self._start += drop
