"""The weights that training starts from: hibari-tts's English voice `heart` (Apache-2.0), 8 bits.

python -m training.voice.pretrained        compares our network with ONNX Runtime's in float32
"""

from __future__ import annotations

import importlib.resources

import numpy as np
import numpy.typing as npt
import onnx
import torch
from onnx import numpy_helper

from training.voice.kokoro_graph import dequantise
from training.voice.network import Student


def load() -> Student:
    """The student with hibari's weights, dequantised."""
    graph = _model().graph
    values = {each.name: numpy_helper.to_array(each) for each in graph.initializer}
    state: dict[str, npt.NDArray[np.generic]] = {
        name: value for name, value in values.items() if name.startswith(("m.", "pn."))
    }
    for name, stem in _quantised(graph).items():
        plain = values[f"{stem}_quantized"].astype(np.float32) - values[f"{stem}_zero_point"]
        state[name] = (plain * values[f"{stem}_scale"]).T
    student = Student()
    student.load_state_dict(
        {name: torch.tensor(np.array(value, np.float32)) for name, value in state.items()}
    )
    return student


def _model() -> onnx.ModelProto:
    path = importlib.resources.files("hibari") / "assets" / "hibari.onnx"
    return onnx.load_model_from_string(path.read_bytes())


def _quantised(graph: onnx.GraphProto) -> dict[str, str]:
    """Names of the 8-bit weights by ours; each is known by the bias that is added after it."""
    source = {name: node for node in graph.node for name in node.output}
    found: dict[str, str] = {}
    for node in graph.node:
        bias = next((name for name in node.input if name.endswith("bias")), None)
        if node.op_type != "Add" or bias is None:
            continue
        product = next(name for name in node.input if name != bias)
        while source[product].op_type != "MatMulInteger":
            product = source[product].input[0]
        weight = source[product].input[1].removesuffix("_quantized")
        found[bias.removesuffix("bias") + "weight"] = weight
    return found


def main() -> None:
    import onnxruntime

    student, plain = load().eval(), _model()
    dequantise(plain.graph, {})
    session = onnxruntime.InferenceSession(plain.SerializeToString())
    tokens = np.array([[0, *np.random.default_rng(0).integers(43, 158, 40), 0]], np.int64)
    *theirs, f0 = session.run(None, {"ids": tokens, "speed": np.ones(1, np.float32)})
    with torch.no_grad():
        maps, pitch, _ = student(torch.tensor(tokens))
    print("parameters", sum(each.numel() for each in student.parameters()))
    for name, a, b in zip("lh theta ln lr phi".split(), theirs, maps.chunk(5, 2), strict=True):
        print(name, a.shape, "largest difference", np.abs(a - b.transpose(1, 2).numpy()).max())
    print("f0", f0.shape, "largest difference", np.abs(f0 - pitch.numpy()).max())


if __name__ == "__main__":
    main()
