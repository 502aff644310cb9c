"""Results of self-tests in their file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from liusheng.models.types import InstalledModel, Kind, Task
from liusheng.runtime.options import PoolOptions
from liusheng.runtime.self_tests import SelfTest, SelfTestResults, processor, self_test_key


@dataclass(frozen=True)
class Measurement:
    name: str
    seconds: float


MEASURED = [Measurement("a", 1.0), Measurement("b", 2.0)]


def model(folder: Path) -> InstalledModel:
    file = folder / "model.onnx"
    file.write_bytes(b"12")
    return InstalledModel("m", Task.ASR, Kind.WHISPER, folder, {"model": file}, ("zh",))


def test_results_are_kept_by_key(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "self-tests.json"
    results = SelfTestResults(path)
    assert results.get("one", Measurement) == []
    results.put("one", MEASURED)
    results.put("two", [])
    assert SelfTestResults(path).get("one", Measurement) == MEASURED
    for number in range(200):
        results.put(str(number), [])
    assert results.get("one", Measurement) == [], "the oldest are dropped"
    assert len(list(path.parent.iterdir())) == 1


def test_a_file_that_is_broken_or_of_another_version_has_no_results(tmp_path: Path) -> None:
    path = tmp_path / "self-tests.json"
    results = SelfTestResults(path)
    for text in ("", "[]", "{", '{"one": [{"name": "a"}]}', '{"one": [1]}'):
        path.write_text(text)
        assert results.get("one", Measurement) == []
    results.put("one", MEASURED)
    assert results.get("one", Measurement) == MEASURED


def test_where_nothing_can_be_written_nothing_is_kept(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    results = SelfTestResults(tmp_path / "file" / "self-tests.json")
    results.put("one", MEASURED)
    assert results.get("one", Measurement) == []


def test_a_key_is_of_the_models_and_their_options(tmp_path: Path) -> None:
    one = model(tmp_path)
    key = self_test_key("recognition", [one], 1)
    assert key == self_test_key("recognition", [one], 1)
    keys = {key, self_test_key("synthesis", [one], 1), self_test_key("recognition", [one], 2)}
    (tmp_path / "model.onnx").write_bytes(b"123")
    keys.add(self_test_key("recognition", [one], 1))
    (tmp_path / "model.onnx").unlink()
    keys.add(self_test_key("recognition", [one], 1))
    assert len(keys) == 5
    assert processor()


def test_a_test_is_made_once(tmp_path: Path) -> None:
    results = SelfTestResults(tmp_path / "self-tests.json")
    models = [model(tmp_path)]
    first = SelfTest(results, "synthesis", models, PoolOptions())
    assert first.known(Measurement) == []
    assert first.method == "self_test"
    assert first.done(None) == (), "it failed"
    unmeasured = [*MEASURED, Measurement("c", 0.0)]
    assert first.done(unmeasured) == unmeasured
    key = self_test_key("synthesis", models, PoolOptions().threads)
    assert results.get(key, Measurement) == []
    results.put(key, unmeasured)
    again = SelfTest(results, "synthesis", models, PoolOptions())
    assert again.known(Measurement) == [], "not even what an earlier version has kept"
    assert again.method == "self_test"
    assert first.done(MEASURED) == MEASURED
    second = SelfTest(results, "synthesis", models, PoolOptions())
    assert second.known(Measurement) == MEASURED
    assert second.method == ""


def test_without_a_place_for_results_nothing_is_tested() -> None:
    test = SelfTest(None, "synthesis", [], PoolOptions())
    assert test.known(Measurement) == []
    assert test.method == ""
    assert test.done(None) == ()


def test_beside_a_running_server_only_what_is_known_counts(tmp_path: Path) -> None:
    path, models = tmp_path / "self-tests.json", [model(tmp_path)]
    test = SelfTest(SelfTestResults(path, testing=False), "synthesis", models, PoolOptions())
    assert test.known(Measurement) == []
    assert test.method == "", "it would measure the load"
    SelfTest(SelfTestResults(path), "synthesis", models, PoolOptions()).done(MEASURED)
    test = SelfTest(SelfTestResults(path, testing=False), "synthesis", models, PoolOptions())
    assert test.known(Measurement) == MEASURED
