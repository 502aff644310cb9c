"""The offers of a recognition that other servers can resume, too: sealed tokens and finals."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from liusheng.protocol import asr
from liusheng.protocol.asr_recognition import RecognitionState
from liusheng.runtime.recognition.checkpoint import StreamCheckpoint
from liusheng.server.audio_input import BEGINNING, InputPlace
from liusheng.server.config.resume import ResumeSettings
from liusheng.server.websocket.resume_tokens import (
    MAX_FINALS_CHARS,
    MAX_TOKEN_CHARS,
    TokenContent,
    seal_final,
    seal_token,
)
from liusheng.server.websocket.sealing import Sealer


class OfferedRecognition(Protocol):
    """What a token is made of."""

    client: str
    secret: str

    @property
    def state(self) -> RecognitionState: ...
    @property
    def checkpoint(self) -> StreamCheckpoint | None: ...
    def place(self, sample: int) -> InputPlace | None: ...


class SealedOffers:
    """Makes a token when an utterance has become final, and when the last one grows old.

    sealer: of the recognition.
    clock: seconds since the epoch, as the other servers have them.
    finals_chars: of the finals that the client has.
    """

    def __init__(
        self,
        recognition: OfferedRecognition,
        sealer: Sealer,
        session: str,
        settings: ResumeSettings,
        clock: Callable[[], float],
        finals_chars: int = 0,
    ) -> None:
        self._recognition = recognition
        self._sealer = sealer
        self._session = session
        self._settings = settings
        self._clock = clock
        self._checkpoint: StreamCheckpoint | None = None  # of the newest token
        self._place: InputPlace | None = BEGINNING  # None: no other server can resume it
        self._renew_at = 0.0
        self._sent = 0  # finals
        self._finals_chars = finals_chars

    def current(self, finals: int) -> asr.ResumeOffer:
        """Return the newest offer, for a client that has so many finals."""
        self._go_forward()
        self._sent = min(finals, self._finals)
        return self._offer()

    def renewed(self) -> asr.ResumeOffer | None:
        """Return an offer that the client was not sent yet, if there is one."""
        recognition = self._recognition
        newer = recognition.checkpoint is not self._checkpoint and recognition.state.active
        if (newer and self._place) or self._clock() >= self._renew_at:
            return self._offer()
        return None

    def _offer(self) -> asr.ResumeOffer:
        seconds = self._settings.seconds
        self._renew_at = self._clock() + self._settings.token_seconds / 2
        self._go_forward()
        place = self._place
        if place is not None:
            finals = self._sealed()
            token = self._token(
                portable=True,
                finals=self._finals,
                place=place,
                checkpoint=self._checkpoint,
            )
            if self._finals_chars <= MAX_FINALS_CHARS and len(token) <= MAX_TOKEN_CHARS:
                self._sent = self._finals
                return asr.ResumeOffer(
                    token=token, seconds=seconds, keep_from=place.received, finals=finals
                )
        self._place = None
        return asr.ResumeOffer(token=self._token(), seconds=seconds)

    def _go_forward(self) -> None:
        """Go on to the newest checkpoint. When all audio is there, it stays where it is."""
        recognition = self._recognition
        if not recognition.state.start.bytes_per_second:
            self._place = None  # the container's decoder is here
        if self._place is None or not recognition.state.active:
            return
        checkpoint = recognition.checkpoint
        if checkpoint is not None and checkpoint is not self._checkpoint:
            self._place = recognition.place(checkpoint.audio.begin)
            self._checkpoint = checkpoint

    @property
    def _finals(self) -> int:
        """How many closed utterances with text there are at the checkpoint."""
        transcript = self._recognition.state.replies.transcript
        return transcript.place(self._checkpoint.index) if self._checkpoint else 0

    def _sealed(self) -> tuple[str, ...]:
        """Return the finals that the client does not have."""
        pieces = self._recognition.state.replies.transcript.pieces[self._sent : self._finals]
        finals = tuple(
            seal_final(self._sealer, place, utterance)
            for place, (_, utterance) in enumerate(pieces, self._sent)
        )
        self._finals_chars += sum(map(len, finals))
        return finals

    def _token(self, **more: Any) -> str:
        state = self._recognition.state
        content = TokenContent(
            client=self._recognition.client,
            expires=self._clock() + self._settings.token_seconds,
            secret=self._recognition.secret,
            start=state.start,
            model=state.model,
            **more,
        )
        return f"{self._session}.{seal_token(self._sealer, content)}"
