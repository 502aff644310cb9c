"""What a recognition and a synthesis can be asked for; every field is optional.

The protocol's document says what each means. A Liusheng server refuses what it or its model cannot
serve (`ServerError`, code "unsupported_field" or "not_supported_by_model"); an original server
knows `name`, `nbest` and `spk_id` only, and ignores everything else without a word.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from typing_extensions import TypedDict


class RecognitionOptions(TypedDict, total=False):
    """Fields of the `start` of a recognition.

    name: of the audio, for the server's logs and the final reply; "audio" without it.
    nbest: how many alternatives.
    lang: "auto", the default, "zh", "en", ...
    sample_rate: of the audio, in hertz; 16,000 without it.
    format: of the audio: raw samples, or a container whose bytes are sent as they come.
    channels: of the audio; 1 without it.
    hotwords: names and terms that may come.
    punctuation: whether there are marks in the text.
    itn: whether numbers are written in digits.
    word_times: whether the words' places are found.
    endpoint_ms: milliseconds of silence that end an utterance.
    partials: "cumulative" texts go on, "utterance" texts restart after each endpoint.
    """

    name: str
    nbest: int
    lang: str
    sample_rate: int
    format: Literal[
        "pcm_s16le", "pcm_f32le", "pcm_mulaw", "pcm_alaw", "wav", "flac", "mp3", "ogg_opus",
        "webm_opus",
    ]  # fmt: skip
    channels: int
    hotwords: Sequence[str]
    punctuation: bool
    itn: bool
    word_times: bool
    endpoint_ms: int
    partials: Literal["cumulative", "utterance"]


class SynthesisOptions(TypedDict, total=False):
    """Fields of a text to be said.

    spk_id: number of a voice; 0, the default, is the server's choice.
    voice: name of a voice, instead of its number; None is as if it were not there.
    speed: 2.0 takes half the time; None is as if it were not there.
    volume: 1.0 is the voice's own.
    sample_rate: of the audio, in hertz; 24,000 without it.
    format: of the audio: samples, or a stream in a container.
    marks: whether it is told when which characters are said; see `Synthesis.marks`.
    ssml: the text is SSML; it must be whole, a `str`.
    pace: seconds that the audio may be ahead of real time; without it, it comes as it is made.
    """

    spk_id: int
    voice: str | None
    speed: float | None
    volume: float
    sample_rate: Literal[8_000, 16_000, 24_000, 48_000]
    format: Literal["pcm_s16le", "wav", "mp3", "ogg_opus"]
    marks: bool
    ssml: bool
    pace: float


@dataclass(frozen=True)
class Patience:
    """How long a client waits, in seconds.

    open_timeout: for connecting, each time it is tried.
    timeout: for an answer that is due.
    retry_for: since the first try, before what is safe to try again is given up.
    """

    open_timeout: float = 10.0
    timeout: float = 60.0
    retry_for: float = 5.0
