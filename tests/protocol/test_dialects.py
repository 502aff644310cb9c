"""The dialects, message by message."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from liusheng.protocol.dialects import CppRuntime, SpeechWebTts


class TestCppRuntime:
    @given(st.text())
    def test_the_client_sends_what_original_clients_send(self, frame: str) -> None:
        assert CppRuntime().to_session(frame) == [frame]

    def test_a_reply_has_a_type(self) -> None:
        dialect = CppRuntime()
        ready = {"status": "ok", "signal": "server_ready", "session": "1"}
        assert dialect.to_client(ready) == [{"status": "ok", "type": "server_ready"}]
        assert dialect.to_client({"result": "你"}) == [
            {"status": "ok", "type": "partial_result", "result": "你"}
        ]
        assert dialect.to_client({"status": "ok", "signal": "finished", "result": "你好"}) == [
            {"status": "ok", "type": "final_result", "result": "你好"},
            {"status": "ok", "type": "speech_end"},
        ]

    def test_an_error_failed(self) -> None:
        error = {"status": "error", "code": "not_started", "message": "Start.", "result": ""}
        assert CppRuntime().to_client(error) == [{"status": "failed", "message": "Start."}]


class TestSpeechWeb:
    @given(st.lists(st.text(), min_size=1))
    def test_only_the_first_text_starts_a_session(self, texts: list[str]) -> None:
        dialect = SpeechWebTts()
        frames = [json.loads(frame) for text in texts for frame in dialect.to_session(text)]
        assert frames[0] == {"task": "tts", "signal": "start"}
        assert frames[1:] == [{"text": text} for text in texts]

    def test_audio_is_a_wav_field(self) -> None:
        dialect = SpeechWebTts()
        assert dialect.to_client({"status": 1, "audio": "AAA="}) == [{"wav": "AAA=", "done": False}]
        assert dialect.to_client({"status": 2, "audio": ""}) == [{"wav": "", "done": True}]

    def test_the_page_has_no_other_messages(self) -> None:
        dialect = SpeechWebTts()
        assert dialect.to_client({"status": 0, "signal": "server ready", "session": "1"}) == []
        assert dialect.to_client({"status": -1, "code": "empty_text", "message": "Empty."}) == []
