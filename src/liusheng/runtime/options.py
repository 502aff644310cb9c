"""How work is spread over processes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from liusheng.models.devices import Device


@dataclass(frozen=True)
class PoolOptions:
    """Of one pool of worker processes.

    workers: how many processes.
    share: fork them, where the system can, from one that has loaded the models, so that they share
        its memory; otherwise each holds its own copy.
    threads: of each process for computing; more than one rarely pays.
    call_timeout: seconds after which a worker that does not answer is taken for hung and replaced.
    start_timeout: seconds that loading the models may take.
    nice: added to the workers' niceness (0 to 19), so that they give way to what has less.
    """

    workers: int = 1
    threads: int = 1
    call_timeout: float = 60.0
    start_timeout: float = 300.0
    nice: int = 0
    share: bool = False


@dataclass(frozen=True)
class RecognitionServiceOptions:
    """Of the live recognition of many streams.

    batch: windows that one call to a worker takes at most; of streams of online models, four times
        as many.
    max_batch_seconds: that a call of several streams is expected to take at most: so long an
        urgent turn may have to wait.
    step: seconds of new audio after which a stream is due for a turn, where its model decodes it
        step by step (an online model), or speech has not been detected in it.
    max_turn: seconds of audio that one turn takes at most, so that one stream's backlog does not
        delay the others.
    backlog_turn: the same for audio that came faster than it was spoken (see
        `liusheng.runtime.recognition.backlog`), in one utterance or several.
    max_backlog_lag: seconds that the longest waiting upload has waited for a turn, above which no
        more uploads are admitted.
    max_queued: seconds of audio of one stream that no turn has taken, above which its socket is
        read slowly.
    max_streams: at once.
    queue_seconds: for which a client waits for a place, where it would be refused.
    max_interval: seconds between two decodes of one speaker's open utterance, above which no more
        streams are admitted: what they would come to with one more, as measured.
    max_lag: seconds that the longest waiting stream has waited for a turn, above which no more are
        admitted.
    """

    batch: int = 8
    max_batch_seconds: float = 0.3
    step: float = 0.4
    max_turn: float = 20.0
    backlog_turn: float = 5.0
    max_backlog_lag: float = 60.0
    max_queued: float = 30.0
    max_streams: int = 128
    queue_seconds: float = 0.0
    max_interval: float = 10.0
    max_lag: float = 10.0


@dataclass(frozen=True)
class SynthesisServiceOptions:
    """Of the synthesis for many clients.

    ahead: seconds of audio made but not taken, above which a synthesis rests.
    max_speeches: under way at once.
    queue_seconds: for which a client waits for a place, where it would be refused.
    flush_after: seconds without more of a text that is not whole, after which the part of
        it that is complete enough is synthesised; 0: never.
    lexicon: file of the user's words (see `liusheng.tts.text.UserLexicon`).
    device: that the voices compute on.
    """

    ahead: float = 1.5
    max_speeches: int = 128
    queue_seconds: float = 0.0
    flush_after: float = 0.8
    lexicon: Path | None = None
    device: Device = "cpu"
