"""The module in a browser, before a real server whose connections are cut.

`LIUSHENG_CUTS=1000` is the long form.
"""

from __future__ import annotations

import asyncio
import base64
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from secrets import token_urlsafe
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from liusheng.audio.decode import decode_file
from liusheng.audio.pcm import samples_to_pcm
from liusheng.bench.soak.cutting_proxy import Cut, CutPlan, CuttingProxy, cutting_proxy, random_cuts
from tests.conftest import served

CLIPS = Path(__file__).parents[1] / "data" / "tiny"
CUTS = int(os.environ.get("LIUSHENG_CUTS", "20"))

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600 + 6 * CUTS)]

RECOGNIZE = """
async (base64) => {
  const { Liusheng, pcmFromBase64 } = await import("/liusheng/liusheng.js");
  // Pauses are cut short, but not the patience with a connection.
  const later = setTimeout;
  globalThis.setTimeout = (f, ms) => later(f, ms < 10000 ? ms / 20 : ms);
  const lengths = [];
  const recognition = new Liusheng().recognize({
    onUpdate: ({ result }) => lengths.push(result.length),
  });
  const pcm = pcmFromBase64(base64);
  for (let at = 0; at < pcm.length; at += 1360) {
    recognition.send(pcm.slice(at, at + 1360));
    while (recognition.pending > 20) await new Promise((resolve) => later(resolve, 2));
  }
  const { result, times } = await recognition.finish();
  globalThis.setTimeout = later;
  return { result, times, lengths, pending: recognition.pending };
}
"""


class Switched:
    """A plan that can be changed."""

    def __init__(self) -> None:
        self.plan: CutPlan | None = None

    def __call__(self) -> Cut | None:
        return self.plan() if self.plan else None


@contextmanager
def proxied(address: str | Sequence[str], plan: CutPlan) -> Iterator[CuttingProxy]:
    """Run a proxy in a thread."""
    loop, started, stop = asyncio.new_event_loop(), threading.Event(), asyncio.Event()
    made: list[CuttingProxy] = []

    async def main() -> None:
        async with cutting_proxy(address, plan) as proxy:
            made.append(proxy)
            started.set()
            await stop.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=[main()])
    thread.start()
    assert started.wait(10)
    yield made[0]
    loop.call_soon_threadsafe(stop.set)
    thread.join()
    loop.close()


@contextmanager
def serving(count: int) -> Iterator[list[str]]:
    """Run servers, which share a secret if there are several."""
    secret = {"LIUSHENG_RESUME_SECRETS": token_urlsafe()} if count > 1 else {}
    with ExitStack() as stack:
        arguments = ("--asr", "tiny", "--no-tts")
        yield [stack.enter_context(served(*arguments, **secret)) for _ in range(count)]


@pytest.mark.parametrize("servers", [1, 2])
def test_any_cuts_leave_the_text_of_an_unbroken_recognition(
    browser: Browser, open_page: Callable[..., Page], console_errors: list[str], servers: int
) -> None:
    clips = sorted(clip for clip in CLIPS.glob("*.flac") if not clip.stem.startswith("other"))
    pcm = b"".join(samples_to_pcm(samples) for c in clips[:3] for samples in decode_file(c, 16_000))
    audio = base64.b64encode(pcm).decode()
    switched = Switched()
    with serving(servers) as addresses, proxied(addresses, switched) as proxy:
        page = open_page(browser)
        page.goto(f"http://127.0.0.1:{proxy.port}/icon.svg")
        whole: dict[str, Any] = page.evaluate(RECOGNIZE, audio)
        assert whole["result"]
        seed = 0
        while len(proxy.cuts) < CUTS:
            switched.plan = random_cuts(seed, 5, up=len(pcm), down=len(pcm) // 20)
            cut = page.evaluate(RECOGNIZE, audio)
            assert (cut["result"], cut["times"]) == (whole["result"], whole["times"]), seed
            assert (cut["pending"], cut["lengths"][-1]) == (0, len(whole["result"]))
            seed += 1
            switched.plan = None
    # Chromium reports each connection that is cut, and the request after one that was not opened.
    cut_off = ("WebSocket connection", "net::ERR_", "status of 405")
    console_errors[:] = [e for e in console_errors if not any(each in e for each in cut_off)]
