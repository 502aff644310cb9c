"""tools/coverage_floors.py: what it counts, and when it fails."""

from __future__ import annotations

from tools.coverage_floors import Coverage, Summary, compare, packages

FILES = {
    "src/liusheng/__init__.py": Summary(10, 10, 0, 0),
    "src/liusheng/protocol/asr.py": Summary(60, 60, 20, 16),
    "src/liusheng/protocol/frames.py": Summary(15, 13, 5, 3),
    "src/liusheng/server/http/routes.py": Summary(50, 40, 0, 0),
}


def test_lines_and_branches_are_counted_by_package() -> None:
    measured = packages(FILES)
    assert measured == [
        Coverage("liusheng", lines=100 * 123 / 135, branches=76.0, both=100 * 142 / 160),
        Coverage("liusheng.protocol", lines=100 * 73 / 75, branches=76.0, both=92.0),
        Coverage("liusheng.server", lines=80.0, branches=100.0, both=80.0),
    ]


def test_a_package_at_its_floor_holds_it() -> None:
    table, held = compare(packages(FILES), {"liusheng.protocol": 92})
    assert held
    assert table[2].split() == ["liusheng.protocol", "97.3%", "76.0%", "92.0%", "92"]
    assert table[3].split() == ["liusheng.server", "80.0%", "100.0%", "80.0%"]


def test_a_package_below_its_floor_fails() -> None:
    table, held = compare(packages(FILES), {"liusheng": 88, "liusheng.server": 80.1})
    assert not held
    assert "BELOW" in table[3]
    assert "BELOW" not in table[1]


def test_a_floor_that_is_far_below_should_be_raised() -> None:
    table, held = compare(packages(FILES), {"liusheng.protocol": 90.5})
    assert held
    assert "raise the floor" in table[2]


def test_a_floor_for_what_was_not_measured_fails() -> None:
    table, held = compare(packages(FILES), {"liusheng.gone": 50})
    assert not held
    assert table[-1].startswith("liusheng.gone has a floor")
