"""Corrected pieces: in both scripts, and the likelier of two decodes."""

from __future__ import annotations

from typing import Any

import pytest

from liusheng.asr.correction.corrector import Corrector
from liusheng.asr.correction.lattice import Lattice
from liusheng.asr.text.pieces import Piece, split_pieces, spread
from liusheng.asr.text.spelling import likelier, speller
from liusheng.asr.types import Script, StreamParams


class Sensible(Lattice):
    """Writes 云雾 for 云舞; the more 好 a text has, the better sense it makes."""

    def __init__(self) -> None:
        pass

    def spell(self, run: str, keep: int = 0, hotwords: Any = ()) -> str:
        return run[:keep] + run[keep:].replace("云舞", "云雾")

    def likelihood(self, run: str, hotwords: Any = ()) -> float:
        return -float(len(run)) + run.count("好")


CORRECTOR = Corrector(Sensible())


def pieces(text: str) -> tuple[Piece, ...]:
    return spread(split_pieces(text), 0.0, 5.0)


def joined(decoded: Any) -> str:
    return "".join(p.text for p in decoded)


def test_pieces_keep_their_places_and_marks() -> None:
    heard = pieces("透过云舞，OK 好。")
    spelled = speller(CORRECTOR, StreamParams("zh"))((), heard)
    assert joined(spelled) == "透过云雾，OK 好。"
    assert [(p.start, p.end) for p in spelled] == [(p.start, p.end) for p in heard]


def test_traditional_text_changes_only_where_it_is_corrected() -> None:
    spell = speller(CORRECTOR, StreamParams("zh", Script.TRADITIONAL))
    assert joined(spell((), pieces("後來透過雲舞"))) == "後來透過雲霧"


def test_stable_text_is_context() -> None:
    spell = speller(CORRECTOR, StreamParams("zh"))
    assert joined(spell(pieces("云"), pieces("舞"))) == "舞"


@pytest.mark.parametrize(
    ("ours", "rival", "wins"),
    [
        ("不好说", "好好说", True),
        ("好好说", "不好说", False),
        ("不好说", "不好说", False),
        ("一二三四五六七八九十", "好好", False),  # it stopped early
        ("OK", "好的", True),
    ],
)
def test_the_likelier_of_two_decodes(ours: str, rival: str, wins: bool) -> None:
    chosen = likelier(CORRECTOR, StreamParams("zh"), pieces(ours), pieces(rival))
    assert joined(chosen) == (rival if wins else ours)
