"""The tab "Conversation": OpenAI's Realtime API, with a stand-in server that sends each event."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route, WebSocketRoute, expect

from tests.web.test_page import DESKTOP, HUM, INFO, TIME

pytestmark = pytest.mark.slow

Open = Callable[..., Page]
TALKS = {**INFO, "conversation": {"model": "qwen3"}}


class Realtime:
    """A stand-in for the server: answers the beginning of a session, and keeps what it is sent."""

    def __init__(self, page: Page) -> None:
        self.url = ""
        self.events: list[dict[str, Any]] = []
        self.route: WebSocketRoute | None = None
        page.route_web_socket(re.compile(r"/v1/realtime\?"), self._opened)

    def _opened(self, route: WebSocketRoute) -> None:
        self.url = route.url
        self.route = route
        route.on_message(self._take)
        self.send("session.created", session={"type": "realtime"})

    def _take(self, data: str | bytes) -> None:
        event = json.loads(data)
        self.events.append(event)
        if event["type"] == "session.update":
            self.send("session.updated", session=event["session"])

    def send(self, kind: str, **fields: Any) -> None:
        assert self.route is not None
        self.route.send(json.dumps({"type": kind, "event_id": "event_1", **fields}))

    def sent(self, kind: str) -> list[dict[str, Any]]:
        return [event for event in self.events if event["type"] == kind]

    def hear(self, text: str, *, item: str = "item_1", final: bool = True) -> None:
        """Transcribe what the user said."""
        kind = "conversation.item.input_audio_transcription"
        if final:
            self.send(f"{kind}.completed", item_id=item, content_index=0, transcript=text)
        else:
            self.send(f"{kind}.delta", item_id=item, content_index=0, delta=text)

    def reply(self, text: str, seconds: float, response: str = "resp_1") -> None:
        """Send a part of a reply."""
        where = {"response_id": response, "item_id": f"item_of_{response}", "output_index": 0}
        self.send("response.output_audio_transcript.delta", **where, content_index=0, delta=text)
        samples = [(i * 40) % 8000 - 4000 for i in range(int(seconds * 24_000))]
        pcm = b"".join(sample.to_bytes(2, "little", signed=True) for sample in samples)
        audio = base64.b64encode(pcm).decode()
        self.send("response.output_audio.delta", **where, content_index=0, delta=audio)

    def done(self, status: str = "completed", response: str = "resp_1", **details: Any) -> None:
        self.send("response.done", response={"id": response, "status": status, **details})


@pytest.fixture
def talk(browser: Browser, open_page: Open, origin: str) -> Callable[..., tuple[Page, Realtime]]:
    """Open the tab, and the stand-in."""

    def open_(**options: Any) -> tuple[Page, Realtime]:
        page = open_page(browser, **{"viewport": DESKTOP, **options})
        page.route(f"{origin}/api/info", lambda route: route.fulfill(json=TALKS))
        page.add_init_script(HUM)
        server = Realtime(page)
        page.goto(f"{origin}/#/talk")
        page.wait_for_selector("body[data-ready]")
        return page, server

    return open_


Talk = Callable[..., tuple[Page, Realtime]]


def answer(info: dict[str, Any], route: Route) -> None:
    route.fulfill(json=info)


def test_the_tab_is_there_only_with_a_language_model(
    browser: Browser, open_page: Open, origin: str, talk: Talk
) -> None:
    page, _ = talk()
    expect(page.locator("#tab-talk")).to_have_text("Conversation")
    expect(page.locator("#talk-invitation")).to_contain_text("A language model answers")
    page.click("#language")
    expect(page.locator("#talk-state")).to_contain_text("由语言模型回答")
    for without in (INFO, {**INFO, "conversation": None}):
        other = open_page(browser)
        other.route(f"{origin}/api/info", partial(answer, without))
        other.goto(f"{origin}/#/talk")
        other.wait_for_selector("body[data-ready]")
        expect(other.locator("#tab-talk")).to_have_text("Talk")
        expect(other.locator("#talk-invitation")).to_contain_text("It will be repeated")


def test_a_question_is_answered(talk: Talk) -> None:
    page, server = talk()
    page.select_option("#talk-voice", "heart")
    page.click("#talk-button")
    expect(page.locator("#talk-state")).to_have_text("Listening …")
    assert server.url.endswith("/v1/realtime?model=qwen3")
    (update,) = server.sent("session.update")
    pcm = {"type": "audio/pcm", "rate": 24_000}
    assert update["session"]["type"] == "realtime"
    assert update["session"]["audio"]["output"] == {"format": pcm, "voice": "heart"}
    heard = update["session"]["audio"]["input"]
    assert heard["format"] == pcm
    assert heard["turn_detection"]["interrupt_response"]
    page.wait_for_timeout(300)
    audio = [base64.b64decode(each["audio"]) for each in server.sent("input_audio_buffer.append")]
    assert len(audio) > 3
    assert {len(piece) for piece in audio} == {1920}
    assert any(any(piece) for piece in audio)

    server.send("input_audio_buffer.speech_started", audio_start_ms=0, item_id="item_1")
    server.hear("What is", final=False)
    you = page.locator("#conversation .you")
    expect(you).to_have_class("you draft")
    server.hear(" the time", final=False)
    expect(you.locator("p")).to_have_text("What is the time")
    server.hear("What is the time?")
    expect(you.locator("p")).to_have_text("What is the time?")
    expect(you).to_have_class("you")
    server.reply("It is", 0.3)
    server.reply(" noon.", 0.3)
    server.done()
    expect(page.locator("#conversation .it p")).to_have_text("It is noon.")
    expect(page.locator("#talk-state")).to_contain_text("Replying")
    expect(page.locator("#talk-state")).to_have_text("Listening …")
    figures = page.locator("#talk-figures")
    expect(figures).to_contain_text(re.compile(rf"The reply started {TIME} after you stopped"))
    expect(figures).to_contain_text("Replies: 1.")
    page.click("#code summary")
    page.click("#code-languages [value=javascript]")
    expect(page.locator("#code-text")).to_contain_text('server.converse("qwen3", {')
    page.click("#talk-button")
    expect(page.locator("#talk-state")).to_contain_text("A language model answers")


def test_speech_interrupts_the_reply(talk: Talk) -> None:
    page, server = talk()
    page.click("#talk-button")
    expect(page.locator("#talk-state")).to_have_text("Listening …")
    server.reply("Once upon a time", 20)
    expect(page.locator("#talk-state")).to_contain_text("Replying")
    server.send("input_audio_buffer.speech_started", audio_start_ms=900, item_id="item_2")
    bubble = page.locator("#conversation .it")
    expect(bubble).to_have_class("it interrupted")
    expect(page.locator("#talk-state")).to_have_text("Listening …")
    expect(page.locator("#talk-figures")).to_contain_text(re.compile(f"The reply stopped {TIME}"))
    (cut,) = server.sent("conversation.item.truncate")
    assert (cut["item_id"], cut["content_index"]) == ("item_of_resp_1", 0)
    assert 0 <= cut["audio_end_ms"] < 20_000
    # What was on its way is neither played nor written.
    server.reply(" there was", 1)
    server.done("cancelled")
    page.wait_for_timeout(300)
    expect(bubble.locator("p")).to_have_text("Once upon a time")
    expect(page.locator("#talk-state")).to_have_text("Listening …")
    server.reply("Yes?", 0.2, "resp_2")
    server.done(response="resp_2")
    expect(bubble.nth(1).locator("p")).to_have_text("Yes?")
    expect(bubble).to_have_count(2)


def test_a_failed_reply_is_reported_and_the_conversation_goes_on(talk: Talk) -> None:
    page, server = talk()
    page.click("#talk-button")
    expect(page.locator("#talk-state")).to_have_text("Listening …")
    error = {"code": "llm_failed", "message": "The language model does not answer."}
    server.done("failed", status_details={"type": "failed", "error": error})
    expect(page.locator("#notice p")).to_have_text("The language model does not answer.")
    server.send("error", error={"type": "invalid_request_error", "code": "x", "message": "Odd."})
    expect(page.locator("#notice p")).to_have_text("Odd.")
    expect(page.locator("#talk-button")).to_have_class(re.compile("busy"))


def test_a_refused_or_lost_session_ends_the_conversation(talk: Talk) -> None:
    page, server = talk()
    page.click("#talk-button")
    expect(page.locator("#talk-state")).to_have_text("Listening …")
    assert server.route is not None
    server.route.close(code=1011)
    expect(page.locator("#notice")).to_contain_text("cannot be reached")
    expect(page.locator("#talk-button")).not_to_have_class(re.compile("busy"))
    refusal = {"type": "invalid_request_error", "code": "unknown_voice", "message": "No voice."}
    server._take = lambda _data: server.send("error", error=refusal)  # type: ignore[assignment]
    page.click("#talk-button")
    expect(page.locator("#notice p")).to_have_text("No voice.")
    expect(page.locator("#talk-button")).not_to_have_class(re.compile("busy"))


def test_the_drawer_shows_its_events_without_the_audio(talk: Talk) -> None:
    page, server = talk()
    page.click("#wire-toggle")
    page.click("#talk-button")
    expect(page.locator("#talk-state")).to_have_text("Listening …")
    server.reply("Hello", 1)
    frames = page.locator("#wire-frames li")
    expect(frames.filter(has_text="response.output_audio.delta")).to_contain_text("1.00 s of audio")
    expect(frames.filter(has_text="input_audio_buffer.append")).to_have_count(0)
    expect(frames.filter(has_text="packets").first).to_be_visible()
