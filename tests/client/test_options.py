from __future__ import annotations

from typing import get_type_hints

from liusheng.client import RecognitionOptions, SynthesisOptions
from liusheng.protocol import asr, tts


def test_every_field_of_the_protocol_is_an_option() -> None:
    """Resuming is the client's own affair, and so is how texts are cut and encoded."""
    recognition = {*asr.Start.__struct_fields__} - {"resumable"}
    assert set(get_type_hints(RecognitionOptions)) == recognition
    synthesis = {*tts.TextPart.__struct_fields__} - {"text", "encoding", "more"}
    assert set(get_type_hints(SynthesisOptions)) == synthesis
