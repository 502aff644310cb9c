"""Whisper (Radford et al. 2022) through CTranslate2, with windows cut to the speech.

Features and tokenizer are faster-whisper's. The encoder takes windows of any length up to 30 s:
speech and a few seconds of silence take a quarter of the time of the padded window. With timestamps
and without a prompt, the model neither repeats itself nor stops at the first pause.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import ctranslate2
import tokenizers

from liusheng.asr.capabilities import Batching
from liusheng.asr.offline.engine import Decoded, Effort, Window
from liusheng.asr.offline.language import choose_language
from liusheng.asr.offline.no_speech import is_speech
from liusheng.asr.offline.repetition import has_loop, without_loops
from liusheng.asr.offline.whisper_alignment import character_spans, place, token_times
from liusheng.asr.offline.whisper_choice import choose, scored_part
from liusheng.asr.offline.whisper_decoder import WhisperDecoder, load_mandarin_decoder
from liusheng.asr.offline.whisper_encoder import HOP, MAX_SECONDS, STRIDE, Floats, WhisperEncoder
from liusheng.asr.offline.whisper_tasks import TaskTokenizers, translates
from liusheng.asr.offline.whisper_tokens import (
    Hypothesis,
    hypothesis,
    known_languages,
    pieces_of,
    prompt_tokens,
)
from liusheng.asr.options import WhisperOptions
from liusheng.asr.text.pieces import Piece, letters, split_pieces, spread
from liusheng.asr.types import SAMPLE_RATE, Proposal
from liusheng.models.devices import Device, ctranslate2_device
from liusheng.models.types import InstalledModel

_FIXED_TOKENS = 15
_MAX_HYPOTHESES = 10
"""The cost of a beam search grows with its width."""
_PAD_ALIGNED = 0.5
"""Seconds of silence after speech that is only aligned; with 2 s, words move by 3 ms on average."""
_MAX_ALIGNED = 400
"""Tokens; the decoder has 448 positions, the prompt included."""


def load_tokenizer(model: InstalledModel) -> tokenizers.Tokenizer:
    """Load the tokenizer of a Whisper model."""
    return tokenizers.Tokenizer.from_file(str(model.path / "tokenizer.json"))


class WhisperEngine:
    """A Whisper model in CTranslate2's format."""

    max_seconds = MAX_SECONDS - 4.0
    punctuates = True
    batching = Batching.DECODER

    def __init__(
        self,
        model: InstalledModel,
        options: WhisperOptions,
        tokenizer: tokenizers.Tokenizer | None = None,
        device: Device = "cpu",
    ) -> None:
        """tokenizer: of the model; None: it is loaded. Raises DeviceError if the device cannot be
        had."""
        self.name = model.name
        self.options = options
        computes_on = ctranslate2_device(device, ctranslate2.get_cuda_device_count())
        self._model = ctranslate2.models.Whisper(
            str(model.path),
            device=computes_on,
            compute_type=options.compute_type,
            intra_threads=options.threads,
            inter_threads=1,
        )
        hf = tokenizer or load_tokenizer(model)
        multilingual = self._model.is_multilingual
        self.languages = known_languages(hf, model.languages) if multilingual else ("en",)
        self.translates = translates(
            model.path / "config.json", multilingual=multilingual, mel_bins=self._model.n_mels
        )
        self._tokenizers = TaskTokenizers(hf, self.languages, multilingual=multilingual)
        self._encoder = WhisperEncoder(self._model)
        mandarin = None
        if options.mandarin_vocabulary and computes_on == "cpu" and "zh" in self.languages:
            mandarin = load_mandarin_decoder(model, hf, options)
        self._decoder = WhisperDecoder(self._model, self._encoder, hf, mandarin)

    def prepare(self, window: Window, effort: Effort) -> Window:
        """Encode a window; see `OfflineEngine.prepare`."""
        careful = effort is Effort.FINAL and window.spare
        pad = self.options.pad_final if careful else self.options.pad_partial
        return replace(window, encoded=self._encoder.encode(window, pad))

    def decode(self, windows: Sequence[Window], effort: Effort) -> list[Decoded]:
        """Decode windows; see `OfflineEngine.decode`.

        Finals are decoded together only where they are of one length: the text of a shorter one
        would depend on how much encoded silence its batch adds.
        """
        final = effort is Effort.FINAL
        ready = [w if w.encoded is not None else self.prepare(w, effort) for w in windows]
        # The beam's width depends on the number of hypotheses, and is the same for a batch.
        batches: dict[tuple[int, int], list[int]] = {}
        for i in sorted(range(len(ready)), key=lambda i: ready[i].encoded.shape[1]):
            frames = ready[i].encoded.shape[1] if final else 0
            batches.setdefault((ready[i].nbest, frames), []).append(i)
        results: dict[int, Decoded] = {}
        for (nbest, _), order in batches.items():
            for at in range(0, len(order), self.options.batch):
                batch = order[at : at + self.options.batch]
                decoded = self._decode_batch([ready[i] for i in batch], effort, nbest)
                results.update(zip(batch, decoded, strict=True))
        return [results[i] for i in range(len(windows))]

    def align(self, window: Window, lang: str, pieces: Sequence[Piece]) -> tuple[Piece, ...]:
        """Place the pieces of another model's text; see `Aligner`.

        They keep their places if there are no letters, or more tokens than the decoder takes.
        """
        text = "".join(piece.text for piece in pieces)
        tokens = self._tokenizers[lang].encode(f" {text.strip()}")
        if not 0 < len(tokens) <= _MAX_ALIGNED:
            return tuple(pieces)
        encoded = self._encoder.encode(window, _PAD_ALIGNED)
        return tuple(self._aligned(window, encoded, lang, tokens, pieces))

    def _decode_batch(self, windows: Sequence[Window], effort: Effort, nbest: int) -> list[Decoded]:
        final = effort is Effort.FINAL
        encoded: list[Floats] = [w.encoded for w in windows]
        found = [self._language(w, e) for w, e in zip(windows, encoded, strict=True)]
        langs = [lang for lang, _ in found]
        if not final and not all(sure for _, sure in found):
            return self._decode_sure(windows, encoded, found)
        proposed = [
            final and lang == "zh" and bool(w.propose) and not w.translate
            for w, lang in zip(windows, langs, strict=True)
        ]
        results: dict[int, Decoded] = {}
        for each in set(proposed):
            chosen = [i for i, is_proposed in enumerate(proposed) if is_proposed is each]
            decoded = self._decode_encoded(
                [windows[i] for i in chosen],
                [encoded[i] for i in chosen],
                [langs[i] for i in chosen],
                effort,
                nbest,
                at_least=self.options.hypotheses if each else 1,
            )
            results.update(zip(chosen, decoded, strict=True))
        return [results[i] for i in range(len(windows))]

    def _decode_sure(
        self,
        windows: Sequence[Window],
        encoded: Sequence[Floats],
        found: Sequence[tuple[str, bool]],
    ) -> list[Decoded]:
        """Return partials, which are empty where the language is not sure yet."""
        sure = [i for i, (_, each) in enumerate(found) if each]
        decoded: dict[int, Decoded] = {}
        if sure:
            results = self._decode_encoded(
                [windows[i] for i in sure],
                [encoded[i] for i in sure],
                [found[i][0] for i in sure],
                Effort.PARTIAL,
                1,
            )
            decoded = dict(zip(sure, results, strict=True))
        return [decoded.get(i) or Decoded((), lang) for i, (lang, _) in enumerate(found)]

    def _decode_encoded(
        self,
        windows: Sequence[Window],
        encoded: Sequence[Floats],
        langs: Sequence[str],
        effort: Effort,
        nbest: int,
        at_least: int = 1,
    ) -> list[Decoded]:
        """Decode encoded windows. at_least: number of hypotheses, where more are not asked for."""
        final = effort is Effort.FINAL
        # Many hypotheses differ in punctuation and timestamps only.
        nbest = min(2 * nbest, _MAX_HYPOTHESES) if final and nbest > 1 else 1
        nbest = max(nbest, at_least)
        beam = max(self.options.beam, nbest) if final else 1
        found = self._generate(windows, encoded, langs, beam, nbest)
        return [
            self._decoded(window, states, lang, each, effort, beam, proposing=at_least > 1)
            for window, states, lang, each in zip(windows, encoded, langs, found, strict=True)
        ]

    def _decoded(
        self,
        window: Window,
        states: Floats,
        lang: str,
        found: Sequence[Hypothesis],
        effort: Effort,
        beam: int,
        *,
        proposing: bool,
    ) -> Decoded:
        """Return the result for a window. proposing: what was found may be corrected together."""
        final = effort is Effort.FINAL
        best, *others = found
        text: str = self._tokenizers[lang].decode(best.tokens)
        if final and has_loop(split_pieces(text), self.options.compression):
            states, best = self._decode_padded(window, lang, text)
            proposing = False
        untimed = replace(window, timed=False)
        pieces: tuple[Piece, ...] = ()
        proposals: Sequence[Proposal] = ()
        if proposing and window.propose:
            pieces = self._pieces(untimed, states, lang, best)
            proposals = window.propose(self._texts(lang, found)) if pieces else ()
        if proposals:
            pieces = self._chosen(window, states, lang, best, pieces, proposals)
        else:
            pieces = self._pieces(window, states, lang, best)
        alternatives = [
            (text_of_other, other.score)
            for other in (others if window.nbest > 1 else ())
            if (text_of_other := self._pieces(untimed, states, lang, other))
        ]
        rival: tuple[Piece, ...] = ()
        second = self.options.second_final and not window.translate
        if final and second and lang == "zh" and pieces and not proposals:
            prompted = self._generate([window], [states], [lang], beam, prompted=True)[0][0]
            rival = self._pieces(window, states, lang, prompted)
        return Decoded(pieces, lang, best.score, tuple(alternatives), rival, bool(proposals))

    def _decode_padded(self, window: Window, lang: str, text: str) -> tuple[Floats, Hypothesis]:
        """Decode a window that looped with the full padding that Whisper was trained on.

        If the text is the same, the speaker repeated something. If it still loops, sample.
        """
        states = self._encoder.encode(window, MAX_SECONDS)
        best = self._generate([window], [states], [lang], self.options.beam)[0][0]
        padded = self._tokenizers[lang].decode(best.tokens)
        if padded == text or not has_loop(split_pieces(padded), self.options.compression):
            return states, best
        ctranslate2.set_random_seed(1)
        return states, self._generate([window], [states], [lang], 1, temperature=0.4)[0][0]

    def _language(self, window: Window, encoded: Floats) -> tuple[str, bool]:
        """Return the language to decode a window in, and whether it is sure."""
        if window.lang != "auto":
            return window.lang, True
        choice = [lang for lang in window.languages if lang in self._tokenizers] or self.languages
        if len(choice) == 1:
            return choice[0], True
        ranked = self._model.detect_language(self._encoder.storage(encoded))[0]
        known = [(token[2:-2], probability) for token, probability in ranked]
        return choose_language([each for each in known if each[0] in choice], window)

    def _generate(
        self,
        windows: Sequence[Window],
        encoded: Sequence[Floats],
        langs: Sequence[str],
        beam: int,
        nbest: int = 1,
        temperature: float = 0.0,
        prompted: bool = False,
    ) -> list[list[Hypothesis]]:
        """Return hypotheses for each window, the likeliest first.

        prompted: with a prompt in Mandarin and without timestamps.
        """
        prompts = [
            prompt_tokens(self._tokenizers.of(lang, translate=window.translate), prompted)
            for window, lang in zip(windows, langs, strict=True)
        ]
        any_tokenizer = self._tokenizers[self.languages[0]]
        lengths = [len(w.samples) / SAMPLE_RATE for w in windows]
        caps = [_FIXED_TOKENS + int(self.options.tokens_per_second * each) for each in lengths]
        results = self._decoder.generate(
            encoded,
            prompts,
            [lang == "zh" and not w.translate for w, lang in zip(windows, langs, strict=True)],
            beam_size=beam,
            num_hypotheses=nbest,
            max_length=min(448, len(prompts[0]) + max(caps)),
            sampling_topk=0 if temperature else 1,
            sampling_temperature=temperature or 1.0,
        )
        return [
            [
                hypothesis(any_tokenizer, ids[:cap], score, r.no_speech, seconds)
                for ids, score in zip(r.tokens, r.scores, strict=True)
            ]
            for r, cap, seconds in zip(results, caps, lengths, strict=True)
        ]

    def _texts(self, lang: str, found: Sequence[Hypothesis]) -> list[tuple[str, float]]:
        """Return the texts of hypotheses and their log probabilities."""
        tokenizer = self._tokenizers[lang]
        texts = [
            ("".join(piece.text for piece in pieces_of(tokenizer, each)), each.log_probability)
            for each in found
        ]
        return [(text, score) for text, score in texts if text.strip()]

    def _chosen(
        self,
        window: Window,
        encoded: Floats,
        lang: str,
        best: Hypothesis,
        pieces: tuple[Piece, ...],
        proposals: Sequence[Proposal],
    ) -> tuple[Piece, ...]:
        """Return the pieces of the best proposal. best, pieces: the likeliest hypothesis."""
        tokenizer = self._tokenizers[lang]
        samples = len(window.samples)
        part = scored_part(encoded, samples, STRIDE)
        frames = min(2 * part.shape[1], samples // HOP + 1)

        def score(texts: Sequence[str]) -> list[float]:
            tokens = [tokenizer.encode(text) for text in texts]
            return self._decoder.score(part, tokenizer.sot_sequence, tokens, frames)

        text = choose(proposals, score)
        if letters(text) == letters("".join(piece.text for piece in pieces)):
            return self._pieces(window, encoded, lang, best)
        placed = spread(split_pieces(text), pieces[0].start, pieces[-1].end)
        if not window.timed:
            return placed
        return tuple(self._aligned(window, encoded, lang, tokenizer.encode(text), placed))

    def _pieces(
        self, window: Window, encoded: Floats, lang: str, found: Hypothesis
    ) -> tuple[Piece, ...]:
        options = self.options
        if found.score < options.hopeless_score or not is_speech(
            window, found.score, found.no_speech, options.no_speech
        ):
            return ()
        pieces = pieces_of(self._tokenizers[lang], found)
        if window.timed and pieces and not window.translate:
            # The words of a translation have no places of their own; phrases have timestamps.
            pieces = self._aligned(window, encoded, lang, found.tokens, pieces)
        return without_loops(pieces)

    def _aligned(
        self,
        window: Window,
        encoded: Floats,
        lang: str,
        tokens: Sequence[int],
        pieces: Sequence[Piece],
    ) -> list[Piece]:
        """Place pieces by the alignment of their tokens; see `whisper_alignment`."""
        tokenizer = self._tokenizers[lang]
        tokens = list(tokens)
        seconds = len(window.samples) / SAMPLE_RATE
        frames = min(2 * encoded.shape[1], len(window.samples) // HOP + 1)
        alignments = self._decoder.align(encoded, tokenizer.sot_sequence, tokens, frames)
        times = token_times(alignments, len(tokens))
        texts, groups = tokenizer.split_tokens_on_unicode(tokens)
        spans = character_spans(texts, groups, times)
        return place(pieces, spans, seconds)
