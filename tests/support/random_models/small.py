"""The smallest models of the other kinds that sherpa-onnx loads, with random weights, for tests.

As in `online`: tokens in sound, none in silence. Their encoders are one layer, so that they take
almost no time; inputs, outputs and metadata are those of real models.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from liusheng.models.recipes.onnx_graph import FLOAT, INT32, INT64
from tests.support.random_models.calibration import (
    Floats,
    Sound,
    babble,
    hidden_frames,
    random_head,
    rate_of_ctc,
    search_bias,
)
from tests.support.random_models.encoders import MELS, Encoder, State
from tests.support.random_models.graph import RandomGraph
from tests.support.random_models.online import append_ctc_head, write_tokens

TOKENS = 60
RATE = 5.0
_WINDOW, _SHIFT = 7, 6
"""FunASR's low frame rate: seven frames of 10 ms side by side, every six."""
_STACKED = MELS * _WINDOW
_BETWEEN = 12.5
"""Mean log-mel energy of int16 samples between babble's pauses and its sound."""

SENSE_VOICE_TAGS = (
    *("<|nospeech|>", "<|zh|>", "<|en|>", "<|yue|>", "<|ja|>", "<|ko|>"),
    *("<|NEUTRAL|>", "<|Speech|>", "<|woitn|>", "<|withitn|>"),
)


def nemo_ctc(folder: Path, subsampling: int = 4, seed: int = 0) -> None:
    """Write a cache-aware streaming CTC model in NeMo's interface: model.onnx, tokens.txt.

    subsampling: feature frames an output frame, 4 or 8.
    """
    width, steps = 16, 8
    shift = steps * subsampling
    frames = shift + 5
    g = RandomGraph(seed)
    x = g.input("audio_signal", ("N", MELS, frames))
    length = g.input("length", ("N",), INT64)
    states = [
        State("cache_last_channel", ("N", 1, 1, 1)),
        State("cache_last_time", ("N", 1, width, 1)),
        State("cache_last_channel_len", ("N",), INT64),
    ]
    channel, time, filled = (g.input(s.name, s.shape, s.dtype) for s in states)
    y = g.node("Mul", g.node("Add", g.slice(x, 0, shift, 2), g.constant(9.0)), g.constant(0.25))
    y = g.conv(y, MELS, width, (subsampling,), strides=(subsampling,))  # (N, width, steps)
    joined = g.node("Concat", g.node("Squeeze", time, g.ints(1)), y, axis=2)
    before = g.slice(joined, 0, steps, 2)
    mixed = g.node("Tanh", g.node("Add", y, g.node("Mul", before, g.constant(0.5))))
    hidden = g.node("Transpose", mixed, perm=[0, 2, 1])
    g.output("hidden", hidden, ("N", steps, width))
    g.output("lengths", g.node("Div", length, g.ints(subsampling)), ("N",), INT64)
    new = [
        channel,
        g.node("Unsqueeze", g.slice(joined, steps, steps + 1, 2), g.ints(1)),
        g.node("Add", filled, g.ints(steps)),
    ]
    metadata: dict[str, str | int] = {
        "model_type": "EncDecHybridRNNTCTCBPEModel",
        "window_size": frames,
        "chunk_shift": shift,
        "subsampling_factor": subsampling,
        "vocab_size": TOKENS - 1,  # NeMo does not count the blank
        "cache_last_channel_dim1": 1,
        "cache_last_channel_dim2": 1,
        "cache_last_channel_dim3": 1,
        "cache_last_time_dim1": 1,
        "cache_last_time_dim2": width,
        "cache_last_time_dim3": 1,
    }
    encoder = Encoder(g, frames, shift, hidden, width, metadata, states, new)
    encoder.finish()
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "model.onnx"
    g.save(path, metadata)
    write_tokens(folder / "tokens.txt", TOKENS)
    sound = _nemo_features(path, folder / "tokens.txt")
    outputs = hidden_frames(path, encoder, sound)
    weight, bias = random_head(outputs, sound, TOKENS, seed)
    logits = outputs @ weight + bias
    bias[0] += search_bias(lambda blank: rate_of_ctc(logits, blank, sound), RATE)
    append_ctc_head(path, weight, bias, steps)


def _nemo_features(model: Path, tokens: Path) -> Sound:
    """Take the features from the library: for this kind they are librosa's, not Kaldi's."""
    import sherpa_onnx

    recognizer = sherpa_onnx.OnlineRecognizer.from_nemo_ctc(model=str(model), tokens=str(tokens))
    stream = recognizer.create_stream()
    samples = babble(12.0, 1)
    stream.accept_waveform(16_000, samples.tolist())
    frames = stream.get_frames(0, len(samples) // 160 - 3)
    return Sound.of(np.asarray(frames, np.float32).reshape(-1, MELS))


def online_paraformer(folder: Path, seed: int = 0) -> None:
    """Write a streaming Paraformer: encoder.onnx, decoder.onnx, tokens.txt."""
    folder.mkdir(parents=True, exist_ok=True)
    width, memory = 16, 10
    g = RandomGraph(seed)
    x = g.input("speech", ("N", "T", _STACKED))
    length = g.input("speech_lengths", ("N",), INT32)
    # The library multiplies by the square root of the width and adds positions.
    level = g.node("ReduceMean", x, axes=[2], keepdims=0)
    alpha = g.node("Mul", level, g.constant(0.12))
    alpha = g.node("Clip", alpha, g.constant(0.0), g.constant(0.4))
    g.output("enc", g.node("Tanh", g.linear(x, _STACKED, width, gain=0.1)), ("N", "T", width))
    g.output("enc_len", length, ("N",), INT32)
    g.output("alphas", alpha, ("N", "T"))
    g.save(
        folder / "encoder.onnx",
        {
            **_lfr_metadata(),
            "vocab_size": TOKENS,
            "encoder_output_size": width,
            "decoder_num_blocks": 1,
            "decoder_kernel_size": memory + 1,
        },
    )
    g = RandomGraph(seed + 1)
    g.input("enc", ("N", "T", width))
    g.input("enc_len", ("N",), INT32)
    embedded = g.input("acoustic_embeds", ("N", "L", width))
    g.input("acoustic_embeds_len", ("N",), INT32)
    cache = g.input("in_cache_0", ("N", width, memory))
    logits = _logits(g, embedded, width)
    g.output("logits", logits, ("N", "L", TOKENS))
    best = g.node("ArgMax", logits, axis=2, keepdims=0)
    g.output("sample_ids", best, ("N", "L"), INT64)
    g.output("out_cache_0", cache, ("N", width, memory))
    g.save(folder / "decoder.onnx", {})
    _write_paraformer_tokens(folder / "tokens.txt")


def offline_paraformer(folder: Path, timestamps: bool = True, seed: int = 0) -> None:
    """Write an offline Paraformer: model.onnx, tokens.txt.

    A token for every fourth stacked frame (240 ms); where there is no sound at all, none.

    timestamps: with the outputs us_alphas and us_cif_peak, from which the library takes times.
    """
    folder.mkdir(parents=True, exist_ok=True)
    g = RandomGraph(seed)
    x = g.input("speech", ("N", "T", _STACKED))
    length = g.input("speech_lengths", ("N",), INT32)
    taken = g.slice(x, 0, 2**31, 1, step=4)
    logits = _logits(g, g.node("Tanh", g.linear(taken, _STACKED, 16, gain=0.3)), 16)
    level = g.node("ReduceMean", x, axes=[2], keepdims=1)
    silent = g.node("Less", g.node("ReduceMax", level, axes=[1], keepdims=1), g.constant(0.1))
    padding = g.node("ReduceMax", g.node("Abs", taken), axes=[2], keepdims=1)
    padding = g.node("Less", padding, g.constant(1e-6))
    over = g.node("Cast", g.node("Or", padding, silent), to=FLOAT)
    end = np.zeros(TOKENS, np.float32)
    end[2] = 1e6
    logits = g.node("Add", logits, g.node("Mul", over, g.constant(end)))
    g.output("logits", logits, ("N", "L", TOKENS))
    g.output("token_num", g.node("Div", length, g.constant(4, np.int32)), ("N",), INT32)
    if timestamps:
        # One peak, at a third of 60 ms, where each token begins, and one at the end.
        there = g.node("Sub", g.constant(1.0), over)
        first = g.node(
            "Add", g.node("Mul", g.slice(there, 0, 1, 1), g.constant(0.0)), g.constant(1.0)
        )
        there = g.node("Concat", first, there, axis=1)
        peaks = g.reshape(g.node("Pad", there, g.ints(0, 0, 0, 0, 0, 11)), 0, -1)
        g.output("us_alphas", peaks, ("N", "P"))
        g.output("us_cif_peak", peaks, ("N", "P"))
    g.save(folder / "model.onnx", {**_lfr_metadata(), "vocab_size": TOKENS})
    _write_paraformer_tokens(folder / "tokens.txt")


def sense_voice(folder: Path, seed: int = 0) -> None:
    """Write a SenseVoice model: model.onnx, tokens.txt.

    Its first four frames are tags: the language asked for ("auto": zh, or nospeech where there is
    no sound), a mood, an event, and whether numbers are written as such.
    """
    folder.mkdir(parents=True, exist_ok=True)
    count = TOKENS + len(SENSE_VOICE_TAGS)
    tag = {name: TOKENS + i for i, name in enumerate(SENSE_VOICE_TAGS)}
    languages = {"auto": 0, "zh": 3, "en": 4, "yue": 7, "ja": 11, "ko": 12}
    by_id = np.full(13, tag["<|zh|>"])
    for code, i in languages.items():
        by_id[i] = tag.get(f"<|{code}|>", tag["<|zh|>"])
    norms = np.array([tag["<|withitn|>"], tag["<|woitn|>"]])

    g = RandomGraph(seed)
    x = g.input("x", ("N", "T", _STACKED))
    g.input("x_length", ("N",), INT32)
    language = g.input("language", ("N",), INT32)
    norm = g.input("text_norm", ("N",), INT32)
    loudest = g.node(
        "ReduceMax", g.node("ReduceMean", x, axes=[2], keepdims=0), axes=[1], keepdims=0
    )
    silent = g.node("Less", loudest, g.constant(0.1))
    auto = g.node("Equal", language, g.constant(0, np.int32))
    spoken = g.node("Gather", g.constant(by_id, np.int64), language)
    nothing = g.constant(tag["<|nospeech|>"], np.int64)
    spoken = g.node("Where", g.node("And", silent, auto), nothing, spoken)
    written = g.node(
        "Gather", g.constant(norms, np.int64), g.node("Sub", norm, g.constant(14, np.int32))
    )
    mood = g.node("Add", g.node("Mul", spoken, g.ints(0)), g.ints(tag["<|NEUTRAL|>"]))
    event = g.node("Add", g.node("Mul", spoken, g.ints(0)), g.ints(tag["<|Speech|>"]))
    prompt = [g.node("Unsqueeze", value, g.ints(1)) for value in (spoken, mood, event, written)]
    tags = g.node("Concat", *prompt, axis=1)
    on_off = g.constant([0.0, 100.0])
    tags = g.node("OneHot", tags, g.constant(count, np.int64), on_off)

    logits = _logits(g, g.node("Tanh", g.linear(x, _STACKED, 16)), 16)
    level = g.node("ReduceMean", x, axes=[2], keepdims=1)
    quiet = g.node("Cast", g.node("Less", level, g.constant(0.1)), to=FLOAT)
    blank = np.zeros(TOKENS, np.float32)
    blank[0] = 1e6
    logits = g.node("Add", logits, g.node("Mul", quiet, g.constant(blank)))
    logits = g.node("Pad", logits, g.ints(0, 0, 0, 0, 0, len(SENSE_VOICE_TAGS)), g.constant(-1e6))
    g.output("logits", g.node("Concat", tags, logits, axis=1), ("N", "L", count))
    g.save(
        folder / "model.onnx",
        {
            **_lfr_metadata(),
            "model_type": "sense_voice_ctc",
            "vocab_size": count,
            "normalize_samples": 0,
            "with_itn": 14,
            "without_itn": 15,
            **{f"lang_{code}": i for code, i in languages.items()},
        },
    )
    write_tokens(folder / "tokens.txt", TOKENS)
    with (folder / "tokens.txt").open("a", encoding="utf-8") as file:
        file.writelines(f"{name} {i}\n" for name, i in tag.items())


def _lfr_metadata() -> dict[str, str | int]:
    def listed(value: float) -> str:
        return ",".join([str(value)] * _STACKED)

    return {
        "lfr_window_size": _WINDOW,
        "lfr_window_shift": _SHIFT,
        "neg_mean": listed(-_BETWEEN),
        "inv_stddev": listed(0.25),
    }


def _logits(g: RandomGraph, hidden: str, width: int) -> str:
    """Add an output layer whose special symbols never win."""
    bias: Floats = np.zeros(TOKENS, np.float32)
    bias[:3] = -1e4
    product = g.node("MatMul", hidden, g.random_weight(width, TOKENS, fan_in=width, gain=8.0))
    return g.node("Add", product, g.constant(bias))


def _write_paraformer_tokens(path: Path) -> None:
    """Write FunASR's kind of symbols: "ab@@" goes on in the next token."""
    with path.open("w", encoding="utf-8") as file:
        for i in range(TOKENS):
            letters = "".join(chr(97 + (i * k) % 26) for k in (3, 7))
            special = ("<blank>", "<s>", "</s>")
            latin = letters + "@@" * (i % 10 == 5)
            symbol = special[i] if i < 3 else latin if i % 5 == 0 else chr(0x4E00 + i)
            file.write(f"{symbol} {i}\n")
