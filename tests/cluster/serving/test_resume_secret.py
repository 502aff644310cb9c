from __future__ import annotations

from pathlib import Path
from secrets import token_urlsafe

import pytest

from liusheng.cluster.serving.resume_secret import new_resume_secret, take_resume_secret
from liusheng.runtime.environment import worker_environment
from liusheng.server.config.resume import ResumeSettings
from liusheng.server.resume_secrets import resume_secrets

OPERATORS = token_urlsafe()


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIUSHENG_RESUME_SECRETS", "")


def test_replicas_share_what_they_were_given() -> None:
    secret = new_resume_secret()
    take_resume_secret(secret)
    assert resume_secrets(ResumeSettings()) == (secret.encode(),)
    assert secret not in worker_environment().values()
    assert new_resume_secret() != secret


def test_that_of_the_environment_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIUSHENG_RESUME_SECRETS", OPERATORS)
    take_resume_secret(new_resume_secret())
    assert resume_secrets(ResumeSettings()) == (OPERATORS.encode(),)


def test_that_of_a_file_wins(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text(OPERATORS)
    take_resume_secret(new_resume_secret())
    assert resume_secrets(ResumeSettings(secret_file=str(file))) == (OPERATORS.encode(),)
