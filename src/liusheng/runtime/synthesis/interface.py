"""What sessions and requests use of synthesis, whichever process has its workers."""

from __future__ import annotations

from typing import Protocol

from liusheng.runtime.claim import Claim
from liusheng.runtime.synthesis.encoding import AudioOutput
from liusheng.runtime.synthesis.speech import Speech
from liusheng.tts.types import SpeechRequest, Voice


class SpeechMaker(Protocol):
    """Makes speeches: `SynthesisService`, or one that has another process make them."""

    @property
    def voices(self) -> tuple[Voice, ...]:
        """The voices that can be requested; the first is the default."""

    @property
    def queues(self) -> bool:
        """Whether a speech may wait for its place: `wait_for_room`, then `speak`."""

    async def wait_for_room(self, voice: str = "") -> None:
        """Wait, as long as the options say, until there is room for a speech in this voice.

        Raises:
            BusyError: there is none.
        """

    def speak(
        self,
        request: SpeechRequest,
        output: AudioOutput | None = None,
        *,
        more: bool = False,
        claim: Claim | None = None,
    ) -> Speech:
        """Start a speech.

        output: by default 16-bit PCM at 24 kHz.
        more: the text is not complete; `Speech.extend` adds to it.
        claim: of the client's connection to a place; another process does not know it, and has each
            speech claim for itself.

        Raises:
            BusyError: there is no room for it. The speech may also end with it.
        """
