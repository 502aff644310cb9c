"""Corrected pieces: in both scripts, and the likelier of two decodes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from liusheng.asr.correction.corrector import Corrector
from liusheng.asr.correction.hotwords import Hotword
from liusheng.asr.correction.joint_lattice import JointLattice
from liusheng.asr.correction.lattice import Lattice
from liusheng.asr.text.pieces import Piece, split_pieces, spread
from liusheng.asr.text.spelling import likelier, proposer, speller
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


class Joint(JointLattice):
    """Proposes what it is given, and 好 as well."""

    def __init__(self) -> None:
        self.given: list[Any] = []

    def best(
        self, hypotheses: Sequence[tuple[str, float]], hotwords: Sequence[Hotword] = ()
    ) -> list[tuple[str, float]]:
        self.given.append((list(hypotheses), tuple(hotwords)))
        return [*hypotheses, ("好", -1.5)]


def test_corrections_are_proposed_for_simplified_and_written_texts() -> None:
    joint = Joint()
    params = StreamParams("zh", Script.TRADITIONAL, hotwords=("雲舞",))
    propose = proposer(Corrector(Sensible(), joint, 5), params)
    proposals = propose([(" 後來, 好", -1.0), (" ", -2.0)])
    assert [each.text for each in proposals] == ["后来，好", "好"]
    assert proposals[0].score > proposals[1].score
    assert joint.given == [([("后来，好", -1.0)], (Hotword.of("云舞"),))]
