"""The names of languages, as clients send them in place of codes: those of Whisper's vocabulary in
English, and the common ones in Chinese."""

from __future__ import annotations

_TABLE = """
af afrikaans; am amharic; ar arabic, 阿拉伯语; as assamese; az azerbaijani; ba bashkir
be belarusian; bg bulgarian; bn bengali; bo tibetan, 藏语; br breton; bs bosnian
ca catalan, valencian; cs czech; cy welsh; da danish; de german, 德语, 德文
el greek; en english, 英语, 英文
es spanish, castilian, 西班牙语; et estonian; eu basque; fa persian, farsi; fi finnish; fo faroese
fr french, 法语, 法文; gl galician; gu gujarati; ha hausa; haw hawaiian; he hebrew; hi hindi, 印地语
hr croatian; ht haitian creole, haitian; hu hungarian; hy armenian; id indonesian, 印尼语
is icelandic; it italian, 意大利语; ja japanese, 日语, 日文, 日本語
jw javanese; ka georgian; kk kazakh
km khmer; kn kannada; ko korean, 韩语, 韩文, 한국어; la latin
lb luxembourgish, letzeburgesch; ln lingala
lo lao; lt lithuanian; lv latvian; mg malagasy; mi maori; mk macedonian; ml malayalam
mn mongolian, 蒙古语; mr marathi; ms malay, 马来语; mt maltese; my myanmar, burmese; ne nepali
nl dutch, flemish, 荷兰语; nn nynorsk; no norwegian; oc occitan; pa punjabi, panjabi; pl polish
ps pashto, pushto; pt portuguese, 葡萄牙语; ro romanian, moldavian, moldovan; ru russian, 俄语, 俄文
sa sanskrit; sd sindhi; si sinhala, sinhalese; sk slovak; sl slovenian; sn shona; so somali
sq albanian; sr serbian; su sundanese; sv swedish; sw swahili; ta tamil; te telugu; tg tajik
th thai, 泰语; tk turkmen; tl tagalog; tr turkish, 土耳其语
tt tatar; uk ukrainian; ur urdu; uz uzbek
vi vietnamese, 越南语; yi yiddish; yo yoruba; yue cantonese, 粤语, 粵語, 广东话
zh chinese, mandarin, cmn, 中文, 汉语, 漢語, 普通话, 國語, 国语
"""

LANGUAGE_CODES: dict[str, str] = {
    name.strip(): code
    for line in _TABLE.strip().splitlines()
    for code, _, names in (entry.strip().partition(" ") for entry in line.split(";"))
    for name in names.split(",")
}
"""The code of each name, in lower case."""
