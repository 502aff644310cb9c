"""The responses to a complete recognition in the formats of OpenAI's API."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import msgspec

from liusheng.protocol import openai
from liusheng.protocol.subtitles import Cue, cues, srt, vtt
from liusheng.protocol.transcript import Transcript
from liusheng.protocol.utterance import UtteranceLike
from liusheng.server.http.exchange import JSON
from liusheng.server.recognition_task import RecognitionTask

TranscriptTask = Literal["transcribe", "translate"]
SRT, VTT, TEXT = (
    f"{media}; charset=utf-8" for media in ("application/x-subrip", "text/vtt", "text/plain")
)
ANSWERS: dict[str, tuple[type[msgspec.Struct], ...]] = {
    JSON: (openai.Transcription, openai.VerboseTranscription),
    **{each.partition(";")[0]: () for each in (TEXT, SRT, VTT)},
}
"""For the API's description."""


def response(
    recognised: RecognitionTask,
    response_format: openai.TranscriptFormat,
    task: TranscriptTask,
    granularities: Sequence[str],
) -> tuple[bytes, str]:
    """Return the body and the media type of the response to a complete recognition.

    The subtitles of an hour of speech take half a second to cut: not on the event loop.
    """
    transcript = recognised.transcript
    text = transcript.view.result
    if response_format == "text":
        return f"{text}\n".encode(), TEXT
    if response_format == "srt":
        return srt(_cues(transcript)).encode(), SRT
    if response_format == "vtt":
        return vtt(_cues(transcript)).encode(), VTT
    usage = openai.Duration(seconds=round(recognised.seconds, 3))
    if response_format == "json":
        return msgspec.json.encode(openai.Transcription(text=text, usage=usage)), JSON
    verbose = openai.VerboseTranscription(
        task=task,
        language=recognised.utterances[0].lang if recognised.utterances else "",
        duration=usage.seconds,
        text=text,
        segments=_segments(transcript.pieces) if "segment" in granularities else None,
        words=tuple(
            openai.Word(word=each.w, start=each.bg, end=each.ed) for each in transcript.times()
        )
        if "word" in granularities
        else None,
        usage=usage,
    )
    return msgspec.json.encode(verbose), JSON


def _cues(transcript: Transcript) -> list[Cue]:
    tokens = [(token.w, token.bg, token.ed) for token in transcript.times()]
    return cues(transcript.view.result, tokens)


def _segments(pieces: Sequence[tuple[str, UtteranceLike]]) -> tuple[openai.Segment, ...]:
    return tuple(
        openai.Segment(
            id=number,
            start=round(utterance.start, 3),
            end=round(utterance.end, 3),
            text=piece.strip(),
        )
        for number, (piece, utterance) in enumerate(pieces)
    )
