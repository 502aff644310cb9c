from __future__ import annotations

from liusheng import __version__
from liusheng.bench import machine


def test_the_circumstances_of_a_measurement() -> None:
    facts = dict(machine.facts(["bench", "asr", "--audio", "a b.wav"]))
    assert facts["command"] == "liusheng bench asr --audio 'a b.wav'"
    assert facts["machine"].endswith(" usable cores")
    assert facts["packages"].startswith(f"liusheng {__version__}, ")
    assert "onnxruntime 1." in facts["packages"]


def test_packages_that_are_not_installed_are_left_out() -> None:
    before = machine._ENGINES
    try:
        machine._ENGINES = ("no-such-package", "onnxruntime")
        packages = dict(machine.facts())["packages"]
    finally:
        machine._ENGINES = before
    assert "no-such-package" not in packages
    assert "onnxruntime" in packages
