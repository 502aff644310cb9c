from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from liusheng.han import is_han
from liusheng.tts.explain import Explainer
from liusheng.tts.text.assemble import FIRST, LONGEST, SHORTEST
from liusheng.tts.text.frontend import FrontEnd
from liusheng.tts.text.growing import GrowingText
from liusheng.tts.text.skipped import is_mark
from tests.support.examples import examples

_HAN = "我们一不了着长行得地儿中国银重还好水果二三十百千万点零年月日号元个"
_WRITTEN = "0123456789.,:-/%+=()~¥$℃²α@#&*_'\"“”（）《》，。！？；：、…—\n aAbBvVxkmgs"
_FORMS = (
    *("2023年", "3:30", "http://a.cn/b", "x@y.com", "v1.2", "-5℃", "京A12345", "花儿", "1/2"),
    *("iPhone 15", "hello world", "你好，", "。", "13800138000", "😀", "\u200d"),
)
texts = st.one_of(
    st.text(alphabet=st.characters(), max_size=60),
    st.text(alphabet=_HAN + _WRITTEN, max_size=80),
    st.lists(st.sampled_from(_FORMS), max_size=12).map("".join),
)
quick = settings(
    max_examples=examples(150),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@given(text=texts)
@example("S'A股")
@example("0¬000000000000000<°0")
@example("101J10100111<101")  # a number after which the first clause may end, and a long one
@quick
def test_any_text_is_read_within_its_bounds(front_end: FrontEnd, text: str) -> None:
    clauses = list(front_end.clauses(text))
    at = 0
    for index, clause in enumerate(clauses):
        assert clause.reading
        assert clause.lang == "en" or 1 <= len(clause.syllables) <= LONGEST
        if clause.lang == "zh" and not index and len(clause.syllables) > FIRST:
            uncut = clause.syllables[FIRST].span  # a number is not cut
            assert sum(s.span != uncut for s in clause.syllables[:FIRST]) < SHORTEST
        assert 0 <= clause.span[0] < clause.span[1] <= len(text)
        assert clause.ends_sentence == (clause.pause == "sentence")
        for syllable in clause.syllables:
            assert at <= syllable.span[0] < syllable.span[1] <= clause.span[1]
            assert syllable.pinyin[:-1].isalpha()
            assert syllable.pinyin[-1] in "12345"
            at = syllable.span[0]
        assert clause.span[0] >= 0
        at = max(at, clause.span[0])
    assert clauses == list(front_end.clauses(text))


@given(text=st.text(alphabet=_HAN + "，。！ 、“”\n", max_size=120))
@quick
def test_every_han_character_is_read_exactly_once(front_end: FrontEnd, text: str) -> None:
    read = [
        position
        for clause in front_end.clauses(text)
        for syllable in clause.syllables
        for position in range(*syllable.span)
    ]
    assert read == [position for position, char in enumerate(text) if is_han(char)]
    said = "".join(s.text for clause in front_end.clauses(text) for s in clause.syllables)
    assert said == "".join(filter(is_han, text))


@given(text=st.text(alphabet=_HAN + "，。", min_size=1, max_size=60))
@quick
def test_explain_is_what_clauses_gives(front_end: FrontEnd, text: str) -> None:
    explained = Explainer(front_end).explain(text)["clauses"]
    clauses = list(front_end.clauses(text))
    assert [entry["reading"] for entry in explained] == [clause.reading for clause in clauses]
    assert [s["pinyin"] for entry in explained for s in entry["syllables"]] == [
        syllable.pinyin for clause in clauses for syllable in clause.syllables
    ]


@given(
    text=st.lists(
        st.sampled_from([*"0123456789.,:/-~%+=元个年月日万第号 ABxk", "kg", "GB", "°C", "公里"]),
        max_size=12,
    ).map("".join)
)
@example("然后...5个")
@example("No.5")
@example("0~0.0.0")
@quick
def test_no_figure_is_left_out(front_end: FrontEnd, text: str) -> None:
    text = f"在{text}的"
    read: set[int] = set()
    for clause in front_end.clauses(text):
        spans = [clause.span] if clause.lang == "en" else [s.span for s in clause.syllables]
        read.update(*(range(*span) for span in spans))
    assert [at for at, char in enumerate(text) if char.isdigit() and at not in read] == []


_CLASSES = (
    "我们银行得地𰻝𠮷㐀龘々〇",
    "0123456789０１²½①Ⅳ٣",
    "abcXYZéßøＡ",
    "こんにちはカタﾊﾝ",
    "Приветмир",
    "한국어",
    "مرحباשלום",
    "हिन्दीไทย",
    "😀👍🏽👨‍👩‍👧☔️♥",
    "&@#%*\\=<>+^$|~→↑©★§†¬∂",
    "，。！？；：、…—“”「」（）()[]{}'\"-_/·•",
    " \t\n\u00a0\u3000\u200b\u200d\ufeff\x00\x1b\u202e",
    "\u0301\u0627\u064e\ue000\U000e0041\ud800",
)


@given(
    text=st.lists(
        st.one_of(st.sampled_from(_CLASSES).flatmap(st.sampled_from), st.characters()), max_size=40
    ).map("".join)
)
@example("人々")
@example("年龄&性别")
@example("hello & こんにちは = Привет")
@example("a < b \\ c")
@quick
def test_every_character_is_read_is_a_mark_or_is_listed(front_end: FrontEnd, text: str) -> None:
    whole = GrowingText(text, last=True)
    read: set[int] = set()
    for clause in front_end.follow(whole):
        assert clause is not None
        spans = [clause.span] if clause.lang == "en" else [s.span for s in clause.syllables]
        read.update(at for span in spans for at in range(*span))
    skipped = {at for each in whole.skipped for at in range(*each.span)}
    assert [
        (at, char)
        for at, char in enumerate(text)
        if not (at in read or at in skipped or is_mark(char))
    ] == []
    assert [each.span for each in whole.skipped] == sorted({e.span for e in whole.skipped})
    for each in whole.skipped:
        assert text[slice(*each.span)] == each.text
