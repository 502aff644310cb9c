"""Marks of a clause, released with the blocks of its audio."""

from __future__ import annotations

from liusheng.tts.marks import ClauseMarks
from liusheng.tts.text.types import Clause, EnglishWord, Span, Syllable
from liusheng.tts.types import SpeechMark
from liusheng.tts.voice import Timing

SOURCE = "去12楼。"


def syllable(text: str, span: Span) -> Syllable:
    return Syllable(text, "a1", True, span)


CLAUSE = Clause(
    "zh",
    "去十二楼",
    (
        syllable("去", (0, 1)),
        syllable("十", (1, 3)),
        syllable("二", (1, 3)),
        syllable("楼", (3, 4)),
    ),
    (0, 5),
    True,
    "sentence",
)
TIMINGS = (Timing(0.1, 0.2), Timing(0.2, 0.3), Timing(0.3, 0.5), Timing(0.5, 0.6))


def marks(timings: tuple[Timing, ...], start: float = 0.0) -> ClauseMarks:
    return ClauseMarks(CLAUSE, timings, SOURCE, round(start * 24_000), lambda span: span)


def released(
    of: ClauseMarks, end: float, lead: float = 0.0, *, last: bool = False
) -> tuple[SpeechMark, ...]:
    return of.starting_before(round(end * 24_000), round(lead * 24_000), last=last)


def test_the_syllables_of_a_number_share_a_mark() -> None:
    assert released(marks(TIMINGS), 1.0) == (
        SpeechMark((0, 1), "去", 0.1, 0.2),
        SpeechMark((1, 3), "12", 0.2, 0.5),
        SpeechMark((3, 4), "楼", 0.5, 0.6),
    )


def test_each_mark_is_released_once_with_the_block_that_it_starts_in() -> None:
    one = marks(TIMINGS)
    assert [mark.text for mark in released(one, 0.2)] == ["去"]
    assert [mark.text for mark in released(one, 0.21)] == ["12"]
    assert released(one, 0.4) == ()
    assert [mark.text for mark in released(one, 0.6, last=True)] == ["楼"]
    assert released(one, 0.6, last=True) == ()


def test_the_last_mark_waits_until_it_is_known_how_long_it_sounds() -> None:
    one = marks(TIMINGS)
    assert [mark.text for mark in released(one, 0.55)] == ["去", "12"]
    assert released(one, 0.57, last=True) == (SpeechMark((3, 4), "楼", 0.5, 0.57),)


def test_an_english_words_mark_is_without_punctuation() -> None:
    words = (
        EnglishWord("“Yes,”", (0, 6)),
        EnglishWord("it", (7, 9)),
        EnglishWord("isn't.", (10, 16)),
    )
    clause = Clause("en", "“Yes,” it isn't.", (), (0, 16), True, "sentence", words=words)
    one = ClauseMarks(clause, TIMINGS[:3], clause.reading, 0, lambda span: span)
    assert [(mark.text, mark.span) for mark in released(one, 1.0)] == [
        ("Yes", (1, 4)),
        ("it", (7, 9)),
        ("isn't", (10, 15)),
    ]


def test_marks_are_shifted_by_the_clauses_start_and_the_trimmed_lead() -> None:
    first, *_ = released(marks(TIMINGS, start=2.0), 9.0, lead=0.05)
    assert (first.start, first.end) == (2.05, 2.15)


def test_marks_lie_within_the_clause() -> None:
    first, *_ = released(marks(TIMINGS, start=2.0), 9.0, lead=0.15)
    assert (first.start, first.end) == (2.0, 2.05), "trimmed silence may belong to a phone"
    *_, last = released(marks(TIMINGS), 0.55, last=True)
    assert (last.start, last.end) == (0.5, 0.55)


def test_syllables_without_duration_have_no_mark() -> None:
    timings = (Timing(0, 0), *TIMINGS[1:])
    assert [mark.text for mark in released(marks(timings), 1.0)] == ["12", "楼"]


def test_a_clause_without_timings_has_one_mark_at_its_end() -> None:
    one = marks((), start=1.0)
    assert released(one, 1.5) == ()
    assert released(one, 2.0, last=True) == (SpeechMark((0, 5), SOURCE, 1.0, 2.0),)


def test_spans_are_mapped_to_the_request() -> None:
    document = "<s>" + SOURCE
    one = ClauseMarks(CLAUSE, TIMINGS, document, 0, lambda span: (span[0] + 3, span[1] + 3))
    first, *_ = released(one, 1.0)
    assert (first.span, first.text) == ((3, 4), "去")
