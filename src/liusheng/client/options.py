"""Parameters of a recognition and of a synthesis, all optional; docs/protocol.md defines each.

A Liusheng server refuses what it or its model does not support (`ServerError`, code
"unsupported_field" or "not_supported_by_model"). An original server supports `name`, `nbest` and
`spk_id`, and ignores everything else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from typing_extensions import TypedDict

from liusheng.protocol.asr import ContainerFormat, SamplesFormat
from liusheng.protocol.tts import AudioFormat, AudioSampleRate


class RecognitionOptions(TypedDict, total=False):
    """Fields of the `start` of a recognition.

    name: of the audio, for the final reply; "audio" by default.
    nbest: how many alternatives at most.
    lang: "auto", the default, "zh", "en", ...
    sample_rate: of raw samples, in hertz; 16,000 by default.
    format: of the audio: raw samples, or a container.
    channels: of raw samples; 1 by default.
    hotwords: names and terms that the model should prefer.
    punctuation: whether the text has punctuation.
    itn: whether numbers are written in digits.
    word_times: whether the words have times.
    endpoint_ms: milliseconds of silence that end an utterance.
    partials: "cumulative" texts continue, "utterance" texts restart after each endpoint.
    """

    name: str
    nbest: int
    lang: str
    sample_rate: int
    format: SamplesFormat | ContainerFormat
    channels: int
    hotwords: Sequence[str]
    punctuation: bool
    itn: bool
    word_times: bool
    endpoint_ms: int
    partials: Literal["cumulative", "utterance"]


class SynthesisOptions(TypedDict, total=False):
    """Fields of a text to synthesise.

    spk_id: number of a voice; 0, the default, is the server's default voice.
    voice: name of a voice, instead of its number; None: not set.
    speed: 2.0 takes half the time; None: not set.
    volume: 1.0 is the voice's own.
    sample_rate: of the audio, in hertz; 24,000 by default.
    format: of the audio: raw samples, or a container.
    marks: whether the times of the characters are sent; see `Synthesis.marks`.
    ssml: the text is SSML; it must be one `str`.
    markup: Markdown, HTML and LaTeX are read as a person would read them aloud; by default in a
        text that is sent in parts.
    pace: seconds that the audio may be ahead of real time; by default there is no limit.
    """

    spk_id: int
    voice: str | None
    speed: float | None
    volume: float
    sample_rate: AudioSampleRate
    format: AudioFormat
    marks: bool
    ssml: bool
    markup: bool
    pace: float


@dataclass(frozen=True)
class Timeouts:
    """How long a client waits, in seconds.

    open_timeout: for each attempt to connect.
    timeout: for a reply that is due.
    retry_for: since the first attempt, for further attempts after transient errors.
    """

    open_timeout: float = 10.0
    timeout: float = 60.0
    retry_for: float = 5.0
