"""What a session has to send: in order, and known to the byte."""

from __future__ import annotations

import sys
import weakref

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from liusheng.protocol.errors import CloseCode
from liusheng.protocol.frames import encode
from liusheng.protocol.outbox import Close, Outbox


class Note(msgspec.Struct, weakref=True):
    text: str
    code: str | None = None


def outbox() -> Outbox:
    return Outbox(encode, lambda message: getattr(message, "code", None))


def taken(box: Outbox) -> list[str | bytes | Close]:
    found: list[str | bytes | Close] = []
    while (frame := box.take()[0]) is not None:
        found.append(frame)
    return found


@pytest.mark.parametrize("text", ["", "A" * 100_000, "一" * 100_000, "A" * 100_000 + "😀"])
def test_a_message_counts_with_all_that_is_in_it(text: str) -> None:
    """One character outside of the others' plane makes all of them four times as large."""
    box = outbox()
    before = box.held
    box.append(Note(text))
    held = box.held
    (frame,) = taken(box)
    assert sys.getsizeof(frame) <= held - before < sys.getsizeof(frame) + 1_000
    assert box.held == before


def test_nothing_of_a_message_is_kept_but_its_frame() -> None:
    box, message = outbox(), Note("a")
    gone = weakref.ref(message)
    box.append(message)
    del message
    assert gone() is None


def test_what_is_rendered_when_it_is_sent_takes_nothing_before() -> None:
    box = outbox()
    text = "A" * 100_000
    render = lambda: Note(text)  # noqa: E731  (the same one each time)
    for _ in range(1_000):
        box.append_when_sent(render)
    assert (len(box), box.held < 1_000) == (1, True)
    assert len(taken(box)) == 1_000
    assert box.held == 0


def test_a_message_without_a_frame_is_left_out() -> None:
    box = Outbox(lambda message: None, lambda message: None)
    box.append(Note("a"))
    box.append_when_sent(lambda: Note("b"))
    assert box.take() == (None, None)
    assert len(box) == 0


def test_an_error_is_told_with_its_frame() -> None:
    box = outbox()
    box.append(Note("a", "bad"))
    box.append(Note("b"))
    assert [box.take()[1] for _ in range(3)] == ["bad", None, None]


@given(
    st.lists(
        st.sampled_from(["text", "audio", "rendered", "drop", "take", "clear", "move", "close"])
    )
)
def test_what_is_held_is_what_there_is(done: list[str]) -> None:
    box, other = outbox(), outbox()
    expected: list[str] = []
    for number, what in enumerate(done):
        note = Note(f"{what} {number}")
        if what in ("text", "audio"):
            box.append(note, audio=what == "audio")
            expected.append(note.text)
        elif what == "rendered":
            box.append_when_sent(lambda note=note: note)  # type: ignore[misc]
            expected.append(note.text)
        elif what == "drop":
            box.drop_audio()
            expected = [each for each in expected if not each.startswith("audio")]
        elif what == "clear":
            box.clear()
            expected = []
        elif what == "move":
            other.append(note)
            box.take_all(other)
            expected.append(note.text)
            assert (len(other), other.held) == (0, 0)
        elif what == "close":
            box.append_close(Close(CloseCode.NORMAL, note.text))
            expected.append(note.text)
        elif expected:
            frame, _ = box.take()
            assert told(frame) == expected.pop(0)
        assert len(box) == len(expected)
        assert (box.held > 0) is bool(expected)
    assert [told(frame) for frame in taken(box)] == expected
    assert box.held == 0


def told(frame: str | bytes | Close | None) -> str:
    assert frame is not None
    return frame.reason if isinstance(frame, Close) else msgspec.json.decode(frame)["text"]
