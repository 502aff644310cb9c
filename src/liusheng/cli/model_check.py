"""Loads and times one model. Run in a process of its own, which a damaged model may end:

    python -m liusheng.cli.model_check NAME HOME WAV LANG SENTENCE

Synthesis writes its audio of SENTENCE to WAV ("": of one sentence for all models); recognition
transcribes WAV, in the language LANG. The last line of standard output is the result as JSON.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from liusheng.audio.pcm import pcm_to_samples, samples_to_pcm
from liusheng.audio.wav import open_wav
from liusheng.models.store import Store
from liusheng.models.types import InstalledModel, Task
from liusheng.runtime.decoding.blocking import decode_file

SENTENCES = {
    "zh": "今天天气很好，我们一起去公园散步吧。",
    "en": "The weather is nice today, so let us take a walk in the park.",
}
_TURN = 0.5
"""Seconds of audio in a turn of recognition, about as many as in the server."""


def open_model(name: str, home: Path) -> InstalledModel:
    """Open an installed model by its name, or a folder of the user's.

    Raises:
        ModelError: it is not installed, or damaged.
    """
    return Store(home).open_named(name)


def check_synthesis(model: InstalledModel, wav: Path, sentence: str = "") -> dict[str, Any]:
    """Synthesise a sentence with the model's first voice; return the sentence and the times."""
    from liusheng.tts.load import load
    from liusheng.tts.types import SAMPLE_RATE, SpeechRequest

    started = time.perf_counter()
    synthesizer = load([model])
    loaded = time.perf_counter() - started
    voice = synthesizer.voices[0]
    lang = next((lang for lang in voice.languages if lang in SENTENCES), "en")
    text = sentence or SENTENCES[lang]
    started = time.perf_counter()
    first = 0.0
    length = 0
    with open_wav(wav, SAMPLE_RATE) as out:
        for block in synthesizer.speak(SpeechRequest(text, voice.name)):
            first = first or time.perf_counter() - started
            length += len(block.samples)
            out.write(samples_to_pcm(block.samples))
    took = time.perf_counter() - started
    return {
        "load_seconds": loaded,
        "first_seconds": first,
        "real_time_factor": took / (length / SAMPLE_RATE),
        "text": text,
        "lang": lang,
    }


def check_recognition(model: InstalledModel, wav: Path | None, lang: str) -> dict[str, Any]:
    """Transcribe a recording live; return the text and the times.

    wav: None: the model is only loaded.
    """
    from liusheng.asr.in_process import InProcessStream
    from liusheng.asr.load import load
    from liusheng.asr.types import SAMPLE_RATE, StreamParams

    started = time.perf_counter()
    recognizer = load([model])
    loaded = time.perf_counter() - started
    if wav is None:
        return {"load_seconds": loaded, "real_time_factor": None, "text": ""}
    decoded = decode_file(wav, SAMPLE_RATE, block_seconds=_TURN)
    blocks = [pcm_to_samples(pcm) for pcm in decoded]
    params = StreamParams(lang if lang in recognizer.languages else "auto")
    stream = InProcessStream(recognizer, params)
    text = ""
    started = time.perf_counter()
    for samples in [*blocks, np.zeros(0, np.float32)]:
        outcome = stream.advance(samples, last=not len(samples))
        text += "".join(utterance.text for utterance in outcome.closed)
    took = time.perf_counter() - started
    seconds = sum(map(len, blocks)) / SAMPLE_RATE
    return {"load_seconds": loaded, "real_time_factor": took / seconds, "text": text}


def check_punctuation(model: InstalledModel) -> dict[str, Any]:
    """Punctuate a sentence; return the result and the time to load."""
    from liusheng.asr.text.punctuation import Punctuator

    started = time.perf_counter()
    punctuator = Punctuator(model)
    loaded = time.perf_counter() - started
    bare = SENTENCES["zh"].replace("，", "").replace("。", "")
    return {"load_seconds": loaded, "text": punctuator.punctuate(bare)}


def main() -> None:
    """Check the model that the command line names."""
    name, home, wav, lang, sentence = sys.argv[1:6]
    model = open_model(name, Path(home))
    if model.task is Task.TTS:
        result = check_synthesis(model, Path(wav), sentence)
    elif model.task is Task.PUNCTUATION:
        result = check_punctuation(model)
    else:
        result = check_recognition(model, Path(wav) if wav else None, lang)
    sys.stdout.write(json.dumps(result) + "\n")


if __name__ == "__main__":
    main()
