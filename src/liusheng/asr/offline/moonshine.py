"""Moonshine (Jeffries et al. 2024) on ONNX Runtime.

Its window is the speech without padding, and its cost grows with the length of the speech.

Most of the cost is the decoder's, one step per token. Where a partial's window has been decoded
before and has grown, its last text serves as a draft (speculative decoding, Leviathan et al. 2023):
one pass over the draft finds the prefix that the model would write again, and steps continue from
there. Activations are quantised by what is computed together, so that the text is that of greedy
decoding but for a word or two. Finals have no draft: their texts would depend on the partials that
came before, and so on how busy the machine was.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnxruntime

from liusheng.asr.capabilities import Batching
from liusheng.asr.offline.engine import Decoded, Effort, Window
from liusheng.asr.offline.repetition import without_loops
from liusheng.asr.options import MoonshineOptions
from liusheng.asr.text.pieces import split_pieces, spread
from liusheng.asr.types import SAMPLE_RATE
from liusheng.audio.pcm import Samples
from liusheng.models.devices import Device, check_providers, onnx_providers
from liusheng.models.types import InstalledModel

_MIN_SECONDS = 0.5
"""The convolutions need some length; shorter windows are padded with silence."""
_SILENCE = 1e-3
"""Amplitude below which audio is digital silence (a noise gate, a synthesiser), on which Moonshine
hallucinates "Thank you.\""""
_TAIL = 0.05
"""Seconds of such silence that are kept after the speech."""
_STRIDE = 384
"""Samples per frame of the encoder's output."""
_BEGIN, _END = 1, 2
_TOKENS_PER_SECOND = 8.0
_FIXED_TOKENS = 4

Floats = npt.NDArray[np.float32]


class MoonshineEngine:
    """A Moonshine model in the two-file (v2) form.

    It has no alignment: words are spread over the speech by their length, or aligned by a Whisper
    model if there is one (`liusheng.asr.offline.alignment`).
    """

    max_seconds = 30.0
    punctuates = True
    translates = False
    batching = Batching.NONE

    def __init__(
        self, model: InstalledModel, options: MoonshineOptions, device: Device = "cpu"
    ) -> None:
        """Raises DeviceError if the device cannot be had."""
        self.name = model.name
        self.languages = model.languages or ("en",)
        self._encoder = _session(model.files["encoder"], options.threads, device)
        self._decoder = _session(model.files["decoder"], options.threads, device)
        self._vocabulary = _vocabulary(model.files["tokens"])
        self._past = [i for i in self._decoder.get_inputs() if i.name.startswith("past_key_values")]
        self._present = [output.name for output in self._decoder.get_outputs()[1:]]

    def prepare(self, window: Window, effort: Effort) -> Window:
        """Return the window; see `OfflineEngine.prepare`."""
        return window

    def decode(self, windows: Sequence[Window], effort: Effort) -> list[Decoded]:
        """Decode windows greedily; see `OfflineEngine.decode`.

        One after another: a decoder step needs prefixes of one length in a batch, which drafts do
        not have, and the encoder's normalisation includes the padding of a batch.
        """
        return [self._decoded(window, effort) for window in windows]

    def _decoded(self, window: Window, effort: Effort) -> Decoded:
        seconds = len(window.samples) / SAMPLE_RATE
        most = _FIXED_TOKENS + int(_TOKENS_PER_SECOND * seconds)
        draft = window.draft if effort is Effort.PARTIAL else ()
        tokens, score = self._tokens(self._encoded(window.samples), draft, most)
        start, end = window.speech
        end = min(end, seconds)
        pieces = spread(split_pieces(self._text(tokens)), min(start, end), end)
        return Decoded(without_loops(pieces), self.languages[0], score, draft=tuple(tokens))

    def _encoded(self, samples: Samples) -> Floats:
        """Return the encoder's output, shape (1, frames, d)."""
        sound = np.flatnonzero(np.abs(samples) > _SILENCE)
        if len(sound):
            samples = samples[: sound[-1] + int(_TAIL * SAMPLE_RATE)]
        missing = int(_MIN_SECONDS * SAMPLE_RATE) - len(samples)
        if missing > 0:
            samples = np.concatenate([samples, np.zeros(missing, np.float32)])
        audio = samples[None].astype(np.float32)
        mask = np.ones(audio.shape, np.int64)
        encoded: Floats = self._encoder.run(None, {"input_values": audio, "attention_mask": mask})[
            0
        ]
        return encoded

    def _tokens(self, encoded: Floats, draft: Sequence[int], most: int) -> tuple[list[int], float]:
        """Decode greedily; return the tokens, and the mean log probability of one.

        draft: tokens that the result may begin with. most: their maximum.
        """
        draft = list(draft[:most])
        fixed = {
            "encoder_hidden_states": encoded,
            # The mask is per sample; the decoder reads one of each frame.
            "encoder_attention_mask": np.ones((1, encoded.shape[1] * _STRIDE), np.int64),
        }
        empty = {i.name: np.zeros((1, i.shape[1], 0, i.shape[3]), np.float32) for i in self._past}
        logits, *present = self._decoder.run(
            None,
            fixed
            | empty
            | {
                "input_ids": np.array([[_BEGIN, *draft]], np.int64),
                "use_cache_branch": np.array([False]),
            },
        )
        likeliest = logits[0].argmax(axis=1).tolist()
        accepted = 0
        while accepted < len(draft) and draft[accepted] == likeliest[accepted]:
            accepted += 1
        tokens = draft[:accepted]
        scores = [_log_probability(row) for row in logits[0, : accepted + 1]]
        state: dict[str, Any] = {}
        for name, value in zip(self._present, present, strict=True):
            own = ".decoder." in name
            # Drop keys and values of the draft's rejected tokens.
            state[_past_name(name)] = value[:, :, : accepted + 1] if own else value
        token = likeliest[accepted]
        while token != _END and len(tokens) < most:
            tokens.append(token)
            logits, *present = self._decoder.run(
                None,
                fixed
                | state
                | {
                    "input_ids": np.array([[token]], np.int64),
                    "use_cache_branch": np.array([True]),
                },
            )
            for name, value in zip(self._present, present, strict=True):
                if ".decoder." in name:
                    state[_past_name(name)] = value
            token = int(logits[0, -1].argmax())
            scores.append(_log_probability(logits[0, -1]))
        return tokens, sum(scores) / len(scores)

    def _text(self, tokens: Sequence[int]) -> str:
        data = b"".join(self._vocabulary[token] for token in tokens)
        return data.decode(errors="ignore").replace("▁", " ").strip()


def _log_probability(logits: Floats) -> float:
    """Return the log probability of the likeliest token. logits: shape (vocabulary,)."""
    return -float(np.log(np.exp(logits - logits.max()).sum()))


def _session(path: Path, threads: int, device: Device) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    providers = onnx_providers(device, onnxruntime.get_available_providers())
    session = onnxruntime.InferenceSession(str(path), sess_options=options, providers=providers)
    check_providers(device, session.get_providers())
    return session


def _vocabulary(path: Path) -> list[bytes]:
    """Return the bytes of each token by id; b"" for special tokens."""
    tokens = []
    for line in path.read_text(encoding="ascii").splitlines():
        token = base64.b64decode(line.rpartition(" ")[0])
        special = token in (b"<unk>", b"<s>", b"</s>") or token.startswith(b"<<")
        tokens.append(b"" if special else token)
    return tokens


def _past_name(present: str) -> str:
    return present.replace("present", "past_key_values", 1)
