"""The page with a real server and its models: what was said is read, what was written is heard."""

from __future__ import annotations

import base64
import csv
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Page, WebSocket, expect

from tests.conftest import default_server
from tests.support.programs import needs_curl

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

PATIENCE = 120_000  # ms; the machine may have other things to do
FADE = 120  # samples that the player fades in

# Behind the player's worklet stands another that posts every block that it is given.
LISTEN_IN = """
const TAP = `registerProcessor("tap", class extends AudioWorkletProcessor {
  process([[block]]) {
    if (block) this.port.postMessage(block.slice());
    return true;
  }
})`;
const { addModule } = AudioWorklet.prototype;
AudioWorklet.prototype.addModule = async function (url) {
  await addModule.call(this, URL.createObjectURL(new Blob([TAP], { type: "text/javascript" })));
  await addModule.call(this, url);
};
globalThis.tapped = [];
globalThis.starved = 0;
const Node = AudioWorkletNode;
globalThis.AudioWorkletNode = class extends Node {
  constructor(context, ...given) {
    super(context, ...given);
    this.port.addEventListener("message", ({ data }) => (starved += Boolean(data.starved)));
    const tap = new Node(context, "tap");
    tap.port.onmessage = ({ data }) => tapped.push(data);
    this.connect(tap).connect(context.destination);
  }
};
"""


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """Where a server with its default models has its page, under a prefix."""
    with default_server(LIUSHENG_PATH_PREFIX="/speech") as where:
        yield f"http://{where}/"


@pytest.fixture(scope="module")
def recordings() -> dict[str, tuple[Path, str]]:
    """Path and text of each real recording."""
    manifest = os.environ.get("LIUSHENG_EVAL_SET")
    if not manifest:
        pytest.skip("no recordings: name their manifest in LIUSHENG_EVAL_SET")
    with Path(manifest).open(encoding="utf-8", newline="") as rows:
        return {
            row["id"]: (Path(manifest).parent / row["path"], row["reference"])
            for row in csv.DictReader(rows, delimiter="\t")
        }


def error_rate(heard: str, said: str) -> float:
    """Character error rate, without case, spaces and marks (Levenshtein distance)."""
    a, b = (re.sub(r"[\W_]", "", text).lower() for text in (heard, said))
    row = list(range(len(b) + 1))
    for i, left in enumerate(a, 1):
        diagonal, row[0] = row[0], i
        for j, right in enumerate(b, 1):
            diagonal, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, diagonal + (left != right))
    return row[-1] / len(b)


def ready(page: Page, address: str) -> Page:
    page.goto(address)
    page.wait_for_selector("body[data-ready]")
    return page


@pytest.mark.parametrize(
    ("recording", "lang", "most"), [("zh_0053", "zh", 0.35), ("en_0022", "en", 0.25)]
)
def test_a_spoken_sentence_is_captioned(
    launch: Any,
    open_page: Callable[..., Page],
    address: str,
    recordings: dict[str, tuple[Path, str]],
    recording: str,
    lang: str,
    most: float,
) -> None:
    path, said = recordings[recording]
    with launch(path) as browser:
        page = ready(open_page(browser), address)
        page.select_option("#speak-lang", lang)
        page.click("#speak-button")
        expect(page.locator("#speak-figures [data-figure=audio]")).to_have_text(
            re.compile(r"^Audio: (8|9|\d\d) seconds\."), timeout=PATIENCE
        )
        page.click("#speak-button")
        expect(page.locator("#speak-state")).to_contain_text("Done", timeout=PATIENCE)
        heard = page.inner_text("#captions")
        assert error_rate(heard, said) <= most, heard
        expect(page.locator("#speak-figures [data-figure=delay]")).to_be_visible()
        with page.expect_download() as download:
            page.click("[data-export=srt]")
        subtitles = Path(download.value.path()).read_text(encoding="utf-8")
        assert error_rate(re.sub(r"(?m)^\d+$|^.*-->.*$", "", subtitles), said) <= most


def test_a_file_is_watched_being_recognised(
    browser: Any,
    open_page: Callable[..., Page],
    address: str,
    recordings: dict[str, tuple[Path, str]],
) -> None:
    path, said = recordings["en_0022"]
    page = ready(open_page(browser), address)
    page.select_option("#speak-lang", "en")
    page.set_input_files("#speak-file", path)
    expect(page.locator("#speak-state")).to_contain_text("Done", timeout=PATIENCE)
    assert error_rate(page.inner_text("#captions"), said) <= 0.25
    expect(page.locator("#speak-figures [data-figure=rate]")).to_be_visible()


def test_a_growing_text_plays_without_a_gap(
    browser: Any, open_page: Callable[..., Page], address: str
) -> None:
    page = open_page(browser, bypass_csp=True)  # for the tap, which is nobody's file
    page.add_init_script(LISTEN_IN)
    pieces: list[bytes] = []

    def watch(socket: WebSocket) -> None:
        socket.on("framereceived", lambda frame: pieces.append(_audio(frame)))

    page.on("websocket", watch)
    ready(page, f"{address}#/listen")
    page.fill("#listen-text", "你好，欢迎使用流声。句子还没写完，声音已经到了。")
    page.click("#listen-button")
    expect(page.locator("#listen-state")).to_have_text("Playback finished.", timeout=PATIENCE)
    sent = np.frombuffer(b"".join(pieces), dtype="<i2") / 32_768
    assert len(sent) > 2 * 24_000
    assert np.abs(sent).max() > 0.1
    played = np.array(page.evaluate("tapped.flatMap((block) => [...block])"))
    assert len(played) >= len(sent), "the tap heard it"
    steepest = np.abs(np.diff(sent)).max()
    assert np.abs(np.diff(played)).max() <= 1.5 * steepest, "a click"
    if page.evaluate("starved") == 0:
        start = _place(played, sent)
        np.testing.assert_allclose(played[start + FADE : start + len(sent)], sent[FADE:], atol=1e-6)


@pytest.mark.parametrize("language", [pytest.param("curl", marks=needs_curl), "python"])
def test_code_does_what_was_done(
    browser: Any,
    open_page: Callable[..., Page],
    address: str,
    tmp_path: Path,
    language: str,
) -> None:
    page = ready(open_page(browser), f"{address}#/listen")
    page.fill("#listen-text", "It's \"quoted\", isn't it? $HOME `x` \\n {1}")
    page.click("#listen-button")
    expect(page.locator("#listen-state")).to_contain_text("Playback finished.", timeout=PATIENCE)
    page.click("#code summary")
    page.click(f"#code-languages [value={language}]")
    run(language, page.inner_text("#code-text"), tmp_path)
    speech = tmp_path / "speech.wav"
    assert speech.read_bytes()[:4] == b"RIFF"
    page.click("#tab-speak")
    page.select_option("#speak-lang", "en")
    page.set_input_files("#speak-file", speech)
    expect(page.locator("#speak-state")).to_contain_text("Done", timeout=PATIENCE)
    heard = run(language, page.inner_text("#code-text"), tmp_path)
    assert "quoted" in heard.lower()


def run(language: str, program: str, folder: Path) -> str:
    """Run a program in a folder; return what it prints."""
    command = ["bash", "-c", program] if language == "curl" else [sys.executable, "-c", program]
    ran = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, timeout=120, check=False
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def _audio(frame: str | bytes) -> bytes:
    return base64.b64decode(json.loads(frame).get("audio", ""))


def _place(played: Any, sent: Any) -> int:
    """Return where in what was played the sound begins, by its loudest sample."""
    loudest = int(np.argmax(np.abs(sent)))
    return int(np.argmax(np.abs(played))) - loudest


def test_it_synthesises_what_was_recognised(
    launch: Any,
    open_page: Callable[..., Page],
    address: str,
    recordings: dict[str, tuple[Path, str]],
) -> None:
    path, said = recordings["en_0022"]
    with launch(path) as browser:
        page = ready(open_page(browser), f"{address}#/talk")
        page.click("#talk-button")
        expect(page.locator("#talk-figures [data-figure=reply]")).to_be_visible(timeout=PATIENCE)
        assert error_rate(page.inner_text("#conversation .it p"), said) <= 0.6
        page.click("#talk-button")
