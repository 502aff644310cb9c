"""Fuzz the state machines of the protocols, led by which lines of theirs an input reaches.

    pip install --target /tmp/atheris atheris
    PYTHONPATH=/tmp/atheris python tools/fuzz_protocol.py asr -max_total_time=600
    PYTHONPATH=/tmp/atheris python tools/fuzz_protocol.py asr crash-...    # once more

The first argument is a protocol: asr, tts, realtime, deepgram, twilio or wyoming; what follows is
for libFuzzer. An input is a connection: each line is a frame, a binary one if it begins with "#".
Recognitions say something and end as soon as they are told to. No frame may make a session raise,
nor send anything after its close.

The parser of JSON is not written in Python, so its lines lead nowhere. Therefore most
changes of an input are changes of its messages, with names from the sources of the protocol; the
others are libFuzzer's, of bytes. The first input of every protocol is a dialogue that is right.
"""

from __future__ import annotations

import contextlib
import json
import random
import re
import sys
import tempfile
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import atheris

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

with atheris.instrument_imports(include=["liusheng.protocol"]):
    from liusheng.protocol import asr, deepgram
    from liusheng.protocol.asr_commands import Finish, Open
    from liusheng.protocol.asr_session import ASRSession
    from liusheng.protocol.deepgram_session import DeepgramSession
    from liusheng.protocol.outbox import Close
    from liusheng.protocol.realtime_session import RealtimeSession
    from liusheng.protocol.recognition_commands import EndRecognition
    from liusheng.protocol.tts_commands import StartText
    from liusheng.protocol.tts_session import TTSSession
    from liusheng.protocol.twilio_session import TwilioSession
    from liusheng.protocol.wyoming_session import WyomingSession

from liusheng.asr.types import Utterance  # noqa: E402
from tests.support.able import Able  # noqa: E402

SAID = Utterance(0, "你好 there", (), "zh", 0.0, 1.0)
LANGUAGES = ("zh", "en")
VALUES: list[Any] = [
    None,
    True,
    False,
    0,
    1,
    -1,
    0.5,
    2.0,
    1e300,
    "",
    "a",
    "你。",
    "zh",
    "AAAA",
    [],
    {},
    [{}],
]
VOICES = {"mei": ("zh",), "amy": ("en",)}


def _ids() -> Callable[[], str]:
    numbers = count()
    return lambda: f"id{next(numbers)}"


def _asr() -> Any:
    limits = asr.Limits(
        idle_seconds=60, max_packet_bytes=4_000, max_queued_seconds=30, max_session_seconds=1
    )
    return ASRSession(languages=set(LANGUAGES), limits=limits, new_id=_ids())


def _tts() -> Any:
    return TTSSession(voices={0: "mei", 1: "amy"}, max_text_chars=50, new_id=_ids())


def _realtime() -> Any:
    return RealtimeSession(support=Able(), max_append_bytes=1_000, max_seconds=1, new_id=_ids())


def _deepgram() -> Any:
    asked = deepgram.listen_query([("encoding", "linear16"), ("sample_rate", "16000")])
    return DeepgramSession(
        asked,
        deepgram.start_for(asked, "zh"),
        model="m",
        version="1",
        created="now",
        max_packet_bytes=1_000,
        max_seconds=1,
    )


def _twilio() -> Any:
    return TwilioSession(
        languages=list(LANGUAGES), voices=VOICES, max_packet_bytes=1_000, max_seconds=1
    )


def _wyoming() -> Any:
    return WyomingSession(
        info={"asr": []}, languages=list(LANGUAGES), voices=VOICES, max_packet_bytes=1_000
    )


DIALOGUES: dict[str, tuple[Callable[[], Any], list[str]]] = {
    "asr": (
        _asr,
        ['{"name": "a", "signal": "start", "nbest": 1}', "#abcd", '{"name": "a", "signal": "end"}'],
    ),
    "tts": (
        _tts,
        [
            '{"task": "tts", "signal": "start"}',
            '{"text": "a", "spk_id": 0, "more": true}',
            '{"text": "b", "spk_id": 0}',
            '{"signal": "cancel"}',
            '{"task": "tts", "signal": "end", "session": "id0"}',
        ],
    ),
    "realtime": (
        _realtime,
        [
            '{"type": "session.update", "session": {"audio": {"input": {"turn_detection": null}}}}',
            '{"type": "input_audio_buffer.append", "audio": "AAAA"}',
            '{"type": "input_audio_buffer.commit"}',
            '{"type": "conversation.item.create", "item": {"type": "message", "role": "user", '
            '"content": [{"type": "input_text", "text": "a"}]}}',
            '{"type": "response.create", "response": {}}',
        ],
    ),
    "deepgram": (
        _deepgram,
        ["#abcd", '{"type": "KeepAlive"}', '{"type": "Finalize"}', '{"type": "CloseStream"}'],
    ),
    "twilio": (
        _twilio,
        [
            '{"event": "start", "streamSid": "S", "start": {"customParameters": {"lang": "en"}}}',
            '{"event": "media", "media": {"payload": "AAAA"}}',
            '{"event": "speak", "text": "a", "more": true}',
            '{"event": "stop"}',
        ],
    ),
    "wyoming": (
        _wyoming,
        [
            '#{"type": "transcribe", "data": {"language": "en"}}',
            '#{"type": "audio-start", "data": {"rate": 16000, "width": 2, "channels": 1}}',
            '#{"type": "audio-stop"}',
            '#{"type": "synthesize", "data": {"text": "a", "voice": {"name": "mei"}}}',
        ],
    ),
}


def _answer(session: Any) -> None:
    """Do what a session wants done, as an engine that is never late."""
    while commands := list(session.commands()):
        for command in commands:
            if isinstance(command, Open):
                session.opened("model")
            elif isinstance(command, Finish):
                session.updated([SAID], 1, "", 0)
                session.finished()
            elif isinstance(command, EndRecognition):
                session.updated(command.number, [SAID], 1, "", 0)
                session.finished(command.number)
            elif isinstance(command, StartText):
                session.audio(command.number, b"\0\0")
                session.finished(command.number)


def connection(session: Any, data: bytes) -> None:
    """Send the frames of an input to a session, and take what it sends."""
    closed = False
    for line in data.split(b"\n"):
        if line.startswith(b"#"):
            # Where lines separate messages, as in Wyoming, each needs its end.
            session.bytes_received(line[1:] + b"\n" * isinstance(session, WyomingSession))
            while session.has_more:
                session.go_on()
        elif not isinstance(session, WyomingSession):
            session.text_received(line.decode("utf-8", "replace"))
        _answer(session)
        while (message := session.next_message()) is not None:
            assert not closed, "something is sent after the close"
            closed = isinstance(message, Close)
        if closed:
            return


def _names(protocol: str) -> list[str]:
    """All names and words that the sources of a protocol have in quotes or as fields."""
    names = set()
    for source in (ROOT / "src" / "liusheng" / "protocol").glob(f"{protocol}*.py"):
        text = source.read_text("utf-8")
        names |= set(re.findall(r'(?<![\w"])"([\w.-]{2,40})"', text))
        names |= set(re.findall(r"^    (\w{2,30}): ", text, re.MULTILINE))
    return sorted(names)


def _objects(value: Any) -> list[dict[str, Any]]:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    found = [each for one in inner for each in _objects(one)]
    return [value, *found] if isinstance(value, dict) else found


def _changed(line: bytes, names: list[str], chance: random.Random) -> bytes:
    """Change a field of a message. Raises ValueError: the line is none."""
    message = json.loads(line.removeprefix(b"#"))
    objects = _objects(message)
    if not objects:
        raise ValueError("no object")
    changed = chance.choice(objects)
    if changed and chance.random() < 0.2:
        del changed[chance.choice(sorted(changed))]
    else:
        name = chance.choice(sorted(changed) if changed and chance.random() < 0.3 else names)
        changed[name] = chance.choice([*VALUES, chance.choice(names)])
    binary = b"#" * line.startswith(b"#")
    return binary + json.dumps(message, ensure_ascii=False).encode("utf-8", "replace")


def mutator(names: list[str]) -> Callable[[bytes, int, int], bytes]:
    """What libFuzzer calls for another input: with one, its largest size, and a seed."""

    def mutate(data: bytes, max_size: int, seed: int) -> bytes:
        chance = random.Random(seed)
        lines = data.split(b"\n")
        for _ in range(chance.randrange(4)):
            at = chance.randrange(len(lines))
            kind = chance.randrange(8)
            if kind == 0:
                lines.insert(at, chance.choice(lines))
            elif kind == 1:
                del lines[at : at + (len(lines) > 1)]
            elif kind == 2:
                lines[at : at + 2] = reversed(lines[at : at + 2])
            else:
                with contextlib.suppress(ValueError, RecursionError):
                    lines[at] = _changed(lines[at], names, chance)
        new = b"\n".join(lines)
        if new == data or len(new) > max_size:
            return bytes(atheris.Mutate(data, max_size))
        return new

    return mutate


@contextlib.contextmanager
def _first_input(dialogue: list[str]) -> Iterator[str]:
    """Give a folder with a first input."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "dialogue").write_text("\n".join(dialogue), encoding="utf-8")
        yield folder


def main() -> None:
    """Fuzz until the time is over, or something is found."""
    protocol, *options = sys.argv[1:]
    make, dialogue = DIALOGUES[protocol]
    with _first_input(dialogue) as folder:
        again = any(not each.startswith("-") for each in options)
        atheris.Setup(
            [
                sys.argv[0],
                "-len_control=0",
                "-max_len=2000",
                *options,
                *([] if again else [folder]),
            ],
            lambda data: connection(make(), data),
            custom_mutator=mutator(_names(protocol)),
        )
        atheris.Fuzz()


if __name__ == "__main__":
    main()
