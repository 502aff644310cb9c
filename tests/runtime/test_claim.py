"""Who keeps a place, and who gives way."""

from __future__ import annotations

from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from liusheng.runtime.claim import (
    AUDIO_WORTH,
    FIRST_SECONDS,
    HEADER_SECONDS,
    LONGEST_SECONDS,
    Claim,
    gives_way,
)

audio = st.lists(
    st.tuples(st.floats(0, 20), st.floats(1e-4, 5))
)  # seconds since the last, and of it


def claimed(now: float) -> Claim:
    claim = Claim()
    claim.begin(now)
    return claim


@dataclass(eq=False)
class Session:
    claim: Claim = field(default_factory=lambda: claimed(0.0))
    waits: bool = True

    def give_way(self) -> None:
        pass


def test_without_audio() -> None:
    claim = claimed(100.0)
    assert (claim.used, claim.until) == (False, 100.0 + FIRST_SECONDS)
    claim.expect()
    claim.expect()
    assert (claim.used, claim.until) == (False, 100.0 + HEADER_SECONDS)
    claim.audio(0.1, 105.0)
    assert (claim.used, claim.until) == (True, 110.0 + 0.1 * AUDIO_WORTH)
    claim.expect()
    assert claim.until == 110.0 + 0.1 * AUDIO_WORTH


def test_who_had_to_wait_has_time_again() -> None:
    claim = claimed(0.0)
    claim.extend(1.0, FIRST_SECONDS)
    assert claim.until == 1.0 + FIRST_SECONDS
    claim.audio(2.0, 2.0)
    claim.extend(3.0, HEADER_SECONDS)
    assert (claim.used, claim.until) == (True, 2.0 + LONGEST_SECONDS)


def test_who_has_spoken_has_time_again_for_the_next() -> None:
    claim = claimed(0.0)
    claim.audio(5.0, 1.0)
    claim.begin(100.0)
    assert (claim.used, claim.until) == (False, 100.0 + FIRST_SECONDS)
    claim.expect()
    assert claim.until == 100.0 + HEADER_SECONDS
    claim.begin(200.0)
    claim.expect()
    assert claim.until == 100.0 + HEADER_SECONDS, "nothing came since"


def test_who_begins_again_gains_nothing() -> None:
    claim = claimed(0.0)
    claim.extend(1.0, HEADER_SECONDS)
    until = claim.until
    for second in range(1, 20):
        claim.begin(float(second))
        claim.expect()
        claim.renew(float(second))
        claim.audio(0.001, float(second))
        claim.extend(float(second), HEADER_SECONDS)
    assert claim.until < max(until, 19.0) + 1.0
    claim.audio(1.0, 20.0)
    claim.extend(100.0, FIRST_SECONDS)
    assert claim.until == 100.0 + FIRST_SECONDS


def test_who_has_spoken_may_pause() -> None:
    claim = claimed(0.0)
    for second in range(20):
        claim.audio(0.1, float(second))
        claim.audio(0.9, float(second))
    assert claim.until == 19.0 + LONGEST_SECONDS


def test_a_sample_now_and_then_keeps_no_place() -> None:
    claim = claimed(0.0)
    for second in range(0, 600, 5):
        claim.audio(1 / 16_000, float(second))
    assert claim.until < 600 - 4


def test_what_goes_on_from_elsewhere() -> None:
    claim = claimed(50.0)
    claim.renew(50.0)
    assert (claim.used, claim.until) == (True, 50.0 + LONGEST_SECONDS)


@given(audio)
def test_audio_has_its_worth_and_no_more(
    received: list[tuple[float, float]],
) -> None:
    claim, now, total = claimed(0.0), 0.0, 0.0
    for passed, seconds in received:
        now += passed
        before = claim.until
        claim.audio(seconds, now)
        total += seconds
        assert claim.until >= before
        assert claim.until <= max(before, now + LONGEST_SECONDS)
        assert claim.until <= now + FIRST_SECONDS + AUDIO_WORTH * total


@given(
    st.lists(
        st.builds(
            lambda began, spoke, waits: (began, spoke, waits),
            st.floats(0, 20),
            st.booleans(),
            st.booleans(),
        )
    ),
    st.floats(0, 60),
)
def test_who_gives_way(sessions: list[tuple[float, bool, bool]], now: float) -> None:
    made = []
    for began, spoke, waits in sessions:
        claim = claimed(began)
        if spoke:
            claim.audio(0.5, began)
        made.append(Session(claim, waits))
    found = gives_way(made, now)
    may = [each for each in made if each.waits and each.claim.until <= now]
    assert (found is None) == (not may)
    if found:
        assert found in may
        unused = [each for each in may if not each.claim.used]
        assert found in (unused or may)
        assert all(found.claim.until <= each.claim.until for each in unused or may)
