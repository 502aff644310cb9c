"""The documents agree with the code and with each other."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from liusheng.protocol.errors import ErrorCode

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
DOCUMENTS = sorted(path for pattern in ("*.md", "docs/**/*.md") for path in ROOT.glob(pattern))

ENGLISH_ONLY = {"measurements.md"}


@pytest.mark.parametrize("page", ["docs/protocol.md", "docs/zh/protocol.md"])
def test_every_error_code_is_documented_and_no_other(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    errors = re.split("^## (?:Errors|错误)$", text, flags=re.MULTILINE)[1]
    codes = re.findall(r"^\| `(\w+)` \|", errors, re.MULTILINE)
    assert codes == [code.value for code in ErrorCode]


@pytest.mark.parametrize("page", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    text = re.sub(r"`[^`\n]*`", "", page.read_text(encoding="utf-8"))  # code is no link
    for link in re.findall(r"\]\(([^)\s]+)", text):
        if "://" in link:
            continue
        path, _, anchor = link.partition("#")
        target = page.parent / path if path else page
        assert target.exists(), link
        if anchor:
            assert anchor in anchors(target.read_text(encoding="utf-8")), link


@pytest.mark.parametrize("page", ["docs/architecture.md", "docs/zh/architecture.md"])
def test_files_that_the_architecture_names_exist(page: str) -> None:
    found, missing = 0, []
    for line in (ROOT / page).read_text(encoding="utf-8").splitlines():
        # A name without a folder is in one that the line names before it.
        folders = [ROOT / "src" / "liusheng", ROOT]
        for name in re.findall(r"`([\w/]+(?:/|\.(?:py|toml|js|md)))`", line):
            named = [folder / name for folder in folders if (folder / name).exists()]
            if named:
                found += 1
                folders += [each if each.is_dir() else each.parent for each in named]
            else:
                missing.append(name)
    assert found > 100
    assert not missing


@pytest.mark.parametrize(
    "page",
    [
        path
        for path in DOCUMENTS
        if DOCS in path.parents
        and DOCS / "zh" not in path.parents
        and path.name not in ENGLISH_ONLY
    ]
    + [ROOT / "README.md"],
    ids=lambda path: str(path.relative_to(ROOT)),
)
def test_each_page_exists_in_both_languages(page: Path) -> None:
    chinese = (
        DOCS / "zh" / page.relative_to(DOCS) if DOCS in page.parents else ROOT / "README.zh-CN.md"
    )
    english_text, chinese_text = (path.read_text(encoding="utf-8") for path in (page, chinese))
    levels = [[level for level, _ in headings(text)] for text in (english_text, chinese_text)]
    assert levels[0] == levels[1]
    assert len(re.findall("^```", english_text, re.MULTILINE)) == len(
        re.findall("^```", chinese_text, re.MULTILINE)
    )


def headings(text: str) -> list[tuple[int, str]]:
    """Return the level and the text of a page's headings, in order."""
    prose = re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
    found = re.findall("^(#+) (.+)$", prose, re.MULTILINE)
    return [(len(marks), heading) for marks, heading in found]


def anchors(text: str) -> set[str]:
    """Return the anchors that GitHub gives to a page's headings."""
    return {
        re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-")
        for _, heading in headings(text)
    }


@pytest.mark.parametrize(
    "page",
    ["docs/security.md", "docs/zh/security.md", "docs/reliability.md", "docs/zh/reliability.md"],
)
def test_every_promise_names_a_test(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    table = re.split(r"^\|---\|---\|$", text, flags=re.MULTILINE)[-1]
    rows = [line for line in table.strip().splitlines() if line.startswith("|")]
    assert len(rows) > 15
    for row in rows:
        named = re.findall(r"`(tests/[\w/]+\.py)::(test_\w+)`", row)
        assert named, row
        for path, name in named:
            source = (ROOT / path).read_text(encoding="utf-8")
            assert re.search(rf"^ *(?:async )?def {name}\(", source, re.MULTILINE), (path, name)
