"""Punctuation restoration: CT-Transformer (Chen et al. 2020, FunASR) on ONNX Runtime.

The network predicts the mark after each token (a Han character, or a word of other letters). Its
vocabulary is in the file's metadata, as in sherpa-onnx's exports: `tokens`, `punctuations`,
`unk_symbol`. The characters of the text are not changed; marks are inserted.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import onnxruntime

from liusheng.han import HAN, has_han
from liusheng.models.types import InstalledModel, Kind

_ENDS = frozenset("。？")
_MARKS = frozenset("，、") | _ENDS
_NARROW = str.maketrans({"，": ", ", "、": ", ", "。": ". ", "？": "? "})
_WORD = rf"[^\W{HAN}]+"
_TOKEN = re.compile(rf"[{HAN}]|{_WORD}(?:['’-]{_WORD})*|\S")
_STEP = 20
"""Tokens by which a window grows until it contains the end of a sentence."""
_MAX_WINDOW = 200
"""Tokens of a window, at which it is ended at a comma, or else anywhere."""


class Punctuator:
    """A CT_TRANSFORMER model.

    threads: intra-op threads.

    Raises:
        ValueError: the model is of another kind, or its file is not such a model.
    """

    def __init__(self, model: InstalledModel, threads: int = 1) -> None:
        if model.kind is not Kind.CT_TRANSFORMER:
            raise ValueError(f"{model.name} ({model.kind.value}) is not a model for punctuation")
        path = model.files["model"]
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        try:
            self._session = onnxruntime.InferenceSession(
                str(path), options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # ONNX Runtime's own, which have no common base
            raise ValueError(f"{path} cannot be read as an ONNX model: {error}") from error
        facts = self._session.get_modelmeta().custom_metadata_map
        if missing := [
            key for key in ("tokens", "punctuations", "unk_symbol") if not facts.get(key)
        ]:
            raise ValueError(
                f"{path} lacks the metadata {', '.join(missing)}: use an export for sherpa-onnx"
            )
        self._ids = {token: i for i, token in enumerate(facts["tokens"].split("|"))}
        self._marks = facts["punctuations"].split("|")
        if facts["unk_symbol"] not in self._ids or not set(self._marks) >= _MARKS:
            raise ValueError(
                f"{path}: its punctuations {facts['punctuations']!r} must include "
                f"{' '.join(sorted(_MARKS))}, and its tokens {facts['unk_symbol']!r}"
            )
        self._unknown = self._ids[facts["unk_symbol"]]
        self._inputs = [each.name for each in self._session.get_inputs()]

    def punctuate(self, text: str) -> str:
        """Return the text with punctuation, full-width if it has Han characters."""
        text = text.strip()
        tokens = list(_TOKEN.finditer(text))
        if not tokens:
            return text
        marks = self._choose([self._ids.get(t[0].lower(), self._unknown) for t in tokens])
        if marks[-1] not in _ENDS:
            marks[-1] = "。"
        han = has_han(text)
        written = ""
        for token, mark, after in zip(tokens, marks, [*tokens[1:], None], strict=True):
            written += token[0]
            space = text[token.end() : after.start()] if after else ""
            if mark not in _MARKS:
                written += space
            else:
                written += mark if han else mark.translate(_NARROW)
        return written.rstrip()

    def _choose(self, ids: Sequence[int]) -> list[str]:
        """Return the mark after each token, `_` for none.

        A sentence is final when a later token is in the window too; the next window begins after
        it.
        """
        marks: list[str] = []
        end = 0
        while len(marks) < len(ids):
            end = min(end + _STEP, len(ids))
            found = self._run(ids[len(marks) : end])
            if end < len(ids):
                found = found[: _end(found)]
            marks += found
        return marks

    def _run(self, ids: Sequence[int]) -> list[str]:
        feeds: list[npt.NDArray[np.int32]] = [
            np.array([ids], np.int32),
            np.array([len(ids)], np.int32),
        ]
        (scores, *_) = self._session.run(None, dict(zip(self._inputs, feeds, strict=True)))
        return [self._marks[i] for i in np.argmax(scores[0], axis=-1)]


def _end(marks: list[str]) -> int:
    """Return how many marks of a window are final; a comma that ends them becomes a full stop."""
    # The last mark was predicted without the next token.
    final = range(len(marks) - 2, -1, -1)
    for i in final:
        if marks[i] in _ENDS:
            return i + 1
    if len(marks) < _MAX_WINDOW:
        return 0
    for i in final:
        if marks[i] == "，":
            marks[i] = "。"
            return i + 1
    return len(marks)
