"""Parameters of a recognition and of a synthesis, all optional; docs/protocol.md defines each.

A Liusheng server refuses what it or its model does not support (`ServerError`, code
"unsupported_field" or "not_supported_by_model"). An original server supports `name`, `nbest` and
`spk_id`, and ignores everything else.
"""

from __future__ import annotations

import os
import ssl
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from typing_extensions import TypedDict

from liusheng.protocol.asr import ContainerFormat, SamplesFormat
from liusheng.protocol.tts import AudioFormat, AudioSampleRate

API_KEY_VARIABLE = "LIUSHENG_API_KEY"
"""The environment variable with the key that clients send unless they are given one."""


class RecognitionOptions(TypedDict, total=False):
    """Fields of the `start` of a recognition.

    name: of the audio, for the final reply; "audio" by default.
    nbest: how many alternatives at most.
    lang: "auto", the default, "zh", "en", ...
    languages: that "auto" chooses from; by default the server's choice.
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
    languages: Sequence[str]
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
class TransportOptions:
    """How a client connects; times are in seconds.

    open_timeout: for each attempt to connect.
    timeout: for a reply that is due.
    retry_for: since the first attempt, for further attempts after transient errors.
    api_key: that the server needs; "": none is sent.
    tls: for wss: and https: addresses; None: the authorities that the system trusts.
    resume_for: since the connection of a recognition broke, for attempts to resume it; 0: none.
    keep_seconds: of audio that a recognition keeps to send it again.
    """

    open_timeout: float = 10.0
    timeout: float = 60.0
    retry_for: float = 5.0
    api_key: str = field(default="", repr=False)
    tls: ssl.SSLContext | None = None
    resume_for: float = 30.0
    keep_seconds: float = 600.0

    def __post_init__(self) -> None:
        """Raise ValueError, which does not show the key, if it cannot be sent."""
        if not all("!" <= c <= "~" for c in self.api_key):
            raise ValueError("the API key has a character that no key has: was it copied whole?")

    @property
    def headers(self) -> dict[str, str]:
        """The headers of every request."""
        return {"Authorization": f"Bearer {self.api_key}"} if self.api_key else {}


def transport_options(
    open_timeout: float,
    timeout: float,
    retry_for: float,
    api_key: str | None,
    ca_file: str | os.PathLike[str] | None,
    resume_for: float,
    keep_seconds: float,
) -> TransportOptions:
    """Return the options that a caller of `connect` chose.

    Raises:
        ValueError: the key cannot be one, or the file has no certificates.
        OSError: the file cannot be read.
    """
    key = os.environ.get(API_KEY_VARIABLE, "") if api_key is None else api_key
    tls = _trusting(ca_file) if ca_file else None
    return TransportOptions(
        open_timeout, timeout, retry_for, key.strip(), tls, resume_for, keep_seconds
    )


def _trusting(ca_file: str | os.PathLike[str]) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=ca_file)
    except ssl.SSLError as error:
        raise ValueError(f"{ca_file} has no certificates of authorities (PEM)") from error
