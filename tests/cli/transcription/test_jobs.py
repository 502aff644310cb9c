from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from liusheng.cli.transcription.jobs import TranscriptionJob, plan


def make(folder: Path, *names: str) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def outputs(jobs: list[TranscriptionJob], folder: Path) -> list[str]:
    return [
        str(path.relative_to(folder)) if path.is_absolute() else str(path)
        for job in jobs
        for path in job.outputs.values()
    ]


def test_files_are_taken_as_they_are_named(tmp_path: Path) -> None:
    jobs = plan(["talk.m4a", "none.xyz"], ["srt", "txt"], None)
    assert [job.source for job in jobs] == [Path("talk.m4a"), Path("none.xyz")]
    assert outputs(jobs, tmp_path) == ["talk.srt", "talk.txt", "none.srt", "none.txt"]


def test_folders_are_searched(tmp_path: Path) -> None:
    make(tmp_path, "in/b.MP3", "in/a.wav", "in/notes.txt", "in/.hidden.wav", "in/.git/x.wav")
    make(tmp_path, "in/day 1/c.mkv", "in/day 1/d.jpeg")
    jobs = plan([str(tmp_path / "in")], ["txt"], tmp_path / "out")
    assert outputs(jobs, tmp_path) == ["out/a.txt", "out/b.txt", "out/day 1/c.txt"]
    assert outputs(plan([str(tmp_path / "in")], ["txt"], None), tmp_path) == [
        "in/a.txt",
        "in/b.txt",
        "in/day 1/c.txt",
    ]


def test_a_file_that_is_named_twice_is_one(tmp_path: Path) -> None:
    make(tmp_path, "a.wav")
    assert len(plan([str(tmp_path), str(tmp_path / "a.wav")], ["txt"], None)) == 1


def test_outputs_that_would_be_one_file(tmp_path: Path) -> None:
    make(tmp_path, "a.wav", "a.mp4", "b.wav")
    jobs = plan([str(tmp_path)], ["txt"], None)
    assert outputs(jobs, tmp_path) == ["a.mp4.txt", "a.wav.txt", "b.txt"]


def test_no_output_replaces_a_source() -> None:
    (job,) = plan(["talk.txt"], ["txt"], None)
    assert job.outputs == {"txt": Path("talk.txt.txt")}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["", "x/", "x/y/"]),
            st.sampled_from(["a", "b", "a.wav"]),
            st.sampled_from([".wav", ".mp3", ".txt", ".txt.txt"]),
        ),
        max_size=8,
    ),
    st.booleans(),
)
def test_no_two_files_share_an_output(files: list[tuple[str, str, str]], into_folder: bool) -> None:
    names = ["".join(parts) for parts in files]
    jobs = plan(names, ["txt"], Path("out") if into_folder else None)
    made = [path for job in jobs for path in job.outputs.values()]
    assert len(set(made)) == len(made)
    assert not set(made) & {job.source for job in jobs}
    assert {job.source for job in jobs} == set(map(Path, names))


def test_what_is_done(tmp_path: Path) -> None:
    make(tmp_path, "a.wav")
    (job,) = plan([str(tmp_path)], ["txt", "srt"], None)
    assert not job.done
    make(tmp_path, "a.txt")
    assert not job.done, "one of two is there"
    make(tmp_path, "a.srt")
    assert job.done
    os.utime(tmp_path / "a.wav", (2e9, 2e9))
    assert not job.done, "the recording was replaced"
    (tmp_path / "a.wav").unlink()
    assert not job.done


def test_a_folder_that_cannot_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: object) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(os, "scandir", refuse)
    with pytest.raises(PermissionError):
        plan([str(tmp_path)], ["txt"], None)
