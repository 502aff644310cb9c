"""The client module against a server that is played by hand, frame by frame."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

import liusheng

pytestmark = pytest.mark.slow

TYPES = Path(liusheng.__file__).parent / "web" / "liusheng" / "liusheng.d.ts"


def run(page: Page, script: str) -> Any:
    return page.evaluate(
        "async () => { const { Liusheng } = await import('/liusheng/liusheng.js');"
        "const server = new Liusheng(); const wait = (ms) => new Promise((r) => setTimeout(r, ms));"
        f"{script} }}"
    )


SPEAK = """
  const texts = []; const states = [];
  const recognition = server.recognize({
    lang: "zh",
    onUpdate: ({ result }) => texts.push(result),
    onConnection: ({ state }) => states.push(state),
  });
  for (let i = 0; i < 4; i += 1) recognition.send(new Int16Array(1360).fill(i));
  const final = await recognition.finish().catch(({ code, message }) => ({ code, message }));
  return { texts, states, final, model: recognition.model, seconds: recognition.seconds };
"""


def recognise(number: int, socket: Any, frame: Any) -> None:
    """Answer as a server does."""
    if isinstance(frame, bytes):
        socket.reply("听" * (frame[0] + 1))
    elif frame["signal"] == "start":
        socket.send(status="ok", signal="server_ready", model="m", session="s")
    else:
        final = {"result": "听" * 4 + "。", "times": [], "is_final": True}
        socket.send(status="ok", signal="finished", **final)


def test_a_recognition_as_the_protocol_has_it(module_page: Page, peer: Any) -> None:
    far = peer(module_page, "asr")
    far.answer = recognise
    result = run(module_page, SPEAK)
    start, *packets, end = far.frames[0]
    parameters = {"name": "browser", "nbest": 1, "lang": "zh", "resumable": True}
    assert start == {"signal": "start", **parameters}
    assert [(len(packet), packet[0]) for packet in packets] == [(2720, i) for i in range(4)]
    assert end == {"name": "browser", "signal": "end", "nbest": 1}
    assert result["texts"] == ["听", "听听", "听听听", "听听听听", "听听听听。"]
    assert result["final"]["result"] == "听听听听。"
    assert (result["model"], result["seconds"]) == ("m", 0.34)
    assert result["states"] == ["connecting", "open", "closed"]


def test_a_broken_recognition_is_repeated_and_shown_once(module_page: Page, peer: Any) -> None:
    far = peer(module_page, "asr")

    def answer(number: int, socket: Any, frame: Any) -> None:
        if number == 0 and isinstance(frame, bytes) and frame[0] == 2:
            socket.close(code=1001)
        else:
            recognise(number, socket, frame)

    far.answer = answer
    result = run(module_page, SPEAK)
    again = [frame[0] for frame in far.frames[1] if isinstance(frame, bytes)]
    assert again == [0, 1, 2, 3], "all that was said, in order"
    assert far.frames[1][-1]["signal"] == "end"
    lengths = [len(text) for text in result["texts"]]
    assert lengths == sorted(lengths), "the screen never goes back"
    assert result["final"]["result"] == "听听听听。"
    assert result["states"] == [
        "connecting",
        "open",
        "reconnecting",
        "connecting",
        "open",
        "resumed",
        "closed",
    ]


OFFER = {"token": "secret", "seconds": 30}


class Resuming:
    """Answers as a server that keeps recognitions; breaks once, at the packet `breaks`.

    resumed: answers the second start, if that resumes; None: it is not known.
    """

    def __init__(self, breaks: int, resumed: dict[str, Any] | None) -> None:
        self.breaks = breaks
        self.resumed = resumed
        self.starts: list[dict[str, Any]] = []

    def __call__(self, number: int, socket: Any, frame: Any) -> None:
        if isinstance(frame, bytes):
            if number == 0 and frame[0] == self.breaks:
                socket.close(code=1011)
                return
            text = "听" * (frame[0] + 1)
            final = frame[0] == 1 and number == 0
            extra = {"final_until": 0.17 if final else 0.0}
            socket.send(result=text, stable=text, utterance=0, is_final=final, **extra)
        elif frame["signal"] == "end":
            recognise(number, socket, frame)
        else:
            self.starts.append(frame)
            ready = {"status": "ok", "signal": "server_ready", "model": "m", "session": "s"}
            if "resume" not in frame:
                socket.send(**ready, resume=OFFER)
            elif self.resumed is None:
                socket.send(status="error", code="unknown_session", message="")
            else:
                socket.send(**ready, resume=OFFER, resumed=self.resumed)
                if self.resumed["ended"]:
                    recognise(number, socket, {"signal": "end"})


def packets(frames: list[Any]) -> list[int]:
    return [frame[0] for frame in frames if isinstance(frame, bytes)]


def test_a_broken_recognition_is_resumed(module_page: Page, peer: Any) -> None:
    far = peer(module_page, "asr")
    reply = {"result": "听听听", "stable": "", "utterance": 1, "is_final": False}
    far.answer = Resuming(3, {"received": 3 * 2720, "ended": False, "replies": [reply]})
    result = run(module_page, SPEAK)
    assert far.answer.starts[1] == {
        "signal": "start",
        "resume": "secret",
        "from_utterance": 0,
        "finals": [],
    }
    assert packets(far.frames[1]) == [3], "what the server has is not sent again"
    assert result["texts"] == ["听", "听听", "听听听", "听听听", "听听听听", "听听听听。"]
    assert result["states"] == [
        "connecting", "open", "reconnecting", "connecting", "open", "resumed", "closed",
    ]  # fmt: skip


def test_a_final_that_was_lost_is_received(module_page: Page, peer: Any) -> None:
    far = peer(module_page, "asr")
    far.answer = Resuming(3, {"received": 4 * 2720, "ended": True, "replies": []})
    result = run(module_page, SPEAK)
    assert len(far.frames[1]) == 1, "neither audio nor end is sent again"
    assert result["final"]["result"] == "听听听听。"


def test_a_recognition_that_the_server_lost_goes_on_after_its_last_final_utterance(
    module_page: Page, peer: Any
) -> None:
    far = peer(module_page, "asr")
    far.answer = Resuming(3, None)
    result = run(module_page, SPEAK)
    assert far.answer.starts[2]["resumable"] is True
    assert packets(far.frames[1]) == [2, 3], "0.17 s are final: two packets"
    # The new server counts again from the third packet; ours shows the whole.
    assert result["texts"] == [
        "听",
        "听听",
        "听听听",
        "听听听听听",
        "听听听听听听",
        "听" * 6 + "。",
    ]
    assert result["final"]["result"] == "听听" + "听听听听。"


def test_a_connection_that_is_dead_is_left(module_page: Page, peer: Any) -> None:
    far = peer(module_page, "asr")
    answer = Resuming(9, {"received": 2 * 2720, "ended": False, "replies": []})

    def silent(number: int, socket: Any, frame: Any) -> None:
        dead = frame[0] >= 2 if isinstance(frame, bytes) else frame["signal"] == "end"
        if number or not dead:
            answer(number, socket, frame)

    far.answer = silent
    script = (
        "const later = setTimeout;"
        "globalThis.setTimeout = (f, ms) => later(f, ms === 20000 ? 500 : ms);"
    )
    result = run(module_page, script + SPEAK)
    assert packets(far.frames[1]) == [2, 3]
    assert result["final"]["result"] == "听听听听。"


def test_a_server_that_stops_is_waited_for(module_page: Page, peer: Any) -> None:
    far = peer(module_page, "asr")

    def answer(number: int, socket: Any, frame: Any) -> None:
        if number == 0:
            socket.send(status="error", code="server_stopping", message="")
            socket.close(code=1001)
        else:
            recognise(number, socket, frame)

    far.answer = answer
    assert run(module_page, SPEAK)["final"]["result"] == "听听听听。"


def test_an_error_ends_a_recognition(module_page: Page, peer: Any) -> None:
    far = peer(module_page, "asr")

    def answer(_: int, socket: Any, __: Any) -> None:
        socket.send(status="error", code="server_busy", message="Try again later.")
        socket.close(code=1013)

    far.answer = answer
    assert run(module_page, SPEAK)["final"] == {
        "code": "server_busy",
        "message": "Try again later.",
    }
    assert len(far.sockets) == 1


def test_a_server_that_is_not_there_is_given_up(
    module_page: Page, peer: Any, console_errors: list[str]
) -> None:
    peer(module_page, "asr").answer = lambda _, socket, __: socket.close(code=1011)
    # Pauses are cut short: what is tested is that there is an end.
    script = (
        "const later = setTimeout; globalThis.setTimeout = (f, ms) => later(f, ms / 100);" + SPEAK
    )
    final = run(module_page, script)["final"]
    assert final["code"] == "connection_lost"
    assert "127.0.0.1" in final["message"]
    # The reason of a refused handshake is requested over HTTP, which the test server answers so.
    assert all("404" in each for each in console_errors)
    console_errors.clear()


def test_audio_that_is_no_longer_needed_is_dropped(module_page: Page, peer: Any) -> None:
    far = peer(module_page, "asr")

    def answer(number: int, socket: Any, frame: Any) -> None:
        if isinstance(frame, bytes) and frame[0] == 3:
            socket.close(code=1011)
        else:
            recognise(number, socket, frame)

    far.answer = answer
    final = run(module_page, SPEAK.replace('lang: "zh"', 'lang: "zh", keepSeconds: 0.1'))["final"]
    assert final["code"] == "connection_lost"
    assert len(far.sockets) == 1


def test_an_original_server_sends_no_stable_text(module_page: Page, peer: Any) -> None:
    far = peer(module_page, "asr")

    def answer(_: int, socket: Any, frame: Any) -> None:
        if isinstance(frame, bytes):
            socket.send(result="听")
        elif frame["signal"] == "start":
            socket.send(status="ok", signal="server_ready")
        else:
            socket.send(status="ok", signal="finished", result="听", times=[])

    far.answer = answer
    updates = run(
        module_page,
        """const updates = []; const r = server.recognize({ onUpdate: (u) => updates.push(u) });
        r.send(new Int16Array(10)); await r.finish(); return updates;""",
    )
    assert updates[0] == {"result": "听", "stable": "", "is_final": False, "utterance": 0}


# Synthesis

SAY = """
  const synthesizer = server.synthesizer();
  const hear = async (speech) => {
    const heard = [];
    try {
      for await (const pcm of speech) heard.push(...pcm);
      return { heard, cancelled: speech.cancelled, first: speech.firstPacket !== null };
    } catch ({ code }) {
      return { heard, code };
    }
  };
"""


def say(number: int, socket: Any, frame: Any) -> None:
    """Answer as a server does: each text is as many samples as it has characters."""
    if frame.get("signal") == "start":
        socket.send(status=0, signal="server ready", session="s")
    elif "text" in frame:
        for i in range(len(frame["text"])):
            socket.audio(i, -i)
        socket.send(status=2, audio="")


def test_texts_are_played_in_order(module_page: Page, peer: Any) -> None:
    far = peer(module_page, "tts")
    far.answer = say
    result = run(
        module_page,
        SAY
        + """const first = synthesizer.speak("ab", { voice: "v", speed: 1.5 });
        return Promise.all([first, synthesizer.speak("c")].map(hear));""",
    )
    assert far.frames[0] == [
        {"task": "tts", "signal": "start"},
        {"text": "ab", "voice": "v", "speed": 1.5},
        {"text": "c"},
    ]
    assert [each["heard"] for each in result] == [[0, 0, 1, -1], [0, 0]]
    assert all(each["first"] and not each["cancelled"] for each in result)


def test_what_was_not_read_is_known_at_the_end(module_page: Page, peer: Any) -> None:
    def answer(number: int, socket: Any, frame: Any) -> None:
        if "text" not in frame:
            say(number, socket, frame)
            return
        socket.audio(1)
        skipped = [{"span": [2, 3], "text": "な", "reason": "no_voice_for_script"}]
        socket.send(status=2, audio="", **({"skipped": skipped} if len(frame["text"]) > 1 else {}))

    peer(module_page, "tts").answer = answer
    result = run(
        module_page,
        SAY
        + """const speeches = [synthesizer.speak("𝄞aな"), synthesizer.speak("a")];
        const before = speeches[0].skipped;
        await Promise.all(speeches.map(hear));
        return [before, ...speeches.map(({ skipped }) => skipped)];""",
    )
    # The clef is one character and two UTF-16 units.
    skipped = [{"span": [3, 4], "text": "な", "reason": "no_voice_for_script"}]
    assert result == [[], skipped, []]


def test_cancel_stops_at_once_and_the_next_text_is_whole(module_page: Page, peer: Any) -> None:
    far = peer(module_page, "tts")

    def answer(number: int, socket: Any, frame: Any) -> None:
        if frame.get("text") == "long":
            socket.audio(1)
        elif frame.get("signal") == "cancel":
            socket.audio(2)  # was on its way
            socket.send(status=2, audio="", cancelled=True)
        else:
            say(number, socket, frame)

    far.answer = answer
    first, second = run(
        module_page,
        SAY
        + """const long = synthesizer.speak("long");
        const heard = hear(long);
        while (long.firstPacket === null) await wait(10);
        long.cancel();
        const next = hear(synthesizer.speak("ab"));
        return Promise.all([heard, next]);""",
    )
    assert first["heard"] in ([], [1])
    assert first["cancelled"]
    assert second["heard"] == [0, 0, 1, -1]
    assert len(far.sockets) == 1


def test_a_cancel_that_comes_too_late_harms_nothing(module_page: Page, peer: Any) -> None:
    far = peer(module_page, "tts")
    script = """const short = synthesizer.speak("short");
        while (short.firstPacket === null) await wait(10);
        short.cancel();
        return hear(synthesizer.speak("ab"));"""

    # Its closing packet and the answer to the cancelling, both.
    def answer(number: int, socket: Any, frame: Any) -> None:
        if frame.get("signal") == "cancel":
            socket.send(status=2, audio="")
            socket.send(status=2, audio="", cancelled=True)
        elif frame.get("text") == "short":
            socket.audio(1)
        else:
            say(number, socket, frame)

    far.answer = answer
    assert run(module_page, SAY + script)["heard"] == [0, 0, 1, -1]


def test_a_text_that_fails_does_not_stop_the_next(module_page: Page, peer: Any) -> None:
    far = peer(module_page, "tts")

    def answer(number: int, socket: Any, frame: Any) -> None:
        if frame.get("text") == "...":
            socket.send(status=-1, code="nothing_to_say", message="Nothing.", audio="")
            socket.send(status=2, audio="")
        else:
            say(number, socket, frame)

    far.answer = answer
    bad, good = run(
        module_page,
        SAY + 'return Promise.all(["...", "a"].map((text) => hear(synthesizer.speak(text))));',
    )
    assert bad == {"heard": [], "code": "nothing_to_say"}
    assert good["heard"] == [0, 0]


def test_a_text_not_yet_played_is_requested_again_and_one_half_played_is_not(
    module_page: Page, peer: Any
) -> None:
    far = peer(module_page, "tts")

    def answer(number: int, socket: Any, frame: Any) -> None:
        if number == 0 and frame.get("text") == "half":
            socket.audio(7)
            socket.close(code=1011)
        else:
            say(number, socket, frame)

    far.answer = answer
    half, whole = run(
        module_page,
        SAY + 'return Promise.all(["half", "ab"].map((text) => hear(synthesizer.speak(text))));',
    )
    assert half["code"] == "connection_lost"
    assert whole["heard"] == [0, 0, 1, -1]
    assert [frame.get("text") for frame in far.frames[1]] == [None, "ab"]


def test_a_session_that_the_server_closed_is_opened_again(module_page: Page, peer: Any) -> None:
    far = peer(module_page, "tts")

    def answer(number: int, socket: Any, frame: Any) -> None:
        say(number, socket, frame)
        if number == 0 and "text" in frame:
            socket.send(status=-1, code="idle_timeout", message="", audio="")
            socket.close(code=1008)

    far.answer = answer
    result = run(
        module_page,
        SAY
        + """const first = await hear(synthesizer.speak("a"));
        await wait(200);
        return [first, await hear(synthesizer.speak("b"))];""",
    )
    assert [each["heard"] for each in result] == [[0, 0], [0, 0]]
    assert len(far.sockets) == 2


# The rest


def test_sessions_need_no_more_than_an_address(module_page: Page, peer: Any) -> None:
    """As the types have it: a text as the address, and no options."""
    peer(module_page, "asr").answer = recognise
    far = peer(module_page, "tts")
    heard = run(
        module_page,
        """
        const { Recognition, Synthesizer } = await import('/liusheng/liusheng.js');
        const base = location.origin.replace("http", "ws");
        const recognition = new Recognition(`${base}/paddlespeech/asr/streaming`);
        for (let i = 0; i < 4; i += 1) recognition.send(new Int16Array(1360).fill(i));
        const { result } = await recognition.finish();
        const synthesizer = new Synthesizer(`${base}/paddlespeech/tts/streaming`);
        synthesizer.speak("好。");
        await wait(300);
        synthesizer.close();
        return result;
        """,
    )
    assert heard == "听听听听。"
    assert far.frames[0][0]["signal"] == "start"


def test_the_types_name_what_there_is(module_page: Page) -> None:
    types = TYPES.read_text(encoding="utf-8")
    exported = set(re.findall(r"^export (?:class|function) (\w+)", types, re.MULTILINE))
    there = run(module_page, "return Object.keys(await import('/liusheng/liusheng.js'));")
    assert exported == set(there)


def test_info_is_asked_where_the_module_came_from(module_page: Page) -> None:
    assert run(module_page, "return server.info();")["version"] == liusheng.__version__


def test_a_wav_file_is_read_back(module_page: Page) -> None:
    result = run(
        module_page,
        """const { wavFile, decodeFile } = await import("/liusheng/liusheng.js");
        const samples = Int16Array.from({ length: 1600 }, (_, i) => 1000 * Math.sin(i / 10));
        const file = wavFile([samples.subarray(0, 700), samples.subarray(700)], 16000);
        return [[...samples], [...(await decodeFile(file))]];""",
    )
    assert result[0] == pytest.approx(result[1], abs=1)


def test_a_file_without_audio_is_reported(module_page: Page) -> None:
    error = run(
        module_page,
        """const { decodeFile } = await import("/liusheng/liusheng.js");
        const letter = new File(["hello"], "letter.txt");
        return decodeFile(letter).catch(({ code, message }) => [code, message]);""",
    )
    assert error[0] == "undecodable_file"
    assert "letter.txt" in error[1]


def test_a_missing_microphone_differs_from_a_refused_one(module_page: Page) -> None:
    codes = run(
        module_page,
        """const { Microphone } = await import("/liusheng/liusheng.js");
        const codes = [];
        for (const name of ["NotAllowedError", "NotFoundError", "NotReadableError", "OddError"]) {
          navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException("odd", name));
          codes.push(await Microphone.open({ onPacket() {} }).catch(({ code }) => code));
        }
        return codes;""",
    )
    assert codes == ["microphone_refused", "no_microphone", "microphone_busy", "microphone_failed"]
