"""Texts for the synthesis benchmark: everyday sentences of many kinds, written for it."""

from __future__ import annotations

SENTENCES = {
    "zh": (
        "今天天气很好，我们一起去公园散步吧。",
        "请问去火车站应该坐几路公共汽车？",
        "医生建议他每天早上喝一杯温水。",
        "会议改到下午三点，请大家准时参加。",
        "这家饭馆的牛肉面又便宜又好吃。",
        "图书馆周末也开放，不过晚上八点关门。",
        "老师把作业发下来，让学生自己检查。",
        "昨天晚上下了一场大雨，路上到处都是水。",
        "妈妈在厨房做饭，爸爸在客厅看报纸。",
        "飞机因为大雾推迟了两个小时才起飞。",
        "他学了三年中文，已经能看懂小说了。",
        "买三件衣服一共花了四百五十块钱。",
        "邻居家的孩子每天练习弹钢琴。",
        "这条河从北向南流，最后流进大海。",
        "公司决定明年在上海开一家新的分店。",
        "请把窗户打开，让新鲜空气进来。",
        "考试的时候不要紧张，慢慢回答问题。",
        "爷爷喜欢早起，在院子里打太极拳。",
        "手机没有电了，你能借我充电器吗？",
        "春天到了，山上的花都开了。",
        "我们的火车票已经买好，明天早上出发。",
        "这个问题比较复杂，需要认真讨论。",
        "他说话的声音很小，后面的人听不见。",
        "世界上没有什么困难是不能克服的。",
        "2023年10月1日，北京迎来了三百万游客。",
        "这件衣服原价299元，现在打八折。",
        "他的手机号码是13800138000。",
        "会议定在下午3:30开始，请大家准时参加。",
        "第3季度增长了15.6%，超过预期。",
        "请把空调温度调到26度，湿度保持在40%到60%。",
        "从上海到广州的高铁全程1790公里，需要7个小时。",
        "银行的行长在人行道上行走。",
        "他长得很高，头发也很长。",
        "我还没有把钱还给他，心里觉得很难过。",
        "重庆的重要性越来越明显了。",
        "乒乓球是中国人最喜爱的运动之一。",
        "你了解这件事情的真相了吗？",
        "人工智能正在深刻改变我们的生活方式。",
        "春眠不觉晓，处处闻啼鸟。",
        "我们住在三楼，电话号码是62785001。",
    ),
    "en": (
        "The weather is nice today, so let us take a walk in the park.",
        "Could you tell me which bus goes to the railway station?",
        "The doctor told him to drink a glass of warm water every morning.",
        "The meeting has been moved to the afternoon, so please be on time.",
        "This small restaurant is cheap, and the noodles are very good.",
        "The library is open at weekends, but it closes early.",
        "Our teacher gave the papers back and asked us to check them.",
        "It rained so hard last night that the streets were full of water.",
        "My mother is cooking dinner while my father reads the newspaper.",
        "The plane left two hours late because of the thick fog.",
        "She has studied music for three years and plays the piano well.",
        "Our neighbours are planning to paint their house this summer.",
        "The river runs from north to south and ends in the sea.",
        "The company will open a new office in the city next year.",
        "Please open the window and let some fresh air in.",
        "Do not worry about the test, and answer the questions slowly.",
        "My grandfather gets up early and works in the garden.",
        "The battery of my phone is empty, may I borrow your charger?",
        "Spring has come, and the hills are covered with flowers.",
        "We have bought our tickets and will leave tomorrow morning.",
        "This problem is difficult, and we should talk about it again.",
        "He spoke so quietly that the people in the back heard nothing.",
        "There are few things in the world that hard work cannot change.",
        "Thank you for your letter, which I was very happy to read.",
    ),
}


def make_text(length: int, lang: str, number: int) -> str:
    """A text of `length` characters that begins with sentence `number` of a language.

    It consists of whole sentences, except the last, which is cut between words: the text may be up
    to a word shorter than `length`.
    """
    sentences = SENTENCES[lang]
    between = " " if lang == "en" else ""
    text = ""
    while len(text) < length:
        text += (between if text else "") + sentences[number % len(sentences)]
        number += 1
    if len(text) == length:
        return text
    text = text[: length - 1]
    if lang == "en":
        text = text[: text.rindex(" ")] if " " in text else text
    return text.rstrip("，。？！,.?! ") + ("." if lang == "en" else "。")
