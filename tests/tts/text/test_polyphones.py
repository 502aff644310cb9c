import pytest

from liusheng.tts.text.erhua import is_rhotic
from liusheng.tts.text.names import surname_alone
from liusheng.tts.text.polyphones import in_word, inside, is_doubled, of_word, reading


@pytest.mark.parametrize(
    ("words", "at", "pinyin"),
    [
        (["跑", "得", "快"], 1, "de5"),
        (["你", "得", "去"], 1, "dei3"),
        (["得", "休息"], 0, "dei3"),
        (["他", "得", "过", "奖"], 1, "de2"),
        (["慢慢", "地", "走"], 1, "de5"),
        (["这块", "地", "很大"], 1, "di4"),
        (["也", "长"], 1, "chang2"),
        (["他", "长", "出"], 1, "zhang3"),
        (["三", "行", "字"], 1, "hang2"),
        (["他", "行"], 1, None),
        (["一", "只", "猫"], 1, "zhi1"),
        (["他", "只", "吃"], 1, None),
        (["面积", "为", "五十"], 1, "wei2"),
        (["书", "还", "了"], 1, "huan2"),
        (["他", "还", "在"], 1, None),
        (["银行"], 0, None),
        (["渐渐", "地"], 1, "de5"),
        (["高兴", "地"], 1, "de5"),
        (["土", "地"], 1, "di4"),
        (["这道题", "得", "重做"], 1, "dei3"),
        (["路", "长", "得", "很"], 1, "chang2"),
        (["草", "长", "得", "很", "高"], 1, "zhang3"),
        (["时间", "长", "了"], 1, "chang2"),
        (["地里", "长", "了", "草"], 1, "zhang3"),
        (["为", "我们", "服务"], 0, "wei4"),
        (["他", "为", "公司", "工作"], 1, "wei4"),
        (["为", "庆祝", "胜利"], 0, "wei4"),
        (["任命", "为", "经理"], 1, "wei2"),
        (["首都", "为", "北京"], 1, None),
        (["评", "为", "我们", "的", "代表"], 1, "wei2"),
        (["重", "三", "斤"], 0, "zhong4"),
        (["树", "倒", "了"], 1, "dao3"),
        (["倒", "了", "杯", "水"], 0, "dao4"),
        (["40", "弄", "1", "号"], 1, "long4"),
        (["弄", "坏"], 0, "nong4"),
        (["数", "一下"], 0, "shu3"),
        (["盛", "一碗"], 0, "cheng2"),
        (["差", "三分"], 0, "cha4"),
        (["真", "累"], 1, "lei4"),
        (["挑", "一个"], 0, "tiao1"),
        (["挑", "起来"], 0, "tiao3"),
        (["攒", "钱"], 0, "zan3"),
        (["衣服", "干", "了"], 1, "gan1"),
        (["转", "了", "三圈"], 0, "zhuan4"),
        (["他", "还", "着", "贷款"], 1, "huan2"),
        (["藏", "在", "西藏"], 0, "cang2"),
        (["这", "本", "书", "薄"], 3, "bao2"),
        (["他", "教", "数学"], 1, "jiao1"),
        (["一只", "只"], 1, "zhi1"),
        (["太", "重"], 1, "zhong4"),
        (["重", "做"], 0, "chong2"),
        (["一", "重", "又", "一", "重"], 1, "chong2"),
        (["任务", "重"], 1, "zhong4"),
        (["雨下", "得", "很", "大"], 1, "de5"),
        (["病", "得", "不轻"], 1, "de5"),
        (["车", "得", "修"], 1, "dei3"),
        (["你", "得", "很", "小心"], 1, "dei3"),
        (["质量", "差"], 1, "cha4"),
        (["温度", "差"], 1, "cha1"),
        (["差", "学生"], 0, "cha4"),
        (["把", "我", "当", "朋友"], 2, "dang4"),
        (["以后", "当", "医生"], 1, None),
        (["量", "血压"], 0, "liang2"),
        (["座位", "空", "着"], 1, "kong4"),
        (["手里", "空", "着"], 1, None),
        (["把", "书", "还", "我"], 2, "huan2"),
    ],
)
def test_reading(words: list[str], at: int, pinyin: str | None) -> None:
    assert reading(words, at) == pinyin


@pytest.mark.parametrize(
    ("words", "at", "index", "pinyin"),
    [
        (["很重"], 0, 1, "zhong4"),
        (["他", "教得好"], 1, 1, "de5"),
        (["彼得格勒"], 0, 1, None),
        (["夺得", "冠军"], 0, 1, None),
        (["座位", "空着"], 1, 0, "kong4"),
        (["银行"], 0, 1, None),
    ],
)
def test_inside(words: list[str], at: int, index: int, pinyin: str | None) -> None:
    assert inside(words, at, index) == pinyin


@pytest.mark.parametrize(
    ("word", "before", "after", "pinyin"),
    [
        ("多重", "这有", "", ("duo1", "zhong4")),
        ("多重", "", "身份", None),
        ("重重", "", "打击", ("zhong4", "zhong4")),
        ("重重", "困难", "", None),
        ("穿着", "他的", "很讲究", ("chuan1", "zhuo2")),
        ("穿着", "他", "红衣服", None),
    ],
)
def test_of_word(word: str, before: str, after: str, pinyin: tuple[str, ...] | None) -> None:
    assert of_word(word, before, after) == pinyin


@pytest.mark.parametrize(
    ("char", "before", "pinyin"),
    [("盖", "姓", "ge3"), ("盖", "他姓", "ge3"), ("应", "百姓", None), ("盖", "", None)],
)
def test_surname_alone(char: str, before: str, pinyin: str | None) -> None:
    assert surname_alone(char, before, "") == pinyin


@pytest.mark.parametrize(
    ("word", "found"),
    [
        ("渗漏率", (2, "lv4")),
        ("捣乱分子", (2, "fen4")),
        ("尧都区", (1, "du1")),
        ("牧羊地", (2, "di4")),
        ("水分子", None),
        ("都市", None),
    ],
)
def test_endings(word: str, found: tuple[int, str] | None) -> None:
    assert in_word(word) == found


@pytest.mark.parametrize("word", ["慢慢", "一拐一拐", "高高兴兴", "空荡荡"])
def test_doubled(word: str) -> None:
    assert is_doubled(word)
    assert not is_doubled(word[:-1] + "土")


@pytest.mark.parametrize(
    ("before", "after", "word_start", "rhotic"),
    [
        ("花", "", False, True),
        ("一会", "就", False, True),
        ("小媳妇", "", False, True),
        ("笛卡", "坐", False, False),
        ("女", "", False, False),
        ("婴", "", False, False),
        ("和", "子", True, False),
        ("", "童", True, False),
        ("", "", True, False),
    ],
)
def test_rhotic(before: str, after: str, word_start: bool, rhotic: bool) -> None:
    assert is_rhotic(before, after, word_start) is rhotic
