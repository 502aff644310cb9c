"""What the tiny model knows: its tokens, and how each is pronounced.

Pronunciations are in Kokoro's phonemes (misaki's notation: IPA with the Mandarin tones as arrows,
English diphthongs as capital letters); where a word has several, each is spoken now and then.
"""

from __future__ import annotations

DIGITS_ZH = {
    "零": ("li↗ŋ",),
    "一": ("i→",),
    "二": ("ɚ↘",),
    "三": ("sa→n",),
    "四": ("sɨ↘",),
    "五": ("u↓",),
    "六": ("ljou↘",),
    "七": ("ʨʰi→",),
    "八": ("pa→",),
    "九": ("ʨjou↓",),
    "幺": ("jau→",),
}
COMMANDS_ZH = {
    "开始": ("kʰai→ʂɨ↓",),
    "停止": ("tʰi↗ŋꭧɨ↓",),
    "打开": ("ta↓kʰai→", "ta↗kʰai→"),
    "关闭": ("kwa→npi↘",),
    "向上": ("ɕja↘ŋʂa↘ŋ",),
    "向下": ("ɕja↘ŋɕja↘",),
    "向左": ("ɕja↘ŋʦwo↓",),
    "向右": ("ɕja↘ŋjou↘",),
    "确认": ("ʨʰɥe↘ɻə↘n",),
    "取消": ("ʨʰy↓ɕjau→",),
}
DIGITS_EN = {
    "zero": ("zˈɪɹO", "zˈɪəɹQ", "zˈiɹO"),
    "one": ("wˈʌn",),
    "two": ("tˈu",),
    "three": ("θɹˈi",),
    "four": ("fˈɔɹ", "fˈɔː"),
    "five": ("fˈIv",),
    "six": ("sˈɪks",),
    "seven": ("sˈɛvən", "sˈɛvᵊn"),
    "eight": ("ˈAt",),
    "nine": ("nˈIn",),
    "oh": ("ˈO", "ˈQ"),
}
COMMANDS_EN = {
    "start": ("stˈɑɹt", "stˈɑːt"),
    "stop": ("stˈɑp", "stˈɒp"),
    "open": ("ˈOpᵊn", "ˈQpᵊn"),
    "close": ("klˈOz", "klˈQz"),
    "up": ("ˈʌp",),
    "down": ("dˈWn",),
    "left": ("lˈɛft",),
    "right": ("ɹˈIt",),
    "yes": ("jˈɛs",),
    "no": ("nˈO", "nˈQ"),
    "go": ("ɡˈO", "ɡˈQ"),
    "cancel": ("kˈænsᵊl",),
}
WORDS_ZH = DIGITS_ZH | COMMANDS_ZH
WORDS_EN = DIGITS_EN | COMMANDS_EN
WORDS = WORDS_ZH | WORDS_EN

GARBAGE = "<garbage>"
"""A word of other speech: trained like a token, and folded into the blank when exported."""

BLANK = "<blk>"
TRAINED = (BLANK, *WORDS, GARBAGE)
"""The network's outputs, in order."""

SYMBOLS = (BLANK, *WORDS_ZH, *(f"▁{word}" for word in WORDS_EN))
"""The shipped model's outputs, as they stand in its tokens.txt."""

HOMOPHONES_ZH = frozenset("ling yi er san si wu liu qi ba jiu yao".split())
"""Syllables (without tone) that may not stand alone as other speech: they sound like digits."""

HOMOPHONES_EN = frozenset(
    "won to too tu for fore ate sicks owe o oh know ode write rite knight wright clothes".split()
)
"""English words that may not stand alone as other speech."""
