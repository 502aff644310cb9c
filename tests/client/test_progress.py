"""What the caller sees of a recognition that the server lost, and that a new one continues."""

from __future__ import annotations

from liusheng.client.messages import Alternative, Final, Partial, Word
from liusheng.client.progress import RecognitionProgress


def made(*, cumulative: bool = True, container: bool = False) -> RecognitionProgress:
    rate, frame = (0, 0) if container else (32_000, 2)
    return RecognitionProgress(bytes_per_second=rate, frame_bytes=frame, cumulative=cumulative)


ONE, TWO = Word("one", 0.2, 0.5), Word("two", 1.2, 1.5)


def test_a_new_recognition_goes_on_after_the_last_final_utterance() -> None:
    progress = made()
    progress.replied(Partial("one", "one", 0, True, (ONE,), 0.8, 0.6))
    assert (progress.final_until, progress.from_utterance) == (19_200, 1)
    progress.replied(Partial("one two thr", "one", 1, False, (), 1.8, 0.6))
    assert progress.restart() == 19_200
    assert progress.replied(Partial("two", "", 0, False, (), 0.9, 0.0)) == []
    (seen,) = progress.replied(Partial("two three", "two", 0, False, (), 1.5, 0.0))
    assert (seen.text, seen.stable, seen.utterance, seen.heard) == (
        "one two three", "one two", 1, 2.1,
    )  # fmt: skip
    words = (Word("two", 0.6, 0.9), Word("three", 1.0, 1.4))
    final = progress.checkpoint.final(
        Final("two three", words, "a", (Alternative("two three", -1.0), Alternative("to", -2.0)))
    )
    assert final.text == "one two three"
    assert final.words == (ONE, Word("two", 1.2, 1.5), Word("three", 1.6, 2.0))
    assert [each.text for each in final.alternatives] == ["one two three", "one to"]


def test_words_are_reported_once() -> None:
    progress = made()
    progress.replied(Partial("one", "one", 0, True, (ONE,), 0.8, 0.6))
    # Closed, but the next utterance is open: no point to go on from.
    progress.replied(Partial("one two th", "", 2, False, (TWO,), 2.0, 1.6))
    progress.restart()
    again = Word("two", 0.6, 0.9)
    assert progress.replied(Partial("two", "two", 0, True, (again,), 1.0, 1.0)) == []
    (seen,) = progress.replied(Partial("two three", "", 1, False, (), 1.5, 1.0))
    assert seen.words == ()
    progress.replied(Partial("two three", "", 1, True, (Word("three", 1.2, 1.4),), 1.5, 1.5))
    progress.restart()
    assert progress.checkpoint.words == (ONE, TWO, Word("three", 1.8, 2.0))


def test_utterances_one_by_one() -> None:
    progress = made(cumulative=False)
    progress.replied(Partial("one", "one", 0, True, (ONE,), 0.8, 0.6))
    progress.replied(Partial("two", "two", 1, True, (TWO,), 1.8, 1.6))
    progress.replied(Partial("thr", "", 2, False, (), 2.2, 1.6))
    progress.restart()
    assert progress.replied(Partial("th", "", 0)) == []
    (seen,) = progress.replied(Partial("three", "", 0, False, (), 0.6, 0.0))
    assert (seen.text, seen.stable, seen.utterance) == ("three", "", 2)
    assert progress.checkpoint.final(Final("three")).text == "one two three"


def test_chinese_is_joined_without_a_space() -> None:
    progress = made()
    progress.replied(Partial("今天。", "今天", 0, True, (), 0.8, 0.6))
    progress.restart()
    (seen,) = progress.replied(Partial("天气", "天", 0))
    assert (seen.text, seen.stable) == ("今天。天气", "今天。天")
    (seen,) = progress.replied(Partial("天气好", "", 0))
    assert seen.stable == "今天。"


def test_containers_and_original_servers_begin_anew() -> None:
    for progress, until in ((made(container=True), 0.6), (made(), None)):
        progress.replied(Partial("one", "one", 0, True, (ONE,), 0.8, until))
        assert progress.restart() == 0
        assert progress.replied(Partial("on")) == []
        assert progress.replied(Partial("one")) == [Partial("one")]
        assert progress.checkpoint.final(Final("one", (ONE,))) == Final("one", (ONE,))
