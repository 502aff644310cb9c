"""Mark-up as a person would read it aloud, whole and in pieces."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from liusheng.tts.clauses import SpokenClause, spoken_clauses
from liusheng.tts.text.frontend import FrontEnd
from liusheng.tts.text.growing import GrowingText
from liusheng.tts.text.markup import MarkupReader
from liusheng.tts.text.markup.latex import spoken
from liusheng.tts.types import SpeechRequest
from tests.support.examples import examples

CASES = [
    # emphasis
    ("这是**重点**和*斜体*。", "这是重点和斜体。"),
    ("***全部***~~删去~~", "全部删去"),
    ("**100**元", "100元"),
    ("3*4=12，a * b，2**3", "3*4=12，a * b，2**3"),
    ("138****8000", "138****8000"),
    (r"\*不是强调\*", "*不是强调*"),
    # lines
    ("# 标题 #\n正文", "标题\n正文"),
    ("###### 小标题", "小标题"),
    ("#话题", "#话题"),
    ("- 苹果\n* 梨\n+ 桃", "苹果\n梨\n桃"),
    ("  - 里层", "里层"),
    ("1. 第一\n2) 第二", "1. 第一\n2. 第二"),
    ("- [x] 做完\n- [ ] 没做", "✓做完\n没做"),
    ("> 引用\n> > 再引", "引用\n再引"),
    ("上\n\n---\n\n下", "上\n\n\n下"),
    ("标题\n====\n正文", "标题\n正文"),
    ("-5度", "-5度"),
    ("1.5倍", "1.5倍"),
    # tables
    ("| 名 | 价 |\n|---|:-:|\n| 梨 | **5**元 |", " 名 ， 价 \n 梨 ， 5元 "),
    ("|a|b|\n|-|-|\n|1|2|", "a，b\n1，2"),
    # links
    ('见[文档](https://a.com/b_(c) "题")。', "见文档。"),
    ("[**粗**链接](x)", "粗链接"),
    ("[https://a.com](https://a.com)", "https://a.com"),
    ("![猫](cat.png)好", "图片，猫，好"),
    ("![](cat.png)好", "好"),
    ("[见][1]这里\n[1]: https://a.com", "见这里\n"),
    ("脚注[^1]。", "脚注。"),
    ("来源【3†source】。", "来源。"),
    ("数组a[0](注)", "数组a0"),
    ("[注] 说明", "[注] 说明"),
    ("看https://a.com/b。", "看https://a.com/b。"),
    ("看https://www.example.com/a/very/long/path?with=query&x=1。", "看www.example.com。"),
    ("<https://a.com>", "https://a.com"),
    # code
    ("用`pip install`装", "用pip install装"),
    ("``a`b``", "a`b"),
    ("`a*b*c`", "a*b*c"),
    ("例：\n```python\nprint(1)\n```\n完", "例：\npython代码块\n完"),
    ("Run:\n```\nls\n```\nDone", "Run:\ncode block\nDone"),
    ("```text\n你好\n```\n完", "你好\n完"),
    ("~~~\nx\n~~~\n完", "代码块\n完"),
    # HTML
    ("<b>粗</b><br/>下一行", "粗\n下一行"),
    ('<p class="x">段</p>', "\n段\n"),
    ("x &lt; y &amp;&nbsp;z", "x < y &\u00a0z"),
    ("a<b且c>d", "a<b且c>d"),
    ("vector<int>", "vector<int>"),
    ("<!-- 注 -->正文", "正文"),
    # formulas
    ("$x^2+y^2=z^2$", "x^2+y^2=z^2"),
    ("花了$5和$6", "花了$5和$6"),
    ("costs $5 and $6.", "costs $5 and $6."),
    (r"$\frac{1}{2}$", "1/2"),
    ("$$E=mc^2$$", "E=mc^2"),
    ("解：\n$$\nx = 1\n$$\n完", "解：\nx = 1\n完"),
    (r"\(a_1 \times b\)", "a1 ×b"),
    (r"\[x \le 3\]", "x ≤3"),
    (r"角\alpha大", "角α大"),
    (r"$\frac{a}{b}$", "b分之a"),
    (r"so $\frac{a}{b}$", "so a over b"),
]


def plain(text: str) -> str:
    return MarkupReader().feed(text, last=True)


@pytest.mark.parametrize(("text", "expected"), CASES)
def test_plain(text: str, expected: str) -> None:
    assert plain(text) == expected


@pytest.mark.parametrize(
    ("formula", "mandarin", "english"),
    [
        (r"\frac{a+b}{2}", "2分之a+b", "a+b over 2"),
        (r"\sqrt{2}", "√2", "√2"),
        (r"\sqrt{a+b}", "根号下a+b", "the square root of a+b"),
        (r"\sum_{i=1}^{n} i", "求和，从i=1到n， i", "the sum from i=1 to n of i"),
        (r"\int_0^1 f", "积分，从0到1， f", "the integral from 0 to 1 of f"),
        (r"x^{n+1}", "x的n+1次方", "x to the power of n+1"),
        (r"90^\circ", "90°", "90°"),
        (r"\log_2 8", "log_2 8", "log_2 8"),
        (r"\text{面积} = \pi r^2", "面积 = πr^2", "面积 = πr^2"),
        (r"\left( a \right)", "( a )", "( a )"),
        (r"x_{1} \neq x_2", "x1 ≠x2", "x1 ≠x2"),
    ],
)
def test_formulas(formula: str, mandarin: str, english: str) -> None:
    assert spoken(formula, mandarin=True) == mandarin
    assert spoken(formula, mandarin=False) == english


FRAGMENTS = [
    *(text for text, _ in CASES),
    *"** * ` ``` ~~ # ## - + > |".split(),
    *"[ ] ( ) ![ ]( $ $$ \\ \\( \\) \\[ < > </ & &amp ; 1. 1) http".split(),
    *(
        "https://",
        "\n",
        "\n\n",
        " ",
        "  ",
        "字",
        "word",
        "。",
        "!",
        "5",
        "\\frac{1}",
        "{2}",
        "--",
        "==",
    ),
]
texts = st.lists(st.sampled_from(FRAGMENTS), max_size=8).map("".join)


@settings(deadline=None, max_examples=examples(400))
@given(texts, st.lists(st.integers(1, 9), min_size=1, max_size=4))
@example(r"\(a_1\)", [1])
@example("```text\n字\n```\n", [3])
def test_pieces_give_what_the_whole_gives(text: str, sizes: list[int]) -> None:
    whole, parts = MarkupReader(), MarkupReader()
    expected = whole.feed(text, last=True)
    read = ""
    at = turn = 0
    while at < len(text):
        size = sizes[turn % len(sizes)]
        read += parts.feed(text[at : at + size])
        at, turn = at + size, turn + 1
    read += parts.feed("", last=True)
    assert (read, parts.origins, parts.skipped) == (expected, whole.origins, whole.skipped)
    assert len(whole.origins) == len(expected)
    starts = [start for start, _ in whole.origins]
    assert starts == sorted(starts)
    assert all(0 <= start < end <= len(text) for start, end in whole.origins)


@settings(deadline=None)
@given(st.text(alphabet="我们好一二abc XYZ019，。！？：；（）“”\n", max_size=80))
def test_what_has_no_mark_up_stays(text: str) -> None:
    assert plain(text) == text


def clauses(front_end: FrontEnd, text: GrowingText, feed: list[str]) -> list[str]:
    read = []
    for line in spoken_clauses(SpeechRequest("", markup=True), text, front_end):
        if line is None:
            text.extend(feed.pop(0) if feed else "", last=not feed)
        elif isinstance(line, SpokenClause):
            read.append(line.clause.reading)
    return read


DOCUMENT = (
    "## 步骤\n1. 打开**设置**，见[文档](https://a.com)。\n2. 得 $x^2$。\n\n| 名 | 价 |\n|--|--|\n"
    "| 梨 | 5元 |\n```sh\nls -l\n```\n完成😀！"
)


def test_a_document_is_read_aloud(front_end: FrontEnd) -> None:
    text = GrowingText(DOCUMENT, last=True)
    assert clauses(front_end, text, []) == [
        "步骤", "一，打开设置，见文档", "二，得X平方", "名，价", "梨，五元", "sh代码块", "完成",
    ]  # fmt: skip
    assert sorted((each.text, each.reason) for each in text.skipped) == [
        ("ls -l\n", "code"),
        ("😀", "emoji"),
    ]
    assert all(DOCUMENT[slice(*each.span)] == each.text for each in text.skipped)


@pytest.mark.parametrize("size", [1, 2, 5])
def test_a_document_that_grows_is_read_the_same(front_end: FrontEnd, size: int) -> None:
    whole = GrowingText(DOCUMENT, last=True)
    pieces = [DOCUMENT[at : at + size] for at in range(0, len(DOCUMENT), size)]
    growing = GrowingText()
    assert clauses(front_end, growing, pieces) == clauses(front_end, whole, [])
    assert sorted(growing.skipped, key=lambda s: s.span) == sorted(
        whole.skipped, key=lambda s: s.span
    )


def test_spans_are_those_of_the_document(front_end: FrontEnd) -> None:
    document = "**今天**[天气](x)很好"
    (line,) = spoken_clauses(
        SpeechRequest("", markup=True), GrowingText(document, last=True), front_end
    )
    assert isinstance(line, SpokenClause)
    read = [document[slice(*line.origin(s.span))] for s in line.clause.syllables]
    assert read == list("今天天气很好")


def test_a_flush_lets_out_what_is_complete(front_end: FrontEnd) -> None:
    text = GrowingText("**你好**!")
    lines = spoken_clauses(SpeechRequest("", markup=True), text, front_end)
    assert next(lines) is None
    text.flush(len(text.text))
    line = next(lines)
    assert isinstance(line, SpokenClause)
    assert line.clause.reading == "你好"


def test_without_the_option_nothing_is_taken_away(front_end: FrontEnd) -> None:
    text = GrowingText("**你好**", last=True)
    for _ in spoken_clauses(SpeechRequest(""), text, front_end):
        pass
    assert [each.text for each in text.skipped] == ["**", "**"]
