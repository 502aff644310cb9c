"""What the caller sees of a recognition that the server lost, and that a new one continues."""

from __future__ import annotations

import pytest
from msgspec import convert, to_builtins

from liusheng.client.messages import Alternative, Final, Partial, Word
from liusheng.client.progress import RecognitionProgress
from liusheng.protocol.asr import RecognitionConfig
from liusheng.protocol.asr_replies import Replies
from tests.protocol.test_asr_replies import Said


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


@pytest.mark.parametrize("again", [True, False], ids=["another server", "a new recognition"])
@pytest.mark.parametrize("cumulative", [True, False])
def test_an_end_that_is_shorter_than_the_open_text_is_seen(cumulative: bool, again: bool) -> None:
    """No utterance is skipped: lengths tell how far open texts have come, and only those."""
    progress = made(cumulative=cumulative)
    progress.replied(Partial("一。", "一", 0, True, (), 0.8, 0.6))
    before = "一。" if cumulative else ""
    progress.replied(Partial(f"{before}今天很好我们", "", 1, False, (), 1.8, 0.6))
    if again:
        progress.set_back()
        first, said = 1, before
    else:
        progress.restart()
        first, said = 0, ""
    seen = []
    for reply in [
        Partial(f"{said}今天", "", first, False, (), 1.2, 0.6),
        Partial(f"{said}今天很好。", "", first, True, (), 1.8, 1.6),
        Partial(f"{said}今天很好。我们" if cumulative else "我们", "", first + 1),
    ]:
        seen += [(each.utterance, each.text, each.is_final) for each in progress.replied(reply)]
    third = f"{before}今天很好。我们" if cumulative else "我们"
    assert seen == [(1, f"{before}今天很好。", True), (2, third, False)]


def test_an_utterance_ends_once() -> None:
    """A container is recognised again from its beginning, with other words for what had ended."""
    progress = made(cumulative=False, container=True)
    progress.replied(Partial("one", "one", 0, True, (), 0.8, 0.6))
    progress.replied(Partial("two", "two", 1, True, (), 1.8, 1.6))
    progress.restart()
    for reply in [
        Partial("one or two", "", 0),
        Partial("one or two", "", 0, True, (), 0.8, 0.6),
        Partial("to be", "", 1),
        Partial("to be", "", 1, True, (), 1.8, 1.6),
    ]:
        assert progress.replied(reply) == []
    (seen,) = progress.replied(Partial("", "", 2))
    assert (seen.utterance, seen.is_final) == (2, False)


@pytest.mark.parametrize("cumulative", [True, False])
def test_what_a_server_cuts_short_ends_once(cumulative: bool) -> None:
    """The server that stops reports it as open, and the next one has it again, whole."""
    progress = made(cumulative=cumulative)
    replies = Replies(
        RecognitionConfig(partials="cumulative" if cumulative else "utterance"), resumable=True
    )
    replies.cut_short()
    replies.transcript.update([Said(0, "今天天气。", (), 0.0, 1.0)], 1, "", 0)
    cut = convert(to_builtins(replies.result()), Partial)
    assert [each.is_final for each in progress.replied(cut)] == [False]
    assert progress.restart() == 0
    (seen,) = progress.replied(Partial("今天天气很好。", "", 0, True, (), 2.0, 2.0))
    assert (seen.text, seen.utterance, seen.is_final) == ("今天天气很好。", 0, True)
