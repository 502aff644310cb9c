"""What a hyphen between Chinese and a figure is: a minus (今天-5度), 到 (3公里-5公里), or nothing
(歼-20, 图-1).

A sign that is not read turns a value into its opposite, so a hyphen is a minus unless what stands
around it is known to be a name, a label or a range.
"""

from __future__ import annotations

import re

from liusheng.han import is_han

_VALUE_BEFORE = re.compile(
    "(?:[是为到至约达于跌降涨差负得算值温润率成加减乘除以]|海拔|[涨跌升降增减]幅|[余净差]额|[温深高]度"
    "|[同环]比|[得扣积]分|零下)$"
)
"""Words before a value that may be negative, whatever the value looks like."""

_HEAT = "(?:度|°|[℃℉])"
_RANGE_OF_HEAT = re.compile(rf"(?:[~-]-?\d+(?:\.\d+)?)? ?{_HEAT}")
_PLAIN_VALUE = re.compile(rf" ?(?:{_HEAT}|元|%)")
"""What follows no name at all: 火星-60度, but 火星-17."""

_MEASURED = re.compile(
    rf" ?(?:{_HEAT}|[%‰万亿块]|元|分(?![队支店部钟])|个?百分点|个?基点|点(?![\d一二三四五六七八九])"
    r"|[倍米]|次方|(?:[mkM]?[VAW]|dBm?|[cmk]m|m[sL]?|[km]?g|s|Hz|eV)(?![A-Za-z]))"
)
"""What follows a value, and no name of a few figures: 江苏-5度, but 苏-27."""

_SERIES_BEFORE = re.compile(
    "(?:东风|红旗|巨浪|霹雳|鹰击|长剑|海鹰|红箭|飞弩|飞鹏|前卫|飞毛腿|萨姆|爱国者|民兵|三叉戟|北极星|大浦洞|流星|征服者|烈火|大地"
    "|长征|神舟|嫦娥|天[问宫舟链和]|梦天|北斗|风云|高分|海洋|资源|实践|玉兔|快舟|力箭|谷神星|朱雀|双曲线|天龙|引力|捷龙|鹊桥|遥感|中星"
    "|阿波罗|旅行者|先驱者|月船|月球|火星|金星|水手|隼鸟|猎户座|安加拉|阿丽亚娜|织女星"
    "|歼|歼教|轰|武直|米格|伊尔|雅克|苏霍伊|图波列夫|卡莫夫|安东诺夫|波音|空客|麦道|空警|鲲龙|无侦|翼龙|彩虹|云影|飞鸿|枭龙|猎鹰"
    "|新冠|新冠肺炎|新冠病毒|甲流|欧米[伽茄]|奥米加|安卓|鸿蒙|小米|红米|荣耀|马自达|宝马|奥迪|标致"
    "|国道|[省县]道|央视|中央|卫视|频道)$"
)
"""Weapons, spacecraft, aircraft, brands and the like that are numbered: 东风-41, 嫦娥-6."""

_NAME = re.compile(
    r"(?:苏-(?:17|2[1-57]|3[03457]|57|75)|图-(?:4|16|22|95|104|1[13]4|14[24]|154|160|2[01]4)"
    r"|卡-(?:2[5-9]|3[12]|5[02]|6[02]|226)|米-(?:[124-8]|1[0247]|171|2[468]|3[58])"
    r"|安-(?:2|12|2[246]|3[02]|7[024]|124|148|1[57]8|225)|运-(?:[5-9]|10|12|20)"
    r"|直-(?:[5-9]|1[0-9]|20)|强-5|教-(?:[5-9]|10)|鱼-\d{1,2}|别-200|攻击-(?:2|11)"
    r"|金-19[78]|铁-(?:57|59|60)|铜-6[0-7])$"
)
"""Those whose name is in other words, too (江苏, 运), with the numbers that there are."""

_ISOTOPE_BEFORE = re.compile(
    "[氢氦锂铍硼碳氮氧氟氖钠镁铝硅磷硫氯氩钾钙钪钛钒铬锰钴镍锌镓锗砷硒溴氪铷锶钇锆铌钼锝钌铑钯镉铟锡锑碲碘氙铯钡镧铈钕钐铕钨铱铂汞铊铅铋"
    "钋砹氡镭锕钍镤铀镎钚镅锎]$"
)
_COMPOUND_BEFORE = re.compile("(?:[素酶酸肽烷烯炔酮醛酯胺苯酚醚醇]|因子|受体|抗原|蛋白)$")
"""白介素-6"""

_LABEL_BEFORE = re.compile(
    "(?:[图表题附录卷册篇讲课章节集型款版名类班队区栋幢座楼室站门台话箱址]|(?<!比)例|(?<![信符])号|(?<![误回态出应])码"
    "|(?<![同本上])[期季]|(?<!迭)代|(?<![数码])组|号线|附件|步骤|方案|选项|实验|任务|系列|版本|阶段|关卡|模块|窗口|房间|车间"
    "|单元|项目|标段|热线|客服|手机|微信)$"
)
"""What is numbered, or has a number of its own: 图-1, 附件-2, 302室-1."""

_PRICED = re.compile("(?:票|套餐)$")
_DATED = re.compile(r"\d+(?:[月日年班栋幢座]|号(?!线)|单元|:\d|/\d+/|(?:[~到至-]\d+)?级)")
_OF_DAY = re.compile(r"(?:[上下中]午|早上|晚上|凌晨)-\d+点$")
_NAMING = re.compile(r"(?:19|20)\d\d(?![\d.])|0\d|\d{7}|\d+-(?!\d+(?:度|℃))")
"""Years, telephone numbers, the first of several figures: 葡萄糖-6-磷酸."""

_NUMBER = re.compile(r"[\d,]+(?:\.\d+)?")
_FIGURE_BEFORE = re.compile(
    r"(?:(?<![周期拜初高统唯万之])[一二两三四五六七八九十百千万亿半几]"
    r"|[\d一二两三四五六七八九十百千万亿半几] ?"
    r"(?:[个人元块角毛次岁天周年日月号时点分秒章页节级层条版件位名本台套只张户家楼届季折成步圈袋箱瓶包盒片粒滴股句段行组班"
    "米里斤克吨升亩度倍]|分钟|小时|秒钟|个月|点钟|刻钟|季度|月份|星期|公[里斤分顷]|[千厘毫微分]米|[千毫]克|毫升|平[米方]"
    "|平方[千厘分]?米|立方米|平方公里|海里|英[里寸尺]|港?[美欧日港]元|[千兆]?瓦|伏|[千大]卡|赫兹?|摄氏度|块钱|人次))$"
)
_ORDINAL = re.compile("(?:级班|[章节]节|[栋幢座楼]号|[线班]号)$")
"""2024级-3班: one inside another, which is no range."""
_ORDINAL_BEFORE = re.compile(r"第[\d一二三四五六七八九十百]+\D?$")


def is_minus(text: str, at: int) -> bool:
    """Whether the hyphen at `at`, before a figure, is a sign. One that follows no Chinese is."""
    front, behind = text[max(0, at - 8) : at], text[at + 1 : at + 20]
    number = _NUMBER.match(behind)
    if not front or not is_han(front[-1]) or not number:
        return not re.match(r"(?:19|20)\d\d年", behind)  # an item of a list: -2024年的计划
    plainly = _PLAIN_VALUE.match(behind, number.end())
    if is_to(text, at) or _DATED.match(behind) or (plainly and _PRICED.search(front)):
        return False
    if _OF_DAY.search(front + "-" + behind[: number.end() + 1]):
        return False
    if plainly or _VALUE_BEFORE.search(front):
        return True
    if _SERIES_BEFORE.search(front) or _NAMING.match(behind):
        return False
    if _MEASURED.match(behind, number.end()):
        return True
    return not (
        _NAME.search(front + "-" + number[0])
        or _ISOTOPE_BEFORE.search(front)
        or _COMPOUND_BEFORE.search(front)
        or _LABEL_BEFORE.search(front)
    )


def is_named(text: str, at: int) -> bool:
    """Whether the figure at `at` is a part of a name with a hyphen: 长征-3A."""
    hyphen = at - 1
    return text[max(0, hyphen) : at] == "-" and not (is_minus(text, hyphen) or is_to(text, hyphen))


def is_to(text: str, at: int) -> bool:
    """Whether the hyphen at `at` stands between two numbers, the first with a counter or in
    characters: 3公里-5公里, 十万-20万. But 15日-5度 is cold, and 3班-5分 loses points."""
    front, behind = text[max(0, at - 8) : at], text[at + 1 : at + 20]
    number = _NUMBER.match(behind)
    if not number:
        return False
    if front.endswith(tuple("月栋幢座室排")) and behind.startswith(front[-1], number.end()):
        return True
    if not _FIGURE_BEFORE.search(front):
        return False
    if _ORDINAL.search(front + behind[number.end() :][:1]):
        return False
    if _ORDINAL_BEFORE.search(front) and not behind.startswith(front[-1], number.end()):
        return False
    value = _RANGE_OF_HEAT.match(behind, number.end()) or re.match(
        "(分)(?!钟)|%", behind[number.end() :]
    )
    return not value or front.endswith(value[0].strip()[-1:])
