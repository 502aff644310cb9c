"""What the documents say is so."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from liusheng.protocol.errors import ErrorCode

ROOT = Path(__file__).parent.parent
DOCUMENTS = sorted(
    path for pattern in ("*.md", "docs/*.md", "docs/zh/*.md") for path in ROOT.glob(pattern)
)


@pytest.mark.parametrize("page", ["docs/protocol.md", "docs/zh/protocol.md"])
def test_every_error_code_is_documented_and_no_other(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    errors = re.split("^## (?:Errors|错误)$", text, flags=re.MULTILINE)[1]
    codes = re.findall(r"^\| `(\w+)` \|", errors, re.MULTILINE)
    assert codes == [code.value for code in ErrorCode]


@pytest.mark.parametrize("page", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)", page.read_text(encoding="utf-8")):
        if "://" not in target:
            assert (page.parent / target).exists(), target


@pytest.mark.parametrize(
    "page",
    [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))],
    ids=lambda path: path.name,
)
def test_each_page_is_there_in_both_languages(page: Path) -> None:
    chinese = (
        ROOT / "README.zh-CN.md" if page.name == "README.md" else page.parent / "zh" / page.name
    )
    english_text, chinese_text = (path.read_text(encoding="utf-8") for path in (page, chinese))
    assert headings(english_text) == headings(chinese_text)
    assert len(re.findall("^```", english_text, re.MULTILINE)) == len(
        re.findall("^```", chinese_text, re.MULTILINE)
    )


def headings(text: str) -> list[int]:
    """The levels of a page's headings, in order."""
    prose = re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
    return [len(marks) for marks in re.findall("^(#+) ", prose, re.MULTILINE)]
