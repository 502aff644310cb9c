"""The contract of a recogniser: the one interface behind which every engine stands.

A recogniser is driven in *turns*. The caller owns each stream's audio. A turn carries the stream's
state and the part of its audio that the recogniser needs, and gives back the new state, what is now
known, and from which sample on audio is still needed. States are values that carry no audio: they
can be pickled, sent to another process, kept by the caller and handed in again, so a batch that was
lost with its worker is sent again. Nothing here knows of sockets, processes or clocks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from liusheng.asr.capabilities import Capabilities
from liusheng.asr.types import Partial, StreamParams, Utterance
from liusheng.asr.vad.segments import SpeechActivity


@dataclass(frozen=True)
class Turn:
    """One stream's part in a batch.

    state: what `open` or the stream's last turn gave.
    pcm: the stream's audio from sample `start` on; PCM16, 16 kHz, mono. For a recogniser that is
        `windowed` (see `Capabilities`) it begins at the last outcome's `needs` or before, and may
        be empty where nothing is to be decoded. For others it begins where the last turn ended,
        or, where the part of the state that lives in a process is not there (`StateLostError`), at
        the last outcome's `needs`.
    last: no more audio will come: close every utterance.
    activity: where speech is in the audio; `closed` are the utterances that ended since the last
        turn. Windowed recognisers need it, others do without.
    spare: there is time for what makes the text a little better: no other stream waits for a turn,
        or, for backlog, no live one; or partials are frequent, and nobody waits for this text yet.
    backlog: the audio came faster than it was spoken; nobody waits for the text of this part of it.
    prepared: what `Recognizer.prepare` has computed of it, for that recogniser alone.
    """

    state: Any
    pcm: bytes
    start: int = 0
    last: bool = False
    activity: SpeechActivity | None = None
    spare: bool = True
    backlog: bool = False
    prepared: Any = None

    @property
    def end(self) -> int:
        """One past the turn's last sample."""
        return self.start + len(self.pcm) // 2


@dataclass(frozen=True)
class Outcome:
    """What a turn led to. Positions are samples from the start of the stream.

    state: for the stream's next turn; opaque to everyone but the recogniser.
    closed: utterances that this turn closed, in order.
    partial: the utterance still open; after the last turn its text is "".
    needs: the audio from here on may be needed again.
    covered: the texts cover the audio up to here.
    step: so many samples of audio later there is something to compute; None: the recogniser does
        not work in steps.
    final_until: the speech that ends here was decoded with a final's care, so that closing its
        utterance needs no audio; 0: there is none.
    """

    state: Any
    closed: tuple[Utterance, ...]
    partial: Partial
    needs: int = 0
    covered: int = 0
    step: int | None = None
    final_until: int = 0


class Recognizer(Protocol):
    """An engine with its model loaded. Used by one thread at a time.

    languages: codes it can be asked for ("auto" is not listed); the first is its default.
    sticky: a stream's state has a part in this process (rebuilt elsewhere at the cost of decoding
        again), so a stream is best kept with the worker that has it.
    """

    @property
    def languages(self) -> tuple[str, ...]: ...

    sticky: bool

    def capabilities(self, lang: str) -> Capabilities:
        """Return what the model that serves `lang` ("auto" or one of `languages`) can do."""

    def open(self, params: StreamParams) -> Any:
        """Return the state of a new stream.

        Raises:
            NotSupportedError: when the model cannot serve `params`; see `Capabilities.check`.
        """

    def prepare(self, turn: Turn) -> Turn:
        """Compute what a turn costs in any batch; return the turn for `advance`, in this process.

        It says where it is worthwhile: `Capabilities.batching` is `Batching.DECODER`. What `turn`
        has is what is decoded, however late `advance` is called; of it, only `spare` may be another
        by then.
        """

    def advance(self, turns: Sequence[Turn]) -> list[Outcome]:
        """Take one turn for each of some streams, together where that is cheaper.

        Returns one outcome for each turn, in order. It depends on nothing but the turns: the same
        turns give the same outcomes in any worker.

        Raises:
            StateLostError: a sticky recogniser has nothing to go on with; nothing was advanced.
        """

    def forget(self, states: Sequence[Any]) -> None:
        """Drop whatever is cached in this process for streams that ended (may be nothing)."""


def inner(turn: Turn) -> Turn:
    """Return a turn for a recogniser inside another one, whose state is in the other's: its
    attribute `state`."""
    made = turn.prepared or replace(turn, state=turn.state.state)
    return replace(made, spare=turn.spare)


class StateLostError(RuntimeError):
    """What a recogniser keeps of a stream is not in this process: the turn needs older audio."""
