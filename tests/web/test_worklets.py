"""What runs on the audio thread, driven by hand: no clock, every sample looked at."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from playwright.sync_api import Page

pytestmark = pytest.mark.slow

RATE = 24_000
FADE = 120  # samples; 5 ms
BLOCK = 128

# The worklets' global scope, in a page: processors are kept to be made by the test.
SCOPE = """async ([rate]) => {
  globalThis.sampleRate = rate;
  globalThis.AudioWorkletProcessor = class {
    constructor() { this.posted = []; this.port = { postMessage: (m) => this.posted.push(m) }; }
  };
  globalThis.processors = {};
  globalThis.registerProcessor = (name, made) => (processors[name] = made);
  await import("/liusheng/worklets.js");
}"""

PLAY = """(steps) => {
  const processor = new processors["liusheng-playback"]();
  const heard = [];
  const render = (blocks) => {
    for (let i = 0; i < blocks; i += 1) {
      const output = new Float32Array(128);
      processor.process([], [[output]]);
      heard.push(...output);
    }
  };
  for (const step of steps) {
    if (step.render) render(step.render);
    else if (step.piece) processor.receive({ piece: new Float32Array(step.piece) });
    else processor.receive(step);
  }
  return { heard, posted: processor.posted };
}"""

CAPTURE = """([samples, options]) => {
  const processor = new processors["liusheng-capture"]({ processorOptions: options });
  for (let at = 0; at < samples.length; at += 128) {
    processor.process([[Float32Array.from(samples.slice(at, at + 128))]]);
  }
  processor.port.onmessage({ data: "stop" });
  return processor.posted.map((m) => (m.packet ? { ...m, packet: [...m.packet] } : m));
}"""

Samples = npt.NDArray[np.float64]


def tone(seconds: float, rate: int = RATE, hertz: float = 440, level: float = 0.5) -> Samples:
    return level * np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate)


def pieces(samples: Samples, *sizes: int) -> list[dict[str, Any]]:
    cuts = np.cumsum(sizes)
    return [{"piece": piece.tolist()} for piece in np.split(samples, cuts) if len(piece)]


def play(page: Page, steps: list[dict[str, Any]], rate: int = RATE) -> tuple[Samples, list[Any]]:
    page.evaluate(SCOPE, [rate])
    result = page.evaluate(PLAY, steps)
    return np.array(result["heard"]), result["posted"]


def begin(number: int = 1) -> dict[str, Any]:
    return {"begin": number, "sampleRate": RATE, "prebuffer": 0.05}


def steepest(samples: Samples) -> float:
    return float(np.abs(np.diff(samples)).max())


def test_pieces_are_played_without_a_gap(module_page: Page) -> None:
    said = tone(0.7)
    steps = [begin(), *pieces(said, 7, 1000, 5000, 4096), {"end": True}, {"render": 200}]
    heard, posted = play(module_page, steps)
    start = int(np.flatnonzero(heard)[0]) - 1  # a sine begins with a zero
    np.testing.assert_allclose(heard[start + FADE : start + len(said)], said[FADE:], atol=1e-6)
    assert not heard[start + len(said) :].any()
    assert posted[0] == {"id": 1, "started": True}
    assert posted[-2:] == [
        {"id": 1, "ended": True, "played": len(said)},
        {"id": 1, "played": len(said), "level": pytest.approx(0.5, abs=0.5)},
    ]


def test_playing_waits_until_there_is_something_in_reserve(module_page: Page) -> None:
    said = tone(1)
    heard, posted = play(
        module_page,
        [begin(), {"piece": said[:1199].tolist()}, {"render": 5}],
    )
    assert not heard.any()
    assert posted == []


def test_a_short_text_is_played_without_a_reserve(module_page: Page) -> None:
    steps = [begin(), *pieces(tone(0.01)), {"end": True}, {"render": 5}]
    heard, posted = play(module_page, steps)
    assert heard.any()
    assert [message["played"] for message in posted if message.get("ended")] == [240]


def test_a_starving_playback_pauses_without_a_click_and_loses_nothing(module_page: Page) -> None:
    said = tone(0.5)
    steps = [
        begin(), {"piece": said[:5000].tolist()}, {"render": 60},
        {"piece": said[5000:].tolist()}, {"end": True}, {"render": 100},
    ]  # fmt: skip
    heard, posted = play(module_page, steps)
    assert sum(1 for message in posted if message.get("starved")) == 1
    assert steepest(heard) < 1.5 * steepest(said), "a jump would be heard as a click"
    assert posted[-1]["played"] == len(said)
    sounding = heard[np.flatnonzero(heard)[0] :]
    np.testing.assert_allclose(
        sounding[FADE : 5000 - FADE - 1], said[FADE + 1 : 5000 - FADE], atol=1e-6
    )


def test_stopping_is_at_once_and_without_a_click(module_page: Page) -> None:
    said = tone(2)
    steps = [begin(), *pieces(said), {"render": 50}, {"stop": True}, {"render": 20}]
    heard, posted = play(module_page, steps)
    stopped = 50 * BLOCK
    assert heard[stopped - 10 : stopped].any()
    assert not heard[stopped + FADE :].any(), "silent within 5 ms"
    assert steepest(heard) < 1.5 * steepest(said)
    assert posted[-1] == {"id": 1, "ended": True, "played": stopped}


def test_another_text_follows_one_that_is_cut_short(module_page: Page) -> None:
    first, second = tone(2), tone(0.3, hertz=300)
    steps = [
        begin(), *pieces(first), {"render": 50},
        begin(2), *pieces(second), {"end": True}, {"render": 80},
    ]  # fmt: skip
    heard, posted = play(module_page, steps)
    assert steepest(heard) < 2 * steepest(first)
    ends = [message for message in posted if message.get("ended")]
    assert [end["id"] for end in ends] == [1, 2]
    assert ends[1]["played"] == len(second)


def test_a_context_of_another_rate_is_made_up_for(module_page: Page) -> None:
    said = tone(0.5, hertz=1000)
    steps = [begin(), *pieces(said, 333, 4000), {"end": True}, {"render": 250}]
    heard, _ = play(module_page, steps, rate=48_000)
    spectrum = np.abs(np.fft.rfft(heard[4000:20_384] * np.hanning(16_384)))
    assert np.argmax(spectrum) * 48_000 / 16_384 == pytest.approx(1000, abs=3)
    assert np.abs(heard).max() == pytest.approx(0.5, abs=0.01)


@pytest.mark.parametrize("rate", [48_000, 44_100, 16_000, 22_050, 96_000])
def test_the_microphone_is_resampled_cleanly(module_page: Page, rate: int) -> None:
    seconds, hertz = 0.6, 1000
    module_page.evaluate(SCOPE, [rate])
    posted = module_page.evaluate(
        CAPTURE,
        [tone(seconds, rate, hertz).tolist(), {"sampleRate": 16_000, "packetSamples": 1360}],
    )
    assert posted[-1] == {"stopped": True}
    packets = [message["packet"] for message in posted[:-1]]
    assert all(len(packet) == 1360 for packet in packets[:-1])
    heard = np.concatenate(packets) / 32_767
    assert len(heard) == pytest.approx(seconds * 16_000, abs=2)
    expected = tone(seconds, 16_000, hertz)[: len(heard)]
    inner = slice(200, len(heard) - 200)
    noise = np.sqrt(np.mean((heard[: len(expected)] - expected)[inner] ** 2))
    assert noise < 0.5 / np.sqrt(2) * 10 ** (-70 / 20), "70 dB under the tone"
    assert posted[2]["rms"] == pytest.approx(0.5 / np.sqrt(2), rel=0.02)
    assert posted[2]["peak"] == pytest.approx(0.5, rel=0.02)


def test_what_the_protocol_cannot_carry_is_filtered_out(module_page: Page) -> None:
    module_page.evaluate(SCOPE, [48_000])
    posted = module_page.evaluate(
        CAPTURE,
        [tone(0.3, 48_000, 9_500).tolist(), {"sampleRate": 16_000, "packetSamples": 1360}],
    )
    heard = np.array(posted[1]["packet"]) / 32_767
    assert np.abs(heard).max() < 10 ** (-60 / 20), "an alias would sit at 6,500 Hz"
