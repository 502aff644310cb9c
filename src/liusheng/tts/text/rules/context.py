"""What the words beside a number tell of it: a year or an amount, 二 or 两, a letter or a unit."""

from __future__ import annotations

import re

from liusheng.han import HAN

_YEAR_BEFORE = re.compile(
    "(?:[在自于从至到约]|截至|截止|始于|生于|卒于|成立于|建于|创立于|早在|直到|迄今|自从|版权所有|©|公元前?|"
    "出生|毕业于|年份[是为：:]?|年度[是为：:]?|除夕|元旦|春节|农历)$"
)
_YEAR_AFTER = re.compile(
    r"\s?(?:世界杯|奥运|冬奥|亚运|欧洲杯|欧冠|年度|年份|春晚|春季|夏季|秋季|冬季|春夏|秋冬|高考|考研|国考|"
    "省考|中考|新年|新款|新版|款|版|秋招|春招|校招|暑期|寒假|跨年|财报|毕业|应届|双11|双十一|双12|大会|峰会)"
)
_AMOUNT_BEFORE = re.compile(
    "(?:大约|约|共|花了?|花费|价格?[是为：:]?|售价[是为：:]?|原价[是为：:]?|总共|一共|合计|共计|总计|需要?|"
    "超过?|超出|不到|不足|近|达到?|高达|多达|少于|多于|大于|小于|低于|高于|等于|[涨跌升降增减]到|[涨跌升降增减]至|"
    "[涨跌升降增减]了?|至少|最多|最少|最高|最低|满|仅|只要|只有|卖|付了?|付款|收入|工资|月薪|转速|销量|余额|数量|"
    "人数|总数|有|第|得分|分数|花销|预算|押金|租金|费用|金额|单价|乘以?|除以?|加|减)$"
)
_UNITLESS_AFTER = re.compile(
    "(?:流明|桌|美金|块钱|多|来|余|左右|上下|以[上下内]|股|勒克斯|大卡|毫安|转)"
)
_RANGE_AFTER = re.compile(r"(?:-|~|—{1,2}|至|到|[涨跌升降增减][到至])(?:\D?)(\d+)")
_RANGE_BEFORE = re.compile(r"(\d+)(?:-|~|—{1,2}|至|到|[涨跌升降增减][到至])$")
_LISTED = re.compile(r"(?:^、\d{3,}|\d{3,}、$)")


def looks_like_year(number: str) -> bool:
    """Whether four figures may be a year of our time."""
    return len(number) == 4 and number.isdecimal() and 1800 <= int(number) <= 2099


def is_year(number: str, front: str, behind: str) -> bool:
    """Whether a bare number (no 年 after it) is a year. Round numbers are amounts unless the words
    beside them name a year; others are years unless those name an amount.

    front, behind: some characters before and after it.
    """
    if not looks_like_year(number) or _UNITLESS_AFTER.match(behind):
        return False
    if _YEAR_AFTER.match(behind):
        return True
    if _AMOUNT_BEFORE.search(front):
        return False
    for other in (_RANGE_AFTER.match(behind), _RANGE_BEFORE.search(front)):
        if other:
            both = (number, other[1])
            return looks_like_year(other[1]) and not all(each.endswith("00") for each in both)
    if _LISTED.search(behind) or _LISTED.search(front):
        return not number.endswith("0")
    if not number.endswith("00"):
        return True
    return bool(_YEAR_BEFORE.search(front)) and not behind[:1].isalnum()


def are_years(first: str, second: str, behind: str) -> bool:
    """Whether a range is one of years: 2019-2023; but 2000-2500 is of amounts."""
    both = looks_like_year(first) and looks_like_year(second)
    round_ones = first.endswith("00") and second.endswith("00")
    return (
        both and not round_ones and int(first) < int(second) and not _UNITLESS_AFTER.match(behind)
    )


_LASTED = re.compile(
    "(?:距今|长达|用了|历经|历时|存在了?|延续了?|持续了?|绵延了?|沉睡了?|沉寂了?|埋藏了?|流传了?|传承了?|统治了?|等了?|活了?|花了?"
    "|经过了?|经历了?|走过了?|度过了?|穿越了?|跨越了?|每|每隔|时隔|相隔|相距|第|上下|整整|足足|寿命|树龄|酒龄)"
    "[近约逾超达]?(?:大约|超过|将近|至少)?$"
)
"""Before 1350年: so long, whatever the number."""

_AS_LONG_AS = re.compile(
    "(?:已有|已经|已|超过?|[近逾满达]|将近|不到|不足|至少|多达|未来|过去|今后|最近|此后|之后|又|有着|早了?|晚了?|差了?|过了)$"
)
_PERHAPS = re.compile("(?:约|大约|有|需要?|过|得|要)$")
_YEARS_OF = re.compile(
    "(?:多|余)?(?:的)?(?:悠久)?(?:历史(?![最新高低上学性遗同])|古[树城镇村寺刹塔都老迹墓柏松桥井木]|老[树字店街城]|文明史?|传统|传承|积淀|沉淀|风雨|变迁|沧桑"
    "|岁月|时光|光阴|时间|寿命|树龄|道行|修行|建城史|发展|等待|封建|银杏|柏树|松树|榕树|城墙|石桥|木塔|寺庙|佛像|壁画|轮回)"
)
_AGO = re.compile(
    "(?:之?前(?!后)|之?后|以?来|间|之久|左右|上下|以[上下]|不[变朽遇老]|难遇|一遇|[多余])"
)


def is_length_of_years(number: str, front: str, behind: str) -> bool:
    """Whether four figures before 年 count years: 1200年历史, but 2008年前.

    A calendar year is seldom before 1800 and never after 2100 in everyday text, and the round ones
    (1900, 2000) are lengths only beside words that say so.
    """
    value, round_one = int(number), number.endswith("00")
    ours = 1800 <= value <= 2100
    if re.search("[在于自从到至](?:公元)?$|公元$", front):
        return value % 1000 == 0 and bool(re.match("前(?!后)|多|历史", behind))
    if _LASTED.search(front):
        return True
    if ours and not round_one:
        return False
    if _YEARS_OF.match(behind) or _AS_LONG_AS.search(front):
        return True
    if value % 1000 == 0 and re.match("[前后来间多](?!出生|生人)", behind):
        return True
    if ours or value % 50:
        return False
    beside = _PERHAPS.search(front) or _AGO.match(behind)
    return value == 1000 or value > 2100 or bool(beside)


_SECOND = re.compile(
    "年级|次方|次元|次函数|手|胎|世(?!纪)|号|月|楼|等|级|维|进制|叉|氧|极管|元[一二三]次|期(?!间)|班|单元|"
    "区|栋|幢|座|组|队|类|档|环|伏|战|审|婚|外|孩|本院校|线城市|线|流|人转|人世界|本(?=[院大线])|部曲|维码|"
    "分之|把手|传手|审|级|代(?!人)|套房|房东"
)


def is_second(behind: str) -> bool:
    """Whether a 2 before these words is 二 (2年级, 2次方), though a measure follows (2级: 二级)."""
    return bool(_SECOND.match(behind))


_LETTER_AFTER: dict[str, re.Pattern[str]] = {
    # Amperes are followed by few words: 10A电流, 16A插座.
    "A": re.compile(f"大作|(?![的电保插空以左右时充大小及或和至到])[{HAN}]"),
    "B": re.compile("(?:铅笔|轮|股|座)"),
    "s": re.compile("店"),
    "S": re.compile("店"),
    "g": re.compile(
        "(?:网络|手机|信号|时代|基站|套餐|流量|芯片|技术|通信|频段|内存|显存|运存|硬盘|存储|空间|运行|版|卡|模块|路由)"
    ),
    "G": re.compile(""),
    "K": re.compile(""),
    "m": re.compile("(?:宽带|带宽|内存|网速|光纤|流量|缓存)"),
    "t": re.compile("(?:硬盘|存储|空间|移动硬盘|固态)"),
    "h": re.compile("(?:铅笔)"),
}
_WAN = re.compile(
    r"\s?(?:粉|阅读|播放|点赞|赞|人|用户|元|块|年薪|收藏|浏览|次|转发|评论|下载|字|\+|销量|订单|个|"
    "家|条|存款|预算|车|彩礼|首付|左右|多|以[上下内])"
)


def is_letter(number: str, unit: str, behind: str) -> bool:
    """Whether a letter after a number is no unit: 5A景区, 4s店, 5g网络, 16g内存."""
    pattern = _LETTER_AFTER.get(unit)
    return pattern is not None and "." not in number and bool(pattern.match(behind))


def is_ten_thousand(behind: str) -> bool:
    """Whether a W after a number is 万 (9W粉丝, 10W+阅读), not watts (60W灯泡)."""
    return bool(_WAN.match(behind))


_NAMES_BEFORE = re.compile(
    "(?:[号码证单账户编密]|ID|id|批次|型号|版本|代码|价格?|售价|元|共|约|总计|合计|达|余额|金额|收入)"
    "[是为：: ]{0,2}$"
)
_COUNTS_AFTER = re.compile(
    r"\s?(?:[%‰℃°+*/×÷=xX]|[万亿千百]|[kmg]?[mgL](?![A-Za-z])|美元|公里|平方|小时|分钟|左右"
    r"|[元块米克升斤吨个位名人次件套台条张只股点辆户家份字度倍])"
)


def counts_or_names(front: str, behind: str) -> bool:
    """Whether figures that could be a date (20240506, 2024.5) count or name something."""
    return bool(_NAMES_BEFORE.search(front) or _COUNTS_AFTER.match(behind))
