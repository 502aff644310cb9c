"""Punctuation for text that has none: CT-Transformer (Chen et al. 2020, FunASR) on ONNX Runtime.

The network gives each token (a Han character, or a word of other letters) the mark that follows
it. What it needs to know is in the file's metadata, as sherpa-onnx's exports have it: `tokens`,
`punctuations`, `unk_symbol`. The text itself is never changed, marks are only put into it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import onnxruntime

from liusheng.han import HAN, has_han
from liusheng.models.types import InstalledModel, Kind

_NONE = "_"
_ENDS = frozenset("。？")
_MARKS = frozenset("，、") | _ENDS
_NARROW = str.maketrans({"，": ", ", "、": ", ", "。": ". ", "？": "? "})
_WORD = rf"[^\W{HAN}]+"
_TOKEN = re.compile(rf"[{HAN}]|{_WORD}(?:['’-]{_WORD})*|\S")
_STEP = 20
"""Tokens by which a window grows until a sentence ends in it."""
_LONGEST = 200
"""Tokens of a window, after which a comma has to do as its end, and then anything."""


class Punctuator:
    """A CT_TRANSFORMER model, loaded.

    threads: for computing.

    Raises:
        ValueError: the model is of another kind, or not such a file.
    """

    def __init__(self, model: InstalledModel, threads: int = 1) -> None:
        if model.kind is not Kind.CT_TRANSFORMER:
            raise ValueError(f"{model.name} ({model.kind.value}) is no model for punctuation")
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
        if lacks := [key for key in ("tokens", "punctuations", "unk_symbol") if not facts.get(key)]:
            raise ValueError(
                f"{path} lacks the metadata {', '.join(lacks)}: take an export for sherpa-onnx"
            )
        self._ids = {token: i for i, token in enumerate(facts["tokens"].split("|"))}
        self._marks = facts["punctuations"].split("|")
        if facts["unk_symbol"] not in self._ids or not set(self._marks) >= _MARKS:
            raise ValueError(
                f"{path} is not for these marks: {facts['punctuations']!r} is to have "
                f"{' '.join(sorted(_MARKS))}, and its tokens {facts['unk_symbol']!r}"
            )
        self._unknown = self._ids[facts["unk_symbol"]]
        self._inputs = [each.name for each in self._session.get_inputs()]

    def punctuate(self, text: str) -> str:
        """Return the text with marks, full-width ones where it has Han characters."""
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
        """Return a mark, or what stands for none, for each token.

        A sentence is taken as final when more than its end has been seen; what follows it is the
        beginning of the next window.
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
    """Return how many marks of a window are final; a comma that ends it becomes a full stop."""
    # The last one was chosen without seeing what follows.
    sure = range(len(marks) - 2, -1, -1)
    for i in sure:
        if marks[i] in _ENDS:
            return i + 1
    if len(marks) < _LONGEST:
        return 0
    for i in sure:
        if marks[i] == "，":
            marks[i] = "。"
            return i + 1
    return len(marks)
