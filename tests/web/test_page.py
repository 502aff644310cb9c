"""The page in Chromium, with a fake server that sends each frame."""

from __future__ import annotations

import base64
import json
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

pytestmark = pytest.mark.slow

DESKTOP = {"width": 1280, "height": 860}
TABLET = {"width": 768, "height": 1024}
PHONE = {"width": 360, "height": 740}
INFO: dict[str, Any] = {
    "name": "liusheng",
    "version": "1.2.3",
    "asr": {
        "models": {"auto": "whisper", "zh": "whisper", "en": "moonshine"},
        "sample_rate": 16000,
    },
    "tts": {
        "sample_rate": 24000,
        "voices": [
            {
                "id": 0,
                "name": "mei",
                "languages": ["zh"],
                "gender": "female",
                "model": "a",
                "licence": "MIT (the package); the voice: see the notice",
                "notice": "The corpus is for non-commercial use only.",
            },
            {
                "id": 1,
                "name": "heart",
                "languages": ["en"],
                "gender": "female",
                "model": "b",
                "licence": "Apache-2.0",
                "notice": "",
            },
        ],
    },
    "limits": {"max_text_chars": 10000},
}

# A microphone with a constant tone: no device, no permission.
HUM = """
  navigator.mediaDevices.getUserMedia = async () => {
    const context = new AudioContext();
    const tone = new OscillatorNode(context, { frequency: 200 });
    const out = new MediaStreamAudioDestinationNode(context);
    tone.connect(new GainNode(context, { gain: 0.2 })).connect(out);
    tone.start();
    return out.stream;
  };
"""

Open = Callable[..., Page]


@pytest.fixture
def visit(browser: Browser, open_page: Open, origin: str) -> Open:
    """Open the page and wait until it is ready: `visit("#/listen", locale="zh-CN")`."""

    def open_(address: str = "", info: dict[str, Any] | None = None, **options: Any) -> Page:
        page = open_page(browser, **{"viewport": DESKTOP, **options})
        page.route(f"{origin}/api/info", lambda route: route.fulfill(json=info or INFO))
        page.add_init_script(HUM)
        page.goto(f"{origin}/{address}")
        page.wait_for_selector("body[data-ready]")
        return page

    return open_


def recognizer(
    results: Iterator[tuple[str, str, bool]], final: dict[str, Any]
) -> Callable[..., None]:
    """Reply to packets with these results, repeating the last, and to `end` with `final`."""
    last = next(results)

    def answer(_: int, socket: Any, frame: Any) -> None:
        nonlocal last
        if isinstance(frame, bytes):
            last = next(results, last)
            socket.reply(last[0], last[1], final=last[2])
        elif frame["signal"] == "start":
            socket.send(status="ok", signal="server_ready", model="whisper", session="s")
        else:
            socket.send(status="ok", signal="finished", is_final=True, **final)

    return answer


def synthesizer(seconds: float, *, ends: bool = True) -> Callable[..., None]:
    """Reply to each text with a low tone of this length."""

    def answer(_: int, socket: Any, frame: Any) -> None:
        if frame.get("signal") == "start":
            socket.send(status=0, signal="server ready", session="s")
        elif frame.get("signal") == "cancel":
            socket.send(status=2, audio="", cancelled=True)
        elif "text" in frame:
            samples = [(i * 40) % 8000 - 4000 for i in range(int(seconds * 24_000))]
            for at in range(0, len(samples), 6000):
                socket.audio(*samples[at : at + 6000])
            if ends:
                socket.send(status=2, audio="")

    return answer


TIME = r"\d+(\.\d+)? seconds?"

FINAL: dict[str, Any] = {
    "result": "今天很好。我们走吧。",
    "stable": "",
    "times": [
        {"w": w, "bg": bg, "ed": bg + 0.2}
        for w, bg in zip("今天很好我们走吧", [0.5, 0.7, 0.9, 1.1, 2.5, 2.7, 2.9, 3.1], strict=True)
    ],
}


# Transcribe


def test_captions_distinguish_stable_text_from_unstable(visit: Open, peer: Any) -> None:
    page = visit()
    peer(page, "asr").answer = recognizer(
        iter([("今天", "", False)] * 3 + [("今天很好", "今天", False)]), FINAL
    )
    page.click("#speak-button")
    captions = page.locator("#captions")
    expect(captions.locator(".stable")).to_have_text("今天")
    expect(captions.locator(".unstable")).to_have_text("很好")
    expect(page.locator("#speak-state")).to_contain_text("Transcribing")
    expect(page.locator("#speak-figures")).to_contain_text("Transcribed by whisper.")
    level = page.locator("#speak-meter")
    expect(level).not_to_have_attribute("aria-valuenow", "0")
    page.click("#speak-button")
    expect(captions).to_have_text("今天很好。我们走吧。")
    expect(captions.locator(".unstable")).to_have_text("")
    expect(page.locator("#speak-state")).to_contain_text("Done")
    expect(level).to_have_attribute("aria-valuenow", "0")
    expect(level).to_be_hidden()


def test_figures_are_sentences_and_come_with_their_values(visit: Open, peer: Any) -> None:
    page = visit()
    peer(page, "asr").answer = recognizer(
        iter([("", "", True)] * 8 + [("jintian henhao", "", False), ("今天很好", "今天", False)]),
        FINAL,
    )
    figures = page.locator("#speak-figures")
    expect(figures).to_be_hidden()
    page.click("#speak-button")
    expect(page.locator("#captions")).to_have_text("今天很好")
    expect(figures.locator("[data-figure=delay]")).to_have_count(0)
    page.click("#speak-button")
    expect(figures.locator("[data-figure=delay]")).to_have_text(
        re.compile(r"A word appeared \d+(\.\d+)? seconds? after it was said \(median of 8\)\.")
    )
    expect(figures.locator("[data-figure=firstWord]")).to_contain_text("after you began to say it")
    page.click("#language")
    expect(figures).to_contain_text("8 个词的中位数")
    page.click("#speak-button")
    expect(figures.locator("[data-figure=delay]")).to_have_count(0)


def test_each_utterance_is_a_line(visit: Open, peer: Any) -> None:
    page = visit()
    peer(page, "asr").answer = recognizer(
        iter([("今天很好。", "", True)] * 2 + [("今天很好。我们", "今天很好。", False)]), FINAL
    )
    page.click("#speak-button")
    lines = page.locator("#captions .line")
    expect(lines).to_have_text(["今天很好。", "我们"])
    expect(page.locator("#speak-live")).to_have_text("今天很好。")
    page.click("#speak-button")
    expect(lines).to_have_text(["今天很好。", "我们走吧。"])


def test_text_is_copied_and_exported(visit: Open, peer: Any) -> None:
    page = visit(permissions=["clipboard-read", "clipboard-write"])
    peer(page, "asr").answer = recognizer(iter([("今天", "", False)]), FINAL)
    take = page.locator("[data-export]")
    for button in take.all():
        expect(button).to_be_disabled()
    page.click("#speak-button")
    expect(page.locator("[data-export=copy]")).to_be_enabled()
    expect(page.locator("[data-export=srt]")).to_be_disabled()
    page.click("#speak-button")
    page.click("[data-export=copy]")
    expect(page.locator("[data-export=copy]")).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == FINAL["result"]
    got = {}
    for kind in ("txt", "srt", "vtt", "json"):
        with page.expect_download() as download:
            page.click(f"[data-export={kind}]")
        assert download.value.suggested_filename.endswith(f".{kind}")
        got[kind] = Path(download.value.path()).read_text(encoding="utf-8")
    assert got["txt"] == "今天很好。我们走吧。\n"
    assert got["srt"] == (
        "1\n00:00:00,500 --> 00:00:01,333\n今天很好。\n\n"
        "2\n00:00:02,500 --> 00:00:03,333\n我们走吧。\n\n"
    )
    assert got["vtt"].startswith("WEBVTT\n\n00:00:00.500 --> 00:00:01.333\n今天很好。\n")
    assert json.loads(got["json"])["times"] == FINAL["times"]


def test_the_language_is_requested_and_stored(visit: Open, peer: Any) -> None:
    page = visit(locale="zh-CN")
    far = peer(page, "asr")
    far.answer = recognizer(iter([("a", "", False)]), FINAL)
    assert page.locator("#speak-lang option").all_inner_texts() == ["自动检测", "中文", "英语"]
    page.select_option("#speak-lang", "en")
    page.click("#speak-button")
    expect(page.locator("#captions")).to_have_text("a")
    assert far.frames[0][0]["lang"] == "en"
    page.reload()
    expect(page.locator("#speak-lang")).to_have_value("en")


def test_one_of_several_models_is_chosen(visit: Open, peer: Any) -> None:
    page = visit()
    far = peer(page, "asr")
    far.answer = recognizer(iter([("a", "", False)]), FINAL)
    languages = page.locator("#speak-lang option")
    expect(languages).to_have_text(["Detect", "Chinese", "English"])
    page.select_option("#speak-model", "moonshine")
    expect(languages).to_have_text(["English"])
    page.click("#speak-button")
    expect(page.locator("#captions")).to_have_text("a")
    assert far.frames[0][0]["lang"] == "en"
    page.reload()
    expect(page.locator("#speak-model")).to_have_value("moonshine")
    expect(page.locator("#speak-lang")).to_have_value("en")
    page.select_option("#speak-model", "whisper")
    expect(languages).to_have_text(["Detect", "Chinese"])
    page.select_option("#speak-model", "")
    expect(languages).to_have_text(["Detect", "Chinese", "English"])


def test_one_model_is_no_choice(visit: Open) -> None:
    asr = {"sample_rate": 16000, "models": {"auto": "whisper", "zh": "whisper"}}
    expect(visit(info={**INFO, "asr": asr}).locator("#speak-models")).to_be_hidden()


def test_a_lost_connection_is_reported_and_restored(visit: Open, peer: Any) -> None:
    page = visit()
    far = peer(page, "asr")
    whole = recognizer(iter([("今天", "", False)]), FINAL)
    far.answer = whole
    page.click("#speak-button")
    expect(page.locator("#captions")).to_have_text("今天")
    far.answer = lambda _number, socket, _frame: socket.close(1011)
    expect(page.locator("#speak-state")).to_contain_text("Reconnecting")
    far.answer = whole
    expect(page.locator("#speak-state")).to_contain_text("Transcribing", timeout=20_000)
    page.click("#speak-button")
    expect(page.locator("#captions")).to_have_text(FINAL["result"])


@pytest.mark.parametrize(
    ("locale", "title"),
    [("en-US", "Microphone access was denied"), ("zh-CN", "麦克风权限被拒绝")],
)
def test_a_denied_microphone_is_explained(visit: Open, peer: Any, locale: str, title: str) -> None:
    page = visit(locale=locale)
    peer(page, "asr").answer = recognizer(iter([("", "", True)]), FINAL)
    page.evaluate(
        "() => { navigator.mediaDevices.getUserMedia = () =>"
        " Promise.reject(new DOMException('no', 'NotAllowedError')); }"
    )
    page.click("#speak-button")
    expect(page.locator("#notice b")).to_have_text(title)
    expect(page.locator("#speak-button")).not_to_have_class(re.compile("busy"))
    page.click("#notice button")
    expect(page.locator("#notice")).to_be_hidden()


def test_an_insecure_page_plays_and_says_what_the_microphone_needs(
    browser: Browser, open_page: Open, files: Any, peer: Any
) -> None:
    page = open_page(browser)

    def answer(route: Any) -> None:
        if route.request.url.endswith("/api/info"):
            route.fulfill(json=INFO)
        else:
            response = files.get(route.request.url.removeprefix("http://lan.test:8090"))
            route.fulfill(headers=dict(response.headers), body=response.content)

    page.route("http://lan.test:8090/**", answer)
    page.goto("http://lan.test:8090/")
    page.wait_for_selector("body[data-ready]")
    notice = page.locator("#notice")
    expect(notice).to_contain_text("http://lan.test:8090")
    expect(notice).to_contain_text("ssh -L 8090:localhost:8090")
    page.click("#tab-listen")
    expect(notice).to_be_hidden()
    peer(page, "tts").answer = synthesizer(0.6)
    page.click("#listen-button")
    expect(page.locator("#listen-highlight .current")).to_have_text(re.compile("Hello"))
    expect(page.locator("#listen-state")).to_have_text("Playback finished.")
    page.click("#tab-speak")
    page.click("#notice button")
    peer(page, "asr").answer = recognizer(iter([("", "", True)]), FINAL)
    page.click("#speak-button")
    expect(notice).to_contain_text("ssh -L 8090:localhost:8090")
    expect(page.locator("#speak-button")).not_to_have_class(re.compile("busy"))


def test_a_server_without_recognition_says_so(visit: Open) -> None:
    page = visit(info={**INFO, "asr": None})
    expect(page.locator("#notice")).to_contain_text("Speech recognition is not available")
    expect(page.locator("#speak-button")).to_be_disabled()
    expect(page.locator("#talk-button")).to_be_disabled()
    expect(page.locator("#listen-button")).to_be_enabled()


def test_a_server_without_a_voice_says_so(visit: Open) -> None:
    page = visit("#/listen", info={**INFO, "tts": None})
    expect(page.locator("#notice")).to_contain_text("Speech synthesis is not available")
    expect(page.locator("#listen-button")).to_be_disabled()
    expect(page.locator("#speak-button")).to_be_enabled()


def test_a_page_waits_for_its_server(
    browser: Browser, open_page: Open, origin: str, console_errors: list[str]
) -> None:
    page = open_page(browser)
    page.route(f"{origin}/api/info", lambda route: route.abort())
    page.goto(origin)
    expect(page.locator("#health")).to_contain_text("does not respond")
    page.unroute(f"{origin}/api/info")
    page.route(f"{origin}/api/info", lambda route: route.fulfill(json=INFO))
    expect(page.locator("#health")).to_contain_text("is ready", timeout=15_000)
    console_errors.clear()  # Chromium reports the answers that did not come.


# Synthesise


def test_a_text_is_played_highlighted_and_saved(visit: Open, peer: Any) -> None:
    page = visit("#/listen")
    far = peer(page, "tts")
    far.answer = synthesizer(1.5)
    page.fill("#listen-text", "One sentence. Another one.")
    page.check("[name=voice][value=heart]", force=True)
    page.locator("#listen-speed").fill("1.2")
    page.press("#listen-text", "Control+Enter")
    expect(page.locator("#listen-highlight .current")).to_have_text(re.compile("One sentence"))
    expect(page.locator("#listen-highlight .current")).to_have_text(re.compile("Another one"))
    expect(page.locator("#listen-state")).to_have_text("Playback finished.")
    assert far.frames[0][1] == {
        "text": "One sentence. Another one.",
        "voice": "heart",
        "speed": 1.2,
        "marks": True,
    }
    expect(page.locator("#listen-figures li")).to_have_text(
        [
            re.compile(rf"The first audio arrived after {TIME}\."),
            re.compile(rf"Playback started after {TIME}\."),
            re.compile(rf"All of the audio, 1\.5 seconds, arrived within {TIME}\."),
        ]
    )
    expect(page.locator("#listen-text")).to_have_value("One sentence. Another one.")
    with page.expect_download() as download:
        page.click("#listen-save")
    assert Path(download.value.path()).stat().st_size == 44 + 2 * 36_000


def test_words_are_highlighted_by_the_marks_of_the_server(visit: Open, peer: Any) -> None:
    page = visit("#/listen")

    def answer(_: int, socket: Any, frame: Any) -> None:
        if frame.get("signal") == "start":
            socket.send(status=0, signal="server ready", session="s")
        elif "text" in frame:
            second = base64.b64encode(bytes(2 * 24_000)).decode()
            words = [((0, 2), "你好", 0.0), ((3, 5), "流声", 0.6), ((5, 6), "好", 1.3)]
            marks = [
                {"span": span, "text": text, "start": start, "end": start + 0.4}
                for span, text, start in words
            ]
            socket.send(status=1, audio=second, marks=marks[:2])
            socket.send(status=1, audio=second, marks=marks[2:])
            socket.send(status=2, audio="")

    peer(page, "tts").answer = answer
    page.fill("#listen-text", "你好𝄞流声好。")  # the clef is one character and two UTF-16 units
    page.evaluate("""() => {
      globalThis.highlighted = [];
      const current = document.querySelector("#listen-highlight .current");
      new MutationObserver(() => highlighted.push(current.textContent))
        .observe(current, { childList: true });
    }""")
    page.click("#listen-button")
    expect(page.locator("#listen-state")).to_have_text("Playback finished.")
    assert page.evaluate("highlighted") == ["你好", "流声", "好"]


def test_what_was_not_read_is_told(visit: Open, peer: Any) -> None:
    page = visit("#/listen")
    unread = [
        {"span": [0, 5], "text": "こんにちは", "reason": "no_voice_for_script"},
        {"span": [6, 7], "text": "😀", "reason": "emoji"},
        {"span": [8, 9], "text": "😀", "reason": "emoji"},
    ]

    def answer(_: int, socket: Any, frame: Any) -> None:
        if frame.get("signal") == "start":
            socket.send(status=0, signal="server ready", session="s")
        elif "text" in frame:
            socket.send(status=1, audio=base64.b64encode(bytes(9_600)).decode())
            socket.send(status=2, audio="", skipped=unread)

    peer(page, "tts").answer = answer
    page.fill("#listen-text", "こんにちは 😀 😀")
    page.click("#listen-button")
    expect(page.locator("#listen-state")).to_have_text(
        "Playback finished. "
        "Not read: こんにちは (no voice for this script or language), 😀 (emoji)."
    )
    page.click("#language")
    expect(page.locator("#listen-state")).to_have_text(
        "播放完毕。未读：こんにちは（没有音色能读这种文字或语言）、😀（表情符号）。"
    )
    unread[1:] = [{"span": [n, n + 1], "text": f"<{n}>", "reason": "new"} for n in range(1, 8)]
    page.click("#listen-button")
    expect(page.locator("#listen-state")).to_contain_text("<4>（new）等，另有 3 处")


def test_stop_takes_effect_at_once(visit: Open, peer: Any) -> None:
    page = visit("#/listen")
    far = peer(page, "tts")
    far.answer = synthesizer(20, ends=False)
    page.click("#listen-button")
    expect(page.locator("#listen-state")).to_have_text("Playing")
    page.keyboard.press("Escape")
    expect(page.locator("#listen-state")).to_have_text("Stopped.")
    assert far.frames[0][-1] == {"signal": "cancel"}
    expect(page.locator("#listen-button")).to_have_attribute("aria-label", "Synthesise and play")


def test_the_voice_follows_the_language_until_one_is_chosen(visit: Open, peer: Any) -> None:
    page = visit("#/listen")
    far = peer(page, "tts")
    far.answer = synthesizer(0.1)
    for sample in ("李白", "Sea"):
        page.click(f"text={sample}")
        page.click("#listen-button")
        expect(page.locator("#listen-state")).to_have_text("Playback finished.")
        page.click("#tab-speak")
        page.click("#tab-listen")
    assert [frame["voice"] for frame in far.frames[0][1:] if "voice" in frame] == ["mei", "heart"]


def test_the_samples_of_the_own_language_come_first(visit: Open) -> None:
    page = visit("#/listen", locale="en-US")
    samples = page.locator("#samples button")
    expect(samples).to_have_text(["Welcome", "Sea", "Numbers", "欢迎", "李白", "数字"])
    page.click("#language")
    expect(samples).to_have_text(["欢迎", "李白", "数字", "Welcome", "Sea", "Numbers"])
    samples.nth(1).click()
    expect(page.locator("#listen-text")).to_have_value(re.compile("床前明月光"))


@pytest.mark.parametrize(("touch", "hint"), [(True, "Press the button"), (False, "Ctrl + Enter")])
def test_shortcuts_are_shown_on_devices_with_a_keyboard(
    visit: Open, touch: bool, hint: str
) -> None:
    page = visit("#/listen", has_touch=touch, is_mobile=touch)
    expect(page.locator("#listen-state")).to_contain_text(hint)


@pytest.mark.parametrize(
    ("locale", "drag", "opened"),
    [("en-US", "drop an audio", "open an audio"), ("zh-CN", "拖到页面上", "打开音频")],
)
def test_touch_screens_are_not_told_to_drag(
    visit: Open, locale: str, drag: str, opened: str
) -> None:
    state = visit(locale=locale, has_touch=True, is_mobile=True).locator("#speak-state")
    expect(state).to_contain_text(opened)
    expect(state).not_to_contain_text(drag)
    expect(visit(locale=locale).locator("#speak-state")).to_contain_text(drag)


def test_voices_have_a_sample_and_their_licence(visit: Open, peer: Any) -> None:
    page = visit("#/listen")
    far = peer(page, "tts")
    far.answer = synthesizer(30, ends=False)
    cards = page.locator(".voice")
    expect(cards.nth(1).locator(".licence")).to_have_text("MIT, with conditions")
    expect(cards.nth(2).locator(".licence")).to_have_text("Apache-2.0")
    expect(page.locator("#voice-terms")).to_have_text(
        "a The corpus is for non-commercial use only."
    )
    page.click("[aria-label='Sample of heart']")
    playing = page.locator("[aria-label='Stop the sample of heart']")
    expect(playing).to_be_visible()
    page.click("[aria-label='Sample of mei']")
    expect(page.locator("[aria-label='Sample of heart']")).to_be_visible()
    page.click("[aria-label='Stop the sample of mei']")
    expect(page.locator(".sample.busy")).to_have_count(0)
    spoken = [(f["voice"], f["text"][:2]) for f in far.frames[0] if "text" in f]
    assert spoken == [("heart", "He"), ("mei", "你好")]
    assert sum(frame == {"signal": "cancel"} for frame in far.frames[0]) == 2
    expect(page.locator("[name=voice]:checked")).to_have_value("")
    page.click(".voice >> text=heart")
    expect(page.locator("#voice-terms")).to_be_hidden()
    page.click("[aria-label='Sample of mei']")
    page.click("#listen-button")
    expect(page.locator(".sample.busy")).to_have_count(0)


def test_an_empty_text_is_an_error(visit: Open) -> None:
    page = visit("#/listen")
    page.fill("#listen-text", "  ")
    page.click("#listen-button")
    expect(page.locator("#notice")).to_contain_text("nothing to synthesise")


def test_an_unknown_error_of_the_server_is_shown_in_its_words(visit: Open, peer: Any) -> None:
    page = visit("#/listen")

    def answer(_: int, socket: Any, frame: Any) -> None:
        if frame.get("signal") == "start":
            socket.send(status=0, signal="server ready", session="s")
        else:
            socket.send(status=-1, code="text_too_long", message="Too long; cut it.", audio="")
            socket.send(status=2, audio="")

    peer(page, "tts").answer = answer
    page.click("#listen-button")
    expect(page.locator("#notice p")).to_have_text("Too long; cut it.")


# Talk


def test_new_speech_interrupts_the_reply(visit: Open, peer: Any) -> None:
    page = visit("#/talk")
    asr, tts = peer(page, "asr"), peer(page, "tts")
    asr.answer = recognizer(iter([("今天很好。", "", True)]), FINAL)
    tts.answer = synthesizer(30, ends=False)
    page.click("#talk-button")
    expect(page.locator("#talk-state")).to_contain_text("Replying")
    assert tts.frames[0][1] == {"text": "今天很好。", "voice": "mei"}
    expect(page.locator("#conversation .it")).to_have_text("Liusheng · mei今天很好。")

    # An echo of the reply does not interrupt it.
    asr.answer = recognizer(iter([("今天很好。今天很", "今天很好。", False)]), FINAL)
    page.wait_for_timeout(500)
    expect(page.locator("#talk-state")).to_contain_text("Replying")

    asr.answer = recognizer(iter([("今天很好。等一下", "今天很好。", False)]), FINAL)
    expect(page.locator("#conversation .interrupted")).to_contain_text("interrupted")
    expect(page.locator("#conversation .draft p")).to_have_text("等一下")
    assert tts.frames[0][-1] == {"signal": "cancel"}
    figures = page.locator("#talk-figures")
    expect(figures).to_contain_text(re.compile(rf"The reply stopped {TIME} after you began"))
    expect(figures).to_contain_text("Replies: 1.")
    page.click("#talk-button")
    expect(page.locator("#talk-state")).to_contain_text("It repeats what you say")


# Messages


def test_the_drawer_shows_the_frames(visit: Open, peer: Any) -> None:
    page = visit()
    peer(page, "asr").answer = recognizer(iter([("", "", True)] * 5 + [("今天", "", False)]), FINAL)
    page.click("#wire-toggle")
    expect(page.locator("#wire")).to_be_visible()
    page.click("#speak-button")
    expect(page.locator("#captions")).to_have_text("今天")
    page.click("#speak-button")
    frames = page.locator("#wire-frames li")
    expect(frames.last).to_contain_text('"signal":"finished"')
    texts = frames.all_inner_texts()
    assert '"signal":"start"' in texts[0]
    assert any('{"result":"今天"' in text for text in texts)
    assert any(re.search(r"audio: \d+ packets, [\d,]+ bytes", text) for text in texts)
    page.click("#wire-clear")
    expect(frames).to_have_text("No messages yet. Start a transcription or a synthesis.")
    page.keyboard.press("Escape")
    expect(page.locator("#wire")).to_be_hidden()
    expect(page.locator("#wire-toggle")).to_be_focused()


# The frame


def test_languages_and_themes_are_switched_and_stored(visit: Open) -> None:
    page = visit(locale="zh-CN", color_scheme="light")
    expect(page.locator("h1")).to_have_text("开口成文，落笔有声。")
    expect(page.locator("html")).to_have_attribute("lang", "zh-CN")
    page.click("#language")
    expect(page.locator("h1")).to_have_text("Speak, and it is written. Write, and it is spoken.")
    light = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.click("#theme")
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert light != dark
    page.reload()
    expect(page.locator("h1")).to_have_text("Speak, and it is written. Write, and it is spoken.")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == dark


def test_everything_is_reached_by_keyboard(visit: Open) -> None:
    page = visit()
    page.focus("#tab-speak")
    page.keyboard.press("ArrowRight")
    expect(page.locator("#tab-listen")).to_be_focused()
    expect(page.locator("#listen")).to_be_visible()
    page.keyboard.press("End")
    expect(page.locator("#talk")).to_be_visible()
    page.keyboard.press("Home")
    expect(page.locator("#speak")).to_be_visible()
    reached = []
    for _ in range(6):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.id"))
    assert reached[:4] == ["captions", "speak-lang", "speak-button", "speak-file"]


@pytest.mark.parametrize("locale", ["en-US", "zh-CN"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(visit: Open, peer: Any, locale: str, scheme: str) -> None:
    page = visit(locale=locale, color_scheme=scheme)
    peer(page, "asr").answer = recognizer(iter([("今天很好", "今天", False)]), FINAL)
    page.click("#speak-button")
    page.click("#wire-toggle")
    expect(page.locator("#captions .unstable")).to_have_text("很好")
    for tab in ("speak", "listen", "talk"):
        page.click(f"#tab-{tab}")
        results = Axe().run(page, options={"rules": {"color-contrast": {"enabled": True}}})
        assert results.violations_count == 0, results.generate_report()


def overflowing(page: Page) -> list[str]:
    """The elements that end beyond the width of the window, unless they are scrolled in a box."""
    found: list[str] = page.evaluate(
        """() => {
          const width = document.documentElement.clientWidth;
          const scrolled = (e) => e.closest("pre, #wire-frames, .unseen, .skip, canvas");
          return [...document.querySelectorAll("body *")]
            .filter((e) => e.checkVisibility() && !scrolled(e))
            .filter((e) => {
              const { left, right } = e.getBoundingClientRect();
              return left < -0.5 || right > width + 0.5;
            })
            .map((e) => `${e.tagName} ${e.id || e.className} ${e.getBoundingClientRect().right}`);
        }"""
    )
    wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    return found + ([f"the page, by {wide} px"] if wide > 0 else [])


@pytest.mark.parametrize("locale", ["en-US", "zh-CN"])
def test_nothing_overflows_on_small_phones(visit: Open, peer: Any, locale: str) -> None:
    info = {
        **INFO,
        "asr": {
            "sample_rate": 16000,
            "models": {"auto": "whisper-large-v3-turbo", "en": "moonshine-tiny-en"},
        },
    }
    page = visit(locale=locale, viewport=PHONE, info=info)
    peer(page, "asr").answer = recognizer(iter([("今天很好", "今天", False)]), FINAL)
    peer(page, "tts").answer = synthesizer(0.3)

    def check(state: str) -> None:
        for width in (320, 360):
            page.set_viewport_size({"width": width, "height": 640})
            assert overflowing(page) == [], f"{state} at {width} px"

    check("idle")
    page.click("#speak-button")
    expect(page.locator("#captions")).to_have_text("今天很好")
    check("transcribing")
    page.click("#speak-button")
    expect(page.locator("#speak-figures [data-figure=delay]")).to_be_visible()
    page.click("#code summary")
    check("transcribed")
    page.click("#tab-listen")
    check("synthesis")
    page.click("#listen-button")
    expect(page.locator("#listen-figures [data-figure=synthesised]")).to_be_visible()
    check("synthesised")
    page.fill("#listen-text", " ")
    page.click("#listen-button")
    expect(page.locator("#notice")).to_be_visible()
    check("an error")
    page.click("#tab-talk")
    check("talk")
    page.click("#talk-button")
    expect(page.locator("#talk-state")).to_contain_text(re.compile("Listening|聆听"))
    check("talking")
    page.click("#wire-toggle")
    check("messages")


CAPTIONS = {
    "en": ("Text appears while you speak. Dimmed words may", " still change"),
    "zh": ("边说话，文字边显示。浅色的文字", "还可能变化"),
}


@pytest.mark.parametrize("tab", ["speak", "listen", "talk", "wire"])
@pytest.mark.parametrize(
    ("name", "size"), [("desktop", DESKTOP), ("tablet", TABLET), ("phone", PHONE)]
)
@pytest.mark.parametrize(("locale", "scheme"), [("en-US", "light"), ("zh-CN", "dark")])
def test_layout_fits_while_it_works(
    visit: Open,
    peer: Any,
    tmp_path: Path,
    tab: str,
    name: str,
    size: dict[str, int],
    locale: str,
    scheme: str,
) -> None:
    """LIUSHENG_SCREENSHOTS names a folder for the pictures."""
    panel = "speak" if tab == "wire" else tab
    page = visit(f"#/{panel}", viewport=size, locale=locale, color_scheme=scheme)
    stable, moving = CAPTIONS[locale[:2]]
    spoken = (stable, stable, True) if tab == "talk" else (stable + moving, stable, False)
    quiet = [("", "", True)] * 25
    peer(page, "asr").answer = recognizer(iter([*quiet, spoken]), FINAL)
    peer(page, "tts").answer = synthesizer(12)
    if tab == "wire":
        page.click("#wire-toggle")
    page.click(f"#{panel}-button")
    if panel == "speak":
        expect(page.locator("#captions .unstable")).to_have_text(moving)
    elif tab == "listen":
        expect(page.locator("#listen-figures [data-figure=synthesised]")).to_be_visible()
        expect(page.locator("#listen-highlight .spoken").first).to_be_visible()
    else:
        expect(page.locator("#talk-state")).to_have_text(re.compile("interrupt|打断"))
    page.evaluate("scrollTo(0, 0)")
    page.screenshot(
        path=Path(os.environ.get("LIUSHENG_SCREENSHOTS", tmp_path))
        / f"{tab}-{name}-{locale[:2]}-{scheme}.png"
    )
    wide = page.evaluate("document.documentElement.scrollWidth")
    assert wide == size["width"], "nothing is scrolled sideways"
    button = page.locator(f"#{panel}-button").bounding_box()
    drawer = page.locator("#wire").bounding_box() or {"y": size["height"]}
    assert button is not None
    assert button["y"] + button["height"] <= drawer["y"], "what to press is in sight"
    for element in page.locator(f"#{panel} button:visible, .tabs button").all():
        box = element.bounding_box()
        assert box is not None
        assert box["height"] >= 33, f"{element} is too small for a finger"
