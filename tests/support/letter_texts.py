"""Random texts that `tests.support.letters.speak` speaks.

Apart from it, because worker processes import that module, and Hypothesis takes long to import.
"""

from __future__ import annotations

from hypothesis import strategies as st

# No letter follows itself: two equal levels in a row are one long letter. Words are four letters
# and more, so that each is long enough to be speech.
_alphabet = st.lists(st.sampled_from("abcdefghij"), min_size=4, max_size=30).map(
    lambda cs: "".join(c for i, c in enumerate(cs) if i == 0 or cs[i - 1] != c)
)
spoken_texts = st.lists(
    st.tuples(_alphabet.filter(lambda w: len(w) >= 4), st.integers(1, 12)), max_size=4
).map(lambda parts: "  " + "".join(word + " " * gap for word, gap in parts))
