"""The exported model computes, chunk by chunk, what the network computes at once."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

MISSING = "training/tiny/requirements.txt is not installed"
torch = pytest.importorskip("torch", reason=MISSING)
pytest.importorskip("kaldi_native_fbank", reason=MISSING)
pytest.importorskip("scipy", reason=MISSING)
pytest.importorskip("soundfile", reason=MISSING)

import onnxruntime  # noqa: E402

from training.tiny.export import CHUNK, FRAMES, write  # noqa: E402
from training.tiny.features import BINS  # noqa: E402
from training.tiny.network import SPAN, STRIDE, Network, output_frames  # noqa: E402
from training.tiny.vocabulary import SYMBOLS  # noqa: E402

CHUNKS = 5


def small_network() -> Network:
    torch.manual_seed(1)
    network = Network(0.5, 2.0, width=16, inner=24, blocks=2, kernel=5)
    for name, value in network.state_dict().items():
        if name.endswith("running_mean"):
            value.normal_(0, 0.1)
        elif name.endswith("running_var"):
            value.uniform_(0.5, 2)
    network.eval()
    return network


def test_chunks_agree_with_the_network(tmp_path: Path) -> None:
    network = small_network()
    frames = SPAN + STRIDE * (CHUNK * CHUNKS - 1)
    x = np.random.default_rng(2).standard_normal((1, frames, BINS)).astype(np.float32)
    with torch.inference_mode():
        write(network, tmp_path, caution=0.0)
        scores, _ = network(torch.from_numpy(x).permute(0, 2, 1))
    shares = np.exp(scores.numpy())
    assert shares.shape[1] == output_frames(frames) == CHUNK * CHUNKS
    shares[..., 0] += shares[..., -1]  # garbage belongs to the blank
    expected = np.log(shares[..., :-1])

    session = onnxruntime.InferenceSession(str(tmp_path / "model.int8.onnx"))
    states = {
        each.name: np.zeros(
            [1 if isinstance(axis, str) else axis for axis in each.shape],
            np.int64 if "int64" in each.type else np.float32,
        )
        for each in session.get_inputs()
        if each.name != "x"
    }
    outputs = []
    for number in range(CHUNKS):
        at = STRIDE * CHUNK * number
        log_probs, *new = session.run(None, {"x": x[:, at : at + FRAMES], **states})
        states = dict(zip(states, new, strict=True))
        outputs.append(log_probs)
    np.testing.assert_allclose(np.concatenate(outputs, 1), expected, atol=0.1)
    assert states["processed"] == STRIDE * CHUNK * CHUNKS
    assert session.get_modelmeta().custom_metadata_map["T"] == str(FRAMES)


def test_the_symbols_are_written(tmp_path: Path) -> None:
    with torch.inference_mode():
        write(small_network(), tmp_path, caution=0.0)
    lines = (tmp_path / "tokens.txt").read_text("utf-8").splitlines()
    assert lines == [f"{symbol} {number}" for number, symbol in enumerate(SYMBOLS)]
