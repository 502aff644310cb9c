"""What a recogniser takes and gives: the one interface behind which every engine stands.

A recogniser is driven in *turns*. A turn hands it a stream's state and the audio that has come in
since the last turn, and gives back the new state and what is now known. States are values: they can
be pickled, sent to another process, kept by the caller and handed in again, so a batch that was
lost with its worker is simply sent again. Nothing here knows of sockets, processes or clocks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from liusheng.asr.capabilities import Capabilities
from liusheng.asr.types import Partial, Samples, StreamParams, Utterance


@dataclass(frozen=True)
class Turn:
    """One stream's part in a batch.

    state: what `open` or the stream's last turn gave.
    samples: the audio since the last turn; may be empty.
    last: no more audio will come: close every utterance.
    past: the audio from the last outcome's `needs` up to `samples`. A sticky recogniser asks for it
        (`StateLostError`) where the part of the state that it keeps in its process is not there.
    spare: nobody else waits for a turn, so that niceties may take their time.
    """

    state: Any
    samples: Samples
    last: bool = False
    past: Samples | None = None
    spare: bool = True


@dataclass(frozen=True)
class Outcome:
    """What a turn led to.

    state: for the stream's next turn; opaque to everyone but the recogniser.
    closed: utterances that this turn closed, in order.
    partial: the utterance still open; after the last turn its text is "".
    speaking: whether the speaker is in the middle of something (an utterance is open). A caller may
        look less often at streams that are silent.
    needs: the audio from this sample of the stream on may be asked for again (`Turn.past`); None:
        nothing will be.
    wants: so many seconds of audio later there is something to compute; None: any will do.
    heard: the audio up to this sample of the stream is what the texts tell of; None: all that came.
    held: seconds of audio that the next decode goes over again: what it costs grows with them.
    """

    state: Any
    closed: tuple[Utterance, ...]
    partial: Partial
    speaking: bool
    needs: int | None = None
    wants: float | None = None
    heard: int | None = None
    held: float = 0.0


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

    def advance(self, turns: Sequence[Turn]) -> list[Outcome]:
        """Take one turn for each of some streams, together where that is cheaper.

        Returns one outcome for each turn, in order. It depends on nothing but the turns: the same
        turns give the same outcomes in any worker.

        Raises:
            StateLostError: a sticky recogniser has nothing to go on with; nothing was advanced.
        """

    def forget(self, states: Sequence[Any]) -> None:
        """Drop whatever is cached in this process for streams that ended (may be nothing)."""


class StateLostError(RuntimeError):
    """What a recogniser keeps of a stream is not in this process: the turn needs its `past`."""
